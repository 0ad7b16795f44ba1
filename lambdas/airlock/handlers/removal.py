"""The removal: CloudFormation calls it when the stack is deployed, changed and deleted.

It answers two custom resources. One refuses a deployment that would take the rights away that an open grant's end
needs. The other puts every policy back before anything that could do it is deleted. Neither writes a policy unless
CloudFormation itself says that the stack is being deleted, nor takes a lease unless it says so or that the stack is
being updated, so that nobody else can have it done by a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol

from airlock.adapters.clock import SystemClock
from airlock.adapters.cloudformation import LONGEST_ANSWER_SECONDS, send_answer
from airlock.errors import LeaseBusyError
from airlock.grants.grant import Grant
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
from airlock.handlers.stack_request import (
    ENROLMENT,
    GRANTS,
    RequestError,
    RequestType,
    StackRequest,
    answer_to,
    cut,
    read_request,
)
from airlock.reconcile.happening import Happening
from airlock.reconcile.leaving import ONE_TAKES, Left
from airlock.reconcile.parting import part_with
from airlock.wiring_removal import RemovalParts, wire_removal

GOING: Final = frozenset({"DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"})
"""The stack goes: it is deleted, or wasn't made whole (AWS CloudFormation user guide, page "Stack status codes")."""
STAYING: Final = frozenset(
    {
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    }
)
"""The stack is being updated, and stays: a resource that is deleted then came or goes by an update alone.

No state in which CloudFormation does nothing: it sends no request then, so such an answer is older than the request.
"""
UPDATING: Final = "UPDATE_IN_PROGRESS"
"""The only state in which CloudFormation changes a resource without taking a change back."""
ROLLING_BACK: Final = frozenset({"UPDATE_ROLLBACK_IN_PROGRESS"})
"""The stack is brought back to what it was before an update. Not what it rests in after that."""
STATUS_PAUSES: Final = (2.0, 4.0, None)
"""Seconds before CloudFormation is asked again what it is doing; None for giving up."""
ANSWER_TAKES: Final = timedelta(seconds=LONGEST_ANSWER_SECONDS + 2)
"""How long before its end the function must be done with all else."""
ABOUT_BYTES: Final = 400
"""How much is said of one grant, so that there is room for others and for what to do."""

Hear = Callable[[Sequence[Happening]], None]


class Context(Protocol):
    """What Lambda tells of a call, as far as it is asked (AWS Lambda, page "Using the Lambda context object")."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""
        ...


@metrics.log_metrics
def handle(event: Any, context: Context) -> dict[str, object]:  # noqa: ANN401 - whatever CloudFormation sends
    """Handle one request, and answer it whatever happens, for CloudFormation waits.

    Returns:
        The answer, as it was sent; or why there was nobody to answer.
    """
    return respond(event, wire_removal, context.get_remaining_time_in_millis, count_one, measure)


def respond(
    event: object,
    wired: Callable[[], RemovalParts],
    left_millis: Callable[[], int],
    count: Count = count_nothing,
    measure: Measure = measure_nothing,
) -> dict[str, object]:
    """The handler's work, on parts that are put together only when they are needed, so that a fault there is told.

    Args:
        event: the request.
        wired: puts the parts together.
        left_millis: tells how many milliseconds are left until Lambda stops the function.
        count: counts one of what happened.
        measure: gives a number of what happened.
    """
    try:
        request = read_request(event)
    except RequestError as error:
        logger.warning("request skipped", extra={"reason": str(error)})
        return {"skipped": str(error)}
    try:
        refused = _decide(request, wired, left_millis, partial(tell, count=count, measure=measure))
    except Exception as error:  # noqa: BLE001 - told to CloudFormation, which would wait in vain
        logger.exception("the request can't be carried out")
        refused = (
            f"The airlock's function failed: {type(error).__name__}: {error}. Its log group says more. "
            "Remove the cause, then try again."
        )
    answer = answer_to(request, refused)
    logger.info("request answered", extra={"request": str(request.request_type), "answer": answer.decode()})
    send_answer(request.response_url, answer, SystemClock())
    return dict(json.loads(answer))


def _decide(
    request: StackRequest, wired: Callable[[], RemovalParts], left_millis: Callable[[], int], hear: Hear
) -> str | None:
    """Do what is asked; gives why the stack's operation must not go on, None where it may."""
    match request.request_type, request.resource_type:
        case RequestType.UPDATE, resource_type if resource_type == ENROLMENT:
            return _enrol(request, wired())
        case RequestType.DELETE, resource_type if resource_type == GRANTS:
            return _leave(request, wired(), left_millis, hear)
    return None


