"""The operator function: behind a function URL or an HTTP API that takes requests signed with IAM credentials only.

Lambda or API Gateway checks the signature and tells who signed (AWS Lambda, "Invoking Lambda function URLs":
``authorizer.iam``). An HTTP API gives the path decoded, a function's URL as it was sent; no name here needs escaping.
Without that, nothing is done.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response

from airlock.adapters.answer_items import ahead_to_text, answer_to_text, close_order_to_text
from airlock.grants.approval import Ahead, Answer, CloseOrder, Form, Way
from airlock.grants.grant import Grant, State
from airlock.handlers.measuring import Metric
from airlock.handlers.observability import Count, count_one, logger, metrics
from airlock.page.caller import Caller, caller_of
from airlock.page.failure import without_text
from airlock.page.orders import (
    OrderError,
    must_cover,
    read_ahead,
    read_body,
    read_form,
    read_note,
    read_principal,
    why_not_waiting,
)
from airlock.page.standing import Standing, standing_of
from airlock.wiring_people import OperatorParts, wire_operator

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
Json = dict[str, object]


class OperatorApi:
    """The calls, on given parts.

    Args:
        parts: what it works with.
        count: counts what happened, by name.
    """

    def __init__(self, parts: OperatorParts, count: Count) -> None:
        self._deciding, self._enrolled = parts.deciding, parts.enrolled
        self._count = count
        # In debug mode Powertools would print whole events.
        self._app = LambdaFunctionUrlResolver(debug=False)
        self._app.post("/grants/<grant_id>/approve")(self._safely(partial(self._answer, approved=True)))
        self._app.post("/grants/<grant_id>/reject")(self._safely(partial(self._answer, approved=False)))
        self._app.post("/grants/<grant_id>/close")(self._safely(self._close))
        self._app.post("/ahead")(self._safely(self._approve_ahead))
        self._app.get("/ahead")(self._safely(self._list_ahead))
        self._app.delete("/ahead/<ahead_id>")(self._safely(self._revoke_ahead))
        missing = self._safely(_no_such_call)
        self._app.not_found(lambda _: missing())

    def answer(self, event: dict[str, Any], context: object = None) -> dict[str, Any]:
        """Answer one request (AWS Lambda, "Invoking Lambda function URLs": payload format 2.0)."""
        return self._app.resolve(event, context)  # type: ignore[arg-type]  # no context is asked for anything

    # Grants -----------------------------------------------------------------------------------------------------

    def _answer(self, caller: Caller, grant_id: str, *, approved: bool) -> Json:
        """Keep an answer, unless there is one; tells which stands.

        An approval says its form, so that nobody approves by it what is wider; without one, it is of the exact form.
        """
        told = self._body({"note", "form"} if approved else {"note"})
        note, said = read_note(told), read_form(told.get("form", Form.SCOPED))
        grant, now = self._grant(grant_id), self._now()
        if approved:
            caller.must_be_another_than(grant.facts.principal)
        if grant.answer is not None and not grant.is_final:
            return _stands(grant, json.loads(answer_to_text(grant.answer)), yours=False)
        standing = standing_of(grant, self._deciding.clock.now())
        if standing is not Standing.WAITING:
            raise why_not_waiting(grant, standing)
        if approved:
            must_cover(said, grant)
        answer = Answer(approved=approved, form=grant.progress.form, at=now, by=caller.arn, way=Way.IAM, note=note)
        stands = self._deciding.answers.give(grant.id, answer)
        if stands == answer:
            self._ordered("approve" if approved else "reject", caller, grant)
        return _stands(grant, json.loads(answer_to_text(stands)), yours=stands == answer)

    def _close(self, caller: Caller, grant_id: str) -> Json:
        """Keep an order to close, unless there is one; tells which stands."""
        note, grant = read_note(self._body({"note"})), self._grant(grant_id)
        if grant.is_final or grant.progress.state is State.CLOSING:
            raise OrderError(
                409, "over", f"{grant.id} is {grant.progress.state} already; there is nothing to close", grant
            )
        order = CloseOrder(at=self._now(), by=caller.arn, note=note)
        stands = grant.close_order or self._deciding.answers.order_close(grant.id, order)
        if stands == order:
            self._ordered("close", caller, grant)
        return _stands(grant, json.loads(close_order_to_text(stands)), yours=stands == order)

    # Ahead of time ----------------------------------------------------------------------------------------------

    def _approve_ahead(self, caller: Caller) -> Json:
        """Keep an approval ahead of time."""
        wanted = read_ahead(self._body({"principal", "cluster", "form", "hours", "note"}), self._enrolled)
        caller.must_be_another_than(wanted.principal)
        now = self._now()
        ahead = Ahead(
            id=f"ahead-{secrets.token_hex(4)}",
            principal=wanted.principal,
            cluster=wanted.cluster,
            form=wanted.form,
            since=now,
            until=now + timedelta(hours=wanted.hours),
            by=caller.arn,
            note=wanted.note,
        )
        self._deciding.answers.approve_ahead(ahead)
        self._ordered("approve-ahead", caller, ahead=ahead)
        return {"ahead": json.loads(ahead_to_text(ahead))}

    def _revoke_ahead(self, caller: Caller, ahead_id: str) -> Json:
        """Take an approval ahead of time back."""
        principal, now = read_principal(self._body({"principal"}).get("principal")), self._now()
        ahead = self._deciding.answers.revoke_ahead(principal, ahead_id[:64], caller.arn, now)
        if ahead is None:
            message = f"{principal} has no approval ahead of time called {ahead_id[:64]}; list them to see which it has"
            raise OrderError(404, "unknown-ahead", message)
        yours = ahead.revoked == (caller.arn, now)
        if yours:
            self._ordered("revoke-ahead", caller, ahead=ahead)
        return {"ahead": json.loads(ahead_to_text(ahead)), "yours": yours}

    def _list_ahead(self, caller: Caller) -> Json:  # noqa: ARG002 - every call has a caller
        """List a principal's approvals ahead of time."""
        principal = read_principal(self._app.current_event.query_string_parameters.get("principal"))
        return {"aheads": [json.loads(ahead_to_text(ahead)) for ahead in self._deciding.answers.aheads(principal)]}

    # Details ----------------------------------------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._deciding.clock.now().replace(microsecond=0)

    def _grant(self, grant_id: str) -> Grant:
        grant = self._deciding.grant(grant_id[:128])
        if grant is None:
            message = f"there is no grant called {grant_id[:128]}; `airlock status` tells which there are"
            raise OrderError(404, "unknown-grant", message)
        return grant

    def _body(self, known: set[str]) -> Mapping[str, object]:
        event = self._app.current_event
        return read_body(event.body or "", encoded=bool(event.is_base64_encoded), known=known)

    def _ordered(self, what: str, caller: Caller, grant: Grant | None = None, ahead: Ahead | None = None) -> None:
        """Log and count an order that was kept, and tell the watcher of it."""
        about = {"grant": grant.id} if grant else {"ahead": ahead.id, "principal": ahead.principal} if ahead else {}
        logger.info("ordered", extra={"order": what, "by": caller.arn, **about})
        self._count("Operator" + what.title().replace("-", ""))
        trouble = self._deciding.orders.tell(grant.id) if grant else None
        if trouble:
            # The order is kept, and the next sweep finds it.
            self._count(Metric.ORDERS_NOT_TOLD)
            logger.error("the watcher could not be told of an order", extra={**about, "reason": trouble})

    def _safely(self, serve: Callable[..., Json]) -> Callable[..., Response[str]]:
        """Find out who calls, and make JSON of what comes or of what is wrong."""

        def served(**path: str) -> Response[str]:
            try:
                return _response(
                    200, serve(caller_of(self._app.current_event.raw_event, self._deciding.account), **path)
                )
            except OrderError as error:
                self._count(Metric.OPERATOR_REFUSED)
                logger.info("order refused", extra={"code": error.code})
                answer = error.grant.answer if error.grant else None
                stands = {"stands": json.loads(answer_to_text(answer))} if answer else {}
                return _response(error.status, {**error.told(), **stands})
            except Exception as error:  # noqa: BLE001 - whatever it is, its text stays out of the log and the answer
                self._count(Metric.OPERATOR_FAILED)
                logger.error("order failed", extra=without_text(error))
                message = "the airlock couldn't read or keep this; try again in a minute, then look at its log"
                return _response(500, {"error": {"code": "failed", "message": message}})

        return served


def _stands(grant: Grant, stands: Json, *, yours: bool) -> Json:
    return {"grant": grant.id, "stands": stands, "yours": yours}


def _no_such_call(_: Caller) -> Json:
    calls = "POST /grants/ID/approve, reject or close; GET and POST /ahead; DELETE /ahead/ID"
    raise OrderError(404, "no-such-call", f"there is no such call; there are {calls}")


def _response(status: int, content: Json) -> Response[str]:
    return Response(status_code=status, content_type="application/json", body=json.dumps(content), headers=_HEADERS)


@lru_cache(maxsize=1)
def operator() -> OperatorApi:
    """The calls, put together once a process."""
    return OperatorApi(wire_operator(), count_one)


@metrics.log_metrics
def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request to the function's URL or API."""
    return operator().answer(event, context)
