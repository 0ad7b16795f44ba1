"""Record the fact, then make IAM agree with the ledger.

Every handler does the same two things, so a lost, late, repeated or reordered event changes nothing in the end:
the next one, or the sweep, finishes what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airlock.errors import LeaseBusyError, LedgerTooNewError
from airlock.grants.approval import Form
from airlock.grants.grant import Grant, State
from airlock.grants.life import exemption_of, is_approved, is_left_wide, is_over
from airlock.install.signal import Signal
from airlock.ports import Clock, Ledger, Policies
from airlock.reconcile.attachments import Attachments
from airlock.reconcile.happening import Happening
from airlock.reconcile.reconciliation import Reconciliation
from airlock.reconcile.recording import Recorder
from airlock.reconcile.telling import Telling
from airlock.settings import Enrolled

if TYPE_CHECKING:
    from airlock.reconcile.rescue import Rescuer
    from airlock.reconcile.roll_call import RollCall

OVERDUE_AFTER = timedelta(minutes=2)
"""How long after its time a grant may be unfinished: the first sweep after it may fail, or find another at work."""
SWEEP_BEGINS_FOR = timedelta(seconds=35)
"""How long a sweep begins on further grants. Its function is stopped after 60 seconds, wherever it is then, which would
leave a lease that keeps the next sweeps away; one grant takes up to 25, with IAM throttling or a wait for a node."""


class Reconciler:
    """Turns signals, orders and the passing of time into policies, and back."""

    def __init__(  # noqa: PLR0913 - one argument for each part, all by name: this is where they meet
        self,
        *,
        enrolled: Mapping[str, Enrolled],
        ledger: Ledger,
        policies: Policies,
        reconciliation: Reconciliation,
        rescuer: Callable[[], Rescuer],
        roll_call: Callable[[], RollCall],
        telling: Telling,
        clock: Clock,
    ) -> None:
        self._enrolled = enrolled
        self._ledger = ledger
        self._policies = policies
        self._reconciliation = reconciliation
        self._rescuer = rescuer
        self._roll_call = roll_call
        self._telling = telling
        self._clock = clock
        self._recorder = Recorder(enrolled=enrolled, ledger=ledger, clock=clock)
        self._attachments = Attachments(ledger=ledger, policies=policies, clock=clock)

    def let_hear(self, hear: Callable[[Sequence[Happening]], None]) -> None:
        """Let somebody hear, from now on, of all that happens, also where what is returned is lost to an error."""
        self._telling.let_hear(hear)

    def handle(self, signal: Signal) -> list[Happening]:
        """Act on one signal.

        Args:
            signal: from the parser. Signals of principals that aren't enrolled are left alone.

        Returns:
            What happened, for logs and metrics; nothing where the signal told nothing new.

        Raises:
            LeaseBusyError: another writer kept the policies too long; the event should come again.
            NotConfirmedError: IAM didn't show a write; the sweep looks again.
        """
        grant = self._recorder.record(signal)
        if grant is None or not self._has_work(grant, news=True):
            return []
        return self._reconciliation.run(self._enrolled_of(grant), grant, signal.event_id)

    def obey(self, grant_id: str, event_id: str) -> list[Happening]:
        """Act on an answer or an order about a grant, which the ledger holds.

        Args:
            grant_id: which grant; one that doesn't exist is left alone.
            event_id: of the event that told of the order.

        Raises:
            LeaseBusyError, NotConfirmedError: as for ``handle``.
        """
        happened: list[Happening] = []
        for grant in self._ledger.grants([grant_id]):
            if self._has_work(grant, news=False):
                happened += self._reconciliation.run(self._enrolled_of(grant), grant, event_id)
        return happened

    def look_after(self, scope_ids: Sequence[str], event_id: str) -> list[Happening]:
        """See at once whether policies are as the ledger says, and still apply: somebody may have changed either.

        Args:
            scope_ids: ARNs of the users, roles, groups and managed policies that it is about.
            event_id: of the event that told of the change.

        Raises:
            LeaseBusyError, NotConfirmedError: as for ``handle``.
        """
        happened: list[Happening] = []
        looked_at: dict[str, bool] = {}
        listed = {one for scope_id in self._concerned(scope_ids) for one in self._ledger.look(scope_id).grants}
        grants = self._ledger.grants(sorted(listed))
        for grant in grants:
            if not self._is_as_written(grant, looked_at):
                happened += self._reconciliation.run(self._enrolled_of(grant), grant, event_id, verify=True)
                # All of the scope's policies were looked at under its lease.
                looked_at.update(dict.fromkeys(grant.progress.scopes, True))
        # Some may have ended by that.
        for grant in self._ledger.grants(sorted(listed)) if happened else grants:
            detached = self._attachments.look(grant, event_id)
            happened += self._told(grant, detached)
            self._attachments.told(grant, detached)
        return happened

    def sweep(
        self,
        *,
        seen: Callable[[Sequence[Grant], datetime], None] = lambda *_: None,
        overdue: Callable[[int], None] = lambda _: None,
        put_off: Callable[[int], None] = lambda _: None,
    ) -> list[Happening]:
        """Expire what is due, retry what failed, look after what is open, and after nodes that were refused.

        What is due comes first, for EC2 may take its time. One principal's trouble doesn't keep the others from being
        swept; the first error is raised at the end.

        Args:
            seen: is told which grants aren't finished as the sweep begins, and when that was.
            overdue: is told how many grants should have been finished by earlier sweeps.
            put_off: is told how many this one had no time for, if any; they are the least urgent.
        """
        until = self._clock.now() + SWEEP_BEGINS_FOR
        happened: list[Happening] = []
        errors: list[Exception] = []
        grants = _in_turn(self._unfinished(errors), self._clock.now())
        seen(grants, self._clock.now())
        overdue(sum(self._is_overdue(grant) for grant in grants))
        quiet: list[Grant] = []
        looked_at: dict[str, bool] = {}
        for number, grant in enumerate(grants):
            if self._clock.now() >= until:
                put_off(len(grants) - number)
                break
            with _gathered(errors):
                if self._has_work(grant, news=False) or not self._is_as_written(grant, looked_at):
                    happened += self._reconciliation.run(self._enrolled_of(grant), grant, None, verify=True)
                else:
                    quiet.append(grant)
        if quiet and self._clock.now() < until:
            happened += self._look_at_nodes(quiet, errors, until)
        if errors:
            raise ExceptionGroup("the sweep could not finish for some principals", errors)
        return happened

    # ------------------------------------------------------------------------------------------------------------

    def _concerned(self, scope_ids: Sequence[str]) -> list[str]:
        """The scopes themselves, and those whose policies come to a principal among them from elsewhere."""
        principals = [self._enrolled[one] for one in scope_ids if one in self._enrolled]
        return sorted({*scope_ids, *(arn for one in principals for arn in (*one.groups, *one.policies))})

    def _unfinished(self, errors: list[Exception]) -> list[Grant]:
        """The grants that haven't ended; what a newer release left, which was rolled back, is an error of its own."""
        ids = self._ledger.unfinished()
        try:
            return self._ledger.grants(ids)
        except LedgerTooNewError:
            readable: list[Grant] = []
            for one in ids:
                with _gathered(errors):
                    readable += self._ledger.grants([one])
            return readable

    def _enrolled_of(self, grant: Grant) -> Enrolled:
        return self._enrolled.get(grant.facts.principal) or Enrolled(grant.facts.principal)

    def _look_at_nodes(self, grants: Sequence[Grant], errors: list[Exception], until: datetime) -> list[Happening]:
        """See which bootstrap nodes have ended, or were never heard of, and which of the others were refused."""
        happened: list[Happening] = []
        called = self._roll_call().call(grants)
        errors += called.errors
        for grant in called.grants:
            if self._clock.now() >= until:
                # It is in no hurry: its policies are as they should be.
                break
            with _gathered(errors):
                if self._has_work(grant, news=False):
                    happened += self._reconciliation.run(self._enrolled_of(grant), grant, None, verify=True)
                elif grant.progress.state is State.OPEN:
                    happened += self._rescue(grant)
        return happened

    def _rescue(self, grant: Grant) -> list[Happening]:
        """See whether the bootstrap node was refused, and help it once."""
        enrolled = self._enrolled_of(grant)
        happened, changed = self._look_at_node(grant, enrolled)
        if changed is None:
            return happened
        happened += self._reconciliation.run(enrolled, changed, None)
        for widened in self._ledger.grants([grant.id]):
            happened += self._look_at_node(widened, enrolled)[0]
        return happened

    def _look_at_node(self, grant: Grant, enrolled: Enrolled) -> tuple[list[Happening], Grant | None]:
        """What happened, and the grant with new facts that its policies don't follow yet; None without such."""
        looked = self._rescuer().look(grant, enrolled)
        happened = self._told(grant, looked.happened)
        if looked.told_once is not None:
            self._ledger.claim(looked.told_once, self._clock.now())
        for signal in looked.learnt:
            grant = self._ledger.record_for(grant.id, signal) or grant
        return happened, grant if looked.changes else None

    def _told(self, grant: Grant, happened: Sequence[Happening]) -> list[Happening]:
        if happened:
            heads = self._telling.audit_lines(happened, self._clock.now(), {grant.id: grant.audit_head})
            self._ledger.told(grant, heads[grant.id])
            self._telling.publish(happened)
        return list(happened)

    def _has_work(self, grant: Grant, *, news: bool) -> bool:
        """Whether the grant isn't where its facts and people's answers want it.

        Args:
            grant: as recorded.
            news: whether a signal has just told something. Without news, what couldn't be written into the policies
                before is not tried again: whatever makes room for it is news of another grant in the same scope.
        """
        if grant.is_final:
            return False
        progress = grant.progress
        if is_over(grant, self._clock.now()) or progress.state is State.REQUESTED:
            return True
        if progress.state is State.PENDING:
            return is_approved(grant)
        held = progress.exemption if progress.state is State.OPEN else progress.plan and progress.plan.exemption
        if held == exemption_of(grant.facts, progress.form):
            return False
        if news or (progress.state is State.OPEN and progress.detail is None):
            return True
        # What may stay wide may not any more once the configuration says so.
        return is_left_wide(grant) and self._enrolled_of(grant).bars(Form.ANY_NETWORK)

    def _is_overdue(self, grant: Grant) -> bool:
        return not grant.is_final and self._clock.now() >= grant.facts.not_after + OVERDUE_AFTER

    def _is_as_written(self, grant: Grant, looked_at: dict[str, bool]) -> bool:
        """Whether IAM holds an open grant's policies as the ledger says; a look that takes no lease.

        Args:
            grant: an open grant.
            looked_at: what the same sweep has found of each scope already.
        """
        for scope_id in grant.progress.scopes:
            if scope_id not in looked_at:
                records = self._ledger.look(scope_id).policies.values()
                held = [(record, self._policies.read(record.place)) for record in records]
                looked_at[scope_id] = all(
                    record.intended is None and policy is not None and policy.text == record.written
                    for record, policy in held
                )
        return all(looked_at[scope_id] for scope_id in grant.progress.scopes)


@contextmanager
def _gathered(errors: list[Exception]) -> Iterator[None]:
    """Keep one grant's error for the end, so that the others are swept; another's work on it is none."""
    try:
        yield
    except LeaseBusyError:
        pass
    except Exception as error:  # noqa: BLE001 - raised once all were swept
        errors.append(error)


def _in_turn(grants: list[Grant], now: datetime) -> list[Grant]:
    """The most urgent first; in every second minute beginning with another one each time.

    Those that no sweep can finish, being the most urgent for ever, would else take all of each sweep's time.
    """
    minute = int(now.timestamp()) // 60
    first = minute // 2 % len(grants) if minute % 2 and grants else 0
    return grants[first:] + grants[:first]
