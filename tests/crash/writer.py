"""A real process that handles installs on real servers; tests/adapters/test_two_writers.py runs several at once.

Each time it holds the leases it locks a file, which the operating system lets only one process do: what the lease
promises is so told by somebody else than the ledger. Its last line of output is what it saw, in JSON.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from airlock import wiring
from airlock.adapters import leases
from airlock.adapters.clients import make_clients
from airlock.adapters.ledger import DynamoLedger
from airlock.errors import ConflictError, LeaseBusyError
from airlock.handlers.watcher import act_on
from airlock.install.names import Era
from airlock.ports import LEASE_PATIENCE_SECONDS
from airlock.records import Scope
from tests.events import Event, Install

PAUSE_SECONDS = 0.05
"""Between two attempts to take a lease; shorter than in use, so that the processes meet more often."""


@dataclass(slots=True)
class Seen:
    """What a process saw.

    Attributes:
        runs: how many times it held the leases.
        met: how many times it found a lease taken.
        overlaps: how many times it held the leases while another process did; never, if they are worth anything.
    """

    runs: int
    met: int
    overlaps: int


class Watched(DynamoLedger):
    """The ledger, with the lock on a file beside the leases."""

    file: TextIO
    seen: Seen

    def acquire(self, scope_ids: Sequence[str], patience: float = LEASE_PATIENCE_SECONDS) -> list[Scope]:
        """Take the leases, and then the lock."""
        scopes = super().acquire(scope_ids, patience)
        self.seen.runs += 1
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.seen.overlaps += 1
        return scopes

    def settle(self, scopes: Sequence[Scope], changes: Any) -> None:  # noqa: ANN401 - as the ledger's
        """Let the lock go, and then the leases."""
        fcntl.flock(self.file, fcntl.LOCK_UN)
        super().settle(scopes, changes)

    def release(self, scope_ids: Sequence[str]) -> None:
        """The same."""
        fcntl.flock(self.file, fcntl.LOCK_UN)
        super().release(scope_ids)


def _deliver(event: Event, parts: wiring.Airlock) -> None:
    """Hand over an event as Lambda does: what found the grant changed under its hands comes twice more."""
    for last in (False, False, True):
        try:
            act_on(event, parts)
        except (ConflictError, LeaseBusyError):
            if last:
                raise
        else:
            return


def main() -> None:
    """Wait for a line on standard input, handle installs, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="a word for its own installs' infra IDs")
    parser.add_argument("principal")
    parser.add_argument("region")
    parser.add_argument("lock", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--hang-after", metavar="CALL", help="stop for good once AWS has carried this call out")
    told = parser.parse_args()
    with _watching(told.lock) as seen:
        clients = make_clients()
        parts = wiring.wire(clients=clients)
        if told.hang_after:
            clients.iam.meta.events.register(f"after-call.iam.{told.hang_after}", _hang)
        _say("ready")
        sys.stdin.readline()
        for event in _events(told.name, told.principal, told.region, told.rounds):
            _deliver(event, parts)
    _say(json.dumps(asdict(seen)))


@contextmanager
def _watching(lock: Path) -> Iterator[Seen]:
    seen = Seen(0, 0, 0)
    attempt = leases.Leases._try  # noqa: SLF001 - counted, not changed

    def counted(self: leases.Leases, key: dict[str, Any]) -> dict[str, Any] | None:
        item = attempt(self, key)
        seen.met += item is None
        return item

    leases.Leases._try = counted  # type: ignore[method-assign]  # noqa: SLF001
    leases.PAUSE_SECONDS = leases.LONGEST_PAUSE_SECONDS = PAUSE_SECONDS
    wiring.DynamoLedger = Watched  # type: ignore[attr-defined]  # replaced, not used
    Watched.seen = seen
    with lock.open("w") as Watched.file:
        yield seen


def _events(name: str, principal: str, region: str, rounds: int) -> Iterator[Event]:
    """Beginning and end of its own installs, and of some that the others hear of too."""
    for number in range(rounds):
        for infra_id in (f"{name}-{number:05}", f"both-{number:05}"):
            yield _install(infra_id, principal, region).create_vpc(datetime.now(UTC))
        for infra_id in (f"{name}-{number:05}", f"both-{number:05}"):
            yield _install(infra_id, principal, region).delete_bucket(datetime.now(UTC))


def _install(infra_id: str, principal: str, region: str) -> Install:
    return Install(infra_id=infra_id, principal=principal, region=region, era=Era.CAPA)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _hang(**_: object) -> None:
    _say("hanging")
    time.sleep(600)


if __name__ == "__main__":
    main()
