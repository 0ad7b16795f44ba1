"""The command itself: output, exit status, and how it keeps apart from whoever starts it."""

import json
import os
import socket
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from airlock.install.names import Era
from airlock_cli import progress
from airlock_cli.main import run
from airlock_cli.progress import Later
from airlock_cli.replay.principal import Kind
from airlock_cli.replay.text import show
from airlock_cli.replay.world import World
from tests.cli.helpers import SAMPLES, START, STREAMS, USER, airlock_replay, occurrences_of, replayed, write_lines
from tests.events import Install, install_stream

TERRAFORM, CAPA_ROLE, ENDLESS = STREAMS
KEYS = ["installs", "policy_restored", "policy_writes", "aws_calls", "refused", "ignored_events"]
INSTALL_KEYS = [
    "infra_id",
    "region",
    "opened_at",
    "narrowed_at",
    "closed_at",
    "close_reason",
    "instance_id",
    "fetch",
]
HOSTILE = {
    "AWS_PROFILE": "no-such-profile",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_IAM": "http://127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SESSION_TOKEN": "token",
    "AWS_REGION": "no-such-region",
    "AWS_DEFAULT_REGION": "no-such-region",
    "AWS_CA_BUNDLE": "/nonexistent/bundle",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_LAMBDA_LOG_LEVEL": "NONSENSE",
    "POWERTOOLS_LOG_LEVEL": "NONSENSE",
    "MOTO_ACCOUNT_ID": "1",
    "TEST_SERVER_MODE": "true",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
}


def run_here(monkeypatch: pytest.MonkeyPatch, stream: Path, *more: str, principal: str = USER) -> int:
    """Run `airlock replay` in this process; give its exit status."""
    policy = str(SAMPLES / "policies" / "aws-example.json")
    arguments = ["airlock", "replay", str(stream), "--policy", policy, "--principal", principal, *more]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def test_json_is_the_issue_s_and_alone_on_stdout() -> None:
    """`--json` prints exactly the keys of the issue, with ISO 8601 times, and nothing else anywhere."""
    done = airlock_replay(CAPA_ROLE, "--json", "--delay", "30")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert list(result) == KEYS
    (install,) = result["installs"]
    assert list(install) == INSTALL_KEYS
    assert install == {
        "infra_id": "prod-7xk2q",
        "region": "us-east-2",
        "opened_at": "2026-11-24T02:00:30Z",
        "narrowed_at": "2026-11-24T02:01:10Z",
        "closed_at": "2026-11-24T02:30:30Z",
        "close_reason": "instance-ended",
        "instance_id": "i-d8041cd5327330573",
        "fetch": {"at": "2026-11-24T02:06:20Z", "allowed": True},
    }
    assert (result["policy_restored"], result["refused"]) == (True, [])


def test_the_caller_s_settings_neither_break_it_nor_are_used() -> None:
    """With a missing profile, foreign endpoints, proxies and broken settings the replay is the same."""
    hostile = airlock_replay(TERRAFORM, "--json", **HOSTILE)
    assert (hostile.returncode, hostile.stderr) == (0, "")
    assert hostile.stdout == airlock_replay(TERRAFORM, "--json").stdout


def test_no_network_is_touched(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a single connection is made, nor a name looked up; and the environment is as it was afterwards."""

    def refuse(*_: object) -> None:
        raise AssertionError("the replay went to the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    assert run_here(monkeypatch, TERRAFORM) == 0
    assert dict(os.environ) == before
    assert "The policy came back to the byte." in capsys.readouterr().out


def test_verbose_shows_the_handlers_log_on_stderr_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions' own log lines go to stderr with `--verbose`, and stdout stays JSON."""
    assert run_here(monkeypatch, TERRAFORM, "--json", "--verbose") == 0
    out, err = capsys.readouterr()
    assert list(json.loads(out)) == KEYS
    assert {"decision", "policy write"} <= {json.loads(line)["message"] for line in err.splitlines()}


def test_many_ignored_events_don_t_spill_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Powertools prints metrics of its own accord at a hundred of a kind; a long stream must not get there."""
    install = Install(infra_id="prod-7xk2q", principal=USER, region="us-east-2", era=Era.CAPA)
    events = [(float(s), install.state(START + timedelta(seconds=s), "running")) for s in range(150)]
    assert run_here(monkeypatch, write_lines(tmp_path / "s.jsonl", events), "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["ignored_events"], result["installs"], result["aws_calls"]) == (150, [], 0)


def test_a_policy_that_doesn_t_come_back_has_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a sweeper that does nothing an endless install stays open: the replay ends all the same, and says so."""
    monkeypatch.setattr(World, "sweep", lambda _: {"happened": []})
    assert run_here(monkeypatch, ENDLESS) == 1
    out = capsys.readouterr().out
    assert "still open" in out
    assert "The policy did NOT come back" in out
    assert run_here(monkeypatch, ENDLESS, "--json") == 1
    result = json.loads(capsys.readouterr().out)
    assert result["policy_restored"] is False
    assert (result["installs"][0]["closed_at"], result["installs"][0]["close_reason"]) == (None, None)


def test_a_stream_of_others_names_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever mistypes the principal is told whose installs the stream holds."""
    assert run_here(monkeypatch, TERRAFORM, principal=f"{USER}-typo") == 0
    assert f"no install by this principal, but by {USER}." in capsys.readouterr().out


def test_colours_are_for_terminals() -> None:
    """The account has colour codes on a terminal, and none in a file; lines keep to the width."""
    result = replayed(occurrences_of(install_stream("prod-7xk2q", USER, "us-east-2", Era.CAPA, START)))
    texts = []
    for terminal in (True, False):
        out = StringIO()
        console = Console(file=out, width=80, force_terminal=terminal, highlight=False, markup=False, no_color=False)
        show(result, USER, Kind.USER_INLINE, timedelta(0), console)
        texts.append(out.getvalue())
    assert "\x1b[32m" in texts[0]
    assert "\x1b" not in texts[1]
    assert max(len(line) for line in texts[1].splitlines()) <= 80
    assert not any(line.endswith(" ") for line in texts[1].splitlines())


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_shows_on_a_terminal_once_it_takes_long(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    """A bar appears after the patience is over, on a terminal only."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    out = StringIO()
    with Later("Replaying", Console(file=out, force_terminal=terminal, width=80)) as later:
        for done in range(1, 4):
            later(done, 3)
        later._timer.join()  # noqa: SLF001 - so that the test needs no waiting
    assert ("Replaying" in out.getvalue()) is terminal


def test_what_is_done_at_once_shows_no_progress() -> None:
    """Within the first second nothing is shown."""
    out = StringIO()
    with Later("Replaying", Console(file=out, force_terminal=True, width=80)) as later:
        later(1, 1)
    assert "Replaying" not in out.getvalue()
