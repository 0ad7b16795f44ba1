"""The approval page: behind a public function URL or HTTP API, for whoever holds a link.

GET shows and never changes anything, for mail scanners open links; POST answers. Tokens, query strings, bodies and
whole events are never logged.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response

from airlock.adapters.seals import BadTokenError, Claim
from airlock.grants.approval import Answer, Way
from airlock.grants.grant import Grant
from airlock.handlers.measuring import Metric
from airlock.handlers.observability import Count, count_one, logger, metrics
from airlock.page.failure import without_text
from airlock.page.form import Decision, read_form
from airlock.page.pages import ask_page, expired_page, problem_page, standing_page
from airlock.page.problems import Problem, RefusedError
from airlock.page.render import headers, render_page
from airlock.page.speech import Speech
from airlock.page.standing import Standing, standing_of
from airlock.page.views import Page
from airlock.wiring_people import PageParts, wire_page

_METHODS = "GET, POST"
_OTHER_METHODS = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]


class ApprovalPage:
    """The page on given parts.

    Args:
        parts: what it works with.
        count: counts what happened, by name.
    """

    def __init__(self, parts: PageParts, count: Count) -> None:
        self._deciding, self._seals = parts.deciding, parts.seals
        self._speech = Speech(parts.language)
        self._count = count
        # In debug mode Powertools would print whole events.
        self._app = LambdaFunctionUrlResolver(debug=False)
        self._app.get("/")(self._safely(self._show))
        self._app.post("/")(self._safely(self._decide))
        self._app.route("/", method=_OTHER_METHODS)(self._safely(_refuse(Problem.WRONG_METHOD)))
        missing = self._safely(_refuse(Problem.NOT_FOUND))
        self._app.not_found(lambda _: missing())

    def answer(self, event: dict[str, Any], context: object = None) -> dict[str, Any]:
        """Answer one request (AWS Lambda, "Invoking Lambda function URLs": payload format 2.0)."""
        return self._app.resolve(event, context)  # type: ignore[arg-type]  # no context is asked for anything

    # Requests ---------------------------------------------------------------------------------------------------

    def _show(self) -> Response[str]:
        """Show the request that the link is about."""
        token = self._app.current_event.query_string_parameters.get("token", "")
        claim, now = self._claim(token), self._deciding.clock.now()
        grant = self._deciding.grant(claim.grant)
        if now > claim.until:
            return self._expired(claim, grant)
        grant = _known(grant)
        if standing_of(grant, now) is Standing.WAITING:
            _check_form(claim, grant)
            page = ask_page(grant, token, now, self._speech)
        else:
            page = standing_page(grant, now, self._speech)
        self._count("PageShown")
        logger.info("page shown", extra={"grant": grant.id})
        return self._respond(page)

    def _decide(self) -> Response[str]:
        """Keep an answer, unless there is one, or none counts any more; then show what stands."""
        event = self._app.current_event
        decision = read_form(
            {name.lower(): value for name, value in event.headers.items()},
            event.body or "",
            encoded=bool(event.is_base64_encoded),
        )
        claim, now = self._claim(decision.token), self._deciding.clock.now()
        grant = self._deciding.grant(claim.grant)
        if now > claim.until:
            return self._expired(claim, grant)
        grant = _known(grant)
        if standing_of(grant, now) is Standing.WAITING:
            _check_form(claim, grant)
            self._keep(
                grant,
                Answer(
                    approved=decision.approved,
                    form=claim.form,
                    at=now.replace(microsecond=0),
                    by=event.request_context.http.source_ip or "unknown",
                    way=Way.LINK,
                    note=decision.note,
                ),
            )
        else:
            self._refused("decided" if grant.answer else "over", grant.id)
        return self._show_again(decision)

    def _keep(self, grant: Grant, answer: Answer) -> None:
        stands = self._deciding.answers.give(grant.id, answer)
        if stands != answer:
            self._refused("decided", grant.id)
            return
        self._count("PageApproved" if answer.approved else "PageRejected")
        logger.info("answered", extra={"grant": grant.id, "approved": answer.approved, "by": answer.by})
        trouble = self._deciding.orders.tell(grant.id)
        if trouble:
            # The answer is kept, and the next sweep finds it; the page says that it can take a minute.
            self._count(Metric.ORDERS_NOT_TOLD)
            logger.error("the watcher could not be told of an answer", extra={"grant": grant.id, "reason": trouble})

    # Details ----------------------------------------------------------------------------------------------------

    def _claim(self, token: str) -> Claim:
        if not token:
            raise RefusedError(Problem.NO_LINK)
        try:
            return self._seals.open(token)
        except BadTokenError as error:
            raise RefusedError(Problem(error.reason)) from None

    def _expired(self, claim: Claim, grant: Grant | None) -> Response[str]:
        self._refused(Problem.EXPIRED, claim.grant)
        return self._respond(expired_page(grant, claim.until, self._deciding.clock.now(), self._speech))

    def _refused(self, reason: str, grant_id: str | None = None) -> None:
        self._count(Metric.PAGE_REFUSED)
        self._count(Metric.PAGE_REFUSED + reason.title().replace("-", ""))
        logger.info("page refused", extra={"reason": str(reason), "grant": grant_id})

    def _safely(self, serve: Callable[[], Response[str]]) -> Callable[[], Response[str]]:
        """Make a page of whatever is wrong. Left to Powertools, an error would be logged with all that it says."""

        def served() -> Response[str]:
            try:
                return serve()
            except RefusedError as error:
                self._refused(error.problem)
                problem = error.problem
            except Exception as error:  # noqa: BLE001 - whatever it is, its text stays out of the log and the page
                self._count(Metric.PAGE_FAILED)
                logger.error("page failed", extra=without_text(error))
                problem = Problem.FAILED
            more = {"Allow": _METHODS} if problem is Problem.WRONG_METHOD else {}
            return self._respond(problem_page(problem, self._speech), more)

        return served

    def _respond(self, page: Page, more: dict[str, str] | None = None) -> Response[str]:
        return Response(
            status_code=page.status,
            content_type="text/html; charset=utf-8",
            body=render_page(page, self._speech),
            headers={**headers(), "Content-Language": str(self._speech.language), **(more or {})},
        )

    def _show_again(self, decision: Decision) -> Response[str]:
        """Send the browser to the same link, so that loading the page again shows it and doesn't answer again."""
        more = {**headers(), "Location": f"/?token={decision.token}"}
        return Response(status_code=303, content_type="text/plain; charset=utf-8", body="", headers=more)


def _known(grant: Grant | None) -> Grant:
    if grant is None:
        raise RefusedError(Problem.GONE)
    return grant


def _check_form(claim: Claim, grant: Grant) -> None:
    """A link to a request answers nothing that is wider, or tighter, than what it asked."""
    if claim.form is not grant.progress.form:
        raise RefusedError(Problem.REPLACED)


def _refuse(problem: Problem) -> Callable[[], Response[str]]:
    def refuse() -> Response[str]:
        raise RefusedError(problem)

    return refuse


@lru_cache(maxsize=1)
def page() -> ApprovalPage:
    """The page, put together once a process."""
    return ApprovalPage(wire_page(), count_one)


@metrics.log_metrics
def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request to the function's URL or API."""
    return page().answer(event, context)
