"""What no visitor may do with the page, and what it never gives away."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.grants.approval import Form
from airlock.handlers import page as handler
from airlock.handlers.observability import count_one, logger, metrics
from airlock.page.note import NoteError, checked_note
from airlock.settings import SettingsError
from airlock.wiring_people import wire_page
from tests.page.people import FORM_TYPE, START, People, get, post, request, waiting
from tests.page.reading import Read, read
from tests.reconcile.interference import refusal

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)> {{ 7 * 7 }} &lt; </pre></style>"""
TAGS = (
    "html head meta title style body main header section h1 h2 h3 p ul li dl div dt dd time code bdi pre ins del span "
    "form input button label"
)
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the process logs, the libraries included, as Lambda would keep it."""
    stream = io.StringIO()
    copy = logging.StreamHandler(stream)
    copy.setFormatter(logger.registered_formatter)
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    root.addHandler(copy)
    yield stream
    root.removeHandler(copy)
    root.setLevel(before)


def every_kind(people: People) -> list[tuple[int, dict[str, Any]]]:
    """An event for each kind of response, with the status that it gets, in this order."""
    token = people.token(people.keep(waiting()))
    old = people.token(people.keep(waiting("old-7xk2q")), until=START - timedelta(seconds=1))
    return [
        (200, get(token)),
        (403, get("x")),
        (403, get("")),
        (410, get(old)),
        (410, post(old)),
        (404, get(people.token(waiting("none-7xk2q")))),
        (409, get(people.token(waiting(), form=Form.LIFTED))),
        (404, request("GET", "/favicon.ico")),
        (404, request("POST", "/approve", body="x")),
        (405, request("HEAD")),
        (405, request("DELETE")),
        (403, post(token, sec_fetch_site="cross-site")),
        (415, post(token, content_type="text/plain")),
        (413, request("POST", body="x" * 5000, headers={"content-type": FORM_TYPE})),
        (400, post(token, "maybe")),
        (400, post(token, note="x" * 201)),
        (303, post(token)),
        (200, get(token)),
    ]


def test_every_response_carries_the_headers(people: People) -> None:
    """Pages, errors and redirections: nothing may be kept, framed, sniffed, indexed or told to another site."""
    page = people.page()
    for status, event in every_kind(people):
        response = page.answer(event)
        assert response["statusCode"] == status, event["rawPath"]
        assert HEADERS.items() <= response["headers"].items()
        assert response["cookies"] == []
        policy = response["headers"]["Content-Security-Policy"].split("; ")
        assert policy[0] == "default-src 'none'"
        assert policy[2:] == ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
        if status != 303:
            digest = hashlib.sha256(style_of(response["body"]).encode()).digest()
            assert policy[1] == f"style-src 'sha256-{base64.b64encode(digest).decode()}'"
            assert response["headers"]["Content-Type"] == "text/html; charset=utf-8"


def style_of(body: str) -> str:
    """The inline style, to the byte."""
    return body.partition("<style>")[2].partition("</style>")[0]


def test_no_page_holds_a_script_or_loads_anything(people: People) -> None:
    """Nothing but text, one style and one form that goes back here."""
    page = people.page()
    allowed = set(TAGS.split(" "))
    for _, event in every_kind(people):
        response = page.answer(event)
        if response["statusCode"] == 303:
            continue
        seen = read(response)
        assert {tag for tag, _ in seen.elements} <= allowed
        for _, attributes in seen.elements:
            assert not attributes.keys() & {"src", "href", "style", "srcset"}
            assert not any(name.startswith("on") for name in attributes)
        assert "url(" not in style_of(response["body"])
        assert "@import" not in style_of(response["body"])
        assert [attributes["action"] for tag, attributes in seen.elements if tag == "form"] in ([], ["/"])


def test_what_others_wrote_is_shown_as_text(people: People) -> None:
    """A note, a policy's text and name, a detail: no element of theirs comes to be, and every character is shown."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": HOSTILE}]})
    plain = people.keep(waiting("plain-7xk2q"))
    hostile = waiting()
    assert hostile.progress.plan is not None
    (change,) = hostile.progress.plan.changes
    place = type(change.place)(change.place.kind, change.place.holder, HOSTILE)
    plan = type(hostile.progress.plan)(hostile.progress.plan.exemption, (type(change)(place, policy, policy + " "),))
    plan = type(plan)(plan.exemption, (type(change)(place, "{}", policy),))
    people.keep(hostile.with_progress(plan=plan, detail=HOSTILE))
    page = people.page()
    page.answer(post(people.token(plain), note=HOSTILE))
    asked, answered = (read(page.answer(get(people.token(grant)))) for grant in (hostile, plain))
    assert HOSTILE in answered.text
    assert HOSTILE in asked.text
    assert any(json.dumps(HOSTILE) in text for _, _, text in asked.lines)
    for seen in (asked, answered):
        assert not {tag for tag, _ in seen.elements} & {"script", "img"}


