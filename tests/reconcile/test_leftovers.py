"""What a removal finds that no list of grants shows: it goes on where nothing is open, and says where something is."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.adapters.ledger import DynamoLedger
from airlock.adapters.ledger_writes import grant_key
from airlock.errors import LeaseBusyError
from airlock.grants.approval import CloseOrder
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from airlock_cli.operators.account import Account as Operator
from airlock_cli.operators.options import Options
from airlock_cli.restore.policies import Way, place_of
from airlock_cli.restore.restoring import Asked, Restorer
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import HOME, OTHER_USER, USER, Account, at, install
from tests.reconcile.leave import BY, leave

POLICY = (SAMPLES / "aws-example.json").read_text()


def forget(account: Account, grant_id: str) -> None:
    """Take a grant's item out of the ledger, as only somebody with rights on the table can."""
    account.aside.dynamodb.delete_item(TableName="ledger", Key=grant_key(grant_id))


def restore(account: Account, ref: str) -> None:
    """Put a policy back as ``airlock restore --policy-ref`` does."""
    operator = Operator(Options(region=HOME), account.clock)
    vars(operator)["outputs"] = {"LedgerTableName": "ledger", "AuditLogGroupName": "audit"}
    place = place_of(ref)
    Restorer(operator).restore(Asked((place.holder,), place, Way.REFUSE, even_if_open=False))


def test_a_policy_that_is_open_for_no_grant_is_named_with_what_to_do(account: Account) -> None:
    """Nobody knows any more until when: the removal says how to put it back, and goes on once that is done."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    opened = account.text(place)
    forget(account, account.grant("prod-7xk2q").id)
    left = leave(account)
    assert account.text(place) == opened
    assert list(left.troubles) == [USER]
    ref = f"user-inline:net@{USER}"
    assert f"`airlock restore --policy-ref`: {ref}" in left.troubles[USER]
    restore(account, ref)
    assert account.text(place) == POLICY
    assert not leave(account).troubles


def test_a_grant_that_is_listed_and_unknown_is_no_hindrance(account: Account) -> None:
    """With no policy open there is nothing to put back."""
    account.enrol(USER)
    ledger = DynamoLedger(account.aside.dynamodb, "ledger", "somebody", account.clock)
    (scope,) = ledger.acquire([USER])
    scope.grants.add("gone-7xk2q-0f0f0f0f")
    ledger.settle([scope], [])
    assert not leave(account).troubles


def test_what_is_begun_under_the_removal_s_eyes_is_named(account: Account) -> None:
    """An event opens a policy again and again, each time after the last grant was ended: it says which grant's."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    count = 0

    def meanwhile(_answer: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        account.deliver(install(f"late{count}-9mz4c").create_role(account.clock.now()))

    account.calls.changes["Query"] = meanwhile
    left = leave(account)
    assert "-9mz4c" in left.troubles[USER]
    assert "was begun here just now" in left.troubles[USER]


def test_an_index_that_lags_hides_nothing(account: Account) -> None:
    """What was opened a moment ago stands in its scope, if not in the index yet."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.changes["Query"] = lambda answer: answer.update(Items=[], Count=0)
    before = account.clock.now()
    left = leave(account)
    assert (left.troubles, len(left.ended)) == ({}, 1)
    assert account.text(place) == POLICY
    # Found at once, and not by the last look at the scopes.
    assert (account.clock.now() - before).total_seconds() < 1


def test_a_late_event_s_grant_is_never_opened(account: Account) -> None:
    """It is begun after the last grant was ended, and waits for the lease: its order to close is kept by then."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    late = install("late-9mz4c")

    def meanwhile(_answer: dict[str, Any]) -> None:
        if account.calls.made[-1][1].get("Key", {}).get("pk") == {"S": f"scope#{USER}"}:
            account.calls.changes.clear()
            with pytest.raises(LeaseBusyError):
                account.deliver(late.create_role(at(1)))

    account.calls.changes["UpdateItem"] = meanwhile
    assert not leave(account).troubles
    order = account.grant("late-9mz4c").close_order
    assert order is not None
    assert order.by == BY
    # Long after the door's leases have ended, and the function that handled it should be gone.
    account.clock.sleep(600)
    account.deliver(late.create_vpc(account.clock.now()))
    account.sweep()
    assert account.text(place) == POLICY
    assert account.writes() == []


def test_a_grant_whose_principal_was_taken_out_is_ended_too(account: Account) -> None:
    """A rollback may have left one: its scopes stand in the grant, and its policy is put back by them."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    del account.principals[USER]
    account.enrol(OTHER_USER)
    left = leave(account)
    assert (left.troubles, len(left.ended)) == ({}, 1)
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED


def test_an_order_that_stands_is_kept(account: Account) -> None:
    """Somebody had ordered the close before: the trail names them, not the removal."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    grant = account.grant("prod-7xk2q")
    account.answers.order_close(grant.id, CloseOrder(at=account.clock.now(), by="somebody"))
    assert not leave(account).troubles
    assert account.audit("decision")[-1]["detail"].startswith("somebody ordered it")
