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
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.ports import Audit, Clock, Ledger, Notices, Policies, PolicyRecord, PrincipalGoneError
from airlock.reconcile.concluding import conclude, mark_closing
from airlock.reconcile.happening import Happening, notice_of
from airlock.reconcile.opening import admit, decide_texts, refuse
from airlock.reconcile.run import Run, about_to_write, now_written, with_version
from airlock.settings import Enrolled

READ_BACK_SECONDS = (0.0, 1.0, 2.0, 4.0)
"""Pauses before each attempt to read back what was written: IAM may show the old text for some seconds."""


class NotConfirmedError(Exception):
    """IAM took a write but didn't show it when read back; the ledger keeps the intent, and the sweep looks again."""


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
        scopes = self._ledger.acquire(scope_ids)
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
        self._write(run)
        self._delete_leftovers(run)
        conclude(run)
        self._audit_all(run)
        self._ledger.settle(list(run.scopes.values()), run.changed_grants())

    def _open(self, run: Run, grant: Grant) -> Sequence[HeldPolicy]:
        if grant.facts.principal not in self._enrolled:
            refuse(run, grant.id, "not-enrolled", f"{grant.facts.principal} isn't in the configuration any more")
            return ()
        try:
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

    def _write(self, run: Run) -> None:
        places = run.to_write()
        mark_closing(run)
        if not places and not run.changed_grants():
            return
        for place in places:
            record = run.record_of(place)
            run.keep_record(about_to_write(record, run.choice.texts.get(place, record.baseline)))
        if places:
            self._ledger.write_ahead(list(run.scopes.values()), run.changed_grants())
            run.kept = dict(run.grants)
        done: list[PolicyRecord] = []
        try:
            for place in places:
                done.append(run.record_of(place))
                self._write_one(run, place)
        except Exception:
            self._undo(run, done)
            raise

    def _write_one(self, run: Run, place: PolicyPlace) -> None:
        record = run.record_of(place)
        held = run.held.get(place)
        before = held.text if held else record.written
        text = record.intended if record.intended is not None else record.baseline
        if before != text or record.written != text:
            try:
                record = self._put(record, text)
                self._read_back(place, text)
            except Exception as error:
                run.written(record, before, text, "failed", f"{type(error).__name__}: {error}")
                raise
            outcome = "restored" if text == record.baseline else "written"
            run.written(record, before, text, outcome)
        run.keep_record(now_written(record, text))

    def _put(self, record: PolicyRecord, text: str) -> PolicyRecord:
        """Write one policy; of a managed one, go back to the baseline's own version rather than make a copy."""
        place = record.place
        if place.kind is not PolicyKind.MANAGED:
            self._policies.write(place, text, None)
            return record
        if (
            text == record.baseline
            and record.baseline_version
            and self._policies.switch_back(place, record.baseline_version)
        ):
            self._policies.delete_versions(place, record.versions)
            return replace(record, versions=())
        version = self._policies.write(place, text, record.baseline_version)
        self._policies.delete_versions(place, record.versions)
        return with_version(replace(record, versions=()), HeldPolicy(place, text, version))

    def _read_back(self, place: PolicyPlace, text: str) -> None:
        for pause in READ_BACK_SECONDS:
            if pause:
                self._clock.sleep(pause)
            held = self._policies.read(place)
            if held is not None and held.text == text:
                return
        raise NotConfirmedError(f"{place} was written, but IAM doesn't show the new text yet")

    def _delete_leftovers(self, run: Run) -> None:
        """Delete the versions that a run left behind which died between restoring a policy and tidying up."""
        for place, record in run.records().items():
            if record.written == record.baseline and record.versions:
                self._policies.delete_versions(place, record.versions)
                run.keep_record(replace(record, versions=()))

    def _undo(self, run: Run, records: Sequence[PolicyRecord]) -> None:
        """Put policies back to what they were before a failed set of writes: all targets or none.

        Only where something was being opened: a restoration that is done in part is never undone.
        """
        for record in records if run.opens_anew() else ():
            before = run.held.get(record.place)
            with contextlib.suppress(Exception):
                # What can't be undone here is in the ledger as an intent; the sweep finishes it.
                text = before.text if before else record.written
                held = self._policies.read(record.place)
                if held is not None and held.text == record.intended and held.text != text:
                    undone = self._put(with_version(record, held), text)
                    run.keep_record(now_written(undone, text))
                    run.written(record, held.text, text, "undone")
        with contextlib.suppress(Exception):
            self._audit_all(run)
            # What is audited is settled, lest the next run find it and tell of it again.
            self._ledger.write_ahead(list(run.scopes.values()), ())
            self._publish_all(run)

    def _audit_all(self, run: Run) -> None:
        lines = [happening.audit_line(run.now) for happening in run.happened]
        if lines:
            self._audit.write(lines)

    def _publish_all(self, run: Run) -> None:
        for message in filter(None, map(notice_of, run.happened)):
            self._notices.publish(*message)
