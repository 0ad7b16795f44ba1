"""Grants that people have a say in: asked, answered, unanswered, closed by order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.grants.approval import Answer, CloseOrder, Form, Way
from airlock.grants.grant import State, grant_id
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, KINDS, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/Operators"


def enrolled(account: Account, kind: PolicyKind = PolicyKind.USER_INLINE, **options: object) -> tuple[Any, str]:
    """A fenced principal, enrolled with options; the policy's place, and who it is."""
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    place = account.stand(kind, POLICY, principal)
    account.enrol(principal, **{**account.principals[principal], **options})
    return place, principal


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_sent_and_nothing_is_opened(account: Account, kind: PolicyKind) -> None:
    """With mode approval the first signal asks, keeps the plan, and leaves the deny as it is."""
    place, principal = enrolled(account, kind, mode="approval")
    one = install(principal=principal)

    assert account.deliver(one.create_role(at(0))) == ["ask"]

    grant = account.grant(one.infra_id, principal)
    assert account.text(place) == POLICY
    assert account.writes() == []
    assert grant.progress.state is State.PENDING
    assert grant.progress.answer_until == at(30 * 60)
    assert grant.progress.plan is not None
    (change,) = grant.progress.plan.changes
    assert (change.place, change.before) == (place, POLICY)
    assert "Airlock1" in change.after
    ((subject, text),) = account.requests()
    assert one.infra_id in subject
    assert principal in text
    assert len(subject) < 100


@pytest.mark.parametrize("kind", KINDS)
def test_an_approval_opens_what_was_asked_for_and_it_closes_as_usual(account: Account, kind: PolicyKind) -> None:
    """Once approved, the grant opens at once, with what was learnt meanwhile; the end restores the policy."""
    place, principal = enrolled(account, kind, mode="approval")
    one = install(principal=principal)
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    assert account.text(place) == POLICY
    account.clock.moment = at(200)

    assert account.answer(one.infra_id, principal) == ["approve", "policy-written", "open"]

    grant = account.grant(one.infra_id, principal)
    assert grant.progress.state is State.OPEN
    assert grant.progress.exemption is not None
    assert grant.progress.exemption.network is not None
    assert grant.progress.approved_by == "203.0.113.9"
    account.deliver(one.run_instances(at(300)), one.state(at(900), "shutting-down"))
    assert account.text(place) == POLICY
    approve = next(line for line in account.audit("decision") if line["decision"] == "approve")
    assert "203.0.113.9" in approve["detail"]
    assert approve["signal_event_id"] == "order-1"


def test_an_approval_is_found_by_the_sweep_if_its_event_is_lost(account: Account) -> None:
    """The ledger holds the answer, so the event is only a hurry."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    told = Answer(approved=True, form=Form.SCOPED, at=at(30), by=OPERATOR, way=Way.IAM)
    account.answers.give(grant_id(ACCOUNT, USER, one.infra_id), told)

    assert account.sweep() == ["approve", "policy-written", "open"]
    assert account.text(place) != POLICY


def test_a_rejection_ends_the_grant_and_all_are_told(account: Account) -> None:
    """The deny was never touched; both topics hear of it, and later signals open nothing."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))

    assert account.answer(one.infra_id, approved=False) == ["reject"]

    assert account.grant(one.infra_id).progress.state is State.REJECTED
    assert account.deliver(one.create_bucket(at(300)), one.run_instances(at(320))) == []
    assert account.text(place) == POLICY
    assert account.writes() == []
    assert len(account.notices()) == 1
    assert len(account.requests()) == 2


def test_a_request_that_nobody_answers_expires(account: Account) -> None:
    """After the answer's time the grant ends, the deny was never touched, and all are told."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    assert account.sweep(30 * 60) == []
    assert account.sweep(1) == ["unanswered"]
    grant = account.grant(one.infra_id)
    assert (grant.progress.state, grant.progress.reason) == (State.EXPIRED, "unanswered")
    assert account.text(place) == POLICY
    assert len(account.notices()) == 1
    assert len(account.requests()) == 2


def test_an_answer_counts_until_its_time_even_if_it_is_heard_later(account: Account) -> None:
    """What was answered in time opens, although the event and a sweep come after that time."""
    enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    told = Answer(approved=True, form=Form.SCOPED, at=at(30 * 60), by=OPERATOR, way=Way.IAM)
    account.answers.give(grant_id(ACCOUNT, USER, one.infra_id), told)
    assert "open" in account.sweep(35 * 60)


def test_an_answer_that_came_too_late_opens_nothing(account: Account) -> None:
    """An answer given after its time doesn't count, wherever it comes from."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    told = Answer(approved=True, form=Form.SCOPED, at=at(30 * 60 + 1), by=OPERATOR, way=Way.IAM)
    account.answers.give(grant_id(ACCOUNT, USER, one.infra_id), told)
    assert account.sweep(31 * 60) == ["unanswered"]
    assert account.text(place) == POLICY


