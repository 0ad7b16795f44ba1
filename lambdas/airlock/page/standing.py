"""How a request stands at a moment, in the terms of who is asked. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from airlock.grants.grant import CloseReason, Grant, State
from airlock.grants.life import is_approved, is_over


class Standing(StrEnum):
    """How a request stands."""

    WAITING = "waiting"
    """It can be answered."""
    PREPARING = "preparing"
    """It isn't asked yet, or not any more because it is being opened by itself."""
    APPROVED = "approved"
    """Approved, and not acted on yet."""
    REJECTED = "rejected"
    UNANSWERED = "unanswered"
    MISFIT = "misfit"
    """Answered, but not what was asked."""
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    ENDED = "ended"
    """The install needs it no more, and it never was opened."""
    EXPIRED = "expired"
    REFUSED = "refused"
    OBSERVED = "observed"


_PLAIN = {
    State.CLOSING: Standing.CLOSING,
    State.REFUSED: Standing.REFUSED,
    State.REJECTED: Standing.REJECTED,
    State.OBSERVING: Standing.OBSERVED,
    State.OBSERVED: Standing.OBSERVED,
}


def standing_of(grant: Grant, now: datetime) -> Standing:
    """How the request about a grant stands, whatever the airlock has done about it so far."""
    progress = grant.progress
    if progress.state in _PLAIN:
        return _PLAIN[progress.state]
    match progress.state:
        case State.OPEN:
            return Standing.CLOSING if is_over(grant, now) else Standing.OPEN
        case State.CLOSED:
            return Standing.CLOSED if progress.opened_at else Standing.ENDED
        case State.EXPIRED:
            return Standing.UNANSWERED if progress.reason == CloseReason.UNANSWERED else Standing.EXPIRED
    return _while_it_can_open(grant, now)


def _while_it_can_open(grant: Grant, now: datetime) -> Standing:
    """How a request stands that is to be asked, is asked, or has been answered a moment ago."""
    answer, pending = grant.answer, grant.progress.state is State.PENDING
    if pending and answer is not None and not answer.approved:
        return Standing.REJECTED
    if grant.facts.ended is not None or grant.close_order is not None:
        return Standing.ENDED
    if now >= grant.facts.not_after:
        return Standing.EXPIRED
    if is_approved(grant):
        return Standing.APPROVED
    return _while_it_waits(grant, now) if pending else Standing.PREPARING


def _while_it_waits(grant: Grant, now: datetime) -> Standing:
    if is_over(grant, now):
        return Standing.UNANSWERED
    return Standing.WAITING if grant.answer is None else Standing.MISFIT
