"""The page behind an HTTP API: the same as by a function's URL."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from airlock.grants.approval import Way
from tests.page.http_api import http_api_event
from tests.page.people import ADDRESS, FORM_TYPE, People, waiting
from tests.page.test_safety import HEADERS

STAGES = pytest.mark.parametrize("stage", ["$default", "airlock"])


@STAGES
def test_a_link_shows_its_request(people: People, stage: str) -> None:
    """A GET with the link's token is answered with the page and its headers; looking changes nothing."""
    token = people.token(people.keep(waiting()))
    before = people.items()
    response = people.page().answer(http_api_event("GET", "/", query=f"token={token}", stage=stage))
    assert response["statusCode"] == 200
    assert "<form" in response["body"]
    assert HEADERS.items() <= response["headers"].items()
    assert (response["isBase64Encoded"], response["cookies"]) == (False, [])
    assert people.items() == before


@STAGES
@pytest.mark.parametrize("encoded", [True, False])
def test_a_form_answers(people: People, stage: str, encoded: bool) -> None:  # noqa: FBT001 - a column of the table above
    """A POST is kept with the caller's address, in base64 as API Gateway sends forms, or not."""
    grant = people.keep(waiting())
    form = urlencode({"token": people.token(grant), "decision": "approve", "note": "ok"})
    headers = {"content-type": FORM_TYPE, "sec-fetch-site": "same-origin", "origin": "null"}
    event = http_api_event("POST", "/", headers=headers, body=form, encoded=encoded, stage=stage)
    response = people.page().answer(event)
    assert response["statusCode"] == 303
    assert HEADERS.items() <= response["headers"].items()
    (answer,) = people.answers()
    assert (answer["approved"], answer["by"], answer["way"], answer["note"]) == (True, ADDRESS, Way.LINK, "ok")


def test_a_form_of_another_site_is_refused(people: People) -> None:
    """The browser's word on where a request comes from gets through API Gateway, and counts."""
    grant = people.keep(waiting())
    form = urlencode({"token": people.token(grant), "decision": "approve", "note": ""})
    headers = {"content-type": FORM_TYPE, "sec-fetch-site": "cross-site"}
    before = people.items()
    response = people.page().answer(http_api_event("POST", "/", headers=headers, body=form, encoded=True))
    assert response["statusCode"] == 403
    assert people.items() == before


def test_no_token_is_no_page(people: People) -> None:
    """What browsers ask for besides, and links that lost their token, are answered as always."""
    page = people.page()
    assert page.answer(http_api_event("GET", "/"))["statusCode"] == 403
    assert page.answer(http_api_event("GET", "/favicon.ico"))["statusCode"] == 404
    assert page.answer(http_api_event("DELETE", "/"))["statusCode"] == 405
