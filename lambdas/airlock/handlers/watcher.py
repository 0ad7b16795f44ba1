"""The watcher: EventBridge brings it the calls of enrolled principals, instances that end, and people's orders."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from airlock.handlers.edits import read_edit
from airlock.handlers.measuring import Metric
from airlock.handlers.observability import (
    Count,
    Measure,
    count_nothing,
    count_one,
    logger,
    measure,
    measure_nothing,
    metrics,
    tell,
)
from airlock.handlers.orders import read_order
from airlock.install.cloudtrail import parse
from airlock.install.signal import Skipped
from airlock.wiring import Airlock, wire


@lru_cache(maxsize=1)
def airlock() -> Airlock:
    """The parts, put together once a process."""
    return wire()


@metrics.log_metrics
def handle(event: Any, context: object) -> dict[str, object]:  # noqa: ANN401, ARG001 - whatever EventBridge delivers
    """Handle one event.

    What isn't a signal is logged, counted and left. What is one but can't be handled now raises: Lambda tries twice
    more, and then puts the event with the error into the dead-letter queue.

    Returns:
        How many signals were handled, or why the event was skipped.
    """
    return act_on(event, airlock(), count_one, measure)


def act_on(
    event: object, parts: Airlock, count: Count = count_nothing, measure: Measure = measure_nothing
) -> dict[str, object]:
    """The handler's work, on given parts: shared by the function and by ``airlock replay``."""
    parts.reconciler.let_hear(partial(tell, count=count, measure=measure))
    order = read_order(event, parts.settings)
    if order is not None:
        count(Metric.ORDERS_HANDLED)
        happened = parts.reconciler.obey(order.grant_id, order.event_id)
        return {"order": order.grant_id, "happened": [happening.audit_name for happening in happened]}
    edit = read_edit(event, parts.settings)
    if edit is not None:
        count(Metric.EDITS_HANDLED)
        happened = parts.reconciler.look_after(edit.scopes, edit.event_id)
        return {"edit": list(edit.scopes), "happened": [happening.audit_name for happening in happened]}
    parsed = parse(event)
    if not isinstance(parsed, Skipped) and parsed[0].account != parts.settings.account:
        reason = f"the event is of account {parsed[0].account}, which isn't ours"
        parsed = Skipped(reason, malformed=True, event_id=parsed[0].event_id)
    if isinstance(parsed, Skipped):
        log = logger.warning if parsed.malformed else logger.info
        log("event skipped", extra={"reason": parsed.reason, "event_id": parsed.event_id})
        count(Metric.EVENTS_MALFORMED if parsed.malformed else Metric.EVENTS_SKIPPED)
        return {"skipped": parsed.reason, "malformed": parsed.malformed}
    count(Metric.EVENTS_HANDLED)
    decisions: list[str] = []
    errors: list[Exception] = []
    for signal in parsed:
        try:
            happened = parts.reconciler.handle(signal)
        except Exception as error:  # noqa: BLE001 - raised below, once the event's other signals were heard
            errors.append(error)
            continue
        decisions += [happening.audit_name for happening in happened]
    if len(errors) > 1:
        raise ExceptionGroup("several signals of the event could not be handled", errors)
    if errors:
        raise errors[0]
    return {"signals": len(parsed), "happened": decisions}
