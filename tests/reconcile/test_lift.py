"""Lifting through a grant's whole life: asked for by configuration, with approval, back by itself and to the byte."""

from __future__ import annotations

import json

import pytest

from airlock.grants.approval import Form
from airlock.grants.grant import State
from airlock.policy.document import parse_document
from airlock.policy.evaluate import denied
from airlock.policy.place import PolicyKind
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, OTHER_USER, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()
ANOTHER_OBJECT = "arn:aws:s3:::another-bucket/another-object"


def is_denied(text: str | None, principal: str, seconds: float) -> bool:
    """Whether a policy denies a principal's read of quite another object from outside."""
    request = Fetch(ANOTHER_OBJECT, principal, at(seconds), complete=True).from_address("198.51.100.7")
    return denied(parse_document(text or "{}"), request).truth is Truth.TRUE


@pytest.mark.parametrize("kind", KINDS)
def test_a_lift_asks_first_and_then_lifts_the_deny_until_its_time(account: Account, kind: PolicyKind) -> None:
    """Everything of the principal passes until the not-after time, nobody else's, and the end restores the byte."""
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    place = account.stand(kind, POLICY, principal)
    account.enrol(principal, **{**account.principals[principal], "strategy": "lift"})
    one = install(principal=principal)

    assert account.deliver(one.create_role(at(0))) == ["ask"]
    assert account.text(place) == POLICY
    assert "open" in account.answer(one.infra_id, principal, Form.LIFTED)

    text = account.text(place)
    assert not is_denied(text, principal, 3600)
    assert is_denied(text, principal, 3601)
    assert is_denied(text, OTHER_USER, 60) == place.shared
    grant = account.grant(one.infra_id, principal)
    assert grant.progress.form is Form.LIFTED
    # Nothing that is learnt later changes what is open.
    assert account.deliver(one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)), one.create_bucket(at(60))) == []
    assert account.text(place) == text
    account.deliver(one.run_instances(at(300)), one.state(at(900), "shutting-down"))
    assert account.text(place) == POLICY
    opened = next(line for line in account.audit("decision") if line["decision"] == "open")
    assert (opened["form"], opened["opens"]["actions"]) == ("lifted", ["*"])


def test_a_lift_may_be_configured_to_ask_nobody(account: Account) -> None:
    """With lifting automatic the first signal lifts."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, strategy="lift", lifting="automatic")
    assert account.deliver(install().create_role(at(0))) == ["policy-written", "open"]
    statement = json.loads(account.text(place) or "{}")["Statement"]
    assert len(statement) == 1
    assert statement[0]["Condition"]["DateGreaterThan"] == {"aws:CurrentTime": "2026-11-24T03:00:00Z"}


def test_mode_approval_asks_for_an_automatic_lift_too(account: Account) -> None:
    """The stricter of the two settings holds."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, mode="approval", strategy="lift", lifting="automatic")
    assert account.deliver(install().create_role(at(0))) == ["ask"]


def test_a_lift_serves_an_install_that_scoping_cannot(account: Account) -> None:
    """Two installs on a policy that has room for no scoped third: lifting goes through where scoping is refused."""
    place = account.stand(PolicyKind.USER_INLINE, (SAMPLES / "perimeter.json").read_text())
    account.enrol(USER, strategy="lift", lifting="automatic")
    before = account.text(place)
    one, two, three = install("one-11111"), install("two-22222"), install("three-33333")
    account.deliver(one.create_role(at(0)), two.create_role(at(10)), three.create_role(at(20)))
    assert all(account.grant(each.infra_id).progress.state is State.OPEN for each in (one, two, three))
    account.deliver(one.delete_bucket(at(100)), two.delete_bucket(at(110)), three.delete_bucket(at(120)))
    assert account.text(place) == before


def test_a_change_of_configuration_does_not_change_what_was_approved(account: Account) -> None:
    """What was asked for as scoped opens as scoped, although the principal's strategy is lift by then."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    account.enrol(USER, mode="approval", strategy="lift")
    assert "open" in account.answer(one.infra_id)
    assert account.grant(one.infra_id).progress.form is Form.SCOPED
    assert is_denied(account.text(place), USER, 60)


def test_a_grant_that_a_lift_spared_the_room_ends_with_it_and_says_so(account: Account) -> None:
    """A scoped grant that fits only while a lift makes it redundant can't stay without it; nobody edited anything."""
    condition = {"NotIpAddress": {"aws:SourceIp": [f"203.0.{number}.0/24" for number in range(45)]}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    place = account.stand(PolicyKind.USER_INLINE, policy)
    lifted, scoped = install("lift-11111"), install("scop-22222")
    account.enrol(USER, strategy="lift", lifting="automatic", timeout_minutes=90)
    account.deliver(lifted.create_role(at(0)))
    account.enrol(USER, timeout_minutes=20)
    assert account.deliver(scoped.create_role(at(10))) == ["open"]

    assert sorted(account.deliver(lifted.delete_bucket(at(60)))) == ["close", "close", "policy-restored"]

    progress = account.grant(scoped.infra_id).progress
    assert (progress.state, progress.reason) == (State.CLOSED, "too-large")
    assert "2048" in (progress.detail or "")
    assert account.text(place) == policy
