"""The functions' own log and metrics. The audit trail is another thing: see adapters/audit.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from airlock.grants.grant import CloseReason
from airlock.reconcile.happening import Decision, Drift, Happening

logger = Logger()
metrics = Metrics()
# At DEBUG it would log requests and responses whole, with links, their codes and notes, and Lambda's console can set
# that level for all loggers at once.
logging.getLogger("botocore").setLevel(logging.INFO)

_COUNTED = {
    "open": "GrantsOpened",
    "close": "GrantsClosed",
    "close-failed": "ClosingsFailed",
    "refuse": "GrantsRefused",
    "expire": "GrantsExpired",
    "narrow": "GrantsNarrowed",
    "ask": "ApprovalsAsked",
    "approve": "GrantsApproved",
    "reject": "GrantsRejected",
    "unanswered": "ApprovalsUnanswered",
    "observe": "GrantsObserved",
    "rescue": "NodesRescued",
    "rescue-failed": "RescuesFailed",
    "not-helped": "NodesNotHelped",
}
DOUBTED = "GrantsDoubted"
"""Counts the grants that ended because something contradicted the airlock, in place of ``GrantsRefused``."""
DOUBTS = frozenset({str(CloseReason.CHECK_FAILED), "simulator-disagrees"})
"""The reasons of such grants: its own second look at a text, or IAM's simulator, found otherwise."""

Count = Callable[[str], None]
Measure = Callable[[str, int], None]


def tell(happened: Sequence[Happening], count: Count) -> None:
    """Log and count what happened."""
    for happening in happened:
        if isinstance(happening, Decision):
            logger.info("decision", extra={"decision": happening.name, "grant": happening.grant.id})
            for name in _metrics_of(happening):
                count(name)
        elif isinstance(happening, Drift):
            logger.warning("policy edited by others", extra={"policy": str(happening.place)})
            count("PoliciesEditedByOthers")
        else:
            logger.info("policy write", extra={"policy": str(happening.place), "outcome": happening.outcome})
            count("PolicyWritesFailed" if happening.outcome == "failed" else "PolicyWrites")


def _metrics_of(decision: Decision) -> Iterator[str]:
    doubted = decision.grant.is_final and decision.grant.progress.reason in DOUBTS
    if doubted:
        yield DOUBTED
    if decision.name in _COUNTED and not (doubted and decision.name == "refuse"):
        yield _COUNTED[decision.name]


def count_one(name: str) -> None:
    """Count one, in the metrics that the function prints when it ends."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def measure(name: str, value: int) -> None:
    """Give a number that stands for the moment, in the same metrics."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_nothing(_name: str) -> None:
    """Count nothing: outside a function nobody prints the metrics, and Powertools can't hold a hundred."""


def measure_nothing(_name: str, _value: int) -> None:
    """Give no number, for the same reason."""
