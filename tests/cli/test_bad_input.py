"""Input that can't be used: exit status 2, one or two plain lines on stderr, nothing on stdout."""

import sys
from pathlib import Path

import pytest

from airlock_cli.main import run
from tests.cli.helpers import AWS_EXAMPLE, ROLE, STREAMS, USER, airlock

STREAM = STREAMS[0].read_text()
LINES = STREAM.splitlines()
DEEP = '{"a":' * 100_000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a good stream and a good policy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.jsonl").write_text(STREAM)
    (tmp_path / "good.json").write_text(AWS_EXAMPLE)
    return tmp_path


def replay(
    monkeypatch: pytest.MonkeyPatch, stream: str, policy: str = "good.json", principal: str = USER, *more: str
) -> int:
    """Run `airlock replay` in this process; give its exit status."""
    arguments = ["airlock", "replay", stream, "--policy", policy, "--principal", principal, *more]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def the_complaint(status: int, capsys: pytest.CaptureFixture[str]) -> str:
    """Check that it is a short complaint and nothing else; give it."""
    out, err = capsys.readouterr()
    assert status == 2
    assert not out
    assert "Traceback" not in err
    assert err.startswith("airlock: ")
    assert 1 <= len(err.splitlines()) <= 2
    return err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the stream bad.jsonl is empty.\nGive one event a line."),
        (b" \n\n", "is empty"),
        (f"{LINES[0]}\nnot json\n".encode(), "line 2 of bad.jsonl isn't JSON: Expecting value"),
        (f"{LINES[0]}\n\n\n{LINES[1][:-1]}\n".encode(), "line 4 of bad.jsonl isn't JSON"),
        (b"[1, 2]\n", "line 1 of bad.jsonl must be a JSON object, one event; it is an array."),
        (b'[\n{"a": 1}\n]\n', "line 1 of bad.jsonl isn't JSON"),
        (f"{LINES[0]}\nnull\n".encode(), "line 2 of bad.jsonl must be a JSON object, one event; it is null."),
        (f"{LINES[0]}\n12\n".encode(), "it is a number"),
        (f"{LINES[0]}\n".encode() + b"\xff\xfe\n", "line 2 of bad.jsonl isn't UTF-8"),
        (STREAM.encode("utf-16"), "line 1 of bad.jsonl isn't UTF-8"),
        (b"\x1f\x8b\x08\x00", "is compressed.\nUnpack it first"),
        (DEEP.encode(), "line 1 of bad.jsonl isn't JSON"),
        (b'{"at": "soon", "event": {}}', 'line 1 of bad.jsonl must be {"at": seconds'),
        (b'{"at": 1, "event": []}', 'line 1 of bad.jsonl must be {"at": seconds'),
        (b'{"at": NaN, "event": {}}', 'has "at" nan'),
        (b'{"at": 1e300, "event": {}}', 'has "at" 1e+300'),
        (b'{"at": ' + b"9" * 5000 + b', "event": {}}', "line 1 of bad.jsonl isn't JSON"),
        (b'{"at": 1, "event": {}}', 'no event of bad.jsonl tells its time.\nGive at least one "time"'),
        (b'{"detail": {}}', "line 1 of bad.jsonl tells no time"),
        (b'{"time": "yesterday"}', "line 1 of bad.jsonl tells no time"),
        (b'{"time": "0001-01-01T00:00:00Z"}', "line 1 of bad.jsonl tells no time"),
        (b'{"Records": {}}', '"Records" or "Events" must be a list'),
        (b'{"Records": [7]}', "record 1 of line 1 of bad.jsonl must be a JSON object"),
        (b'{"CloudTrailEvent": "{"}', 'has a "CloudTrailEvent" that isn\'t JSON'),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:40],
)
def test_a_bad_stream(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    """What is wrong with a stream is told with the line that it is in, and what to do."""
    (here / "bad.jsonl").write_bytes(content)
    assert says in the_complaint(replay(monkeypatch, "bad.jsonl"), capsys)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "bad.json: the policy isn't JSON"),
        (b"{\n  oops\n}", "at line 2, column 3"),
        (b"[]", "the policy must be a JSON object, but it is a list"),
        (b"{}", 'the policy has no "Statement"'),
        (b'{"Statement": []}', 'the policy has no "Statement"'),
        (b'{"Statement": "x"}', "statement 0 must be a JSON object"),
        (b'{"Version": "2012-10-17", "Version": "2012-10-17"}', "the key 'Version' stands twice"),
        (b'{"Statement": {"Effect": "Deny", "Effect": "Allow"}}', "the key 'Effect' stands twice"),
        (b'{"Statement": {"Action": "*", "Resource": "*"}}', 'must have the Effect "Allow" or "Deny"'),
        (b'{"Statement": {"Effect": "Deny", "Resource": "*"}}', 'must have either "Action" or "NotAction"'),
        (b'{"Statement": {"Effect": "Deny", "Action": "*"}}', 'must have either "Resource" or "NotResource"'),
        (
            b'{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}',
            'has a "Principal", as only resources\' policies do',
        ),
        (b'{"Statement": {"Effect": "Deny", "Action": 7, "Resource": "*"}}', "refuses the policy"),
        (b'{"Id": "\xe3\x81\x82", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}', "'\\u3042'"),
        (b"\xff", "bad.json isn't UTF-8"),
        (AWS_EXAMPLE.replace("Outside", "Outside" * 300).encode(), "characters, and IAM allows 2048 for user-inline"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:40],
)
def test_a_bad_policy(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    """What is wrong with a policy is told before anything is played."""
    (here / "bad.json").write_bytes(content)
    assert says in the_complaint(replay(monkeypatch, "good.jsonl", "bad.json"), capsys)


def test_files_that_aren_t_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file, or a folder in its place, is named."""
    complaint = the_complaint(replay(monkeypatch, "none.jsonl"), capsys)
    assert "the stream none.jsonl can't be read: No such file" in complaint
    complaint = the_complaint(replay(monkeypatch, "good.jsonl", "none.json"), capsys)
    assert "the policy none.json can't be read: No such file" in complaint
    assert f"the stream {here} can't be read: Is a directory" in the_complaint(replay(monkeypatch, str(here)), capsys)


@pytest.mark.parametrize(
    ("principal", "more", "says"),
    [
        ("ocp-installer", (), "--principal 'ocp-installer' isn't the ARN of an IAM user or role"),
        ("arn:aws:iam::111122223333:group/x", (), "isn't the ARN of an IAM user or role"),
        ("arn:aws:sts::111122223333:assumed-role/x/y", (), "give the role itself, not a session of it"),
        (USER, ("--kind", "role-inline"), "A user can have: user-inline, group-inline, managed."),
        (ROLE, ("--kind", "group-inline"), "A role can have: role-inline, managed."),
        (USER, ("--delay", "-1"), "--delay -1 can't be played.\nGive a number of seconds from 0 to 86400."),
        (USER, ("--delay", "nan"), "--delay nan can't be played"),
        (USER, ("--delay", "inf"), "--delay inf can't be played"),
        (USER, ("--delay", "86401"), "from 0 to 86400"),
    ],
)
@pytest.mark.usefixtures("here")
def test_bad_arguments(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    principal: str,
    more: tuple[str, ...],
    says: str,
) -> None:
    """An argument that can't be used is named, with what could."""
    status = replay(monkeypatch, "good.jsonl", "good.json", principal, *more)
    assert says in the_complaint(status, capsys)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--kind", "bucket"), "'user-inline', 'role-inline', 'group-inline', 'managed'"),
        (("--delay", "soon"), "Invalid value for '--delay'"),
        (("--frobnicate",), "No such option: --frobnicate"),
    ],
)
@pytest.mark.usefixtures("here")
def test_usage_errors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], says: str
) -> None:
    """What isn't a use of the command at all has exit status 2 too, and keeps stdout empty."""
    assert replay(monkeypatch, "good.jsonl", "good.json", USER, *more) == 2
    out, err = capsys.readouterr()
    assert not out
    assert says in err


def test_the_real_command_complains_alike(here: Path) -> None:
    """The installed command ends with the same status and words, and no traceback."""
    (here / "bad.jsonl").write_text("{\n")
    done = airlock("replay", "bad.jsonl", "--policy", "good.json", "--principal", USER, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("airlock: line 1 of bad.jsonl isn't JSON: ")
    assert len(done.stderr.splitlines()) == 2
