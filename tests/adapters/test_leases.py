"""One writer a scope: leases are taken by one owner, run out, and guard what is kept under them."""

from __future__ import annotations

import json

import pytest

from airlock.adapters.ledger import DynamoLedger
from airlock.adapters.ledger_writes import scope_key
from airlock.adapters.schema import SCHEMA
from airlock.errors import ConflictError, LeaseBusyError, LedgerTooNewError
from airlock.settings import LEASE_SECONDS
from tests.reconcile.account import GROUP, START, USER, Account, Clock, at
from tests.reconcile.interference import refusal

FUNCTION_SECONDS = 80
"""The longest timeout of a function that writes policies, as infra/work.py sets it."""


def ledger_of(account: Account, owner: str) -> DynamoLedger:
    """A ledger of one owner's."""
    return DynamoLedger(account.acting.dynamodb, "ledger", owner, account.clock)


def test_a_lease_outlives_its_function() -> None:
    """A writer that was stopped can't come back under a lease that somebody else has taken."""
    assert LEASE_SECONDS > FUNCTION_SECONDS


def test_a_second_owner_waits_and_then_gives_up(account: Account) -> None:
    """Another's lease isn't taken; the error names the scope, and 25 seconds have passed."""
    ledger_of(account, "one").acquire([USER])
    with pytest.raises(LeaseBusyError, match=f"holds {USER}, and"):
        ledger_of(account, "two").acquire([USER])
    assert account.clock.now() == at(25)


def test_the_same_owner_doesnt_take_its_lease_twice(account: Account) -> None:
    """A run that failed to let go isn't told from one that is still at work."""
    ledger = ledger_of(account, "one")
    ledger.acquire([USER])
    with pytest.raises(LeaseBusyError):
        ledger.acquire([USER])


def test_those_taken_already_are_let_go_when_one_is_busy(account: Account) -> None:
    """Nobody is kept waiting by a writer that gave up."""
    ledger_of(account, "one").acquire([USER])
    with pytest.raises(LeaseBusyError):
        ledger_of(account, "two").acquire([GROUP, USER])
    before = account.clock.now()
    ledger_of(account, "three").acquire([GROUP])
    assert account.clock.now() == before


def test_those_taken_already_are_let_go_when_dynamodb_fails(account: Account) -> None:
    """An error in the midst of taking leases doesn't keep the first ones for a minute and a half."""
    account.calls.failures["UpdateItem", "before"] = [None, refusal("InternalServerError")]
    with pytest.raises(Exception, match="InternalServerError"):
        ledger_of(account, "one").acquire([GROUP, USER])
    ledger_of(account, "two").acquire([GROUP, USER])
    assert account.clock.now() == START


def test_a_lease_that_is_let_go_can_be_taken_at_once(account: Account) -> None:
    """By settling, and by releasing."""
    for let_go in ("settle", "release"):
        ledger = ledger_of(account, f"one-{let_go}")
        scopes = ledger.acquire([GROUP, USER])
        if let_go == "settle":
            ledger.settle(scopes, [])
        else:
            ledger.release([GROUP, USER])
    ledger_of(account, "two").acquire([GROUP, USER])
    assert account.clock.now() == START


def test_a_lease_that_ran_out_can_be_taken_and_the_old_owner_cant_keep_anything(account: Account) -> None:
    """The dead writer's late settling fails as a whole, and doesn't touch the new owner's lease."""
    old, new = ledger_of(account, "old"), ledger_of(account, "new")
    scopes = old.acquire([USER])
    account.clock.sleep(LEASE_SECONDS + 1)
    taken = new.acquire([USER])
    scopes[0].grants.add("from-the-dead")
    for keep in (old.write_ahead, old.settle):
        with pytest.raises(ConflictError):
            keep(scopes, [])
    old.release([USER])
    new.settle(taken, [])
    assert new.look(USER).grants == set()


def test_a_lease_that_ran_out_under_ones_hands_keeps_nothing(account: Account) -> None:
    """Even where nobody else has taken it yet."""
    ledger = ledger_of(account, "one")
    scopes = ledger.acquire([USER])
    account.clock.sleep(LEASE_SECONDS + 1)
    with pytest.raises(ConflictError):
        ledger.settle(scopes, [])


def test_a_lease_holds_to_its_last_second(account: Account) -> None:
    """At no moment do two owners have it: what one may still keep, no other can take."""
    one = ledger_of(account, "one")
    scopes = one.acquire([USER])
    account.clock.sleep(LEASE_SECONDS)
    with pytest.raises(LeaseBusyError):
        DynamoLedger(account.acting.dynamodb, "ledger", "two", Stopped(account.clock.now())).acquire([USER])
    one.settle(scopes, [])


class Stopped(Clock):
    """A clock that stands, however long one sleeps."""

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""


def test_leases_are_let_go_where_a_scope_cant_be_read(account: Account) -> None:
    """What a newer release wrote keeps nobody away from putting it right, neither there nor beside it."""
    newer = json.dumps({"schema": SCHEMA + 1, "policies": []})
    account.aside.dynamodb.put_item(TableName="ledger", Item={**scope_key(USER), "content": {"S": newer}})
    with pytest.raises(LedgerTooNewError):
        ledger_of(account, "one").acquire([GROUP, USER])
    items = account.aside.dynamodb.scan(TableName="ledger")["Items"]
    assert len(items) == 2
    assert not any("lease_owner" in item for item in items)
    with pytest.raises(LedgerTooNewError):
        ledger_of(account, "two").acquire([GROUP, USER])
