"""Grants whose exact form can't be written or doesn't fit: opened wider, asked for, or refused, as configured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.grants.approval import Form
from airlock.grants.grant import State
from airlock.install.names import Era
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import USER, Account, at, install
from tests.reconcile.interference import Crash
from tests.reconcile.test_lift import is_denied

NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}
PERIMETER = (SAMPLES / "perimeter.json").read_text()
ALL_AUTOMATIC = {"network": "automatic", "actions": "automatic", "lift": "automatic"}
ALL_OFF = {"network": "off", "actions": "off", "lift": "off"}


def fence(**elements: object) -> str:
    """A policy of one source-network deny."""
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NET}
    return json.dumps({"Version": "2012-10-17", "Statement": [deny | elements]})


WITHOUT_EXACT_FORM = {
    "a pattern of actions": (fence(Action="s3:Get*"), Form.ANY_ACTION, "action"),
    "a pattern of buckets": (fence(Action="s3:*", Resource="arn:aws:s3:::*-bootstrap/*"), Form.LIFTED, "resource"),
}


def enrolled(account: Account, text: str, **options: object) -> PolicyPlace:
    """A user under an inline policy, enrolled with options."""
    place = account.stand(PolicyKind.USER_INLINE, text)
    account.enrol(USER, **options)
    return place


def decisions(account: Account, name: str) -> list[dict[str, Any]]:
    """The audit trail's decisions of a name."""
    return [line for line in account.audit("decision") if line["decision"] == name]


@pytest.mark.parametrize("what", WITHOUT_EXACT_FORM)
def test_a_wider_form_is_asked_for_with_its_reason(account: Account, what: str) -> None:
    """By default the tightest form that works waits for an answer, and nothing is opened until then."""
    text, form, why = WITHOUT_EXACT_FORM[what]
    place = enrolled(account, text)
    assert account.deliver(install().create_role(at(0))) == ["ask"]
    progress = account.grant("prod-7xk2q").progress
    assert (progress.state, progress.form) == (State.PENDING, form)
    assert why in str(progress.why_wider)
    assert account.text(place) == text
    assert len(account.requests()) == 1

    assert "open" in account.answer("prod-7xk2q", form=form)
    (line,) = decisions(account, "open")
    assert (line["form"], line["wider"]) == (str(form), sorted(map(str, form.widenings)))
    assert line["why_wider"] == progress.why_wider
    account.deliver(install().run_instances(at(300)), install().state(at(900), "terminated"))
    assert account.text(place) == text


@pytest.mark.parametrize("what", WITHOUT_EXACT_FORM)
def test_a_wider_form_may_open_by_itself(account: Account, what: str) -> None:
    """With its rung automatic the first signal opens, and the audit trail says how wide and why."""
    text, form, why = WITHOUT_EXACT_FORM[what]
    place = enrolled(account, text, wider=ALL_AUTOMATIC)
    assert account.deliver(install().create_role(at(0))) == ["policy-written", "open"]
    (line,) = decisions(account, "open")
    assert (line["form"], line["wider"]) == (str(form), sorted(map(str, form.widenings)))
    assert why in line["why_wider"]
    account.sweep(3600)
    assert account.text(place) == text


@pytest.mark.parametrize("what", WITHOUT_EXACT_FORM)
def test_with_every_rung_off_the_exact_forms_trouble_is_told(account: Account, what: str) -> None:
    """Nothing wider is tried or asked for."""
    text, _, why = WITHOUT_EXACT_FORM[what]
    place = enrolled(account, text, wider=ALL_OFF)
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    assert account.grant("prod-7xk2q").progress.reason == f"{why}-pattern"
    assert account.requests() == []
    assert account.text(place) == text


def test_a_rung_that_is_off_is_passed_over(account: Account) -> None:
    """With the actions off, a pattern of actions leads to the lift, which asks."""
    enrolled(account, fence(Action="s3:Get*"), wider={"actions": "off"})
    assert account.deliver(install().create_role(at(0))) == ["ask"]
    assert account.grant("prod-7xk2q").progress.form is Form.LIFTED


