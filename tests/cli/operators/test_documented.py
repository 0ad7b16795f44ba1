"""Each `airlock` command of the documents, run as it stands there; names in capitals get a value."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from airlock.grants.grant import State
from tests.cli.doctor.conftest import ALLOW, text
from tests.cli.doctor.conftest import USER as DOCTORS
from tests.cli.helpers import ROLE
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk
from tests.cli.operators.door import REGION
from tests.cli.reference import COMMANDS
from tests.cli.restore.conftest import bench as bench  # noqa: PLC0414 - a fixture of theirs, used here too
from tests.house.commands import ROOT, Command, documented

OPEN = samples.open_grant().id
WAITING = samples.waiting_grant().id
VALUES = {
    "status": {},
    "grants": {},
    "show": {"GRANT": OPEN},
    "approve": {"GRANT": WAITING},
    "reject": {"GRANT": WAITING},
    "close": {"GRANT": OPEN},
    "approve-ahead": {"PRINCIPAL": ROLE},
    "report": {"GRANT": OPEN},
    "replay": {},
    "plan": {},
    "doctor": {"ARN": DOCTORS},
    "restore": {"GRANT": OPEN},
}
"""What a command's words in capitals stand for. A command that isn't here is none."""
NAMED = {name for name in COMMANDS if name not in {"status", "grants"}}
"""Commands that take arguments: their names alone are what a sentence calls them by."""
UNDECIDED = {"approve", "reject", "close"}
"""These wait for what comes of the answer; here no watcher answers them, unless they are told not to wait."""


def _whole(command: Command) -> bool:
    """Whether it can be typed as it stands: some are only named, as in "answer with `airlock approve`"."""
    _, name, *more = command.words
    return bool(more) or name.startswith("-") or name not in NAMED


AIRLOCK = [command for command in documented() if command.words[0] == "airlock"]
DISTINCT = {" ".join(command.words): command for command in AIRLOCK}


def test_the_documents_name_commands_that_there_are() -> None:
    """Also where they only name them, as one that takes more than a sentence has room for."""
    named = {command.words[1] for command in AIRLOCK if not command.words[1].startswith("-")}
    assert named <= set(COMMANDS)
    assert set(COMMANDS) == set(VALUES)


@pytest.mark.parametrize("typed", [words for words, command in DISTINCT.items() if _whole(command)])
def test_a_documented_command_runs(
    typed: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It ends with status 0, so it has its options and arguments, and does what it is for."""
    words = DISTINCT[typed].words[1:]
    values = VALUES.get(words[0], {})
    words = [values.get(word, word) for word in words]
    assert not [word for word in words if word.isupper() and not word.startswith("-")], "give it a value in VALUES"
    if words[0] in UNDECIDED and "--help" not in words:
        words += ["--wait", "0"]
    desk = _desk(words[0], request)
    _in_a_copy(monkeypatch, tmp_path)
    done = desk.run(*words)
    assert (done.status, done.err) == (0, "")
    assert done.out


def _desk(name: str, request: pytest.FixtureRequest) -> Desk:
    if name == "restore":
        make: Callable[[State], Any] = request.getfixturevalue("bench")
        restored: Desk = make(State.CLOSING).desk
        return restored
    desk: Desk = request.getfixturevalue("busy")
    if name == "doctor":
        iam = boto3.client("iam", REGION)
        iam.create_user(UserName="ocp-installer")
        iam.put_user_policy(UserName="ocp-installer", PolicyName="work", PolicyDocument=text(ALLOW))
    return desk


def _in_a_copy(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Stand in a folder that looks like the repository; what a command writes is written there."""
    for entry in os.scandir(ROOT):
        (folder / entry.name).symlink_to(entry.path)
    monkeypatch.chdir(folder)
