"""IAM's own simulator, asked before a policy is opened."""

from __future__ import annotations

import json

import pytest

from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_where_both_agree_the_grant_opens_and_says_so(account: Account, kind: PolicyKind) -> None:
    """The simulator finds the fetch denied now, as the evaluator does."""
    account.simulator.not_asked, account.simulator.denied = "", True
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    account.stand(kind, POLICY, principal)
    assert "open" in account.deliver(install(principal=principal).create_role(at(0)))
    (line,) = [line for line in account.audit("decision") if line["decision"] == "open"]
    assert "agrees" in line["second_opinion"]


def test_the_question_has_every_network_key_both_objects_and_another(account: Account) -> None:
    """The simulator leaves open what hangs on a key that it isn't given."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    ((resources, context),) = account.simulator.asked
    assert len(set(resources)) == 3
    assert {"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"} <= context.keys()
    assert context["aws:viaawsservice"] == ("false",)


def test_where_it_cannot_be_asked_that_is_recorded(account: Account) -> None:
    """The opening goes on, and the audit trail says why there is no second opinion."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    assert "open" in account.deliver(install().create_role(at(0)))
    (line,) = [line for line in account.audit("decision") if line["decision"] == "open"]
    assert line["second_opinion"] == "IAM's simulator couldn't be asked: AccessDenied"
    assert account.text(place) != POLICY


def test_a_disagreement_refuses(account: Account) -> None:
    """The simulator lets the fetch through that the evaluator finds denied: one of them is wrong."""
    account.simulator.not_asked, account.simulator.denied = "", False
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    progress = account.grant("prod-7xk2q").progress
    assert (progress.state, progress.reason) == (State.REFUSED, "simulator-disagrees")
    assert "is not denied now, and the airlock's evaluator that it is denied" in str(progress.detail)
    assert account.text(place) == POLICY
    assert account.writes() == []


def test_a_disagreement_that_passes_refuses_nothing(account: Account) -> None:
    """Just after another grant's end the simulator may still know the old text; it is asked once more."""
    account.simulator.not_asked, account.simulator.denied, account.simulator.late = "", True, 1
    account.stand(PolicyKind.USER_INLINE, POLICY)
    assert "open" in account.deliver(install().create_role(at(0)))
    assert len(account.simulator.asked) == 2


def test_a_deny_that_only_the_simulator_sees_refuses(account: Account) -> None:
    """The airlock's policies deny S3's call to KMS alone, and IAM finds the fetch itself denied."""
    account.simulator.not_asked, account.simulator.denied = "", True
    deny = {
        "Effect": "Deny",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    account.stand(PolicyKind.USER_INLINE, json.dumps({"Version": "2012-10-17", "Statement": deny}))
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    assert account.grant("prod-7xk2q").progress.reason == "simulator-disagrees"


def test_an_organizations_deny_by_network_refuses_by_its_name(account: Account) -> None:
    """Its policies let the read through from the office alone: a hole wouldn't help, and nobody is asked for it."""
    account.simulator.not_asked, account.simulator.denied = "", True
    account.simulator.organization_allows = lambda context: context["aws:sourceip"] == ("192.0.2.0",)
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, mode="approval")
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    assert account.grant("prod-7xk2q").progress.reason == "scp"
    assert account.requests() == []
    assert account.text(place) == POLICY


def test_an_organizations_no_to_everything_proves_nothing(account: Account) -> None:
    """The simulator may lack a key, such as a tag; the opening goes on, and the audit trail has what it said."""
    account.simulator.not_asked, account.simulator.denied = "", True
    account.simulator.organization_allows = lambda _: False
    account.stand(PolicyKind.USER_INLINE, POLICY)
    assert "open" in account.deliver(install().create_role(at(0)))
    assert "from wherever it comes" in str(account.grant("prod-7xk2q").progress.second_opinion)


def test_what_hangs_on_a_tag_is_no_disagreement(account: Account) -> None:
    """The evaluator can't tell either, so the opening goes on and says that it stayed open."""
    account.simulator.not_asked, account.simulator.denied = "", False
    document = json.loads(POLICY)
    statements = document["Statement"]
    deny = next(
        one for one in (statements if isinstance(statements, list) else [statements]) if one["Effect"] == "Deny"
    )
    deny["Condition"]["StringNotEqualsIfExists"] = {"aws:PrincipalTag/fenced": "no"}
    account.stand(PolicyKind.USER_INLINE, json.dumps(document))
    assert "open" in account.deliver(install().create_role(at(0)))
    assert "more than can be told" in str(account.grant("prod-7xk2q").progress.second_opinion)


def test_it_is_asked_once_an_opening_and_not_for_what_is_open(account: Account) -> None:
    """Later signals narrow without another question."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    account.sweep()
    assert len(account.simulator.asked) == 1
