"""Text that people read, compared with stored files.

To renew them after a change that is meant, and look at what git shows:

    AIRLOCK_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/cli/test_golden.py
"""

import os
import re
from pathlib import Path

import pytest

from tests.cli.helpers import STREAMS, airlock, airlock_replay

GOLDEN = Path(__file__).with_name("golden")
RENEW = os.environ.get("AIRLOCK_RENEW_GOLDEN") == "1"


def assert_golden(name: str, text: str) -> None:
    """Compare a text with the stored one; or store it, when asked to."""
    # How many calls the handlers need is bench's business, and changes more often than the text.
    text = re.sub(r"\d+ AWS calls", "N AWS calls", text)
    path = GOLDEN / name
    if RENEW:
        path.write_text(text)
    assert text == path.read_text(), f"{name} differs; see the top of {Path(__file__).name} for how to renew it"


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
    assert (done.returncode, done.stdout) == (0, "airlock 0.1.0\n")
