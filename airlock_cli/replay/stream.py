"""Reading a stream: our samples, EventBridge events, or somebody's own CloudTrail export."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airlock_cli.problems import InputError

Event = dict[str, Any]

_LONGEST = 10 * 365 * 86_400
"""Seconds that "at" may be away from 0: ten years, so that no sum of times runs out of the calendar."""
_YEARS = range(2000, 3000)
"""As the parser takes them."""
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event and when it happened.

    Attributes:
        at: when, UTC.
        event: the EventBridge envelope, its times set to ``at``.
    """

    at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class _Entry:
    """One event as a line gives it: where it stands, "at" if it has one, and the envelope."""

    where: str
    seconds: float | None
    event: Event


def read_stream(path: Path) -> list[Occurrence]:
    """Read a stream, in order of occurrence whatever the order of its lines.

    A line is ``{"at": seconds, "event": envelope}``, or an EventBridge envelope, or a CloudTrail record (which is put
    into an envelope, as CloudTrail does), or what holds several of them: ``{"Records": [...]}`` as CloudTrail writes
    to S3, ``{"Events": [...]}`` as ``aws cloudtrail lookup-events`` prints. The latter two may also be the whole file,
    over many lines. Where ``at`` is given it rules; its zero is reckoned from the first such event's own time.

    Events of one moment come in an order that depends on what they hold, not on where they stand.

    Raises:
        InputError: the file can't be read, or a line isn't one of these; the message names the line.
    """
    occurrences = list(_dated(path, list(_entries(path, _text_of(path)))))
    return sorted(occurrences, key=lambda one: (one.at, json.dumps(one.event, sort_keys=True)))


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the stream {path} can't be read: {error.strerror}.\nGive a file with one event a line."
        ) from error
    if data.startswith(_GZIP):
        raise InputError(f"the stream {path} is compressed.\nUnpack it first, with gunzip.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"line {line} of {path} isn't UTF-8.\nSave the stream as UTF-8, one event a line.") from error
    if not text.strip():
        raise InputError(f"the stream {path} is empty.\nGive one event a line.")
    return text


def _entries(path: Path, text: str) -> Iterator[_Entry]:
    # Not splitlines: JSON may hold a line separator (U+2028) as it is.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    for place, (number, line) in enumerate(lines):
        where = f"line {number} of {path}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            whole = _whole(text) if place == 0 else None
            if whole is None:
                why = error.msg if isinstance(error, json.JSONDecodeError) else "it can't be read"
                raise InputError(f"{where} isn't JSON: {why}.\nGive one event a line.") from error
            yield from _read(str(path), whole)
            return
        if not isinstance(value, dict):
            raise InputError(f"{where} must be a JSON object, one event; it is {_name_of(value)}.")
        yield from _read(where, value)


def _whole(text: str) -> Event | None:
    """The file as one JSON document of many lines, if it is a CloudTrail export of that kind."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and ("Records" in value or "Events" in value) else None


def _read(where: str, value: Event) -> Iterator[_Entry]:
    """The events that an object of the stream holds."""
    if "event" in value:
        yield _with_seconds(where, value)
    elif "Records" in value or "Events" in value:
        records = value.get("Records", value.get("Events"))
        if not isinstance(records, list):
            raise InputError(f'{where}: "Records" or "Events" must be a list of CloudTrail records.')
        for number, record in enumerate(records, start=1):
            yield from _read_record(f"record {number} of {where}", record)
    elif "eventName" in value or "CloudTrailEvent" in value:
        yield from _read_record(where, value)
    else:
        yield _Entry(where, None, value)


def _with_seconds(where: str, value: Event) -> _Entry:
    seconds, event = value.get("at"), value["event"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isinstance(event, dict):
        raise InputError(f'{where} must be {{"at": seconds, "event": an EventBridge envelope}}.')
    if not math.isfinite(seconds) or abs(seconds) > _LONGEST:
        raise InputError(f'{where} has "at" {seconds}; it must be a number of seconds within ten years.')
    return _Entry(where, float(seconds), event)


def _read_record(where: str, record: object) -> Iterator[_Entry]:
    if not isinstance(record, dict):
        raise InputError(f"{where} must be a JSON object, a CloudTrail record; it is {_name_of(record)}.")
    if isinstance(record.get("CloudTrailEvent"), str):
        try:
            record = json.loads(record["CloudTrailEvent"])
        except (ValueError, RecursionError) as error:
            raise InputError(f'{where} has a "CloudTrailEvent" that isn\'t JSON.') from error
        yield from _read_record(where, record)
        return
    yield _Entry(where, None, _envelope(record))


def _envelope(record: Event) -> Event:
    """The envelope in which EventBridge delivers a CloudTrail record."""
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


def _dated(path: Path, entries: list[_Entry]) -> Iterator[Occurrence]:
    zero = _zero(path, entries)
    for entry in entries:
        if entry.seconds is not None and zero is not None:
            moment = zero + timedelta(seconds=entry.seconds)
            yield Occurrence(moment, _at(entry.event, moment))
            continue
        own = _time_of(entry.event)
        if own is None:
            raise InputError(
                f'{entry.where} tells no time.\nGive it "at" (seconds), "time" or "eventTime" (2026-11-24T02:00:00Z).'
            )
        yield Occurrence(own, entry.event)


def _zero(path: Path, entries: Iterable[_Entry]) -> datetime | None:
    """The moment of "at": 0; None where no event has "at"."""
    relative = [entry for entry in entries if entry.seconds is not None]
    dated = [(entry.seconds or 0.0, own) for entry in relative if (own := _time_of(entry.event)) is not None]
    if relative and not dated:
        raise InputError(f'no event of {path} tells its time.\nGive at least one "time" or "eventTime".')
    if not dated:
        return None
    seconds, own = min(dated)
    return own - timedelta(seconds=seconds)


def _time_of(event: Event) -> datetime | None:
    detail = event.get("detail")
    for text in (detail.get("eventTime") if isinstance(detail, dict) else None, event.get("time")):
        if isinstance(text, str):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                continue
            if moment.year in _YEARS:
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _at(event: Event, moment: datetime) -> Event:
    """The envelope with its times moved, so that a stream may be cut, joined and shifted by ``at`` alone."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    moved = {**event, "time": text} if "time" in event else dict(event)
    detail = event.get("detail")
    if isinstance(detail, dict) and "eventTime" in detail:
        moved["detail"] = {**detail, "eventTime": text}
    return moved


def _name_of(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
