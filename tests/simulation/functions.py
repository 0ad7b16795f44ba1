"""Lambda: execution environments, of which each serves one run at a time; the time limit; and what becomes of failures.

An asynchronous event whose run fails is tried again after one minute and after two more, and then goes to the
dead-letter queue (AWS Lambda, page "How Lambda handles errors and retries with asynchronous invocation").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from airlock.wiring import Airlock
from tests.simulation.line import Line, Tally
from tests.simulation.timeline import TimeIsUp, Timeline

LIMIT_SECONDS = 60.0
RETRIES = (60.0, 120.0)
Work = Callable[[Airlock], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment: the airlock's parts, and their way to AWS."""

    airlock: Airlock
    line: Line


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a function.

    Attributes:
        at: when it began.
        seconds: how long it took.
        tally: what it asked of AWS.
        failure: what it failed on; None where it didn't.
    """

    at: datetime
    seconds: float
    tally: Tally
    failure: str | None


class Function:
    """One function.

    Attributes:
        runs: all of its runs, in the order in which they ended.
        dead_letters: how many events it gave up.
        environments: how many execution environments it needed.
    """

    def __init__(
        self,
        name: str,
        timeline: Timeline,
        make: Callable[[str], Environment],
        retries: Sequence[float] = (),
        done: Callable[[], None] = lambda: None,
    ) -> None:
        self._name = name
        self._timeline = timeline
        self._make = make
        self._retries = retries
        self._done = done
        self._idle: list[Environment] = []
        self.runs: list[Run] = []
        self.dead_letters = 0
        self.environments = 0

    def invoke(self, at: datetime, work: Work) -> None:
        """Plan a run."""
        self._invoke(at, work, self._retries)

    def _invoke(self, at: datetime, work: Work, retries: Sequence[float]) -> None:
        self._timeline.at(at, lambda: self._run(work, retries), LIMIT_SECONDS)

    def _run(self, work: Work, retries: Sequence[float]) -> None:
        environment = self._idle.pop() if self._idle else self._new()
        environment.line.tally = tally = Tally()
        began, failure = self._timeline.now(), None
        try:
            work(environment.airlock)
        except TimeIsUp:
            failure = "time limit"
        except Exception as error:  # noqa: BLE001 - Lambda takes whatever comes
            failure = _named(error)
        if failure != "time limit":
            self._idle.append(environment)  # else Lambda starts a new one
        now = self._timeline.now()
        self.runs.append(Run(began, (now - began).total_seconds(), tally, failure))
        if failure and retries:
            self._timeline.after(retries[0], lambda: self._run(work, retries[1:]), LIMIT_SECONDS)
        elif failure and self._retries:
            self.dead_letters += 1
        self._done()

    def _new(self) -> Environment:
        self.environments += 1
        return self._make(f"{self._name}-{self.environments}")


def _named(error: Exception) -> str:
    """An error's type, with what AWS calls it; of a group, all of them."""
    if isinstance(error, ExceptionGroup):
        return " and ".join(sorted({_named(one) for one in error.exceptions}))
    if isinstance(error, ClientError):
        return f"{type(error).__name__} {error.response.get('Error', {}).get('Code')}"
    return type(error).__name__
