"""One run of ``airlock replay``: files in, the play with its progress, and the account of it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from airlock_cli.progress import Later
from airlock_cli.replay.people import People
from airlock_cli.replay.play import play
from airlock_cli.replay.policy_file import read_policy
from airlock_cli.replay.principal import Kind, Principal
from airlock_cli.replay.result import Replayed
from airlock_cli.replay.stream import read_stream
from airlock_cli.replay.text import show
from airlock_cli.replay.world import a_world


@dataclass(frozen=True, slots=True)
class Session:
    """What a replay is told on the command line.

    Attributes:
        principal: who installs.
        kind: where the policy stands.
        delay: how long each event takes to be delivered.
        people: what they have a say in.
        log: where the handlers' own log goes; None for nowhere.
    """

    principal: Principal
    kind: Kind
    delay: timedelta
    people: People
    log: TextIO | None = None

    def play(self, stream: Path, policy: Path) -> Replayed:
        """Play a stream, with a progress bar on stderr if it takes more than a second.

        Raises:
            InputError: one of the files can't be used.
        """
        with Later("Replaying") as progress:
            occurrences = read_stream(stream)
            text = read_policy(policy, self.kind)
            start, people = occurrences[0].at, self.people
            with a_world(self.principal.arn, self.kind, text, start, people, log=self.log) as world:
                return play(world, occurrences, self.delay, text, progress, answer_after=people.answer_after)

    def show(self, replayed: Replayed) -> None:
        """Print the account of it."""
        show(replayed, self.principal.arn, self.kind, self.delay)
