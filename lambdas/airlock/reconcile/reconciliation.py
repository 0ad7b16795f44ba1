"""Making IAM agree with the ledger, under the leases of the policies that it is about."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from airlock.errors import OldReadError, PrincipalGoneError, RefusedByIamError
from airlock.grants.approval import Form
from airlock.grants.grant import Grant, Progress, State
from airlock.grants.life import is_new, is_over, wants_open
from airlock.policy.place import HeldPolicy, PolicyPlace
from airlock.ports import LEASE_PATIENCE_SECONDS, Clock, Ledger, Policies, Simulator
from airlock.reconcile.climbing import climb
from airlock.reconcile.concluding import conclude, mark_closing
from airlock.reconcile.gate import Gate, begin, may_open
from airlock.reconcile.happening import Happening
from airlock.reconcile.limits import let_in, note_refusals
from airlock.reconcile.noticing import may_be_old, take_note
from airlock.reconcile.opening import decide_texts, refuse, shows_strays
from airlock.reconcile.run import Run, about_to_write
from airlock.reconcile.telling import Telling
from airlock.reconcile.writing import Writer
from airlock.settings import Enrolled

SWEEP_PATIENCE_SECONDS = 2.0
"""How long a sweep waits for another writer: whoever holds a lease is at work on it, and the next sweep comes soon."""
SIMULATOR_LAG_SECONDS = 5.0
"""The pause before IAM's simulator is asked a second time, where it disagrees."""
RE_READ_SECONDS = (2.0, 4.0)
"""Pauses before the policies are read again when they show a statement of ours that should be gone."""