def _enrol(request: StackRequest, parts: RemovalParts) -> str | None:
    dropped = sorted(request.enrolled_before - request.enrolled)
    if not dropped:
        return None
    status = _status(request, parts, ROLLING_BACK)
    # What is rolled back has to come back, or the stack is stuck between two versions. So the ledger isn't even read.
    if status in ROLLING_BACK:
        return None
    if status != UPDATING:
        return (
            f"CloudFormation says that the stack is {status}, so nothing was done: what open grants need is looked at "
            "when the stack is updated. If you are updating it, its answer was old: deploy once more."
        )
    try:
        left = part_with(parts.door, dropped, request.enrolled)
    except LeaseBusyError as error:
        return f"{error}. Nothing is lost: wait two minutes, then deploy again."
    return _would_lose(left, request.enrolled) if left else None


def _leave(request: StackRequest, parts: RemovalParts, left_millis: Callable[[], int], hear: Hear) -> str | None:
    status = _status(request, parts, GOING)
    if status in STAYING:
        return None
    if status not in GOING:
        return (
            f"CloudFormation says that the stack is {status}, so nothing was done: policies are put back when the "
            "stack is deleted. If you are deleting it, its answer was old: delete the stack once more."
        )
    parts.reconciler.let_hear(hear)
    # Whatever was spent by now, such as on asking CloudFormation again: the answer must be out before Lambda stops it.
    until = parts.clock.now() + timedelta(milliseconds=left_millis()) - ONE_TAKES - ANSWER_TAKES
    left = parts.leaving.leave(f"the deletion of the stack {request.stack_name}", until)
    return _not_put_back(left) if left.troubles else None


def _status(request: StackRequest, parts: RemovalParts, believed: frozenset[str]) -> str:
    """What CloudFormation is doing with the stack; asked again where its answer may be some seconds old.

    Args:
        request: of that stack.
        parts: the parts.
        believed: what is believed at once; anything else could have come before it.
    """
    status = ""
    for pause in STATUS_PAUSES:
        status = parts.cloudformation.status(request.stack_id)
        if pause is None or status in believed:
            break
        parts.clock.sleep(pause)
    return status


def _would_lose(grants: Sequence[Grant], kept: frozenset[str]) -> str:
    def about(grant: Grant) -> str:
        lost = sorted({grant.facts.principal, *grant.progress.scopes} - kept)
        return f"{grant.id} of {grant.facts.principal} is {grant.progress.state}, and needs {', '.join(lost)}"

    return (
        "This deployment takes away what open grants need to be closed, so it is refused and nothing is lost: "
        f"{_listed([about(grant) for grant in grants])}. "
        "Close them first (`airlock close GRANT`), or wait until they end, then deploy again. If new ones keep coming, "
        "first deploy the principal with the mode `observe`."
    )


def _not_put_back(left: Left) -> str:
    troubles = [f"{name}: {trouble}" for name, trouble in left.troubles.items()]
    return (
        f"{len(left.ended)} grants were ended. This keeps the rest from it, so nothing more is deleted: "
        f"{_listed(troubles)}. "
        "The sweeper still runs and goes on trying. See `airlock status`, and remove the cause; if another writer is "
        "at work, two minutes are enough. If IAM refuses for good, `airlock restore GRANT` puts a policy back by hand, "
        "or `airlock restore --policy-ref POLICY`. "
        "Then delete the stack again."
    )


def _listed(all_of_them: Sequence[str]) -> str:
    """As many as fit, and how many more there are."""
    shown = [cut(one, ABOUT_BYTES) for one in all_of_them[:5]]
    more = len(all_of_them) - len(shown)
    return "; ".join([*shown, *([f"and {more} more"] if more else [])])
