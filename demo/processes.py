"""Child processes of the embedded AWS: started with a log file, waited for, and never left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.05
TAIL_LINES = 20

_KEEPER = Path(__file__).with_name("keeper.py")
# Below the range that Linux and macOS hand to outgoing connections (32768 and 49152 upwards): a port found free here
# isn't taken by some client's connection a moment later.
_PORTS = range(15000, 31000)
_STOP_SECONDS = 5.0


class ProcessError(RuntimeError):
    """A child process ended too early or wasn't ready in time; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process.

    Attributes:
        name: what messages call it.
        pid: the leader of its process group, which holds everything it starts.
        log: the file that takes its standard output and standard error.
    """

    name: str
    log: Path
    _keeper: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The process group's number, for tests and messages."""
        return self._keeper.pid

    def is_running(self) -> bool:
        """Tell whether it still runs."""
        return self._keeper.poll() is None

    def tail(self, lines: int = TAIL_LINES) -> str:
        """Read the last lines of the log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Ask again and again until the child says it is ready.

        Args:
            ready: answers whether it is; it must not block for long.
            seconds: how long to wait at most.

        Raises:
            ProcessError: the child ended, or the time is over.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_running():
                raise ProcessError(self._explain("stopped before it was ready"))
            if time.monotonic() > deadline:
                raise ProcessError(self._explain(f"wasn't ready within {seconds:g} s"))
            time.sleep(POLL_SECONDS)

    def _explain(self, what: str) -> str:
        return f"{self.name} {what}; the end of its log ({self.log}):\n{self.tail()}"


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """Run a command for as long as the context lasts.

    The command gets a process group of its own, so that a terminal's Ctrl-C reaches this program alone, which then
    stops its children in order. If this program is killed outright, the keeper sees its lifeline close and does it.

    Args:
        name: what messages and the log file call it.
        command: the program and its arguments.
        folder: where the log is written, as ``NAME.log``.
        environment: the whole environment of the command; this process's own by default.

    Yields:
        The child, started but perhaps not ready; see ``Child.wait_until``.
    """
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        keeper = subprocess.Popen(
            # -I -S: the keeper needs neither this project nor installed packages.
            [sys.executable, "-I", "-S", str(_KEEPER), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            start_new_session=True,
            # Neither server may find files of the caller's where it happens to stand.
            cwd=folder,
        )
    try:
        yield Child(name, log, keeper)
    finally:
        _stop(keeper)


def _stop(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin:
        keeper.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(_STOP_SECONDS)
    # As a rule nobody is left; but somebody may have killed the keeper alone.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(keeper.pid, signal.SIGKILL)
    keeper.wait(_STOP_SECONDS)


@contextlib.contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Make SIGTERM end this program as an exception does, so that contexts clean up their files.

    Without it the children still end, by their lifelines, but temporary folders stay. Main thread only.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on now.

    Args:
        count: how many; all differ.

    Raises:
        ProcessError: no free ports are left in the range looked at.
    """
    found: list[int] = []
    # Chosen at random, so that two programs that start together rarely ask for the same.
    for port in random.sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            break
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found.append(port)
    if len(found) < count:
        raise ProcessError(f"only {len(found)} of {count} ports between {_PORTS[0]} and {_PORTS[-1]} are free")
    return found


def listens(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether somebody accepts connections on that port."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def clean_environment(**more: str) -> dict[str, str]:
    """Copy this process's environment without what belongs to somebody's real AWS account, or to proxies.

    Args:
        more: variables to set on top.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {**kept, **more}


def forget_the_callers_aws() -> None:
    """Take the same out of this process's own environment, and leave ~/.aws unread.

    boto3 reads a profile's name and settings whatever endpoint and keys it is given, and fails on ones that it can't
    use.
    """
    kept = clean_environment(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    os.environ.clear()
    os.environ.update(kept)
