"""Reading: which grants and lines are found, however they are spread, and how little is asked for them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airlock.grants.grant import Progress, State
from airlock.policy.exemption import iso
from airlock_cli.operators.moments import length, moment_since, told
from airlock_cli.operators.page import clean
from airlock_cli.operators.records import Records
from airlock_cli.problems import InputError
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

NOW = samples.NOW


def test_months_are_asked_newest_first_and_no_others(busy: Desk) -> None:
    """Since 55 days ago the three months from November to September are asked; grants come newest first."""
    asked: list[str] = []

    def remember(params: dict[str, object], **_: object) -> None:
        values = params["ExpressionAttributeValues"]
        assert isinstance(values, dict)
        asked.append(values[":month"]["S"])

    busy.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", remember)
    try:
        found = Records(busy.dynamodb, "ledger", busy.clock).since(NOW - timedelta(days=55))
    finally:
        busy.dynamodb.meta.events.unregister("provide-client-params.dynamodb.Query", remember)
    assert asked == ["2026-11", "2026-10", "2026-09"]
    times = [grant.facts.requested_at for grant in found]
    assert (len(times), times) == (5, sorted(times, reverse=True))


def test_since_is_to_the_second(desk: Desk) -> None:
    """A grant is listed if it was requested at that very second, and isn't if it was the second before."""
    desk.keep(samples.waiting_grant())
    at = samples.waiting_grant().facts.requested_at
    assert len(desk.run("grants", "--since", iso(at), "--json").json["grants"]) == 1
    assert desk.run("grants", "--since", iso(at + timedelta(seconds=1)), "--json").json["grants"] == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("24h", NOW - timedelta(days=1)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T03:00:00+09:00", datetime(2026, 11, 23, 18, tzinfo=UTC)),
    ],
)
def test_when(text: str, moment: datetime) -> None:
    """A time can be given as a span before now, as a day, or as an ISO 8601 time with any zone."""
    assert moment_since(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "7",
        "7w",
        "-7d",
        "9999999d",
        "999999d",
        "2026-11-24T03:00:00",
        "2026-13-01",
        "2026-11-25",
        "1999-01-01",
    ],
)
def test_when_not(desk: Desk, text: str) -> None:
    """What isn't a time, names no zone, lies ahead or far back ends with status 2 and says how to write one."""
    with pytest.raises(InputError, match="--since"):
        moment_since(text, NOW)
    assert desk.run("grants", f"--since={text}").status == 2


def test_how_long() -> None:
    """Spans are told in the unit that suits them, and never longer than they are."""
    spans = [0, 1, 119, 120, 7_199, 7_200, 10_799, 172_799, 172_800, 999_999]
    assert [length(one) for one in spans] == [
        "0 s", "1 s", "119 s", "2 min", "119 min", "2 h", "2 h 59 min", "47 h 59 min", "2 days", "11 days"
    ]  # fmt: skip
    assert told(NOW + timedelta(minutes=12), NOW) == "2026-11-24T02:32:00Z (in 12 min)"
    assert told(NOW - timedelta(seconds=8), NOW) == "2026-11-24T02:19:52Z (8 s ago)"
    assert told(NOW, NOW) == "2026-11-24T02:20:00Z (now)"


def test_open_and_since_exclude_each_other(desk: Desk) -> None:
    """--open and --since say different things, so both together are refused."""
    assert desk.run("grants", "--open", "--since", "7d").status == 2


def test_what_others_wrote_cant_move_the_cursor() -> None:
    """Escape sequences, line breaks, and marks that turn the reading direction don't reach the terminal."""
    assert clean("a\x1b[2Jb\nc\td\u202ee\x9bf") == "a\ufffd[2Jb c\ufffdd\ufffde\ufffdf"


@pytest.mark.parametrize("form", ["X-Amz-Signature=0aF9", "x-amz-security-token=abc%2F", "X-Amz-Credential%3DAKID"])
def test_what_signs_a_url_isnt_shown(form: str) -> None:
    """Of a presigned URL that somebody pasted into a note, the signature, token and key aren't shown."""
    assert clean(f"https://b.s3.amazonaws.com/k?{form}&x=1").endswith("[left out]&x=1")


def test_the_hostile_note_shows_no_signature_in_json(busy: Desk) -> None:
    """The JSON stays JSON and has no signature either."""
    assert "0123abcd" not in busy.run("show", samples.closed_grant().id, "--json").out


