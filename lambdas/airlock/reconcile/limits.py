"""What one principal may ask of the airlock: it raises signals at will, and each infra ID that it makes up is a grant.

Counted in the principal's own scope, under its lease, so that no two runs let the same grant in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airlock.grants.grant import Grant, State
from airlock.policy.exemption import iso
from airlock.reconcile.run import Run
from airlock.records import Scope
from airlock.settings import Enrolled

DAY = timedelta(days=1)
COOL_DOWN = timedelta(minutes=15)
"""For how long nothing new is let in after refusals in a row."""
REFUSALS = 3
"""How many refusals within that time make it cool down; installs of one principal may well fail two at a time."""
TELL_EVERY = timedelta(hours=1)
"""How often people are told of a principal that goes on past a limit; the audit trail has each grant."""
TOO_MANY_TODAY, TOO_MANY_OPEN, COOLING_DOWN = "too-many-today", "too-many-open", "cool-down"
LIMITS = frozenset({TOO_MANY_TODAY, TOO_MANY_OPEN, COOLING_DOWN})
"""The reasons by which a grant is refused for its principal's sake."""


def let_in(run: Run, grant: Grant, enrolled: Enrolled) -> bool:
    """Count a grant that begins, or end it where its principal has reached a limit; True where it may go on.

    Args:
        run: the reconciliation, which holds the principal's scope.
        grant: one that is to be opened or planned. One that was let in before stays so.
        enrolled: its principal.
    """
    scope = run.scopes[enrolled.arn]
    if grant.id in scope.begun:
        return True
    for grant_id in [one for one, at in scope.begun.items() if at <= run.now - DAY]:
        del scope.begun[grant_id]
    reached = next(_reached(run, scope, enrolled), None)
    if reached is None:
        scope.begun[grant.id] = run.now
        return True
    reason, detail = reached
    tell = scope.limit_told is None or run.now >= scope.limit_told + TELL_EVERY
    if tell:
        scope.limit_told = run.now
    refused = grant.with_progress(state=State.REFUSED, closed_at=run.now, reason=reason, detail=detail)
    run.end(refused, "refuse" if tell else "limit", detail)
    return False


def note_refusals(run: Run) -> None:
    """Remember when grants were refused in this run, for the cool-down of their principals."""
    for grant_id, grant in run.grants.items():
        scope = run.scopes.get(grant.facts.principal)
        fresh = grant.progress.state is State.REFUSED and run.started[grant_id].progress.state is not State.REFUSED
        if scope is not None and fresh and grant.progress.reason not in LIMITS:
            scope.refused = [*scope.refused, run.now][-REFUSALS:]


def _reached(run: Run, scope: Scope, enrolled: Enrolled) -> Iterator[tuple[str, str]]:
    """The limits that the principal has reached: a reason for each, and the same in plain words."""
    if len(scope.begun) >= enrolled.grants_per_day:
        free = iso(min(scope.begun.values()) + DAY)
        detail = f"the principal has begun {len(scope.begun)} grants within a day, and may not begin more until {free}"
        yield TOO_MANY_TODAY, detail
    unended = [
        one
        for one in run.grants.values()
        if one.facts.principal == enrolled.arn and one.progress.state in (State.OPEN, State.CLOSING)
    ]
    if len(unended) >= enrolled.open_at_once:
        yield TOO_MANY_OPEN, f"{len(unended)} grants of the principal are open, and no more may be at one time"
    recent = [at for at in scope.refused if at > run.now - COOL_DOWN]
    if len(recent) >= REFUSALS:
        until = iso(max(recent) + COOL_DOWN)
        yield COOLING_DOWN, f"{len(recent)} grants of the principal were refused just before; try again after {until}"
