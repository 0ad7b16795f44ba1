"""Text that people read, compared with stored files; tests/cli/stored.py tells how to renew them."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.helpers import STREAMS, airlock, airlock_replay
from tests.cli.stored import assert_golden


@pytest.mark.parametrize(("stream", "delay"), [(STREAMS[0], 0), (STREAMS[1], 400)], ids=["terraform", "capa-late"])
def test_the_account_of_each_era(stream: Path, delay: int) -> None:
    """The account of an install of either era, in time and too late, is what is stored."""
    done = airlock_replay(stream, "--delay", delay)
    assert (done.returncode, done.stderr) == (0, "")
    assert_golden(f"{stream.stem}-{delay}.txt", done.stdout)


@pytest.mark.parametrize(("name", "arguments"), [("help.txt", ["--help"]), ("replay-help.txt", ["replay", "--help"])])
def test_help(name: str, arguments: list[str]) -> None:
    """The help text is what is stored: plain, within 80 columns, with the exit statuses."""
    done = airlock(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert_golden(name, done.stdout)


def test_version() -> None:
    """`--version` tells name and version."""
    done = airlock("--version")
    assert (done.returncode, done.stdout) == (0, f"airlock {version('bootstrap-airlock')}\n")
