"""Whether what a grant has open still applies to its principal: somebody may have detached it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from airlock.errors import PrincipalGoneError
from airlock.grants.grant import Grant, State
from airlock.policy.place import PolicyPlace
from airlock.ports import Clock, Ledger, Policies
from airlock.reconcile.happening import Drift
from airlock.records import PolicyRecord

DETACHED = (
    "The policy doesn't apply to {principal} any more: somebody detached it, or took the user out of its group. The "
    "detachment is kept. What the airlock changed in the policy is put back when the grant ends."
)


class Attachments:
    """Looks, without a lease, at whether open policies still apply; nothing is changed."""

    def __init__(self, *, ledger: Ledger, policies: Policies, clock: Clock) -> None:
        self._ledger = ledger
        self._policies = policies
        self._clock = clock

    def look(self, grant: Grant, event_id: str) -> list[Drift]:
        """Tell of the policies that a grant has open and that don't apply to its principal any more.

        Args:
            grant: as the ledger has it; only an open one is looked at.
            event_id: of the event that told of a change.

        Returns:
            One for each policy; those that were told before are left out, once ``told`` was called for them.
        """
        if grant.progress.state is not State.OPEN:
            return []
        records = [one for one in self._records(grant) if not self._ledger.was_claimed(_name(grant, one.place))]
        if not records:
            return []
        applying = self._applying(grant.facts.principal)
        return [
            Drift(
                place=record.place,
                grants=(grant.id,),
                event_id=event_id,
                expected=record.written,
                found=record.written,
                detail=DETACHED.format(principal=grant.facts.principal),
                detached=True,
            )
            for record in records
            if record.place not in applying
        ]

    def told(self, grant: Grant, drifts: list[Drift]) -> None:
        """Remember what was told, so that a further event of the same change doesn't tell it again."""
        for drift in drifts:
            self._ledger.claim(_name(grant, drift.place), self._clock.now())

    def _records(self, grant: Grant) -> Iterator[PolicyRecord]:
        """What the grant has open; a policy that is gone is the reconciliation's to find."""
        changed = {change.place for change in grant.progress.plan.changes} if grant.progress.plan else set()
        for scope_id in grant.progress.scopes:
            records = self._ledger.look(scope_id).policies.values()
            yield from (record for record in records if record.place in changed)

    def _applying(self, principal: str) -> set[PolicyPlace]:
        try:
            return {held.place for held in self._policies.of_principal(principal)}
        except PrincipalGoneError:
            return set()


def _name(grant: Grant, place: PolicyPlace) -> str:
    return f"{grant.id}#{place}#detached"
