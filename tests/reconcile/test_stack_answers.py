"""The answers to CloudFormation, which waits for one whatever happens."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airlock.handlers.removal import respond
from airlock.handlers.stack_request import ENROLMENT, GRANTS
from airlock.settings import SettingsError
from airlock.wiring_removal import RemovalParts
from tests.reconcile.stack_requests import a_while, request, unwirable
from tests.stack_answers import MAX_ANSWER_BYTES, Answers


@pytest.mark.parametrize("resource_type", [ENROLMENT, GRANTS])
def test_making_a_stack_needs_nothing(answers: Answers, resource_type: str) -> None:
    """It goes on even where nothing works yet: new roles take some seconds until they may do what they may."""
    respond(request(answers, "Create", resource_type), unwirable, a_while)
    answer = answers.only()
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == resource_type.removeprefix("Custom::")


def test_a_function_that_cant_work_answers_all_the_same(answers: Answers) -> None:
    """CloudFormation is told why at once, and doesn't wait for minutes."""
    respond(request(answers, "Delete", GRANTS), unwirable, a_while)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "AIRLOCK_TABLE is missing" in answer["Reason"]


KINDS = {"a": "a", "kana": "テ", "quote": '"', "null": "\x00", "emoji": "\U0001f600", "half": "\ud800", "dot": "no."}


@pytest.mark.parametrize("told", KINDS.values(), ids=KINDS)
def test_however_much_is_told_cloudformation_takes_the_answer(answers: Answers, told: str) -> None:
    """Of each kind of character as much as fits beside IDs as long as they get; half a character is no hindrance."""

    def unable() -> RemovalParts:
        raise SettingsError(told * 50_000)

    event = request(answers, "Delete", GRANTS)
    event |= {"LogicalResourceId": "L" * 255, "PhysicalResourceId": "P" * 1024, "RequestId": "R" * 128}
    # Nothing is logged, for pytest-xdist's processes can't tell each other half a character, and end.
    logging.disable()
    try:
        respond(event, unable, a_while)
    finally:
        logging.disable(logging.NOTSET)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert f"SettingsError: {told.encode(errors='replace').decode() * 20}" in answer["Reason"]
    assert answer["Reason"].endswith("...")
    assert MAX_ANSWER_BYTES - 6 < len(answers.bodies[0]) <= MAX_ANSWER_BYTES


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_is_sent_again_where_it_isnt_taken(answers: Answers) -> None:
    """S3's bad moment is got over; the content type is the empty one that the URL is signed for."""
    answers.turned_away = 2
    respond(request(answers, "Create", GRANTS), unwirable, a_while)
    assert answers.only()["Status"] == "SUCCESS"
    assert [headers["Content-Type"] for headers in answers.headers] == ["", "", ""]


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_that_nobody_takes_fails_the_call(answers: Answers) -> None:
    """Lambda then makes the call again, a minute later."""
    answers.turned_away = 99
    with pytest.raises(OSError, match="503"):
        respond(request(answers, "Create", GRANTS), unwirable, a_while)


@pytest.mark.parametrize(
    "change", [{"RequestType": "Restore"}, {"ResponseURL": ""}, {"StackId": 7}, {"LogicalResourceId": None}]
)
def test_what_isnt_a_request_is_skipped_with_a_reason(answers: Answers, change: dict[str, Any]) -> None:
    """There is nobody to answer, and nothing is done."""
    event = {**request(answers, "Delete", GRANTS), **change}
    assert next(iter(change)) in str(respond(event, unwirable, a_while)["skipped"])
    assert "expected a request" in str(respond(["Delete"], unwirable, a_while)["skipped"])
    assert answers.bodies == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://203.0.113.9/answer", "//203.0.113.9/answer"])
def test_an_answer_goes_to_a_web_address_only(answers: Answers, url: str) -> None:
    """A request that names a file gets no answer."""
    event = request(answers, "Create", GRANTS, ResponseURL=url)
    with pytest.raises(ValueError, match="must begin with https://"):
        respond(event, unwirable, a_while)


@pytest.mark.parametrize("endpoint", [None, "https://cloudformation.us-east-1.amazonaws.com"])
def test_in_aws_an_answer_goes_by_https_only(
    answers: Answers, monkeypatch: pytest.MonkeyPatch, endpoint: str | None
) -> None:
    """It names grants and principals, and whoever invokes the function says where it goes."""
    for name in ("AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    if endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ValueError, match="must begin with https://, got 'http://127"):
        respond(request(answers, "Create", GRANTS), unwirable, a_while)
    assert answers.headers == []
