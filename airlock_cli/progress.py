"""A progress bar on stderr for what turns out to take long."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE = 1.0
"""Seconds before the bar shows: what is done by then needs none."""


class Later:
    """A bar that shows after a second, on a terminal only, and is gone when the work is done.

    Call it with how many of how many steps are done.
    """

    def __init__(self, what: str, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task(what, total=None)
        self._timer = threading.Timer(PATIENCE, self._start)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._over = False

    def __call__(self, done: int, of: int) -> None:
        """Tell how far the work is."""
        self._progress.update(self._task, completed=done, total=of)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            self._progress.stop()

    def _start(self) -> None:
        with self._lock:
            if not self._over:
                self._progress.start()
