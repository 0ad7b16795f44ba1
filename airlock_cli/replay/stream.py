"""Reading a stream: our samples, EventBridge events, or somebody's own CloudTrail export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airlock_cli.problems import InputError

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event and when it happened.

    Attributes:
        at: when, UTC.
        event: the EventBridge envelope, its times set to ``at``.
    """

    at: datetime
    event: Event


def read_stream(path: Path) -> list[Occurrence]:
    """Read a stream, in order of occurrence whatever the order of its lines.

    A line is ``{"at": seconds, "event": envelope}``, or an EventBridge envelope, or a CloudTrail record (which is put
    into an envelope, as CloudTrail does). Where ``at`` is given it rules; the clock starts at the earliest one's time.

    Raises:
        InputError: the file can't be read, or a line isn't one of these; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the stream {path} can't be read: {error}") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise InputError(f"the stream {path} is empty; give it one event a line")
    entries = [entry for number, line in lines for entry in _entries(path, number, line)]
    return sorted(_dated(path, entries), key=lambda occurrence: occurrence.at)


def _entries(path: Path, number: int, line: str) -> Iterator[tuple[int, float | None, Event]]:
    where = f"line {number} of {path}"
    try:
        value = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{where} isn't JSON ({error}); give one event a line") from error
    if not isinstance(value, dict):
        raise InputError(f"{where} must be a JSON object, one event")
    if "event" in value:
        at = value.get("at")
        if not isinstance(at, int | float) or isinstance(at, bool) or not isinstance(value["event"], dict):
            raise InputError(f'{where} must be {{"at": seconds, "event": an EventBridge envelope}}')
        yield number, float(at), value["event"]
    elif isinstance(value.get("Records"), list):
        for record in value["Records"]:
            yield number, None, _envelope(record)
    elif "eventName" in value:
        yield number, None, _envelope(value)
    else:
        yield number, None, value


def _dated(path: Path, entries: Iterable[tuple[int, float | None, Event]]) -> Iterator[Occurrence]:
    entries = list(entries)
    relative = [(at, event) for _, at, event in entries if at is not None]
    start = None
    if relative:
        first_at, first = min(relative, key=lambda entry: entry[0])
        start = _time_of(first) or datetime.now(UTC)
        start -= timedelta(seconds=first_at)
    for number, at, event in entries:
        if at is not None and start is not None:
            moment = start + timedelta(seconds=at)
            yield Occurrence(moment, _at(event, moment))
            continue
        own = _time_of(event)
        if own is None:
            where = f"line {number} of {path}"
            raise InputError(f'{where} tells no time: give it "at" (seconds), "time" or "eventTime"')
        yield Occurrence(own, event)


def _envelope(record: object) -> Event:
    """The envelope in which EventBridge delivers a CloudTrail record."""
    if not isinstance(record, dict):
        return {"detail": record}
    service = str(record.get("eventSource", "")).split(".", maxsplit=1)[0]
    return {
        "version": "0",
        "id": record.get("eventID", ""),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": record.get("recipientAccountId", ""),
        "time": record.get("eventTime", ""),
        "region": record.get("awsRegion", ""),
        "resources": [],
        "detail": record,
    }


def _time_of(event: Event) -> datetime | None:
    detail = event.get("detail")
    for text in (detail.get("eventTime") if isinstance(detail, dict) else None, event.get("time")):
        if isinstance(text, str):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _at(event: Event, moment: datetime) -> Event:
    """The envelope with its times moved, so that a stream may be cut, joined and shifted by ``at`` alone."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    moved = {**event, "time": text} if "time" in event else dict(event)
    detail = event.get("detail")
    if isinstance(detail, dict) and "eventTime" in detail:
        moved["detail"] = {**detail, "eventTime": text}
    return moved
