"""After the writes: what each grant has come to. Pure."""

from __future__ import annotations

from airlock.grants.approval import Change, Plan
from airlock.grants.grant import CloseReason, Grant, State
from airlock.grants.life import is_over, wants_open, why_it_ends
from airlock.policy.exemption import Exemption
from airlock.reconcile.happening import PolicyWrite
from airlock.reconcile.run import Run


def mark_closing(run: Run) -> None:
    """Mark the open grants that end now, before IAM is touched."""
    apart = run.apart()
    for grant in list(run.grants.values()):
        if grant.id not in apart and grant.progress.state is State.OPEN and not wants_open(grant, run.now):
            run.begin_closing([grant.id], *why_it_ends(grant))


def conclude(run: Run) -> None:
    """Bring every grant to what IAM now holds, and drop the records of policies that are as they were."""
    apart = run.apart()
    for grant in list(run.grants.values()):
        if grant.is_final or grant.id in apart:
            continue
        if is_over(grant, run.now):
            _closed(run, grant)
        elif grant.id in run.choice.exemptions:
            _open(run, grant, run.choice.exemptions[grant.id])
    for scope in run.scopes.values():
        for place in [place for place, record in scope.policies.items() if record.written == record.baseline]:
            del scope.policies[place]


def _open(run: Run, grant: Grant, exemption: Exemption) -> None:
    held = grant.progress.exemption
    if grant.progress.state is State.OPEN and held == exemption:
        _say_why_kept(run, grant)
        return
    name, why = _name_change(held, exemption)
    opened = grant.with_progress(
        state=State.OPEN,
        opened_at=grant.progress.opened_at or run.now,
        narrowed_at=grant.progress.narrowed_at or (run.now if exemption.network else None),
        # The moment from which IAM has it, so that a node that was refused before can be told from one refused after.
        effective_at=grant.progress.effective_at if name == "narrow" else run.confirmed_at or run.now,
        exemption=exemption,
        plan=Plan(exemption, _changes(run, grant)),
        detail=None,
    )
    run.grants[grant.id] = opened
    if held is None or held.is_told_apart(exemption) or any(isinstance(one, PolicyWrite) for one in run.happened):
        run.decide(name, opened, why)


def _changes(run: Run, grant: Grant) -> tuple[Change, ...]:
    """What has become of the policies that stand in its way."""
    return tuple(
        Change(place, record.baseline, record.written)
        for place, record in sorted(run.records().items())
        if grant.id in run.scopes[place.holder].grants and record.written != record.baseline
    )


def _say_why_kept(run: Run, grant: Grant) -> None:
    """Tell once why an open grant isn't brought to what later signals told, such as a narrowing that doesn't fit."""
    error = run.choice.kept.get(grant.id)
    if error is not None and grant.progress.detail != error.detail:
        kept = grant.with_progress(detail=error.detail)
        run.grants[grant.id] = kept
        run.decide("keep-as-is", kept, f"it stays open as it was: {error.detail}")


def _closed(run: Run, grant: Grant) -> None:
    reason, detail = why_it_ends(grant)
    state, name = State.CLOSED, "close"
    if grant.progress.opened_at is None:
        state, name = (
            (State.OBSERVED, "observe-end")
            if grant.progress.state is State.OBSERVING
            else _UNOPENED.get(reason, (State.CLOSED, "end-unopened"))
        )
    closed = grant.with_progress(state=state, closed_at=run.now, reason=reason, detail=detail, exemption=None)
    run.end(closed, name, detail)


# How a grant ends that never was open.
_UNOPENED = {
    str(CloseReason.TIMEOUT): (State.EXPIRED, "expire"),
    str(CloseReason.UNANSWERED): (State.EXPIRED, "unanswered"),
    str(CloseReason.REJECTED): (State.REJECTED, "reject"),
}


def _name_change(held: Exemption | None, exemption: Exemption) -> tuple[str, str]:
    if held is None:
        return "open", "the exemption is in the principal's policies"
    if set(exemption.objects) > set(held.objects) or (held.network and exemption.network != held.network):
        return "widen", "later signals showed that the fetch takes another way"
    return "narrow", "later signals told more of the fetch"
