"""Leaving an account in order: every policy is put back before the functions that could do it are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from airlock.errors import LeaseBusyError, LedgerTooNewError
from airlock.grants.approval import CloseOrder
from airlock.grants.grant import Grant
from airlock.ports import Answers, Clock, Ledger
from airlock.reconcile.parting import unfinished_on
from airlock.reconcile.reconciliation import Reconciliation
from airlock.records import PolicyRecord, Scope
from airlock.settings import Enrolled

ONE_TAKES: Final = timedelta(seconds=25)
"""How long it may take to end one grant, with IAM throttling; the last look at all scopes takes less."""
ROUND_PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the rounds; the last one from then on. What IAM refuses in passing, it takes in a later round."""
PATIENCE_SECONDS: Final = 2.0
"""How long to wait for other writers of the scopes that are held in the end."""


@dataclass(frozen=True, slots=True)
class Left:
    """What came of it.

    Attributes:
        ended: IDs of the grants that were ended.
        troubles: what stands in the way, in plain words, by the grant's ID or the scope's ARN; nothing where every
            policy is as it was before, and nobody can open one any more.
    """

    ended: frozenset[str] = frozenset()
    troubles: Mapping[str, str] = field(default_factory=dict)


class Leaving:
    """Ends every grant, and then holds the door shut.

    The orders to close are kept before anything is done, so that the sweeper, which still runs, ends grants too. A
    principal's trouble doesn't keep the others from being put back.
    """

    def __init__(  # noqa: PLR0913 - one argument for each part, all by name
        self,
        *,
        enrolled: Mapping[str, Enrolled],
        ledger: Ledger,
        door: Ledger,
        answers: Answers,
        reconciliation: Reconciliation,
        clock: Clock,
    ) -> None:
        """Take the parts.

        Args:
            enrolled: the principals by ARN.
            ledger: the one of the reconciliation.
            door: the ledger in another name, in which nobody ever writes a policy: leases are held shut in it.
            answers: keeps the orders to close.
            reconciliation: brings the policies to what the ledger says.
            clock: the time.
        """
        self._enrolled = enrolled
        self._ledger = ledger
        self._door = door
        self._answers = answers
        self._reconciliation = reconciliation
        self._clock = clock

    def leave(self, by: str, until: datetime) -> Left:
        """End all grants, put every policy back, and take the leases of all that is enrolled.

        The leases are not let go: an event that comes late, for as long as the functions still stand, finds another
        writer at work. A lease lasts 90 seconds. Whoever leaves once more meanwhile, for CloudFormation didn't get the
        answer, takes them over.

        Args:
            by: who orders it, as the ledger, the audit trail and the notices name it.
            until: when nothing more is begun on, and no other round is made; what is begun on by then may take
                :data:`ONE_TAKES` more.
        """
        ended: set[str] = set()
        pauses = iter(ROUND_PAUSES)
        while True:
            troubles = self._end_all(by, until, ended) or self._hold(by)
            pause = next(pauses, ROUND_PAUSES[-1])
            if not troubles or self._clock.now() + timedelta(seconds=pause) >= until:
                return Left(frozenset(ended), troubles)
            self._clock.sleep(pause)

    # ------------------------------------------------------------------------------------------------------------

    def _end_all(self, by: str, until: datetime, ended: set[str]) -> dict[str, str]:
        """End what hasn't ended; gives what stands in the way."""
        troubles: dict[str, str] = {}
        grants = self._readable(troubles)
        self._order(grants, by)
        for grant in grants:
            if self._clock.now() >= until:
                troubles[grant.id] = "there was no time left for it in this call"
                continue
            try:
                # Without waiting long for another writer, as a sweep does.
                self._reconciliation.run(self._enrolled_of(grant), grant, None, verify=True)
            except Exception as error:  # noqa: BLE001 - told below, once the others were put back
                troubles[grant.id] = _said(error)
        now = self._ledger.grants([grant.id for grant in grants])
        ended |= {grant.id for grant in now if grant.is_final}
        for grant in now:
            if grant.is_final:
                # Put back and settled, whatever failed after that, such as a notice.
                troubles.pop(grant.id, None)
            else:
                troubles.setdefault(grant.id, f"it is still {grant.progress.state}")
        return troubles

    def _readable(self, troubles: dict[str, str]) -> list[Grant]:
        """The grants that haven't ended, but for those of a newer release, which are a trouble each."""
        listed: list[str] = []
        grants: list[Grant] = []
        for scope_id in self._scopes():
            with _noted(troubles, scope_id):
                listed += sorted(self._ledger.look(scope_id).grants)
        ids = list(dict.fromkeys([*self._ledger.unfinished(), *listed]))
        try:
            grants = self._ledger.grants(ids)
        except LedgerTooNewError:
            for one in ids:
                with _noted(troubles, one):
                    grants += self._ledger.grants([one])
        return [grant for grant in grants if not grant.is_final]

    def _enrolled_of(self, grant: Grant) -> Enrolled:
        return self._enrolled.get(grant.facts.principal) or Enrolled(grant.facts.principal)

    def _order(self, grants: Iterable[Grant], by: str) -> None:
        for grant in grants:
            if grant.close_order is None:
                self._answers.order_close(grant.id, CloseOrder(at=self._clock.now(), by=by))

    def _scopes(self) -> list[str]:
        """Whatever may be opened, in the order in which all writers take leases."""
        return sorted({arn for one in self._enrolled.values() for arn in (one.arn, *one.groups, *one.policies)})

    def _hold(self, by: str) -> dict[str, str]:
        """Shut the door on every scope, for good; gives what stands in the way."""
        scope_ids = self._scopes()
        try:
            scopes = self._door.acquire(scope_ids, PATIENCE_SECONDS)
        except LeaseBusyError as error:
            return {"the last look": _said(error)}
        try:
            left = self._open_still(scopes)
            if not left:
                # An event may have begun one that can't go on without the leases. It shan't be opened by whoever comes
                # after.
                self._order(unfinished_on(self._door, scope_ids), by)
                return {}
        except Exception:
            with suppress(Exception):
                self._door.release(scope_ids)
            raise
        self._door.release(scope_ids)
        return left

    def _open_still(self, scopes: Sequence[Scope]) -> dict[str, str]:
        """What is open, or about to be, although every grant was ended that could be found."""
        listed = sorted({grant_id for scope in scopes for grant_id in scope.grants})
        known = {grant.id for grant in self._door.grants(listed) if not grant.is_final}
        left: dict[str, str] = {}
        for scope in scopes:
            begun = sorted(scope.grants & known)
            if begun:
                left[scope.id] = f"{', '.join(begun)} was begun here just now"
                continue
            policies = [place.ref for place, record in sorted(scope.policies.items()) if _is_open(record)]
            if policies:
                left[scope.id] = (
                    "the ledger has policies as open, and no unfinished grant for them: put each back by "
                    f"`airlock restore --policy-ref`: {', '.join(policies)}"
                )
        return left


def _is_open(record: PolicyRecord) -> bool:
    return record.intended is not None or record.written != record.baseline


@contextmanager
def _noted(troubles: dict[str, str], name: str) -> Iterator[None]:
    """Note what a newer release wrote and this one can't read."""
    try:
        yield
    except LedgerTooNewError as error:
        troubles[name] = _said(error)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
