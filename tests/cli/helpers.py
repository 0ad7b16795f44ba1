"""What the tests of `airlock replay` share: the samples, short ways to play a stream, and the command itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airlock_cli.replay.people import People
from airlock_cli.replay.play import play
from airlock_cli.replay.principal import Kind, Principal
from airlock_cli.replay.result import Replayed
from airlock_cli.replay.stream import Occurrence, read_stream
from airlock_cli.replay.world import a_world
from tests.events import Event

SAMPLES = Path(__file__).parents[1] / "samples"
STREAMS = sorted((SAMPLES / "installs").glob("*.jsonl"))
POLICIES = sorted((SAMPLES / "policies").glob("*.json"))
USER = "arn:aws:iam::111122223333:user/ocp-installer"
ROLE = "arn:aws:iam::111122223333:role/OpenShiftInstaller"
START = datetime(2026, 11, 24, 2, tzinfo=UTC)
AWS_EXAMPLE = (SAMPLES / "policies" / "aws-example.json").read_text()
RARE_SWEEPS = timedelta(minutes=20)
"""For tests that play much: most of a replay's time goes into sweeps that find nothing to do."""


def principal_of(stream: Path) -> str:
    """Tell who installs in a sample stream, by the file's name."""
    return ROLE if "role" in stream.name else USER


def occurrences_of(events: Iterable[tuple[float, Event]], start: datetime = START) -> list[Occurrence]:
    """Give what `install_stream` builds the form that `play` takes."""
    return [Occurrence(start + timedelta(seconds=seconds), event) for seconds, event in events]


def replayed(  # noqa: PLR0913, PLR0917 - what is played, and how, are independent
    occurrences: list[Occurrence],
    policy: str = AWS_EXAMPLE,
    principal: str = USER,
    kind: Kind | None = None,
    delay: float = 0,
    sweep_every: timedelta = RARE_SWEEPS,
    people: People | None = None,
) -> Replayed:
    """Play a stream in this process."""
    where = Principal.of(principal).kind_of_policy(kind)
    with a_world(principal, where, policy, occurrences[0].at, people) as world:
        return play(world, occurrences, timedelta(seconds=delay), policy, sweep_every=sweep_every)


def replayed_file(stream: Path, policy: str = AWS_EXAMPLE, kind: Kind | None = None, delay: float = 0) -> Replayed:
    """Play a sample stream in this process."""
    return replayed(read_stream(stream), policy, principal_of(stream), kind, delay)


def the_install(result: Replayed) -> dict[str, Any]:
    """Give the one install of a result, as JSON has it."""
    (install,) = result.as_json()["installs"]
    return dict(install)


def airlock(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user would, at 80 columns, with more environment variables where given."""
    program = Path(sys.executable).with_name("airlock")
    return subprocess.run(
        [program, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def airlock_replay(stream: Path, *more: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `airlock replay` on a stream with AWS's example policy and its own principal."""
    policy = SAMPLES / "policies" / "aws-example.json"
    return airlock("replay", stream, "--policy", policy, "--principal", principal_of(stream), *more, **environment)


def write_lines(path: Path, events: Iterable[tuple[float, Event]]) -> Path:
    """Write a stream as a file."""
    lines = [json.dumps({"at": seconds, "event": event}) for seconds, event in events]
    path.write_text("\n".join(lines) + "\n")
    return path
