"""The audit trail, read back from its log group. Whoever may write there may have written any text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airlock.grants.grant import Grant
from airlock_cli.operators.options import checked_name
from airlock_cli.progress import Later

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Line(dict[str, Any]):
    """One audit line; docs/audit-log.md has its keys.

    Attributes:
        text: as it was written, to the byte.
        stream: the log stream that it is in, which only some may write to.
        ingested: when CloudWatch got it, by its own clock and in milliseconds, whatever its writer said.
    """

    def __init__(self, content: Mapping[str, Any], text: str, stream: str = "", ingested: int = 0) -> None:
        super().__init__(content)
        self.text = text
        self.stream = stream
        self.ingested = ingested


SLACK = timedelta(minutes=15)
"""A line stands at the time that its writer said, by another clock than the grant's: an operator's, at worst."""
DEEPEST = 32
"""Levels of a line that are read; the airlock writes four, and Python's own limit ends a program."""


class Trail:
    """The audit lines, of all functions' streams."""

    def __init__(self, logs: CloudWatchLogsClient, group: str) -> None:
        self._logs = logs
        self.group = group

    def of(self, grant: Grant) -> list[Line]:
        """The lines that tell of a grant, in the order of time.

        A policy write may be of several grants; its line has them all under "grants".
        """
        name = checked_name(grant.id)
        # "[*]" is any element (CloudWatch Logs user guide, "Filter pattern syntax", "Wildcard selector").
        pattern = f'{{ ($.grant = "{name}") || ($.grants[*] = "{name}") }}'
        return [line for line in self._read(grant.facts.requested_at, pattern) if name in grants_of(line)]

    def since(self, start: datetime) -> list[Line]:
        """All lines from a moment on, in the order of time."""
        return self._read(start, "")

    def _read(self, start: datetime, pattern: str) -> list[Line]:
        # No end: an operator's clock may be slow, and a policy can be restored by hand long after its grant has ended.
        asked: dict[str, Any] = {
            "logGroupName": self.group,
            "startTime": int((start - SLACK).timestamp() * 1000),
        }
        found: list[tuple[str, int, Line]] = []
        with Later("Reading the audit trail"):
            pages = self._logs.get_paginator("filter_log_events")
            for page in pages.paginate(**asked | ({"filterPattern": pattern} if pattern else {})):
                for event in page["events"]:
                    line = Line(
                        _content(event["message"]),
                        event["message"],
                        event.get("logStreamName", ""),
                        event.get("ingestionTime", 0),
                    )
                    found.append((str(line.get("at", "")), event["timestamp"], line))
        return [line for _, _, line in sorted(found, key=lambda one: one[:2])]


def grants_of(line: Line) -> frozenset[str]:
    """The grants that a line tells of."""
    listed = line.get("grants")
    named = [*listed, line.get("grant")] if isinstance(listed, list) else [line.get("grant")]
    return frozenset(one for one in named if isinstance(one, str) and one)


def _content(message: str) -> dict[str, Any]:
    """What a line says. What can't be read as JSON is kept all the same: an auditor wants to see it."""
    try:
        content = json.loads(message, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) and _is_shallow(content) else {"unreadable": message}


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON's")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that JSON could be written with again")
    return number


def _is_shallow(content: dict[str, Any]) -> bool:
    """Whether nothing stands deeper than the limit; level by level, so that depth itself can do no harm."""
    level: list[Any] = [content]
    for _ in range(DEEPEST):
        inner = [one for outer in level for one in (outer.values() if isinstance(outer, dict) else outer)]
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return True
    return False
