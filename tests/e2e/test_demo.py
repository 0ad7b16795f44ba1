"""`make demo` as a newcomer runs it: the whole way, on real servers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import demo.__main__
import demo.main
from demo.play import Outcome, Stage

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "demo"]


def environment() -> dict[str, str]:
    """A wide, colourless screen, so that its text can be read by a test; and AWS settings, none of them usable."""
    junk = dict.fromkeys(("AWS_PROFILE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE"), "nonsense")
    shown = {"COLUMNS": "200", "NO_COLOR": "1", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20"}
    return {**os.environ, **junk, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", **shown}


def descendants(pid: int) -> set[int]:
    """Process IDs of all that a process has started, and they in turn."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.fixture(scope="module")
def shown() -> str:
    """What a run of the demonstration shows; it must end with status 0."""
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_both_eras_go_from_403_to_200_and_back(shown: str) -> None:
    """For each era: 200/403 before, 200/200 while open, narrowed and at the fetch, 200/403 once closed."""
    sums = re.findall(r"office/node: (.*)", shown)
    assert len(sums) == 3
    for line in sums[:2]:
        stages = re.findall(r"(Before|Opened|Narrowed|The fetch|Closed|After) (\d+)/(\d+)", line)
        assert [name for name, _, _ in stages] == [
            "Before",
            "Opened",
            "Narrowed",
            "Narrowed",
            "The fetch",
            "Closed",
            "After",
        ]
        node = {name: int(status) for name, _, status in stages}
        assert node == {"Before": 403, "Opened": 200, "Narrowed": 200, "The fetch": 200, "Closed": 403, "After": 403}
        assert {office for _, office, _ in stages} == {"200"}


def test_another_object_stays_denied_at_every_stage(shown: str) -> None:
    """The hole is for one object: another one in the same bucket is never served to the node."""
    scoped = shown.partition("lifted only with approval")[0]
    statuses = re.findall(r"from the node, another object │ (\d+)", scoped)
    assert len(statuses) == 14
    assert set(statuses) == {"403"}


def test_a_lift_waits_for_somebody_and_rescues_the_node_that_came_too_early(shown: str) -> None:
    """403 at the fetch, 200 once approved on the page, one reboot, 200, and 403 again; three looks changed nothing."""
    (line,) = re.findall(r"office/node: (.*)", shown)[2:]
    stages = re.findall(r"(Before|The fetch after the reboot|The fetch|Lifted|Closed|After) (\d+)/(\d+)", line)
    assert [(name, int(node)) for name, _, node in stages] == [
        ("Before", 403),
        ("The fetch", 403),
        ("Lifted", 200),
        ("The fetch after the reboot", 200),
        ("Closed", 403),
        ("After", 403),
    ]
    assert "three times (200, 200, 200): nothing changes" in shown
    assert re.search(r"has rebooted i-\w+ 1 time", shown)


def test_the_policy_ends_equal_to_the_baseline(shown: str) -> None:
    """Each run ends with the policy as it was, to the byte."""
    assert shown.count("✔ the policy equals the baseline to the byte") == 3


def test_it_shows_each_change_and_its_audit_trail(shown: str) -> None:
    """The timeline holds the events, the policy's differences and the audit lines, short enough for 80 columns."""
    assert "CreateVpcEndpoint" in shown
    assert re.search(r'^\+.*"aws:CurrentTime": ', shown, re.MULTILINE)
    assert re.search(r'^\+.*"StringNotEquals"', shown, re.MULTILINE)
    assert len(re.findall(r"instance state +i-[0-9a-f]+ terminated", shown)) == 3
    lines = [line for line in shown.splitlines() if "policy-write" in line]
    assert len([line for line in lines if "restored" in line]) == 3
    assert max(map(len, lines)) <= 80


def test_ctrl_c_takes_the_servers_down() -> None:
    """Ctrl-C in the midst of it ends with status 130 and leaves no server behind."""
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "CreateVpc " in line:
                break
        started = descendants(process.pid)
        assert len(started) >= 4, "the two servers and their keepers should be running"
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=30) == 130
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


def test_ctrl_c_while_it_is_being_loaded_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interruption before the demonstration has begun ends with status 130 and one word."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo.main, "main", interrupted)
    assert demo.__main__.run() == 130
    assert capsys.readouterr().err == "Stopped.\n"


def good_outcome() -> Outcome:
    """An outcome in which all held."""
    return Outcome(
        stages=[Stage("Before", [("node", 403, 403)])],
        restored=True,
        happened=["policy-written", "open", "policy-written", "narrow", "policy-restored", "close"],
        audit=[{}] * 6,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"restored": False},
        {"errors": ["it failed"]},
        {"stages": [Stage("Before", [("node", 200, 403)])]},
        {"happened": ["open", "close"], "audit": [{}] * 2},
        {"happened": [], "audit": []},
        {"audit": [{}]},
    ],
)
def test_the_demonstration_fails_if_anything_did_not_hold(changes: dict[str, object]) -> None:
    """One wrong status, a policy that isn't back, a failed function or a missing audit line: not status 0."""
    outcome = good_outcome()
    assert outcome.good
    for name, value in changes.items():
        setattr(outcome, name, value)
    assert not outcome.good
