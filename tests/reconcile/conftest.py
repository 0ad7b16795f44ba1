"""One empty account for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airlock.adapters import cloudformation
from tests.reconcile.account import Account, an_account
from tests.stack_answers import Answers, taking_answers


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account on moto, the airlock not yet told of anybody."""
    with an_account() as made:
        yield made


@pytest.fixture(autouse=True)
def no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare moto the seconds that it takes to load Amazon's images for each test."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Where CloudFormation takes answers; it is on this machine, and so without HTTPS."""
    with taking_answers() as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", made.origin)
        yield made


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once where nobody takes an answer."""
    monkeypatch.setattr(cloudformation, "ANSWER_PAUSES", (0.0, 0.0, None))