@given(note=st.text(max_size=220))
@settings(deadline=None, max_examples=200)
def test_a_note_is_a_line_of_text_or_refused(note: str) -> None:
    """Whatever comes: what is kept can be seen, and has at most 200 characters."""
    try:
        kept = checked_note(note)
    except NoteError:
        return
    assert len(kept) <= 200
    assert kept == note.strip()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", kept)


@pytest.mark.parametrize("note", ["a\nb", "a\x00b", "a\x1b[31m", "\u202egnp.exe", "a\u2028b", "x" * 201])
def test_a_note_that_could_deceive_isnt_kept(people: People, note: str) -> None:
    """It is refused, not cleaned: what is kept is what was meant."""
    token = people.token(people.keep(waiting()))
    assert people.page().answer(post(token, note=note))["statusCode"] == 400
    assert people.answers() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x"])
def test_an_answer_from_another_site_isnt_taken(people: People, site: str) -> None:
    """Browsers tell where a form stood; links are opened from anywhere all the same."""
    token = people.token(people.keep(waiting()))
    assert people.page().answer(post(token, sec_fetch_site=site))["statusCode"] == 403
    assert people.answers() == []
    looked = get(token)
    looked["headers"] = {"sec-fetch-site": site, "origin": "https://mail.example"}
    assert people.page().answer(looked)["statusCode"] == 200


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}, {"origin": "null"}])
def test_an_answer_from_the_page_itself_is_taken(people: People, headers: dict[str, str]) -> None:
    """As browsers old and new send it."""
    token = people.token(people.keep(waiting()))
    assert people.page().answer(post(token, **headers))["statusCode"] == 303
    assert len(people.answers()) == 1


def odd_bodies(token: str) -> list[tuple[int, dict[str, Any]]]:
    """Forms that the page can't have sent, with the status that each gets."""
    form, good = {"content-type": FORM_TYPE}, urlencode({"token": token, "decision": "approve"})
    broken = request("POST", body="!!!", headers=form)
    broken["isBase64Encoded"] = True
    return [
        (415, request("POST", body=good)),
        (415, request("POST", body=good, headers={"content-type": "multipart/form-data; boundary=x"})),
        (415, request("POST", body=good, headers={"content-type": "application/json"})),
        (415, request("POST", body=good, headers={"content-type": f"{FORM_TYPE}; charset=shift_jis"})),
        (413, request("POST", body=good + "&note=" + "x" * 5_000, headers=form)),
        (413, request("POST", body=good + "&note=" + "x" * 5_000, headers=form, encoded=True)),
        (413, request("POST", body="x" * 6_000_000, headers=form)),
        (400, broken),
        (400, request("POST", headers=form)),
        (400, request("POST", body="", headers=form)),
        (400, request("POST", body=f"{good}&decision=reject", headers=form)),
        (400, request("POST", body=f"{good}&token={token}", headers=form)),
        (400, request("POST", body=f"token={token}&decision=Approve", headers=form)),
        (400, request("POST", body=f"{good}&note=%ff", headers=form)),
        (400, request("POST", body="&".join(f"f{number}=1" for number in range(50)), headers=form)),
        (403, request("POST", body="decision=approve", headers=form)),
    ]


def test_odd_forms_are_refused_and_nothing_is_written(people: People) -> None:
    """Other types, broken encodings, too much, fields twice, no decision, no token: a clear 4xx each."""
    token = people.token(people.keep(waiting()))
    page = people.page()
    for status, event in odd_bodies(token):
        assert page.answer(event)["statusCode"] == status, event.get("body", "")[:80]
    assert people.answers() == []