def test_mode_approval_asks_for_an_automatic_rung(account: Account) -> None:
    """The stricter of the two settings holds."""
    enrolled(account, fence(Action="s3:Get*"), mode="approval", wider=ALL_AUTOMATIC)
    assert account.deliver(install().create_role(at(0))) == ["ask"]


def test_an_opening_of_any_action_is_narrowed_too(account: Account) -> None:
    """Its VPC is learnt like any other grant's; other objects stay denied throughout."""
    place = enrolled(account, fence(Action="s3:Get*"), wider=ALL_AUTOMATIC)
    one = install()
    account.deliver(one.create_role(at(0)))
    assert "narrow" in account.deliver(one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    text = str(account.text(place))
    assert one.vpc in text
    assert is_denied(text, USER, 60)
    assert account.grant(one.infra_id).progress.form is Form.ANY_ACTION


def test_room_is_made_by_dropping_the_network(account: Account) -> None:
    """Where the VPC is known from the first signal and the narrowed text doesn't fit, any network is asked for."""
    place = enrolled(account, PERIMETER)
    one = install()
    assert account.deliver(one.create_vpc_endpoint(at(40))) == ["ask"]
    progress = account.grant(one.infra_id).progress
    assert progress.form is Form.ANY_NETWORK
    assert "IAM allows 2048" in str(progress.why_wider)
    assert "open" in account.answer(one.infra_id, form=Form.ANY_NETWORK)
    assert one.vpc not in str(account.text(place))
    assert account.text(place) != PERIMETER


def test_room_that_somebody_made_meanwhile_is_used(account: Account) -> None:
    """An inline policy beside the open one is deleted, so the next grant fits as asked for, and isn't lifted."""
    place = account.stand(PolicyKind.USER_INLINE, fence())
    beside = fence(Action="ec2:*", Resource=[f"arn:aws:ec2:*:*:instance/i-{number:040}" for number in range(12)])
    account.stand(PolicyKind.USER_INLINE, beside, name="beside")
    account.enrol(USER, wider=ALL_AUTOMATIC)
    one, two = install("one-11111"), install("two-22222")
    account.deliver(one.create_role(at(0)), one.create_vpc_endpoint(at(1)), one.create_bucket(at(2)))
    account.aside.iam.delete_user_policy(UserName="ocp-installer", PolicyName="beside")
    account.deliver(two.create_role(at(10)))
    assert account.grant(two.infra_id).progress.form is Form.SCOPED
    assert is_denied(account.text(place), USER, 60)


def test_a_narrowing_without_room_leaves_an_open_grant_as_it_is(account: Account) -> None:
    """Nobody widened it: it was opened before its VPC was known, and people are told that it stays so."""
    place = enrolled(account, PERIMETER)
    one = install()
    account.deliver(one.create_role(at(0)))
    text = account.text(place)
    assert "keep-as-is" in account.deliver(one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    assert account.text(place) == text
    assert account.grant(one.infra_id).progress.state is State.OPEN


def test_with_any_network_off_a_grant_that_cannot_be_narrowed_is_closed(account: Account) -> None:
    """Once its VPC and its bucket are known it may not stand for any network."""
    place = enrolled(account, PERIMETER, wider={"network": "off"})
    one = install()
    account.deliver(one.create_role(at(0)))
    assert account.text(place) != PERIMETER
    # Both releases' objects are named yet, so room may still be made.
    assert "keep-as-is" in account.deliver(one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    assert "close" in account.deliver(one.create_bucket(at(60)))
    assert account.text(place) == PERIMETER
    progress = account.grant(one.infra_id).progress
    assert (progress.state, progress.reason) == (State.CLOSED, "too-large")
    assert "may not stay as wide" in str(progress.detail)


def test_switching_any_network_off_closes_what_was_left_wide(account: Account) -> None:
    """The narrowing didn't fit, which was allowed then; the next sweep goes by the configuration of now."""
    place = enrolled(account, PERIMETER)
    one = install()
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    account.deliver(one.create_bucket(at(60)))
    assert account.sweep() == []
    account.enrol(USER, wider={"network": "off"})
    assert "close" in account.sweep()
    assert account.text(place) == PERIMETER


def test_with_any_network_off_two_releases_objects_leave_no_more_to_wait_for(account: Account) -> None:
    """Whoever makes buckets of both releases' names can't keep a grant open to any network."""
    place = enrolled(account, PERIMETER, wider={"network": "off"})
    one, old = install(), install(era=Era.TERRAFORM)
    account.deliver(one.create_role(at(0)), one.create_bucket(at(5)), old.create_bucket(at(6)))
    assert account.grant(one.infra_id).progress.state is State.OPEN
    assert "close" in account.deliver(one.create_vpc(at(16)), one.create_vpc_endpoint(at(40)))
    assert account.text(place) == PERIMETER


def test_a_wider_form_that_a_dead_run_chose_is_chosen_anew(account: Account) -> None:
    """It lifts for want of room and dies; the other's end makes room, and no run opens the lift after that."""
    place = enrolled(account, PERIMETER, wider=ALL_AUTOMATIC)
    first, second = install("one-11111"), install("two-22222")
    account.deliver(first.create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(second.create_role(at(10)))
    account.revive()
    assert account.grant(second.infra_id).progress.form is Form.LIFTED
    account.deliver(first.delete_bucket(at(200)))
    assert account.text(place) == PERIMETER

    assert "open" in account.sweep()

    assert account.grant(second.infra_id).progress.form is Form.SCOPED
    assert is_denied(account.text(place), USER, 250)
    account.deliver(second.delete_bucket(at(300)))
    assert account.text(place) == PERIMETER


def test_a_tighter_form_than_agreed_is_used_where_it_does(account: Account) -> None:
    """A lift was asked for while another grant took the room; it is gone by the time of the answer."""
    place = account.stand(PolicyKind.USER_INLINE, PERIMETER)
    account.enrol(USER)
    first, second = install("one-11111"), install("two-22222")
    assert "open" in account.deliver(first.create_role(at(0)))
    assert account.deliver(second.create_role(at(10))) == ["ask"]
    assert account.grant(second.infra_id).progress.form is Form.LIFTED
    account.deliver(first.run_instances(at(20)), first.state(at(30), "terminated"))
    assert account.text(place) == PERIMETER

    assert "open" in account.answer(second.infra_id, form=Form.LIFTED)
    assert account.grant(second.infra_id).progress.form is Form.SCOPED
    assert is_denied(account.text(place), USER, 60)


def test_nothing_wider_than_agreed_is_opened(account: Account) -> None:
    """The exact form was agreed to; an edit meanwhile leaves only wider ones, so the grant is refused."""
    place = enrolled(account, fence(), mode="approval")
    account.deliver(install().create_role(at(0)))
    edited = fence(Action="s3:Get*")
    account.edit(place, edited)
    assert "refuse" in account.answer("prod-7xk2q")
    assert account.grant("prod-7xk2q").progress.reason == "action-pattern"
    assert account.text(place) == edited


def test_naming_anothers_install_leads_to_no_request_for_a_lift(account: Account) -> None:
    """Two principals under one policy name one infra ID: the second is refused, and nobody is asked to lift."""
    other = "arn:aws:iam::111122223333:user/ocp-two"
    for principal in (USER, other):
        account.stand(PolicyKind.GROUP_INLINE, fence(), principal)
    account.deliver(install().create_role(at(0)))
    assert account.deliver(install(principal=other).create_role(at(10))) == ["refuse"]
    assert account.grant("prod-7xk2q", other).progress.reason == "overlapping-objects"
    assert account.requests() == []


def test_observing_tells_the_form_that_would_be_used(account: Account) -> None:
    """Nothing is opened, and the notice's plan is as wide as the opening would be."""
    place = enrolled(account, fence(Action="s3:Get*"), mode="observe")
    assert account.deliver(install().create_role(at(0))) == ["observe"]
    progress = account.grant("prod-7xk2q").progress
    assert progress.plan is not None
    assert progress.plan.exemption.any_action
    assert progress.form is Form.ANY_ACTION
    assert account.text(place) == fence(Action="s3:Get*")
