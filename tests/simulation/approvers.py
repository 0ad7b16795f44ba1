"""The people who are asked: most agree within minutes, some don't, and some never look."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from moto.sns.models import sns_backends

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.orders import ORDER
from airlock.grants.approval import Answer, Form, Way
from airlock.messages.requests import KIND
from tests.simulation.line import HOME
from tests.simulation.population import ACCOUNT
from tests.simulation.timeline import Timeline

_AGREES, _REFUSES = 0.85, 0.05
_MEDIAN_SECONDS, _SPREAD, _LONGEST = 180.0, 0.9, 1500.0
EVENT_SOURCE = "bootstrap-airlock"


class Approvers:
    """They read the approvals topic, and answer once.

    Attributes:
        asked: the grants that they were asked about.
    """

    def __init__(
        self, timeline: Timeline, answers: DynamoAnswers, seed: int, tell: Callable[[datetime, dict[str, Any]], None]
    ) -> None:
        self._timeline = timeline
        self._answers = answers
        self._random = Random(f"{seed} approvers")  # noqa: S311 - a simulation's dice
        self._tell = tell
        self._read = 0
        self.asked: set[str] = set()

    def look(self) -> None:
        """Read what has come since the last look, and plan the answers."""
        topic = sns_backends[ACCOUNT][HOME].topics[f"arn:aws:sns:{HOME}:{ACCOUNT}:approvals"]
        news = topic.sent_notifications[self._read :]
        self._read += len(news)
        for _, message, *_ in news:
            told = json.loads(json.loads(message)["default"])
            if told["kind"] == KIND and told["grant"] not in self.asked:
                self.asked.add(told["grant"])
                self._decide(told["grant"], Form(told["form"]))

    def _decide(self, grant: str, form: Form) -> None:
        share = self._random.random()
        seconds = min(_MEDIAN_SECONDS * self._random.lognormvariate(0, _SPREAD), _LONGEST)
        if share < _AGREES + _REFUSES:
            self._timeline.after(seconds, lambda: self._answer(grant, form, approved=share < _AGREES))

    def _answer(self, grant: str, form: Form, *, approved: bool) -> None:
        now = self._timeline.now()
        self._answers.give(grant, Answer(approved=approved, form=form, at=now, by="203.0.113.9", way=Way.LINK))
        self._tell(
            now,
            {
                "id": f"order-{grant}",
                "source": EVENT_SOURCE,
                "detail-type": ORDER,
                "account": ACCOUNT,
                "detail": {"grant": grant},
            },
        )