def test_audit_lines_of_all_streams_and_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of each stream are found, on however many pages, in the order of time; other grants' lines aren't."""
    grant = samples.open_grant()
    desk.keep(grant)
    mine = [
        {"at": iso(samples.ago(20 - number / 10)), "kind": "decision", "grant": grant.id, "n": number}
        for number in range(30)
    ]
    shared = {"at": iso(samples.ago(1)), "kind": "policy-write", "grant": None, "grants": ["x", grant.id], "n": 30}
    longer = {"at": iso(samples.ago(1)), "kind": "decision", "grant": f"{grant.id}x", "n": 31}
    desk.audit("watcher", *mine[::2], longer)
    desk.audit("sweeper", *mine[1::2], shared)
    monkeypatch.setattr("moto.logs.models.LogGroup.filter_log_events", _in_small_pages())
    lines = desk.run("show", grant.id, "--json").json["audit"]
    assert [line["n"] for line in lines] == list(range(31))


def _in_small_pages() -> object:
    from moto.logs.models import LogGroup  # noqa: PLC0415 - as it is before it is replaced

    whole = LogGroup.filter_log_events

    def page(self: LogGroup, *words: object, **more: object) -> object:
        names = (
            "log_group_name",
            "log_stream_names",
            "start_time",
            "end_time",
            "limit",
            "next_token",
            "filter_pattern",
            "interleaved",
        )
        told = dict(zip(names, words, strict=False)) | more
        # A JSON pattern with every element of "grants"; moto itself looks at no such pattern.
        assert str(told["filter_pattern"]).startswith('{ ($.grant = "prod-7xk2q-')
        assert "|| ($.grants[*] = " in str(told["filter_pattern"])
        return whole(self, **(told | {"limit": 7}))  # type: ignore[arg-type]  # as moto gave them

    return page


def test_a_line_that_isnt_json_is_shown(desk: Desk) -> None:
    """What somebody else wrote into the audit log isn't hidden from a report of the whole time."""
    desk.logs.create_log_stream(logGroupName="audit", logStreamName="odd")
    event = {"timestamp": int(samples.ago(5).timestamp() * 1000), "message": "not JSON"}
    desk.logs.put_log_events(logGroupName="audit", logStreamName="odd", logEvents=[event])  # type: ignore[list-item]  # it is one
    from airlock_cli.operators.trail import Trail  # noqa: PLC0415 - loads boto3

    assert Trail(desk.logs, "audit").since(samples.ago(60)) == [{"unreadable": "not JSON"}]


def test_a_slow_clock_misses_no_line(busy: Desk, tmp_path: Path) -> None:
    """An operator's clock that is hours behind breaks no chain: what is there by now is read, whatever it shows."""
    busy.clock.moment = samples.ago(6 * 60)
    name = samples.open_grant().id
    assert len(busy.run("show", name, "--json").json["audit"]) == 2
    assert busy.run("report", name, "--output", tmp_path / "one.html").status == 0
    assert busy.run("report", "--since", "7d", "--output", tmp_path / "all.html").status == 0


def test_lines_from_after_the_end_and_from_before_the_beginning(desk: Desk) -> None:
    """A policy may be restored long after its grant ended, by an operator whose clock is a quarter of an hour slow."""
    grant = samples.closed_grant()
    desk.keep(grant)
    begun = grant.facts.requested_at
    moments = [begun - timedelta(minutes=16), begun - timedelta(minutes=14), begun, samples.ago(1)]
    desk.audit("restore", *({"at": iso(at), "kind": "policy-write", "grant": grant.id} for at in moments))
    told = desk.run("show", grant.id, "--json").json["audit"]
    assert [line["at"] for line in told] == [iso(at) for at in moments[1:]]


def test_status_tells_what_is_overdue(desk: Desk) -> None:
    """A grant past its time whose policy isn't back yet is told as such, and so is one that is being closed."""
    overdue = samples.open_grant()
    desk.clock.moment = overdue.facts.not_after + timedelta(minutes=1)
    desk.keep(overdue)
    assert "IAM denies again, but the policy isn't put back yet" in desk.run("status").out
    desk.clock.moment = NOW
    desk.keep(overdue.with_progress(state=State.CLOSING, reason="operator", detail="an operator's order"))
    assert "being closed: an operator's order" in desk.run("status").out


def test_a_grant_that_ended_a_moment_ago_isnt_open(desk: Desk) -> None:
    """The index of open grants may lag; what has ended is left out all the same."""
    grant = samples.open_grant()
    desk.keep(grant)
    ended = grant.with_progress(state=State.CLOSED)
    item = desk.dynamodb.get_item(TableName="ledger", Key={"pk": {"S": f"grant#{grant.id}"}, "sk": {"S": "grant"}})[
        "Item"
    ]
    desk.dynamodb.put_item(TableName="ledger", Item=item | {"state": {"S": str(ended.progress.state)}})
    assert desk.run("grants", "--open", "--json").json["grants"] == []


def test_grants_that_only_begin_are_under_way(desk: Desk) -> None:
    """A grant that is neither open nor waiting yet is listed by itself."""
    grant = samples.open_grant()
    desk.keep(type(grant)(grant.facts, Progress()))
    out = desk.run("status").out
    assert "Under way" in out
    assert "requested, since 2026-11-24T02:00:00Z (20 min ago)" in out
