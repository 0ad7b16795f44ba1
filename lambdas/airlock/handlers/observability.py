"""The functions' own log and metrics. The audit trail is another thing: see adapters/audit.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from airlock.handlers.measuring import IN_SECONDS, Number, counts_of, numbers_of
from airlock.reconcile.happening import Decision, Drift, Happening

logger = Logger()
metrics = Metrics()
# At DEBUG it would log requests and responses whole, with links, their codes and notes, and Lambda's console can set
# that level for all loggers at once.
logging.getLogger("botocore").setLevel(logging.INFO)

Count = Callable[[str], None]
Measure = Callable[[Number], None]


def count_nothing(_name: str) -> None:
    """Count nothing: outside a function nobody prints the metrics, and Powertools can't hold a hundred."""


def measure_nothing(_number: Number) -> None:
    """Give no number, for the same reason."""


def tell(happened: Sequence[Happening], count: Count, measure: Measure = measure_nothing) -> None:
    """Log, count and measure what happened."""
    for happening in happened:
        if isinstance(happening, Decision):
            logger.info("decision", extra={"decision": happening.name, "grant": happening.grant.id})
        elif isinstance(happening, Drift):
            logger.warning("policy edited by others", extra={"policy": str(happening.place)})
        else:
            logger.info("policy write", extra={"policy": str(happening.place), "outcome": happening.outcome})
        for metric in counts_of(happening):
            count(metric)
        for number in numbers_of(happening):
            measure(number)


def count_one(name: str) -> None:
    """Count one, in the metrics that the function prints when it ends."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def measure(number: Number) -> None:
    """Give a number, in the same metrics; one with a reason is a line of its own, for its dimensions are its own."""
    unit = MetricUnit.Seconds if number.metric in IN_SECONDS else MetricUnit.Count
    if number.reason is None:
        metrics.add_metric(name=number.metric, unit=unit, value=number.value)
        return
    provider = metrics.provider
    dimensions = {"service": provider.service, "reason": number.reason}
    with single_metric(number.metric, unit, number.value, namespace=provider.namespace, default_dimensions=dimensions):
        pass