def test_an_approval_of_a_scoped_grant_is_none_of_a_lift(account: Account) -> None:
    """The answer's form has to cover the grant's."""
    place, _ = enrolled(account, strategy="lift")
    one = install()
    assert account.deliver(one.create_role(at(0))) == ["ask"]
    assert account.answer(one.infra_id, form=Form.SCOPED) == []
    assert account.text(place) == POLICY


def test_an_install_that_ends_while_it_waits_is_never_opened(account: Account) -> None:
    """The bucket's end closes the request; an approval after that opens nothing."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    assert account.deliver(one.delete_bucket(at(100))) == ["end-unopened"]
    assert account.answer(one.infra_id) == []
    assert account.text(place) == POLICY
    assert len(account.requests()) == 2


def test_a_second_answer_changes_nothing(account: Account) -> None:
    """The first answer stands: an approval after a rejection opens nothing."""
    enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    name = grant_id(ACCOUNT, USER, one.infra_id)
    first = Answer(approved=False, form=Form.SCOPED, at=at(10), by=OPERATOR, way=Way.IAM)
    assert account.answers.give(name, first) == first
    assert account.answers.give(name, Answer(approved=True, form=Form.SCOPED, at=at(10), by="x", way=Way.LINK)) == first
    assert account.order(name) == ["reject"]
    assert account.order(name) == []


def test_repeated_signals_ask_once(account: Account) -> None:
    """However often the install is heard of, one request goes out."""
    enrolled(account, mode="approval")
    one = install()
    event = one.create_role(at(0))
    account.deliver(event, event, one.create_vpc(at(6)), one.create_bucket(at(200)))
    account.sweep()
    assert len(account.requests()) == 1


def test_a_request_that_cannot_be_sent_is_sent_by_the_next_run(account: Account) -> None:
    """Nobody is taken to have been asked whom SNS didn't reach; the sweep asks again."""
    enrolled(account, mode="approval")
    one = install()
    account.calls.failures["Publish", "before"] = [refusal("InternalError")]
    with pytest.raises(Exception, match="InternalError"):
        account.deliver(one.create_role(at(0)))
    assert account.grant(one.infra_id).progress.state is State.REQUESTED
    assert account.requests() == []
    assert account.sweep() == ["ask"]
    assert len(account.requests()) == 1
    # The audit trail tells of each try.
    assert [line["decision"] for line in account.audit("decision")] == ["ask", "ask"]


def test_nobody_is_asked_while_the_audit_trail_takes_nothing(account: Account) -> None:
    """What can't be audited isn't kept, so each sweep would send another request; one goes out, afterwards."""
    enrolled(account, mode="approval")
    account.calls.failures["PutLogEvents", "before"] = [refusal()] * 4
    with pytest.raises(ClientError):
        account.deliver(install().create_role(at(0)))
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            account.sweep()
    assert account.requests() == []
    assert account.sweep() == ["ask"]
    assert len(account.requests()) == 1


