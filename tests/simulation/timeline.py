"""Virtual time, in which many things go on at once: each in a thread of its own, of which one runs at any time.

A task runs until it sleeps, as it does at each of its AWS calls; then whatever is due next runs. So functions overlap
as on AWS, a day takes minutes, and the same seed gives the same day.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import Semaphore, Thread

Task = Callable[[], None]


class TimeIsUp(BaseException):
    """The task's time is over; it ends here, and nothing after it runs."""


@dataclass(order=True, slots=True)
class _Due:
    when: datetime
    number: int
    go: Task = field(compare=False)


class Timeline:
    """The time, as :class:`airlock.ports.Clock` and what else is planned want it."""

    def __init__(self, start: datetime) -> None:
        self._moment = start
        self._coming: list[_Due] = []
        self._numbers = count()
        self._idle: list[_Worker] = []
        self._at_work: _Worker | None = None
        self._turn = Semaphore(0)

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self._moment

    def sleep(self, seconds: float) -> None:
        """Let time pass, and others do what is due meanwhile.

        Raises:
            TimeIsUp: the task's time is over.
        """
        worker = self._at_work
        wake = self._moment + timedelta(seconds=seconds)
        if worker is not None and worker.end is not None:
            wake = max(self._moment, min(wake, worker.end))
        if worker is not None and self._coming and self._coming[0].when <= wake:
            self._plan(wake, lambda: self._hand_over_to(worker))
            self._turn.release()
            worker.turn.acquire()
        else:
            self._moment = wake
        if worker is not None and worker.end is not None and self._moment >= worker.end:
            raise TimeIsUp

    def at(self, when: datetime, task: Task, limit: float | None = None) -> None:
        """Plan a task.

        Args:
            when: a moment; one that is past means now.
            task: what to do. It handles its own errors, and :class:`TimeIsUp`; others end the simulation.
            limit: for how many seconds it may go on.
        """
        self._plan(when, lambda: self._start(task, limit))

    def after(self, seconds: float, task: Task, limit: float | None = None) -> None:
        """Plan a task some seconds from now; else as ``at``."""
        self.at(self._moment + timedelta(seconds=seconds), task, limit)

    def run(self) -> None:
        """Do all that is planned, and what is planned by that."""
        try:
            while self._coming:
                due = heapq.heappop(self._coming)
                self._moment = max(self._moment, due.when)
                due.go()
        finally:
            for worker in self._idle:
                worker.turn.release()  # without a task, it ends

    def _plan(self, when: datetime, go: Task) -> None:
        heapq.heappush(self._coming, _Due(when, next(self._numbers), go))

    def _start(self, task: Task, limit: float | None) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._turn)
        worker.end = None if limit is None else self._moment + timedelta(seconds=limit)
        worker.task = task
        self._hand_over_to(worker)

    def _hand_over_to(self, worker: _Worker) -> None:
        self._at_work = worker
        worker.turn.release()
        self._turn.acquire()
        self._at_work = None
        if worker.error is not None:
            raise worker.error
        if worker.task is None:
            self._idle.append(worker)


class _Worker:
    """A thread that does one task after another.

    Attributes:
        turn: its turn to run.
        task: what it is at; None when it is done.
        end: when its time is over.
        error: what ended it.
    """

    def __init__(self, done: Semaphore) -> None:
        self.turn = Semaphore(0)
        self.task: Task | None = None
        self.end: datetime | None = None
        self.error: BaseException | None = None
        self._done = done
        Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            self.turn.acquire()
            if self.task is None:
                return
            try:
                self.task()
            except BaseException as error:  # noqa: BLE001 - raised where the timeline runs
                self.error = error
            self.task = None
            self._done.release()
