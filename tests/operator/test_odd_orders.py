"""Odd requests and failures: refused or told in words, never with what AWS said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.adapters.answers import DynamoAnswers
from airlock.grants.approval import CloseOrder
from airlock.handlers import operator as handler
from airlock.handlers.observability import count_one, metrics
from airlock.wiring_people import wire_operator
from tests.operator.sending import OTHER, refused, send
from tests.page.people import ACCOUNT, OPERATOR, START, TABLE, USER, People, request, waiting
from tests.reconcile.interference import refusal


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "not-json"),
        ("[]", "not-json"),
        ('"x"', "not-json"),
        ("[" * 4000, "not-json"),
        ('{"note": "' + "x" * 5000 + '"}', "too-large"),
        ("x" * 100_000, "too-large"),
        ({"note": "a\u202eb"}, "bad-note"),
        ({"notes": "x"}, "unknown-field"),
        ({"form": "widest"}, "bad-form"),
        ({"form": None}, "bad-form"),
        ({"form": ["scoped"]}, "bad-form"),
    ],
)
def test_an_odd_body_is_refused(people: People, body: object, code: str) -> None:
    """400, with what is wrong with it."""
    grant = people.keep(waiting())
    assert refused(people, "POST", f"/grants/{grant.id}/approve", body) == (400, code)


@pytest.mark.parametrize("order", ["reject", "close"])
def test_what_approves_nothing_has_no_form(people: People, order: str) -> None:
    """400: a form said with a rejection is a mistake."""
    grant = people.keep(waiting())
    assert refused(people, "POST", f"/grants/{grant.id}/{order}", {"form": "scoped"}) == (400, "unknown-field")


def test_a_body_may_come_in_base64(people: People) -> None:
    """As Lambda delivers it for some types."""
    grant = people.keep(waiting())
    event = request("POST", f"/grants/{grant.id}/reject", body='{"note": "ねむい"}', caller=OPERATOR, encoded=True)
    assert people.operators().answer(event)["statusCode"] == 200
    assert people.answers()[0]["note"] == "ねむい"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/grants/prod-7xk2q-0a1b2c3d/approve"),
        ("PUT", "/ahead"),
        ("POST", "/grants/a/open"),
        ("POST", "/grants/a/b/close"),
        ("OPTIONS", "/ahead"),
    ],
)
def test_there_are_no_other_calls(people: People, method: str, path: str) -> None:
    """404 that names those there are."""
    assert refused(people, method, path) == (404, "no-such-call")


@given(
    body=st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: st.dictionaries(st.sampled_from(["note", "principal", "hours", "form"]), inner, max_size=3),
    ),
    path=st.sampled_from(["/grants/prod-7xk2q-0a1b2c3d/approve", "/ahead", "/grants//close"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_body_makes_the_function_fail(people: People, body: object, path: str) -> None:
    """Whatever comes, the answer is a 4xx with a code."""
    status, told = send(people, "POST", path, body)
    assert 400 <= status < 500
    assert told["error"]["code"]
    assert people.items() == []


def test_a_failure_is_told_without_its_text(people: People) -> None:
    """500, and nothing of what AWS said."""
    grant = people.keep(waiting())
    people.calls.failures["PutItem", "before"] = [refusal("InternalServerError")]
    status, told = send(people, "POST", f"/grants/{grant.id}/approve")
    assert (status, told["error"]["code"]) == (500, "failed")
    assert "InternalServerError" not in json.dumps(told)
    assert people.counted == ["OperatorFailed"]


def test_an_order_stands_though_the_watcher_cant_be_told(people: People) -> None:
    """The next sweep finds it."""
    grant = people.keep(waiting())
    people.calls.failures["PutEvents", "before"] = [refusal("ThrottlingException")]
    assert send(people, "POST", f"/grants/{grant.id}/approve")[1]["yours"] is True
    assert people.counted == ["OperatorApprove", "OrdersNotTold"]


def test_an_order_to_close_shows_on_what_is_read_next(people: People) -> None:
    """A grant that waits can't be approved once its closing is ordered."""
    grant = people.keep(waiting())
    order = CloseOrder(at=START, by=OTHER)
    DynamoAnswers(people.aside.dynamodb, TABLE).order_close(grant.id, order)
    assert refused(people, "POST", f"/grants/{grant.id}/approve") == (409, "over")
    assert people.operators()._deciding.grant(grant.id) == replace(grant, close_order=order)  # noqa: SLF001 - its ledger


def test_the_function_prints_its_metrics(people: People, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """The entry point serves the calls and counts."""
    environment = {
        "AIRLOCK_ACCOUNT": ACCOUNT,
        "AIRLOCK_TABLE": TABLE,
        "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
        "AIRLOCK_PRINCIPALS": json.dumps({USER: {}}),
    }
    monkeypatch.setattr(metrics.provider, "namespace", "BootstrapAirlock")
    monkeypatch.setattr(metrics.provider, "service", "tests")
    parts = wire_operator(environment, people.acting, people.clock)
    monkeypatch.setattr(handler, "operator", lambda: handler.OperatorApi(parts, count_one))
    assert handler.handle(request("GET", "/ahead"), None)["statusCode"] == 403
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["OperatorRefused"] == [1.0]
