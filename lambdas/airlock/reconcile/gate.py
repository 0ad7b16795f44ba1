"""Whether a grant that can be opened may be: by itself, after somebody's approval, or never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from airlock.grants.approval import Answer, Change, Mode, Plan, Way
from airlock.grants.grant import Grant, State
from airlock.grants.life import exemption_of
from airlock.policy.exemption import iso
from airlock.ports import Answers
from airlock.reconcile.run import Run
from airlock.reconcile.telling import Telling
from airlock.settings import Enrolled


class Gate:
    """Asks people where the configuration wants it."""

    def __init__(self, answers: Answers, telling: Telling, answer_time: timedelta) -> None:
        self._answers = answers
        self._telling = telling
        self._answer_time = answer_time

    def hold_back(self, run: Run, grant_id: str, enrolled: Enrolled) -> bool:
        """Keep a new grant from being opened, unless it may be; True where it is held back.

        Args:
            run: the reconciliation, with everything chosen and nothing written.
            grant_id: of the new grant, which could be opened as chosen.
            enrolled: its principal.
        """
        grant = run.grants[grant_id]
        if enrolled.mode is Mode.OBSERVE:
            _observe(run, grant)
            return True
        if not may_open(grant, enrolled):
            answer = self._approved_ahead(run, grant)
            if answer is None:
                return self._ask(run, grant)
            take_up(run, grant, answer)
        return not self._is_on_record(run, grant_id)

    def _approved_ahead(self, run: Run, grant: Grant) -> Answer | None:
        """The approval given before the install began, kept as the answer to this grant; None without one."""
        facts, form = grant.facts, grant.progress.form
        for ahead in self._answers.aheads(facts.principal):
            if ahead.approves(facts.principal, facts.infra_id, form, run.now):
                note = f"{ahead.id}{f': {ahead.note}' if ahead.note else ''}"
                answer = Answer(approved=True, form=form, at=run.now, by=ahead.by, way=Way.AHEAD, note=note)
                stands = self._answers.give(grant.id, answer)
                return stands if stands.approved and stands.form.covers(form) else None
        return None

    def _ask(self, run: Run, grant: Grant) -> bool:
        until = min(grant.facts.not_after, run.now + self._answer_time).replace(microsecond=0)
        asked = _held(run, grant, State.PENDING).with_progress(asked_at=run.now, answer_until=until)
        run.grants[grant.id] = asked
        decided = run.decide("ask", asked, f"somebody has to agree until {iso(until)}")
        try:
            # While the audit trail takes nothing, nothing is kept, and each run would send another request.
            self._telling.audit(run)
            # Before it is kept that somebody was asked: a request that can't be sent is sent by the next run.
            self._telling.ask(decided)
        except Exception as error:  # noqa: BLE001 - raised by the run, once the rest of it is kept
            _put_off(run, grant.id, error)
        return True

    def _is_on_record(self, run: Run, grant_id: str) -> bool:
        """Whether the audit trail has the approval by which the grant is about to open; if not, it is put off."""
        if run.grants[grant_id].progress.approved_by == run.kept[grant_id].progress.approved_by:
            return True
        try:
            self._telling.audit(run)
        except Exception as error:  # noqa: BLE001 - as for the request
            _put_off(run, grant_id, error)
            return False
        return True


def may_open(grant: Grant, enrolled: Enrolled | None) -> bool:
    """Whether nobody has to be asked (any more) before the grant opens."""
    form = grant.progress.form
    if enrolled is None or enrolled.mode is Mode.OBSERVE or enrolled.bars(form):
        return False
    return grant.progress.approved_by is not None or not enrolled.asks(form)


def begin(run: Run, grant: Grant, enrolled: Enrolled) -> Grant:
    """Prepare a grant to be opened, or planned anew: how far it opens, and on whose approval."""
    answer, progress = grant.answer, grant.progress
    if answer is not None and answer.approved and progress.approved_by is None:
        # It was asked for; or a run died that had just taken an approval ahead of time for the answer.
        asked = progress.form if progress.state is State.PENDING else answer.form
        return take_up(run, grant.with_progress(form=asked), answer)
    form = progress.form if progress.approved_by is not None else enrolled.form
    begun = grant.with_progress(state=State.REQUESTED, form=form)
    run.grants[grant.id] = begun
    return begun


def take_up(run: Run, grant: Grant, answer: Answer) -> Grant:
    """Act on an approval."""
    begun = replace(grant, answer=answer).with_progress(state=State.REQUESTED, approved_by=answer.by)
    run.grants[grant.id] = begun
    note = f": {answer.note}" if answer.note else ""
    run.decide("approve", begun, f"approved by {answer.by} ({_WAYS[answer.way]}) at {iso(answer.at)}{note}")
    return begun


_WAYS = {
    Way.LINK: "by the link of the request",
    Way.IAM: "signed with IAM credentials",
    Way.AHEAD: "ahead of time",
}


def _observe(run: Run, grant: Grant) -> None:
    before = run.kept[grant.id].progress
    observed = _held(run, grant, State.OBSERVING)
    run.grants[grant.id] = observed
    if before.state is not State.OBSERVING:
        run.decide("observe", observed, "the principal is only observed: it would have been opened now")
    elif _is_told_apart(before.plan, observed.progress.plan):
        run.decide("observe-change", observed, "it would have been brought to what later signals told")


def _put_off(run: Run, grant_id: str, error: Exception) -> None:
    """Leave the grant as the ledger holds it, for the next run; but for its last audit line, which stands."""
    kept = run.kept[grant_id]
    run.grants[grant_id] = replace(kept, audit_head=run.grants[grant_id].audit_head)
    for scope in run.scopes.values():
        if scope.id not in kept.progress.scopes:
            scope.grants.discard(grant_id)
    run.forget_untold(grant_id)
    run.held_back |= {grant_id}
    run.trouble = error


def _is_told_apart(one: Plan | None, other: Plan | None) -> bool:
    return one is not None and other is not None and one.exemption.is_told_apart(other.exemption)


def _held(run: Run, grant: Grant, state: State) -> Grant:
    """The grant with the plan that it is held back with, out of every scope."""
    plan = Plan(
        run.choice.exemptions.get(grant.id, exemption_of(grant.facts, grant.progress.form)), _changes(run, grant)
    )
    for scope in run.scopes.values():
        scope.grants.discard(grant.id)
    # An earlier attempt may have been made in another mode, and have got to some of its scopes.
    return grant.with_progress(state=state, plan=plan, scopes=run.kept[grant.id].progress.scopes)


def _changes(run: Run, grant: Grant) -> tuple[Change, ...]:
    """What would become of the policies that stand in its way."""
    return tuple(
        Change(place, record.written, run.choice.texts[place])
        for place, record in sorted(run.records().items())
        if grant.id in run.scopes[place.holder].grants and run.choice.texts.get(place, record.written) != record.written
    )
