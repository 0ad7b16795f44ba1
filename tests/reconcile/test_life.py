"""A grant's life, for each kind of policy: open, narrow, close, and what can end it."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.grants.grant import State
from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.document import parse_document
from airlock.policy.evaluate import denied
from airlock.policy.place import PolicyKind
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from tests.events import Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()


def principal_for(kind: PolicyKind) -> str:
    """Whose policy it is in these tests."""
    return ROLE if kind is PolicyKind.ROLE_INLINE else USER


def is_fetched(text: str | None, one: Install, seconds: float, era: Era, vpc: str | None) -> bool:
    """Whether a policy lets the bootstrap node fetch, from a VPC's endpoint or from a public address."""
    fetch = Fetch(bootstrap_object_arns(one.infra_id, "aws", era)[0], one.principal, at(seconds), complete=True)
    request = fetch.from_vpc(vpc, private_ip="10.0.0.5") if vpc else fetch.from_address("198.51.100.7")
    return denied(parse_document(text or "{}"), request).truth is Truth.FALSE


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_signal_opens_both_eras_objects_from_anywhere(account: Account, kind: PolicyKind) -> None:
    """CreateRole tells no era and no network: so both objects are open, from an endpoint and from an address."""
    place = account.stand(kind, POLICY)
    principal = principal_for(kind)
    one = install(principal=principal)

    assert account.deliver(one.create_role(at(0))) == ["policy-written", "open"]

    text = account.text(place)
    for era in Era:
        for vpc in (one.vpc, None):
            assert is_fetched(text, one, 60, era, vpc)
            assert not is_fetched(text, one, 3601, era, vpc)
    assert account.grant(one.infra_id, principal).progress.state is State.OPEN


@pytest.mark.parametrize("kind", KINDS)
def test_an_endpoint_in_the_installs_vpc_narrows_it(account: Account, kind: PolicyKind) -> None:
    """Once the S3 endpoint is seen, the fetch is let through from its VPC alone."""
    place = account.stand(kind, POLICY)
    principal = principal_for(kind)
    one = install(principal=principal)

    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))

    text = account.text(place)
    assert is_fetched(text, one, 60, Era.CAPA, one.vpc)
    assert not is_fetched(text, one, 60, Era.CAPA, "vpc-0e15e0000000000e1")
    assert not is_fetched(text, one, 60, Era.CAPA, None)
    assert account.grant(one.infra_id, principal).progress.narrowed_at == at(40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["state", "terminate", "bucket", "timeout"])
def test_each_end_restores_the_policy_to_the_byte(account: Account, kind: PolicyKind, end: str) -> None:
    """Whichever end comes first closes the grant, and the policy is what it was, white space and all."""
    place = account.stand(kind, POLICY)
    principal = principal_for(kind)
    one = install(principal=principal)
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.run_instances(at(300)))
    assert account.text(place) != POLICY

    match end:
        case "state":
            account.deliver(one.state(at(1800), "shutting-down"))
        case "terminate":
            account.deliver(one.terminate_instances(at(1800)))
        case "bucket":
            account.deliver(one.delete_bucket(at(1800)))
        case _:
            assert account.sweep(after=3200) == []
            account.sweep(after=101)

    assert account.text(place) == POLICY
    grant = account.grant(one.infra_id, principal)
    assert grant.progress.state is State.CLOSED
    reasons = {"state": "instance-ended", "terminate": "instance-ended", "bucket": "bucket-deleted"}
    assert grant.progress.reason == reasons.get(end, "timeout")


def test_every_event_twice_changes_nothing_more(account: Account) -> None:
    """A repeated event, also one of a grant that has ended, makes no policy write and no second notice."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    stream = [
        one.create_role(at(0)),
        one.create_vpc(at(6)),
        one.create_vpc_endpoint(at(40)),
        one.create_bucket(at(300)),
        one.run_instances(at(360)),
        one.terminate_instances(at(1800)),
        one.state(at(1802), "shutting-down"),
        one.delete_bucket(at(1830)),
    ]
    for event in stream:
        account.deliver(event)
        writes = account.writes()
        assert account.deliver(event) == []
        assert account.writes() == writes
    assert account.text(place) == POLICY
    assert [subject.split(":")[0] for subject, _ in account.notices()] == ["Opened", "Narrowed", "Narrowed", "Closed"]


def test_late_signals_dont_open_a_closed_grant_again(account: Account) -> None:
    """What ended stays ended, whichever signal is delivered afterwards."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.delete_bucket(at(900)))
    late = [one.create_vpc(at(901)), one.create_vpc_endpoint(at(901)), one.create_bucket(at(901))]
    assert account.deliver(*late, one.run_instances(at(902)), one.create_role(at(903))) == []
    assert account.text(place) == POLICY
    assert account.grant(one.infra_id).progress.state is State.CLOSED


@pytest.mark.parametrize("first", ["state", "terminate", "bucket"])
def test_an_end_that_is_heard_before_the_start_opens_nothing(account: Account, first: str) -> None:
    """The instance's or the bucket's end, delivered first, is remembered: the launch heard later opens nothing."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    ends: dict[str, Any] = {"state": one.state(at(60), "terminated"), "terminate": one.terminate_instances(at(60))}
    account.deliver(ends.get(first, one.delete_bucket(at(60))))
    account.deliver(one.run_instances(at(30)))

    assert account.text(place) == POLICY
    assert account.writes() == []
    assert account.grant(one.infra_id).progress.state is State.CLOSED


def test_a_launch_that_is_heard_after_its_end_closes_an_open_grant(account: Account) -> None:
    """With the grant opened by CreateRole, the late launch of an instance that has ended closes it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.state(at(60), "terminated"))
    assert account.text(place) != POLICY
    account.deliver(one.run_instances(at(30)))
    assert account.text(place) == POLICY


def test_a_masters_end_closes_nothing(account: Account) -> None:
    """Only the bootstrap instance's end counts."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    account.deliver(one.create_role(at(0)), one.run_instances(at(60)), one.run_instances(at(61), "master-0"))
    assert (
        account.deliver(one.terminate_instances(at(90), "master-0"), one.state(at(91), "terminated", "master-0")) == []
    )
    assert account.text(place) != POLICY


def test_an_event_older_than_the_window_opens_nothing(account: Account) -> None:
    """The grant expires at once, and no policy is touched."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.clock.moment = at(3601)
    assert account.deliver(install().create_role(at(0))) == ["expire"]
    assert account.text(place) == POLICY
    assert account.writes() == []
    assert account.grant("prod-7xk2q").progress.state is State.EXPIRED


def test_nothing_to_open_is_no_refusal(account: Account) -> None:
    """Without a source-network deny the grant closes by itself: no write, no notice, one audit line."""
    account.stand(PolicyKind.USER_INLINE, (SAMPLES / "nothing-to-open.json").read_text())
    assert account.deliver(install().create_role(at(0))) == ["nothing-to-open"]
    assert account.writes() == []
    assert account.notices() == []
    assert [line["decision"] for line in account.audit()] == ["nothing-to-open"]
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED
