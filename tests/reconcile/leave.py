"""Leaving an account as the removal's function does it."""

from __future__ import annotations

from datetime import timedelta

from airlock.reconcile.leaving import Left
from airlock.wiring_removal import wire_removal
from tests.reconcile.account import Account

BY = "the deletion of the stack bootstrap-airlock"
BEGINS_FOR = timedelta(seconds=30)


def leave(account: Account) -> Left:
    """Leave, by a call of its own, with half a minute for it."""
    parts = wire_removal(account._environment(), account.acting, account.clock)  # noqa: SLF001 - the template's
    return parts.leaving.leave(BY, account.clock.now() + BEGINS_FOR)
