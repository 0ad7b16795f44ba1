"""A mistake of the renderer's never reaches IAM: the second look refuses what is new, and closes what is open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from airlock.grants.grant import State
from airlock.policy.exemption import Exemption
from airlock.policy.place import PolicyKind
from airlock.policy.render import render
from airlock.reconcile import choose
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()


def forgetful(baseline: str, exemptions: Sequence[Exemption], now: datetime, *, shared: bool = False) -> str:
    """A renderer that forgets when the hole has to close."""
    text = render(baseline, exemptions, now, shared=shared)
    document: dict[str, Any] = json.loads(text)
    kept = [one for one in document["Statement"] if "DateGreaterThan" not in one["Condition"]]
    return text if kept == document["Statement"] else json.dumps({**document, "Statement": kept})


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_text_is_refused_before_it_is_written(
    account: Account, kind: PolicyKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grant ends as refused with a request that shows the mistake, IAM isn't called, and an alarm goes out."""
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    place = account.stand(kind, POLICY, principal)
    monkeypatch.setattr(choose, "render", forgetful)
    one = install(principal=principal)

    assert account.deliver(one.create_role(at(0))) == ["refuse"]

    progress = account.grant(one.infra_id, principal).progress
    assert (progress.state, progress.reason) == (State.REFUSED, "check-failed")
    assert "s3:GetObject" in str(progress.detail)
    assert account.writes() == []
    assert account.text(place) == POLICY
    ((_, text),) = account.notices()
    assert "own check" in text


def test_people_are_not_asked_for_what_would_be_wrong(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that fails the check is refused, not shown for approval."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(USER, mode="approval")
    monkeypatch.setattr(choose, "render", forgetful)
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    assert account.requests() == []


def test_a_narrowing_that_would_be_wrong_closes_the_grant(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is open stays right or goes: the policy is back to the byte, and the other install is refused with it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one, other = install("prod-7xk2q"), install("next-9mz4c")
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)))
    monkeypatch.setattr(choose, "render", forgetful)
    assert account.deliver(one.create_vpc_endpoint(at(40))) == ["policy-restored", "close"]
    assert account.text(place) == POLICY
    assert account.grant(one.infra_id).progress.reason == "check-failed"
    assert account.deliver(other.create_role(at(60))) == ["refuse"]


def test_a_new_grant_that_would_be_wrong_takes_no_open_one_with_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renderer gets two grants wrong together: the new one is refused, and the other's text stays."""

    def forgetful_of_two(baseline: str, exemptions: Sequence[Exemption], now: datetime, *, shared: bool = False) -> str:
        return (forgetful if len(exemptions) > 1 else render)(baseline, exemptions, now, shared=shared)

    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one, other = install("prod-7xk2q"), install("next-9mz4c")
    account.deliver(one.create_role(at(0)))
    opened = account.text(place)
    monkeypatch.setattr(choose, "render", forgetful_of_two)
    assert account.deliver(other.create_role(at(60))) == ["refuse"]
    assert account.grant(other.infra_id).progress.reason == "check-failed"
    assert account.text(place) == opened
    assert account.grant(one.infra_id).progress.state is State.OPEN


def test_the_right_text_passes_on_every_sample(account: Account) -> None:
    """No sample policy is held back by the check."""
    for number, path in enumerate(sorted(SAMPLES.glob("*.json"))):
        account.stand(PolicyKind.MANAGED, path.read_text(), name=f"p{number}")
        name = f"lab{number}-7xk2q"
        account.deliver(install(name).create_role(at(number)))
        assert account.grant(name).progress.reason != "check-failed"


def test_a_deny_whose_addresses_cannot_be_read_is_refused(account: Account) -> None:
    """Nobody can say what such a policy denies: the grant ends with the value named, and nothing is written."""
    account.stand(PolicyKind.USER_INLINE, POLICY.replace("192.0.2.0/24", "300.1.2.3/24"))
    assert account.deliver(install().create_role(at(0))) == ["refuse"]
    progress = account.grant("prod-7xk2q").progress
    assert progress.reason == "address"
    assert "300.1.2.3/24" in str(progress.detail)
    assert account.writes() == []
