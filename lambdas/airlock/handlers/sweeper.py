"""The sweeper: each minute it expires what is due, retries what failed, and looks after what is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial

from airlock.grants.grant import Grant
from airlock.handlers.measuring import Metric, Number, gauges_of
from airlock.handlers.observability import (
    Count,
    Measure,
    count_nothing,
    count_one,
    measure,
    measure_nothing,
    metrics,
    tell,
)
from airlock.wiring import Airlock, wire


@lru_cache(maxsize=1)
def airlock() -> Airlock:
    """The parts, put together once a process."""
    return wire()


@metrics.log_metrics
def handle(event: object, context: object) -> dict[str, object]:  # noqa: ARG001 - the schedule tells nothing
    """Sweep once.

    Returns:
        The names of what happened.
    """
    count_one(Metric.SWEEPS)
    return sweep_with(airlock(), count_one, measure)


def sweep_with(parts: Airlock, count: Count = count_nothing, measure: Measure = measure_nothing) -> dict[str, object]:
    """The handler's work, on given parts: shared by the function and by ``airlock replay``."""

    def seen(grants: Sequence[Grant], now: datetime) -> None:
        for number in gauges_of(grants, now):
            measure(number)

    parts.reconciler.let_hear(partial(tell, count=count, measure=measure))
    happened = parts.reconciler.sweep(
        seen=seen,
        overdue=lambda many: measure(Number(Metric.GRANTS_OVERDUE, many)),
        put_off=lambda many: measure(Number(Metric.GRANTS_PUT_OFF, many)),
    )
    return {"happened": [happening.audit_name for happening in happened]}
