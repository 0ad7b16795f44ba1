"""The messages as people get them.

Look at a difference as an approver would, and when it's meant, renew the files:

    AIRLOCK_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/messages/test_golden.py
    git diff tests/messages/golden
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airlock.messages.message import Language, Message
from airlock.messages.notices import notice_of
from airlock.messages.requests import request_of
from tests.messages.examples import HAPPENINGS, REQUESTS

GOLDEN = Path(__file__).with_name("golden")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_reads_as_reviewed(name: str, language: Language) -> None:
    """What approvers get is what stands in the golden file."""
    assert_golden(f"{name}.{language}.txt", request_of(*REQUESTS[name], language))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", HAPPENINGS)
def test_a_notice_reads_as_reviewed(name: str, language: Language) -> None:
    """What people are told is what stands in the golden file."""
    message = notice_of(HAPPENINGS[name], language)
    assert message is not None
    assert_golden(f"{name}.{language}.txt", message)


def test_no_golden_text_is_left_over() -> None:
    """Each file belongs to an example."""
    wanted = {f"{name}.{language}.txt" for name in (*REQUESTS, *HAPPENINGS) for language in Language}
    assert {path.name for path in GOLDEN.iterdir()} == wanted


def assert_golden(name: str, message: Message) -> None:
    """Compare a message with its golden file, or renew the file."""
    text = f"Subject: {message.subject}\n\n{message.text}"
    path = GOLDEN / name
    if os.environ.get("AIRLOCK_RENEW_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
