"""Principals that are only observed: nothing is opened, and what would have been is told."""

from __future__ import annotations

import pytest

from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from tests.reconcile.account import KINDS, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.test_approval import POLICY, enrolled


@pytest.mark.parametrize("kind", KINDS)
def test_observe_opens_nothing_and_tells_what_it_would_have_done(account: Account, kind: PolicyKind) -> None:
    """Opening, narrowing and the end are told as what would have been; the policy is never written."""
    place, principal = enrolled(account, kind, mode="observe")
    one = install(principal=principal)
    assert account.deliver(one.create_role(at(0))) == ["observe"]
    plan = account.grant(one.infra_id, principal).progress.plan
    assert plan is not None
    assert "Airlock1" in plan.changes[0].after
    assert account.deliver(one.create_vpc(at(6))) == []
    assert account.deliver(one.create_vpc_endpoint(at(40))) == ["observe-change"]
    narrowed = account.grant(one.infra_id, principal).progress.plan
    assert narrowed is not None
    assert narrowed.exemption.network is not None
    assert account.sweep() == []
    assert account.deliver(one.run_instances(at(300)), one.state(at(900), "shutting-down"))[-1] == "observe-end"
    assert account.grant(one.infra_id, principal).progress.state is State.OBSERVED
    assert account.writes() == []
    assert account.text(place) == POLICY
    assert len(account.notices()) >= 2
    assert account.requests() == []


def test_observe_tells_what_it_could_not_have_opened(account: Account) -> None:
    """A careful team learns before it counts that a grant would be refused."""
    _, principal = enrolled(account, PolicyKind.GROUP_INLINE, mode="observe")
    account.enrol(principal, mode="observe")
    one = install(principal=principal)
    assert account.deliver(one.create_role(at(0))) == ["refuse"]
    assert account.grant(one.infra_id, principal).progress.reason == "not-named"


def test_an_approved_grant_whose_principal_is_only_observed_by_then_is_told(account: Account) -> None:
    """The approval opens nothing once the mode is observe, and whoever approved hears of that."""
    place, _ = enrolled(account, mode="approval")
    one = install()
    account.deliver(one.create_role(at(0)))
    account.enrol(USER, mode="observe")
    assert account.answer(one.infra_id) == ["approve", "observe"]
    assert account.sweep() == []
    assert account.text(place) == POLICY


def test_what_an_attempt_left_is_not_opened_once_the_principal_is_observed(account: Account) -> None:
    """An opening that died is taken back, not finished by whichever install of the principal is heard of next."""
    place, _ = enrolled(account)
    one, other = install("one-11111"), install("two-22222")
    account.calls.failures["PutUserPolicy", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(one.create_role(at(0)))
    assert account.text(place) != POLICY
    account.principals[USER] = {"mode": "observe"}
    account.revive()

    assert "open" not in account.deliver(other.create_role(at(95)))
    assert account.text(place) == POLICY
    assert account.sweep() == ["observe"]
    assert account.text(place) == POLICY


def test_what_an_attempt_left_is_taken_back_however_often_that_fails(account: Account) -> None:
    """The sweep puts right what a grant that is only observed by now had opened in part."""
    place, _ = enrolled(account)
    account.calls.failures["PutUserPolicy", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.principals[USER] = {"mode": "observe"}
    account.revive()
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ExceptionGroup):
        account.sweep(95)
    account.sweep()
    assert account.text(place) == POLICY
    assert account.sweep() == []
