"""The forms in which a stream may come."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airlock.install.names import Era
from airlock_cli.replay.stream import Event, read_stream
from tests.cli.helpers import START, USER, replayed, write_lines
from tests.events import install_stream

EVENTS = install_stream("prod-7xk2q", USER, "us-east-2", Era.CAPA, START)
RECORDS: list[Event] = [event["detail"] for _, event in EVENTS if "eventName" in event["detail"]]


def as_lines(path: Path, values: list[Any]) -> Path:
    """Write values as JSON, one a line."""
    path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    return path


def lookup_events() -> Event:
    """Give the records as `aws cloudtrail lookup-events` prints them."""
    return {"Events": [{"EventName": one["eventName"], "CloudTrailEvent": json.dumps(one)} for one in RECORDS]}


def test_envelopes_as_they_are(tmp_path: Path) -> None:
    """EventBridge envelopes, one a line, are taken at their own times."""
    found = read_stream(as_lines(tmp_path / "s", [event for _, event in EVENTS]))
    assert [one.at for one in found] == [START + timedelta(seconds=seconds) for seconds, _ in EVENTS]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(RECORDS, id="records-one-a-line"),
        pytest.param([{"Records": RECORDS}], id="cloudtrail-file"),
        pytest.param([{"Records": RECORDS[:9]}, {"Records": RECORDS[9:]}], id="cloudtrail-files"),
        pytest.param([lookup_events()], id="lookup-events"),
        pytest.param(lookup_events()["Events"], id="lookup-events-one-a-line"),
    ],
)
def test_cloudtrail_s_own_exports_are_taken(values: list[Any], tmp_path: Path) -> None:
    """A CloudTrail record is put into the envelope in which EventBridge would deliver it."""
    found = [one.event for one in read_stream(as_lines(tmp_path / "s", values))]
    expected = [event for _, event in EVENTS if "eventName" in event["detail"]]
    assert [one["detail"] for one in found] == [one["detail"] for one in expected]
    for key in ("detail-type", "source", "account", "region", "time"):
        assert [one[key] for one in found] == [one[key] for one in expected]


def test_an_export_over_many_lines_is_taken(tmp_path: Path) -> None:
    """What `aws cloudtrail lookup-events` prints is one JSON document of many lines."""
    (tmp_path / "s").write_text(json.dumps(lookup_events(), indent=2))
    result = replayed(read_stream(tmp_path / "s"))
    (install,) = result.as_json()["installs"]
    assert install["fetch"]["allowed"] is True
    assert install["close_reason"] == "instance-ended"


def test_at_moves_the_times_of_an_event(tmp_path: Path) -> None:
    """`at` rules over what an event says of its time; zero is reckoned from the earliest one that tells."""
    shifted = [(seconds + 100, event) for seconds, event in EVENTS]
    shifted[-1] = (5000, shifted[-1][1])
    found = read_stream(write_lines(tmp_path / "s", shifted))
    assert found[0].at == START
    assert found[-1].at == START + timedelta(seconds=4900)
    assert found[-1].event["time"] == "2026-11-24T03:21:40Z"


@pytest.mark.parametrize("ending", ["\r\n", "\n\n  \n"])
def test_line_ends_and_blank_lines_don_t_matter(ending: str, tmp_path: Path) -> None:
    """Windows' line ends, blank lines and a byte order mark are passed over; U+2028 is no line end."""
    lines = [json.dumps({**event, "note": "\u2028"}, ensure_ascii=False) for _, event in EVENTS]
    (tmp_path / "s").write_bytes(b"\xef\xbb\xbf" + ending.join(lines).encode())
    assert len(read_stream(tmp_path / "s")) == len(EVENTS)


def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    """AWS writes UTC, so a time that names no zone is taken for it."""
    event = {**EVENTS[0][1], "detail": {}, "time": "2026-11-24T02:00:00"}
    (found,) = read_stream(as_lines(tmp_path / "s", [event]))
    assert found.at == datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_installs_years_apart_are_played_at_once(tmp_path: Path) -> None:
    """The time between installs costs nothing: no sweeps are played while every grant has ended."""
    later = install_stream("test-l8dh4", USER, "us-east-2", Era.CAPA, START)
    years = [*EVENTS, *((seconds + 5 * 365 * 86_400, event) for seconds, event in later)]
    result = replayed(read_stream(write_lines(tmp_path / "s", years)))
    assert [one["fetch"]["allowed"] for one in result.as_json()["installs"]] == [True, True]
    assert result.policy_restored
    assert result.aws_calls < 300
