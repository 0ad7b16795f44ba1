"""The audit trail, read back from its log group."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airlock.grants.grant import Grant
from airlock_cli.operators.options import checked_name
from airlock_cli.progress import Later

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Line(dict[str, Any]):
    """One audit line; docs/audit-log.md has its keys.

    Attributes:
        text: as it was written, to the byte.
    """

    def __init__(self, content: Mapping[str, Any], text: str) -> None:
        super().__init__(content)
        self.text = text


SLACK = timedelta(minutes=15)
"""CloudWatch stamps a line when it gets it, by another clock than the grant's."""


class Trail:
    """The audit lines, of all functions' streams."""

    def __init__(self, logs: CloudWatchLogsClient, group: str) -> None:
        self._logs = logs
        self.group = group

    def of(self, grant: Grant, now: datetime) -> list[Line]:
        """The lines that tell of a grant, in the order of time.

        A policy write may be of several grants; its line has them all under "grants".
        """
        name = checked_name(grant.id)
        # "[*]" is any element (CloudWatch Logs user guide, "Filter pattern syntax", "Wildcard selector").
        pattern = f'{{ ($.grant = "{name}") || ($.grants[*] = "{name}") }}'
        end = grant.progress.closed_at or now
        return [line for line in self._read(grant.facts.requested_at, end, pattern) if name in grants_of(line)]

    def between(self, start: datetime, end: datetime) -> list[Line]:
        """All lines of a time, in the order of time."""
        return self._read(start, end, "")

    def _read(self, start: datetime, end: datetime, pattern: str) -> list[Line]:
        asked: dict[str, Any] = {
            "logGroupName": self.group,
            "startTime": int((start - SLACK).timestamp() * 1000),
            "endTime": int((end + SLACK).timestamp() * 1000),
        }
        found: list[tuple[str, int, Line]] = []
        with Later("Reading the audit trail"):
            pages = self._logs.get_paginator("filter_log_events")
            for page in pages.paginate(**asked | ({"filterPattern": pattern} if pattern else {})):
                for event in page["events"]:
                    line = _line(event["message"])
                    found.append((str(line.get("at", "")), event["timestamp"], line))
        return [line for _, _, line in sorted(found, key=lambda one: one[:2])]


def grants_of(line: Line) -> frozenset[str]:
    """The grants that a line tells of."""
    listed = line.get("grants")
    named = {str(one) for one in listed} if isinstance(listed, list) else set()
    return frozenset(named | ({str(line["grant"])} if line.get("grant") else set()))


def _line(message: str) -> Line:
    """A line as it was written. What isn't JSON is kept all the same: an auditor wants to see it."""
    try:
        line = json.loads(message)
    except ValueError:
        line = None
    return Line(line if isinstance(line, dict) else {"unreadable": message}, message)
