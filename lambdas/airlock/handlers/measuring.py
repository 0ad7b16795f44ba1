"""Which metrics the functions print, and what each happening is in numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from airlock.grants.grant import CloseReason, Grant
from airlock.reconcile.happening import Decision, Drift, Happening


class Metric(StrEnum):
    """The metrics by name. An alarm or a widget watches one of these, and nothing prints others but page and operator.

    Those two add a count for each reason of a refusal, ``PageRefused...``, and each order, ``Operator...``.
    """

    EVENTS_HANDLED = "EventsHandled"
    EVENTS_SKIPPED = "EventsSkipped"
    EVENTS_MALFORMED = "EventsMalformed"
    ORDERS_HANDLED = "OrdersHandled"
    EDITS_HANDLED = "EditsHandled"
    GRANTS_OPENED = "GrantsOpened"
    GRANTS_CLOSED = "GrantsClosed"
    """In two series: of all, and with the dimension ``reason``."""
    GRANTS_REFUSED = "GrantsRefused"
    GRANTS_DOUBTED = "GrantsDoubted"
    """The grants that ended because something contradicted the airlock, in place of ``GrantsRefused``."""
    GRANTS_EXPIRED = "GrantsExpired"
    GRANTS_NARROWED = "GrantsNarrowed"
    GRANTS_APPROVED = "GrantsApproved"
    GRANTS_REJECTED = "GrantsRejected"
    GRANTS_OBSERVED = "GrantsObserved"
    APPROVALS_ASKED = "ApprovalsAsked"
    APPROVALS_UNANSWERED = "ApprovalsUnanswered"
    CLOSINGS_FAILED = "ClosingsFailed"
    POLICY_WRITES = "PolicyWrites"
    POLICY_WRITES_FAILED = "PolicyWritesFailed"
    POLICIES_EDITED = "PoliciesEditedByOthers"
    NODES_RESCUED = "NodesRescued"
    NODES_NOT_HELPED = "NodesNotHelped"
    RESCUES_FAILED = "RescuesFailed"
    SECONDS_OPEN = "SecondsOpen"
    """Of each grant that was open: from when IAM was first seen to hold it open to when it was seen not to."""
    SECONDS_TO_OPEN = "SecondsToOpen"
    """Of each grant that asked nobody: from the call of which the airlock first heard to when IAM held it open.

    The call's time is its event's own, so that CloudTrail's and EventBridge's ways to the airlock are in it.
    """
    SECONDS_FROM_ANSWER_TO_OPEN = "SecondsFromAnswerToOpen"
    """Of each grant that asked: from the answer on, so that people's time isn't in it."""
    SWEEPS = "Sweeps"
    GRANTS_OPEN = "GrantsOpen"
    LONGEST_OPEN_SECONDS = "LongestOpenSeconds"
    GRANTS_OVERDUE = "GrantsOverdue"
    GRANTS_PUT_OFF = "GrantsPutOff"
    PAGE_FAILED = "PageFailed"
    PAGE_REFUSED = "PageRefused"
    OPERATOR_FAILED = "OperatorFailed"
    OPERATOR_REFUSED = "OperatorRefused"
    ORDERS_NOT_TOLD = "OrdersNotTold"


IN_SECONDS: Final = frozenset(
    {
        Metric.SECONDS_OPEN,
        Metric.SECONDS_TO_OPEN,
        Metric.SECONDS_FROM_ANSWER_TO_OPEN,
        Metric.LONGEST_OPEN_SECONDS,
    }
)
"""The metrics whose unit is the second; the others count."""
DOUBTS: Final = frozenset({str(CloseReason.CHECK_FAILED), "simulator-disagrees"})
"""The reasons of grants that are doubted: its own second look at a text, or IAM's simulator, found otherwise."""
_COUNTED: Final = {
    "open": Metric.GRANTS_OPENED,
    "close": Metric.GRANTS_CLOSED,
    "close-failed": Metric.CLOSINGS_FAILED,
    "refuse": Metric.GRANTS_REFUSED,
    "expire": Metric.GRANTS_EXPIRED,
    "narrow": Metric.GRANTS_NARROWED,
    "ask": Metric.APPROVALS_ASKED,
    "approve": Metric.GRANTS_APPROVED,
    "reject": Metric.GRANTS_REJECTED,
    "unanswered": Metric.APPROVALS_UNANSWERED,
    "observe": Metric.GRANTS_OBSERVED,
    "rescue": Metric.NODES_RESCUED,
    "rescue-failed": Metric.RESCUES_FAILED,
    "not-helped": Metric.NODES_NOT_HELPED,
}


@dataclass(frozen=True, slots=True)
class Number:
    """One value of a metric.

    Attributes:
        metric: which.
        value: in the metric's unit.
        reason: the value of the dimension ``reason``; None for the series without it.
    """

    metric: Metric
    value: float
    reason: str | None = None


def counts_of(happening: Happening) -> Iterator[Metric]:
    """What a happening adds one to."""
    if isinstance(happening, Decision):
        doubted = happening.grant.is_final and happening.grant.progress.reason in DOUBTS
        if doubted:
            yield Metric.GRANTS_DOUBTED
        if happening.name in _COUNTED and not (doubted and happening.name == "refuse"):
            yield _COUNTED[happening.name]
    elif isinstance(happening, Drift):
        yield Metric.POLICIES_EDITED
    else:
        yield Metric.POLICY_WRITES_FAILED if happening.outcome == "failed" else Metric.POLICY_WRITES


def numbers_of(happening: Happening) -> Iterator[Number]:
    """What else a happening tells in numbers: how long something took, and why a grant was closed."""
    if not isinstance(happening, Decision):
        return
    grant, progress = happening.grant, happening.grant.progress
    if happening.name == "close":
        yield Number(Metric.GRANTS_CLOSED, 1, progress.reason or "unknown")
        if progress.opened_at and progress.closed_at:
            yield Number(Metric.SECONDS_OPEN, _seconds(progress.opened_at, progress.closed_at))
    elif happening.name == "open" and progress.effective_at:
        if progress.asked_at is None:
            begin = grant.facts.called_at or grant.facts.requested_at
            yield Number(Metric.SECONDS_TO_OPEN, _seconds(begin, progress.effective_at))
        elif grant.answer is not None:
            yield Number(Metric.SECONDS_FROM_ANSWER_TO_OPEN, _seconds(grant.answer.at, progress.effective_at))


def gauges_of(grants: Sequence[Grant], now: datetime) -> Iterator[Number]:
    """What stands for the moment: how many grants are open in IAM, and for how many seconds the longest has been.

    Args:
        grants: those that aren't finished.
        now: the present moment.
    """
    since = [one.progress.opened_at or now for one in grants if one.progress.exemption is not None]
    yield Number(Metric.GRANTS_OPEN, len(since))
    yield Number(Metric.LONGEST_OPEN_SECONDS, max((_seconds(moment, now) for moment in since), default=0))


def _seconds(begin: datetime, end: datetime) -> float:
    """Never below 0: an answer's time is cut to the second, and two functions' clocks may differ."""
    return max(0.0, (end - begin).total_seconds())
