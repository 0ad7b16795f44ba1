"""Approvals given before the install begins: what they open, and what they don't."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airlock.grants.approval import Ahead, Form
from tests.reconcile.account import ROLE, START, USER, Account, at, install
from tests.reconcile.interference import Crash
from tests.reconcile.test_approval import OPERATOR, POLICY, enrolled


def ahead(**changes: object) -> Ahead:
    """An approval of the user's installs for four hours, from an hour ago."""
    told: dict[str, Any] = {
        "id": "ahead-1",
        "principal": USER,
        "cluster": None,
        "form": Form.SCOPED,
        "since": START - timedelta(hours=1),
        "until": START + timedelta(hours=3),
        "by": OPERATOR,
    }
    return Ahead(**{**told, **changes})


def test_an_approval_ahead_of_time_lets_the_install_go_on_without_waiting(account: Account) -> None:
    """The first signal opens at once, nobody is asked, and the audit trail says whose approval it was."""
    place, _ = enrolled(account, mode="approval")
    account.answers.approve_ahead(ahead(cluster="prod"))
    one = install()
    assert account.deliver(one.create_role(at(0))) == ["approve", "policy-written", "open"]
    assert account.text(place) != POLICY
    assert account.requests() == account.notices()[:1]
    assert OPERATOR in account.audit("decision")[0]["detail"]
    assert account.grant(one.infra_id).answer is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"cluster": "other"},
        {"since": START + timedelta(seconds=1)},
        {"until": START - timedelta(seconds=1)},
        {"revoked": (OPERATOR, START)},
        {"principal": ROLE},
    ],
)
def test_an_approval_of_something_else_ahead_of_time_is_none(account: Account, changes: dict[str, Any]) -> None:
    """Another cluster's, another time's, another principal's, or one taken back: people are asked."""
    enrolled(account, mode="approval")
    account.answers.approve_ahead(ahead(**changes))
    assert account.deliver(install().create_role(at(0))) == ["ask"]


def test_a_scoped_approval_ahead_of_time_is_none_of_a_lift(account: Account) -> None:
    """A lift wants one that says so."""
    enrolled(account, strategy="lift")
    account.answers.approve_ahead(ahead())
    assert account.deliver(install().create_role(at(0))) == ["ask"]
    account.answers.approve_ahead(ahead(id="ahead-2", form=Form.LIFTED))
    assert "open" in account.deliver(install("prod-2b2b2").create_role(at(5)))


def test_an_approval_ahead_of_time_that_a_dead_run_took_stands(account: Account) -> None:
    """Once it is the grant's answer, the next run opens by it, even if it was taken back meanwhile."""
    place, _ = enrolled(account, mode="approval")
    account.answers.approve_ahead(ahead())
    one = install()
    account.calls.failures["PutItem", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(one.create_role(at(0)))
    account.revive()
    account.answers.revoke_ahead(USER, "ahead-1", OPERATOR, at(10))

    assert account.sweep(91) == ["approve", "policy-written", "open"]

    assert account.text(place) != POLICY
    assert account.grant(one.infra_id).progress.approved_by == OPERATOR
    account.deliver(one.delete_bucket(at(600)))
    assert account.text(place) == POLICY
