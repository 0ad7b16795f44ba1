"""The audit trail: one JSON line an entry, in a log group of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class AuditNotKeptError(Exception):
    """CloudWatch Logs took the call but not the lines."""


class LogAudit:
    """The port :class:`airlock.ports.Audit` on CloudWatch Logs, whose client is asked for when it is first used."""

    def __init__(self, logs: Callable[[], CloudWatchLogsClient], group: str, stream: str) -> None:
        self._logs_client = logs
        self._group = group
        self._stream = stream

    def write(self, lines: Sequence[str]) -> None:
        """Append the lines, each a JSON text.

        Raises:
            AuditNotKeptError: some weren't kept, so the decision they tell of must not be settled.
        """
        # When CloudWatch gets the line: it refuses times far from its own. When it happened stands in the line.
        timestamp = int(time.time() * 1000)
        answer = self._logs.put_log_events(
            logGroupName=self._group,
            logStreamName=self._stream,
            logEvents=[{"timestamp": timestamp, "message": line} for line in lines],
        )
        rejected = answer.get("rejectedLogEventsInfo")
        if rejected:
            raise AuditNotKeptError(f"the log group {self._group} refused lines: {rejected}")

    @property
    def _logs(self) -> CloudWatchLogsClient:
        return self._logs_client()
