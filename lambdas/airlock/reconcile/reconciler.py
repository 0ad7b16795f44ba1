"""Record the fact, then make IAM agree with the ledger.

Every handler does the same two things, so a lost, late, repeated or reordered event changes nothing in the end:
the next one, or the sweep, finishes what is left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from airlock.grants.grant import Grant, State, exemption_of, is_new, wants_open
from airlock.install.signal import Signal, SignalKind
from airlock.policy.place import HeldPolicy
from airlock.ports import (
    LEASE_PATIENCE_SECONDS,
    Audit,
    Clock,
    LeaseBusyError,
    Ledger,
    Notices,
    Policies,
    PrincipalGoneError,
    RefusedByIamError,
)
from airlock.reconcile.concluding import conclude, mark_closing
from airlock.reconcile.happening import Happening, notice_of
from airlock.reconcile.opening import admit, decide_texts, refuse, shows_strays
from airlock.reconcile.run import Run, about_to_write
from airlock.reconcile.writing import Writer
from airlock.settings import Enrolled

SWEEP_PATIENCE_SECONDS = 2.0
"""How long a sweep waits for another writer: whoever holds a lease is at work on it, and the next sweep comes soon."""
RE_READ_SECONDS = (2.0, 4.0)
"""Pauses before the policies are read again when they show a statement of ours that should be gone."""


class Reconciler:
    """Turns signals and the passing of time into policies, and back."""

    def __init__(  # noqa: PLR0913 - one argument for each port, all by name: this is where they meet
        self,
        *,
        enrolled: Mapping[str, Enrolled],
        ledger: Ledger,
        policies: Policies,
        audit: Audit,
        notices: Notices,
        clock: Clock,
    ) -> None:
        self._enrolled = enrolled
        self._ledger = ledger
        self._policies = policies
        self._audit = audit
        self._notices = notices
        self._clock = clock
        self._writer = Writer(policies, clock, self._write_ahead)

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
        grant = self._record(signal)
        if grant is None or not self._has_work(grant, news=True):
            return []
        enrolled = self._enrolled.get(grant.facts.principal) or Enrolled(grant.facts.principal)
        return self.reconcile(enrolled, grant, signal.event_id)

    def sweep(self) -> list[Happening]:
        """Expire what is due, retry what failed, look after what is open.

        One principal's trouble doesn't keep the others from being swept; the first error is raised at the end.
        """
        happened: list[Happening] = []
        errors: list[Exception] = []
        looked_at: dict[str, bool] = {}
        for grant in self._ledger.grants(self._ledger.unfinished()):
            enrolled = self._enrolled.get(grant.facts.principal) or Enrolled(grant.facts.principal)
            try:
                if self._has_work(grant, news=False) or not self._is_as_written(grant, looked_at):
                    happened += self.reconcile(enrolled, grant, None, verify=True)
            except LeaseBusyError:
                continue
            except Exception as error:  # noqa: BLE001 - collected, and raised below once all were swept
                errors.append(error)
        if errors:
            raise ExceptionGroup("the sweep could not finish for some principals", errors)
        return happened

    def reconcile(
        self, enrolled: Enrolled, grant: Grant, event_id: str | None, *, verify: bool = False
    ) -> list[Happening]:
        """Make the policies of one principal agree with its grants.

        Args:
            enrolled: the grant's principal, and which shared policies may be changed for it.
            grant: as recorded.
            event_id: of the signal behind this; None for the sweep.
            verify: read the open policies even where nothing has to change, to find edits by others.
        """
        scope_ids = sorted({enrolled.arn, *enrolled.groups, *enrolled.policies, *grant.progress.scopes})
        patience = SWEEP_PATIENCE_SECONDS if verify else LEASE_PATIENCE_SECONDS
        scopes = self._ledger.acquire(scope_ids, patience)
        try:
            listed = {grant_id for scope in scopes for grant_id in scope.grants}
            grants = {one.id: one for one in self._ledger.grants(sorted(listed - {grant.id}))}
            if grant.id in listed or verify or not is_new(grant):
                # Others may have come further with it since it was recorded.
                grant = next(iter(self._ledger.grants([grant.id])), grant)
            run = Run(
                scopes={scope.id: scope for scope in scopes},
                grants={**grants, grant.id: grant},
                now=self._clock.now(),
                event_id=event_id,
            )
            self._reconcile(run, grant, verify=verify)
        except BaseException:
            # The lease ends by itself if this fails too.
            with contextlib.suppress(Exception):
                self._ledger.release(scope_ids)
            raise
        self._publish_all(run)
        if run.trouble is not None:
            raise run.trouble
        return run.happened

    # ------------------------------------------------------------------------------------------------------------

    def _record(self, signal: Signal) -> Grant | None:
        """Keep the signal's facts; None where they belong to no grant."""
        now = self._clock.now()
        if signal.kind is SignalKind.INSTANCE_ENDED:
            if signal.instance_id is None:
                return None
            grant_id = self._ledger.instance_ended(signal.instance_id, signal.at, now)
            return self._ledger.record_end(grant_id, signal) if grant_id else None
        enrolled = self._enrolled.get(signal.principal or "")
        if enrolled is None:
            return None
        if signal.infra_id is None:
            signal = self._with_infra_id(signal, enrolled)
            if signal.infra_id is None:
                return None
        grant = self._ledger.record(signal, now, enrolled.window)
        if signal.kind is SignalKind.INSTANCE_STARTED and signal.instance_id:
            ended_at = self._ledger.instance_started(signal.instance_id, grant.id, now)
            if ended_at is not None:
                end = replace(signal, kind=SignalKind.INSTANCE_ENDED, at=ended_at)
                grant = self._ledger.record_end(grant.id, end) or grant
        return grant

    def _with_infra_id(self, signal: Signal, enrolled: Enrolled) -> Signal:
        """An endpoint without tags belongs to the install whose VPC it was made in, if that is known."""
        scopes = [self._ledger.look(scope_id) for scope_id in (enrolled.arn, *enrolled.groups, *enrolled.policies)]
        for grant in self._ledger.grants(grant_id for scope in scopes for grant_id in scope.grants):
            if grant.facts.principal == enrolled.arn and signal.vpc_id in grant.facts.own_vpcs:
                return replace(signal, infra_id=grant.facts.infra_id)
        return signal

    def _has_work(self, grant: Grant, *, news: bool) -> bool:
        """Whether the grant isn't where its facts want it.

        Args:
            grant: as recorded.
            news: whether a signal has just told something. Without news, what couldn't be written into the policies
                before is not tried again: whatever makes room for it is news of another grant in the same scope.
        """
        if grant.is_final:
            return False
        if grant.progress.state is not State.OPEN or not wants_open(grant, self._clock.now()):
            return True
        if grant.progress.exemption == exemption_of(grant.facts):
            return False
        return news or grant.progress.detail is None

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

    def _reconcile(self, run: Run, grant: Grant, *, verify: bool) -> None:
        opening = None
        found: Sequence[HeldPolicy] = ()
        if grant.progress.state is State.REQUESTED and wants_open(grant, run.now):
            opening = grant.id
            found = self._open(run, grant)
        for place, record in run.records().items():
            if place in run.held:
                run.take_note(place, run.held[place])
            elif verify or record.intended is not None:
                run.take_note(place, self._policies.read(place))
        decide_texts(run, opening, found)
        if self._look_before_writing(run):
            decide_texts(run, opening, found)
        self._write(run, opening)
        self._writer.delete_leftovers(run)
        conclude(run)
        self._audit_all(run)
        self._ledger.settle(list(run.scopes.values()), run.changed_grants())

    def _open(self, run: Run, grant: Grant) -> Sequence[HeldPolicy]:
        if grant.facts.principal not in self._enrolled:
            refuse(run, grant.id, "not-enrolled", f"{grant.facts.principal} isn't in the configuration any more")
            return ()
        try:
            found = self._policies.of_principal(grant.facts.principal)
            for pause in RE_READ_SECONDS:
                if not shows_strays(run, found):
                    break
                # As a rule an old read, some seconds after a grant was closed.
                self._clock.sleep(pause)
                found = self._policies.of_principal(grant.facts.principal)
        except PrincipalGoneError as gone:
            refuse(run, grant.id, "principal-gone", str(gone))
            return ()
        admit(run, grant.id, found)
        return found

    def _look_before_writing(self, run: Run) -> bool:
        """Read what is about to be overwritten; True where somebody else had changed it."""
        unread = [place for place in run.to_write() if place not in run.held]
        changed = [run.take_note(place, self._policies.read(place)) for place in unread]
        return any(changed)

    def _write(self, run: Run, opening: str | None) -> None:
        places = run.to_write()
        mark_closing(run)
        if not places:
            return
        for place in places:
            record = run.record_of(place)
            run.keep_record(about_to_write(record, run.choice.texts.get(place, record.baseline)))
        self._write_ahead(run)
        try:
            self._writer.write_all(run, places)
        except RefusedByIamError as error:
            newcomers = run.newcomers()
            if opening is not None and run.is_undone(opening):
                refuse(run, opening, "refused-by-iam", str(error))
            elif newcomers:
                run.held_back |= newcomers
                run.trouble = error
            else:
                self._keep_what_happened(run)
                raise
            # What else the run was about, such as the end of another grant, mustn't fail with the newcomer.
            decide_texts(run, None, ())
            self._write(run, None)
        except Exception:
            self._keep_what_happened(run)
            raise

    def _write_ahead(self, run: Run) -> None:
        """Keep the intents; before that, audit what the ledger will no longer show once they are kept."""
        # Closing doesn't wait for the audit trail: lines that aren't kept here are tried again at the end.
        with contextlib.suppress(Exception):
            self._audit_all(run)
        self._ledger.write_ahead(list(run.scopes.values()), run.changed_grants())
        run.kept = dict(run.grants)

    def _keep_what_happened(self, run: Run) -> None:
        """Audit, keep and tell what a run did that now fails; what is kept isn't found and told again by the next."""
        with contextlib.suppress(Exception):
            self._audit_all(run)
            self._ledger.write_ahead(list(run.scopes.values()), ())
            self._publish_all(run)

    def _audit_all(self, run: Run) -> None:
        lines = [happening.audit_line(run.now) for happening in run.happened[run.audited :]]
        if lines:
            self._audit.write(lines)
            run.audited = len(run.happened)

    def _publish_all(self, run: Run) -> None:
        for message in filter(None, map(notice_of, run.happened)):
            self._notices.publish(*message)
