"""The functions' own log and metrics. The audit trail is another thing: see adapters/audit.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from airlock.reconcile.happening import Decision, Drift, Happening

logger = Logger()
metrics = Metrics()
# At DEBUG it would log requests and responses whole, with links, their codes and notes, and Lambda's console can set
# that level for all loggers at once.
logging.getLogger("botocore").setLevel(logging.INFO)

_COUNTED = {
    "open": "GrantsOpened",
    "close": "GrantsClosed",
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


Count = Callable[[str], None]


def tell(happened: Sequence[Happening], count: Count) -> None:
    """Log and count what happened."""
    for happening in happened:
        if isinstance(happening, Decision):
            logger.info("decision", extra={"decision": happening.name, "grant": happening.grant.id})
            if happening.name in _COUNTED:
                count(_COUNTED[happening.name])
        elif isinstance(happening, Drift):
            logger.warning("policy edited by others", extra={"policy": str(happening.place)})
            count("PoliciesEditedByOthers")
        else:
            logger.info("policy write", extra={"policy": str(happening.place), "outcome": happening.outcome})
            count("PolicyWrites")


def count_one(name: str) -> None:
    """Count one, in the metrics that the function prints when it ends."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def count_nothing(_name: str) -> None:
    """Count nothing: outside a function nobody prints the metrics, and Powertools can't hold a hundred."""