def test_an_approval_opens_nothing_that_the_audit_trail_does_not_name(account: Account) -> None:
    """The line that tells whose approval it was is kept before the policy is written, however long that takes."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    account.calls.failures["PutLogEvents", "before"] = [refusal()]
    with pytest.raises(ClientError):
        account.answer(one.infra_id)
    assert account.text(place) == POLICY
    assert account.sweep() == ["approve", "policy-written", "open"]
    assert [line["decision"] for line in account.audit("decision")] == ["ask", "approve", "open"]


def test_an_operators_order_closes_an_open_grant(account: Account) -> None:
    """The policy is back to the byte, and the audit trail names who ordered it."""
    place, _ = enrolled(account)
    one = install()
    account.deliver(one.create_role(at(0)))
    assert account.text(place) != POLICY
    name = grant_id(ACCOUNT, USER, one.infra_id)
    account.answers.order_close(name, CloseOrder(at=at(60), by=OPERATOR, note="wrong cluster"))
    assert account.order(name) == ["policy-restored", "close"]
    assert account.text(place) == POLICY
    grant = account.grant(one.infra_id)
    assert grant.progress.reason == "operator"
    assert OPERATOR in str(grant.progress.detail)
    assert account.deliver(one.create_vpc(at(90))) == []


def test_a_signal_that_comes_again_opens_nothing_that_was_ordered_closed(account: Account) -> None:
    """Its first run failed, and the order's own event is lost; the ledger has the order."""
    place, _ = enrolled(account)
    one = install()
    event = one.create_role(at(0))
    account.calls.failures["GetUser", "before"] = [refusal()]
    with pytest.raises(ClientError):
        account.deliver(event)
    account.answers.order_close(grant_id(ACCOUNT, USER, one.infra_id), CloseOrder(at=at(60), by=OPERATOR))
    account.clock.moment = at(120)
    assert account.deliver(event) == ["end-unopened"]
    assert account.text(place) == POLICY
    assert account.writes() == []


def test_a_forged_order_does_nothing(account: Account) -> None:
    """The event only says where to look: without an answer in the ledger nothing opens."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    assert account.order(grant_id(ACCOUNT, USER, one.infra_id)) == []
    assert account.order("no-such-grant") == []
    assert account.text(place) == POLICY


@pytest.mark.parametrize("mode", ["automatic", "approval", "observe"])
def test_an_endpoint_without_tags_belongs_to_a_grant_that_isnt_open_too(account: Account, mode: str) -> None:
    """Who waits for an answer, or is only observed, is held to its VPC by the same signals as who is open."""
    enrolled(account, mode=mode)
    one = install()
    untagged = one.create_vpc_endpoint(at(40))
    untagged["detail"]["requestParameters"]["CreateVpcEndpointRequest"].pop("TagSpecification")
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), untagged)
    assert account.grant(one.infra_id).facts.endpoint_vpcs == {one.vpc}


def test_a_waiting_grant_does_not_disturb_an_open_one_on_the_same_policy(account: Account) -> None:
    """The plan of the second shows both; the policy keeps the first alone until somebody agrees."""
    place, _ = enrolled(account)
    first, second = install("prod-7xk2q"), install("next-9mz4c")
    account.deliver(first.create_role(at(0)))
    opened = account.text(place)
    account.enrol(USER, mode="approval")
    assert account.deliver(second.create_role(at(60))) == ["ask"]
    assert account.text(place) == opened
    assert "open" in account.answer(second.infra_id)
    both = json.dumps(account.text(place))
    assert "prod-7xk2q" in both
    assert "next-9mz4c" in both
    account.deliver(first.delete_bucket(at(200)))
    account.deliver(second.delete_bucket(at(210)))
    assert account.text(place) == POLICY


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"approved": true}', '{"approved": true, "form": "wide"}'])
def test_an_answer_that_cannot_be_read_rejects_and_stops_nobody(account: Account, content: str | None) -> None:
    """Whoever wrote such a thing into the ledger opens nothing, and the sweep goes on with the other grants."""
    place, _ = enrolled(account, mode="approval")
    one, other = install("prod-7xk2q"), install("next-9mz4c")
    account.deliver(one.create_role(at(0)), other.create_role(at(1)))
    item: Any = {"pk": {"S": f"answer#{grant_id(ACCOUNT, USER, one.infra_id)}"}, "sk": {"S": "answer"}}
    if content is not None:
        item["content"] = {"S": content}
    account.aside.dynamodb.put_item(TableName="ledger", Item=item)
    assert account.sweep() == ["reject"]
    assert account.grant(one.infra_id).progress.state is State.REJECTED
    assert "open" in account.answer(other.infra_id)
    account.deliver(other.delete_bucket(at(200)))
    assert account.text(place) == POLICY


def test_an_order_that_cannot_be_read_closes(account: Account) -> None:
    """What may be an order to close is taken for one."""
    place, _ = enrolled(account)
    one = install()
    account.deliver(one.create_role(at(0)))
    item: Any = {"pk": {"S": f"order#{grant_id(ACCOUNT, USER, one.infra_id)}"}, "sk": {"S": "close"}}
    account.aside.dynamodb.put_item(TableName="ledger", Item=item)
    assert account.sweep()[-1] == "close"
    assert account.text(place) == POLICY