def test_the_longest_honest_form_fits(people: People) -> None:
    """A note of 200 characters of four bytes each, in either encoding that Lambda may deliver."""
    for infra_id, encoded in (("one-7xk2q", True), ("two-7xk2q", False)):
        token = people.token(people.keep(waiting(infra_id)))
        body = urlencode({"token": token, "decision": "approve", "note": "😀" * 200})
        headers = {"Content-Type": f"{FORM_TYPE}; charset=UTF-8"}
        assert people.page().answer(request("POST", body=body, headers=headers, encoded=encoded))["statusCode"] == 303
    assert [answer["note"] for answer in people.answers()] == ["😀" * 200] * 2


@given(body=st.binary(max_size=300), kind=st.sampled_from([FORM_TYPE, "", "x/y"]), encoded=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_page_fail(people: People, body: bytes, kind: str, *, encoded: bool) -> None:
    """Whatever bytes come, the answer is a 4xx page."""
    event = request("POST", headers={"content-type": kind})
    event["body"] = base64.b64encode(body).decode() if encoded else body.decode("latin-1")
    event["isBase64Encoded"] = encoded
    assert 400 <= people.page().answer(event)["statusCode"] < 500


def test_no_log_holds_a_token_or_what_was_sent(people: People, log: io.StringIO, capfd: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """On every path, failures included: only the grant's name and what became of it."""
    page, secrets = people.page(), set()
    for _, event in every_kind(people):
        secrets |= set(re.findall(r"eyJ[\w-]+\.[\w-]+", json.dumps(event)))
        page.answer(event)
    token = people.token(people.keep(waiting("last-7xk2q")))
    for call in ("VerifyMac", "BatchGetItem", "PutItem"):
        error = ClientError({"Error": {"Code": "InternalError", "Message": f"wrong: {token}"}}, call)
        people.calls.failures[call, "before"] = [error]
        assert page.answer(post(token, note="a private note"))["statusCode"] == 500
    page.answer(post(token, note="a private note"))
    out, err = capfd.readouterr()
    logged = log.getvalue() + out + err
    assert log.getvalue().count('"page failed"') == 3
    assert '"answered"' in logged
    for secret in {token, *secrets, *(part for one in secrets for part in one.split("."))}:
        assert secret not in logged
    assert "a private note" not in logged
    assert "rawQueryString" not in logged


def test_a_failure_is_a_page_that_says_what_to_do(people: People) -> None:
    """With the headers, and without what failed."""
    token = people.token(people.keep(waiting()))
    people.calls.failures["BatchGetItem", "before"] = [refusal("ProvisionedThroughputExceededException")]
    seen: Read = read(people.page().answer(get(token)))
    assert seen.status == 500
    assert "again in a minute" in seen.text
    assert "ProvisionedThroughput" not in seen.text
    assert HEADERS.items() <= seen.headers.items()
    assert people.counted == ["PageFailed"]


def test_powertools_debug_switch_prints_no_event(
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Any,  # noqa: ANN401 - pytest's fixture
) -> None:
    """Powertools prints whole events in its development mode; the page doesn't follow it."""
    monkeypatch.setenv("POWERTOOLS_DEV", "true")
    token = people.token(people.keep(waiting()))
    assert people.page().answer(get(token))["statusCode"] == 200
    assert token not in capfd.readouterr().out


def test_the_function_prints_its_metrics(people: People, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """The entry point serves the page and counts."""
    monkeypatch.setattr(metrics.provider, "namespace", "BootstrapAirlock")
    monkeypatch.setattr(metrics.provider, "service", "tests")
    parts = wire_page({**_environment(people)}, people.acting, people.clock)
    monkeypatch.setattr(handler, "page", lambda: handler.ApprovalPage(parts, count_one))
    assert handler.handle(get("x"), None)["statusCode"] == 403
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (printed["PageRefused"], printed["PageRefusedMalformed"]) == ([1.0], [1.0])


def _environment(people: People) -> dict[str, str]:
    return {
        "AIRLOCK_ACCOUNT": "111122223333",
        "AIRLOCK_TABLE": "ledger",
        "AIRLOCK_LINK_KEY": people.key,
        "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
    }


@pytest.mark.parametrize("missing", ["AIRLOCK_ACCOUNT", "AIRLOCK_TABLE", "AIRLOCK_LINK_KEY", "AIRLOCK_EVENT_SOURCE"])
def test_a_missing_setting_is_named(people: People, missing: str) -> None:
    """The error says which, and to deploy again."""
    with pytest.raises(SettingsError, match=missing):
        wire_page({**_environment(people), missing: ""}, people.acting, people.clock)
