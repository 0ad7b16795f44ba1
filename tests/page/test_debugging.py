"""What the functions log once somebody sets their level to DEBUG, as a click in Lambda's console does."""

from __future__ import annotations

import base64
import logging

import pytest

from airlock.adapters.notices import SnsNotices
from airlock.adapters.seals import Claim, KmsSeals
from airlock.grants.approval import Form
from airlock.messages.message import Language
from airlock.messages.requests import request_of
from tests.page.people import START, People, get, post, waiting


def test_no_level_of_logging_shows_a_link_or_a_note(people: People, caplog: pytest.LogCaptureFixture) -> None:
    """What is sent to AWS and comes back stays out of the log, from sealing the link to keeping the answer."""
    caplog.set_level(logging.DEBUG)
    grant = people.keep(waiting())
    token = KmsSeals(lambda: people.acting.kms, people.key).seal(Claim(grant.id, Form.SCOPED, START))
    topic = people.aside.sns.create_topic(Name="approvals")["TopicArn"]
    link = f"https://abc.example/?token={token}"
    SnsNotices(lambda: people.acting.sns, topic).publish(request_of(grant, link, Language.ENGLISH))
    page = people.page()
    for event in (get(token), post(token, note="a private note")):
        assert page.answer(event)["statusCode"] < 400
    mac = base64.urlsafe_b64decode(token.partition(".")[2] + "=")
    assert "page shown" in caplog.text
    for secret in (token, str(mac), base64.b64encode(mac).decode(), "a private note"):
        assert secret not in caplog.text