class Reconciliation:
    """Brings the policies of one principal to what its grants want."""

    def __init__(  # noqa: PLR0913 - one argument for each port, all by name
        self,
        *,
        enrolled: Mapping[str, Enrolled],
        ledger: Ledger,
        policies: Policies,
        gate: Gate,
        telling: Telling,
        simulator: Simulator,
        clock: Clock,
    ) -> None:
        self._enrolled = enrolled
        self._ledger = ledger
        self._policies = policies
        self._gate = gate
        self._telling = telling
        self._simulator = simulator
        self._clock = clock
        self._writer = Writer(policies, clock, self._write_ahead)

    def run(self, enrolled: Enrolled, grant: Grant, event_id: str | None, *, verify: bool = False) -> list[Happening]:
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
            new = is_new(grant, self._clock.now()) and grant.progress == Progress()
            if grant.id in listed or verify or not new:
                # Others may have come further with it since it was recorded.
                grant = next(iter(self._ledger.grants([grant.id])), grant)
            run = Run(
                scopes={scope.id: scope for scope in scopes},
                grants={**grants, grant.id: grant},
                now=self._clock.now(),
                event_id=event_id,
                enrolled=self._enrolled,
            )
            self._reconcile(run, grant, enrolled, verify=verify)
        except BaseException:
            # The lease ends by itself if this fails too.
            with contextlib.suppress(Exception):
                self._ledger.release(scope_ids)
            raise
        self._telling.publish(run.happened)
        if run.trouble is not None:
            raise run.trouble
        return run.happened

    def _reconcile(self, run: Run, grant: Grant, enrolled: Enrolled, *, verify: bool) -> None:
        opening = None
        found: Sequence[HeldPolicy] = ()
        if wants_plan(grant, run) and let_in(run, grant, enrolled):
            found = self._read(run, begin(run, grant, enrolled))
            opening = None if run.grants[grant.id].is_final else grant.id
        run.held_back |= self._unfit(run) - {opening}
        for place, record in run.records().items():
            if place in run.held:
                self._take_note(run, place, run.held[place])
            elif verify or record.intended is not None:
                self._take_note(run, place, self._policies.read(place))
        self._choose(run, opening, found, enrolled)
        if self._look_before_writing(run):
            self._choose(run, opening, found, enrolled)
        if opening in run.choice.exemptions:
            self._ask_simulator(run, str(opening), found)
        if opening in run.choice.exemptions and self._gate.hold_back(run, str(opening), enrolled):
            opening = None
            decide_texts(run)
            if self._look_before_writing(run):
                decide_texts(run)
        self._write(run, opening)
        self._writer.delete_leftovers(run)
        conclude(run)
        note_refusals(run)
        self._telling.audit(run)
        self._ledger.settle(list(run.scopes.values()), run.changed_grants())

    @staticmethod
    def _choose(run: Run, opening: str | None, found: Sequence[HeldPolicy], enrolled: Enrolled) -> None:
        if opening is None or run.grants[opening].is_final:
            decide_texts(run)
        else:
            climb(run, opening, found, enrolled)

    def _ask_simulator(self, run: Run, opening: str, found: Sequence[HeldPolicy]) -> None:
        # Only an opening needs it, and the evaluator that it asks.
        from airlock.reconcile.second_opinion import second_opinion  # noqa: PLC0415 - see above

        exemption = run.choice.exemptions[opening]
        opinion = second_opinion(self._simulator, found, exemption, run.now)
        if opinion.reason is not None:
            # As reads of IAM, the simulator may lag some seconds behind a write, such as the end of another grant.
            self._clock.sleep(SIMULATOR_LAG_SECONDS)
            opinion = second_opinion(self._simulator, found, exemption, run.now)
        if opinion.reason is None:
            run.grants[opening] = run.grants[opening].with_progress(second_opinion=opinion.words)
        else:
            refuse(run, opening, opinion.reason, opinion.words)
            decide_texts(run)

    def _read(self, run: Run, grant: Grant) -> Sequence[HeldPolicy]:
        """Read every policy of a principal for which a grant is to be opened; end the grant where that can't be."""
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
        run.held.update({policy.place: policy for policy in found if policy.place.holder in run.scopes})
        return found

    def _take_note(self, run: Run, place: PolicyPlace, held: HeldPolicy | None) -> bool:
        """Compare a policy as read with what the ledger expects; True where somebody else had changed it.

        Raises:
            OldReadError: what was read may be older than the airlock's own last write; nobody can tell yet.
        """
        for pause in (*RE_READ_SECONDS, None):
            if not may_be_old(run, place, held, self._clock.now()):
                return take_note(run, place, held)
            if pause is not None:
                self._clock.sleep(pause)
                held = self._policies.read(place)
        raise OldReadError(f"{place} doesn't show what the airlock wrote there just now; a later look will tell")

    def _unfit(self, run: Run) -> set[str]:
        """Grants that another run was about to open, and that may not open as things are by now.

        Those with a wider form climb again in their own runs: a tighter one may do by then.
        """
        begun = [one for one in run.grants.values() if one.progress.state is State.REQUESTED]
        return {one.id for one in begun if not self._may_go_on(one)}

    def _may_go_on(self, begun: Grant) -> bool:
        enrolled = self._enrolled.get(begun.facts.principal)
        asked_for = enrolled is not None and begun.progress.form in {Form.SCOPED, enrolled.form}
        return asked_for and may_open(begun, enrolled)

    def _look_before_writing(self, run: Run) -> bool:
        """Read what is about to be overwritten; True where somebody else had changed it."""
        unread = [place for place in run.to_write() if place not in run.held]
        changed = [self._take_note(run, place, self._policies.read(place)) for place in unread]
        return any(changed)

    def _write(self, run: Run, opening: str | None) -> None:
        places = run.to_write()
        mark_closing(run)
        if not places:
            return
        for place in places:
            record = run.record_of(place)
            run.keep_record(about_to_write(record, run.choice.texts.get(place, record.baseline), self._clock.now()))
        self._write_ahead(run)
        try:
            self._writer.write_all(run, places)
            run.confirmed_at = self._clock.now()
        except RefusedByIamError as error:
            newcomers = run.newcomers()
            if opening is not None and run.is_undone(opening):
                refuse(run, opening, "refused-by-iam", str(error))
            elif newcomers:
                run.held_back |= newcomers
                run.trouble = error
            else:
                self._keep_what_happened(run, error)
                raise
            # What else the run was about, such as the end of another grant, mustn't fail with the newcomer.
            decide_texts(run)
            self._write(run, None)
        except Exception as error:
            self._keep_what_happened(run, error)
            raise

    def _write_ahead(self, run: Run) -> None:
        """Keep the intents; before that, audit what the ledger will no longer show once they are kept."""
        # Closing doesn't wait for the audit trail: lines that aren't kept here are tried again at the end.
        with contextlib.suppress(Exception):
            self._telling.audit(run)
        self._ledger.write_ahead(list(run.scopes.values()), run.changed_grants())
        run.kept = dict(run.grants)

    def _keep_what_happened(self, run: Run, error: Exception) -> None:
        """Audit, keep and tell what a run did that now fails; what is kept isn't found and told again by the next."""
        with contextlib.suppress(Exception):
            run.alarm_of_failed_closings(error)
            self._telling.audit(run)
            self._ledger.write_ahead(list(run.scopes.values()), run.changed_grants())
            self._telling.publish(run.happened)


def wants_plan(grant: Grant, run: Run) -> bool:
    """Whether a grant is to be opened now, or planned anew where it is only observed."""
    if grant.progress.state is State.OBSERVING:
        return not is_over(grant, run.now)
    return grant.progress.state is not State.OPEN and wants_open(grant, run.now)
