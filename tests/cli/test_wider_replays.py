"""Replays of denies that can't be opened exactly: which form is asked for or opened, and why, is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import AWS_EXAMPLE, SAMPLES, airlock, principal_of

CAPA = SAMPLES / "installs" / "4.18-capa-role.jsonl"
WHY = "for the exact form can't be had: the action 's3:Get*' has no exact form without s3:GetObject"


def replayed(tmp_path: Path, *more: str) -> str:
    """What is told of a replay of a policy that denies patterns of actions."""
    policy = json.loads(AWS_EXAMPLE)
    policy["Statement"][0]["Action"] = ["s3:Get*", "s3:Put*"]
    (tmp_path / "patterns.json").write_text(json.dumps(policy))
    done = airlock("replay", CAPA, "--policy", tmp_path / "patterns.json", "--principal", principal_of(CAPA), *more)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(("wider", "row"), [("approval", "asked"), ("automatic", "opened")])
def test_the_form_and_its_reason_are_told(tmp_path: Path, wider: str, row: str) -> None:
    """In the row of the request, or, where nobody was asked, of the opening; once."""
    answer = ["--approve-after", "60"] if wider == "approval" else []
    told = replayed(tmp_path, "--wider", wider, *answer)
    assert told.count(WHY) == 1
    assert told.index(f" {row} ") < told.index(WHY)
    assert "opened wider than asked: any action on the objects, until" in told
    assert "fetch allowed" in told


def test_the_form_and_its_reason_are_told_to_programs(tmp_path: Path) -> None:
    """Beside who approved it."""
    told = json.loads(replayed(tmp_path, "--approve-after", "60", "--json"))
    approval = told["installs"][0]["approval"]
    assert approval["form"] == "any-action"
    assert approval["why_wider"].startswith("the action 's3:Get*' has no exact form")
