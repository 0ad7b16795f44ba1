"""What goes wrong in the simulated day: events are lost, doubled and late, and IAM throttles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

LOST = 0.05
DOUBLED = 0.10
DELAYS = (1.0, 120.0)
THROTTLED = 0.05
STORM = 0.60
STORM_LASTS = timedelta(minutes=5)
LATENCIES = (0.01, 0.08)
"""Seconds that a call takes on its way to AWS."""


@dataclass(frozen=True, slots=True)
class Storm:
    """Some minutes in which IAM throttles most calls, as it does where others use the account's share."""

    begins: datetime

    def rages(self, now: datetime) -> bool:
        """Whether it is on."""
        return self.begins <= now < self.begins + STORM_LASTS


class Faults:
    """Decides what goes wrong, from a seed. Each kind has its own dice: one more call doesn't change which events come.

    Attributes:
        storms: when IAM throttles most calls.
        lost: how many events were lost.
        doubled: how many were delivered twice.
    """

    def __init__(self, seed: int, storms: Sequence[Storm] = (), lost_answers: float = 0.0) -> None:
        self.storms = storms
        self._lost_answers = lost_answers
        self.lost = self.doubled = 0
        self._events = Random(f"{seed} events")  # noqa: S311 - a simulation's dice
        self._calls = Random(f"{seed} calls")  # noqa: S311
        self._answers = Random(f"{seed} answers")  # noqa: S311

    def deliveries(self, at: datetime) -> list[datetime]:
        """When an event of that moment arrives: once, twice, or never; in whatever order."""
        if self._events.random() < LOST:
            self.lost += 1
            return []
        times = 1
        if self._events.random() < DOUBLED:
            self.doubled += 1
            times = 2
        return [at + timedelta(seconds=self._events.uniform(*DELAYS)) for _ in range(times)]

    def throttles(self, now: datetime) -> bool:
        """Whether IAM turns this call away."""
        share = STORM if any(storm.rages(now) for storm in self.storms) else THROTTLED
        return self._calls.random() < share

    def loses_answer(self) -> bool:
        """Whether IAM carries this call out and its answer is lost, so that botocore makes it once more."""
        return self._answers.random() < self._lost_answers

    def latency(self) -> float:
        """Seconds that this call takes."""
        return self._calls.uniform(*LATENCIES)


class Calm(Faults):
    """Nothing goes wrong, and no time passes."""

    def __init__(self) -> None:
        super().__init__(0)

    def throttles(self, now: datetime) -> bool:
        """Never."""
        del now
        return False

    def latency(self) -> float:
        """None."""
        return 0.0
