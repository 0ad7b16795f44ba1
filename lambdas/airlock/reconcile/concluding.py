"""After the writes: what each grant has come to. Pure."""

from __future__ import annotations

from airlock.grants.grant import CloseReason, Grant, State, wants_open, why_it_ends
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
        if not wants_open(grant, run.now):
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
    opened = grant.with_progress(
        state=State.OPEN,
        opened_at=grant.progress.opened_at or run.now,
        narrowed_at=grant.progress.narrowed_at or (run.now if exemption.network else None),
        exemption=exemption,
        detail=None,
    )
    run.grants[grant.id] = opened
    if held is None or _is_told_apart(held, exemption) or any(isinstance(one, PolicyWrite) for one in run.happened):
        run.decide(*_name_change(held, exemption, opened))


def _is_told_apart(held: Exemption, exemption: Exemption) -> bool:
    """Whether two exemptions open something else; the region alone makes a difference only where a policy names it."""
    return (held.objects, held.network) != (exemption.objects, exemption.network)


def _say_why_kept(run: Run, grant: Grant) -> None:
    """Tell once why an open grant isn't brought to what later signals told, such as a narrowing that doesn't fit."""
    error = run.choice.kept.get(grant.id)
    if error is not None and grant.progress.detail != error.detail:
        kept = grant.with_progress(detail=error.detail)
        run.grants[grant.id] = kept
        run.decide("keep-as-is", kept, f"it stays open as it was: {error.detail}")


def _closed(run: Run, grant: Grant) -> None:
    reason, detail = why_it_ends(grant)
    was_open = grant.progress.opened_at is not None
    expired = not was_open and reason == str(CloseReason.TIMEOUT)
    state = State.EXPIRED if expired else State.CLOSED
    closed = grant.with_progress(state=state, closed_at=run.now, reason=reason, detail=detail, exemption=None)
    run.end(closed, "close" if was_open else "expire" if expired else "end-unopened", detail)


def _name_change(held: Exemption | None, exemption: Exemption, grant: Grant) -> tuple[str, Grant, str]:
    if held is None:
        return "open", grant, "the exemption is in the principal's policies"
    if set(exemption.objects) > set(held.objects) or (held.network and exemption.network != held.network):
        return "widen", grant, "later signals showed that the fetch takes another way"
    return "narrow", grant, "later signals told more of the fetch"
