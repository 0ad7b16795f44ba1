"""Parting with principals, groups and policies: a deployment mustn't take away what an open grant's end needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from airlock.grants.grant import Grant, State
from airlock.ports import Ledger


def part_with(door: Ledger, dropped: Sequence[str], kept: frozenset[str]) -> list[Grant]:
    """See whether anything open needs what is dropped, and see to it that nothing comes to need it.

    Where it is nothing, the leases of what is dropped are taken and not let go: the functions stand with their old
    variables until CloudFormation has changed them, and would open for the next event what they then can't close.

    Args:
        door: the ledger, in a name in which nobody ever writes a policy.
        dropped: ARNs of what the configuration no longer has, in the order in which leases are taken.
        kept: ARNs that stay in it.

    Returns:
        The grants that stand in the way; the leases are let go then.

    Raises:
        LeaseBusyError: another writer is at work there, or was and has died.
        LedgerTooNewError: a newer release wrote one of the grants.
    """
    left = bereft(unfinished_on(door, dropped), kept)
    if left:
        return left
    door.acquire(dropped)
    try:
        # An event may have opened something between the look and the leases.
        left = bereft(unfinished_on(door, dropped), kept)
    except Exception:
        door.release(dropped)
        raise
    if left:
        door.release(dropped)
    return left


def bereft(grants: Iterable[Grant], kept: frozenset[str]) -> list[Grant]:
    """The grants that couldn't be closed any more with rights on these principals, groups and policies alone.

    Those that only wait for an answer, or are only observed, have nothing in IAM, and need no right to end.

    Args:
        grants: as the ledger has them.
        kept: ARNs that stay in the configuration.
    """
    return [
        grant
        for grant in grants
        if not grant.is_final
        and (grant.progress.scopes or grant.progress.state in _ABOUT_TO_OPEN)
        and not {grant.facts.principal, *grant.progress.scopes} <= kept
    ]


_ABOUT_TO_OPEN: Final = frozenset({State.REQUESTED, State.OPEN, State.CLOSING})


def unfinished_on(ledger: Ledger, scope_ids: Sequence[str]) -> list[Grant]:
    """Grants that haven't ended: those of the index, which may lag by a moment, and those that these scopes list.

    Raises:
        LedgerTooNewError: a newer release wrote one of them.
    """
    listed = [one for scope_id in scope_ids for one in sorted(ledger.look(scope_id).grants)]
    return [grant for grant in ledger.grants([*ledger.unfinished(), *listed]) if not grant.is_final]
