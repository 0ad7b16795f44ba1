"""docs/command-line.md, put together from an introduction, the commands' own help, and stored outputs."""

from functools import cache

from tests.cli.helpers import airlock
from tests.cli.stored import GOLDEN

COMMANDS = (
    "status",
    "grants",
    "show",
    "approve",
    "reject",
    "close",
    "approve-ahead",
    "report",
    "replay",
    "plan",
    "doctor",
    "restore",
)
EXAMPLES = {
    "show": "show-open.txt",
    "plan": "../plan/aws-example.txt",
    "doctor": "../doctor/opened.txt",
    "restore": "../restore/closing.txt",
}
"""Where a command's example isn't named after it."""


def reference() -> str:
    """The whole page."""
    parts = [
        _stored("introduction.md"),
        "`airlock status --json`:\n",
        _fenced("json", _stored("status.json")),
        "## Commands\n",
    ]
    parts.append(_fenced("text", help_of()))
    for command in COMMANDS:
        parts += [f"### airlock {command}\n", _fenced("text", help_of(command))]
        if command not in ("report", "replay"):
            parts += ["It prints, for example:\n", _fenced("text", _stored(EXAMPLES.get(command, f"{command}.txt")))]
    return "\n".join(parts)


@cache
def help_of(*command: str) -> str:
    """The help of a command, or of all, as a terminal of 80 columns has it."""
    done = airlock(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def _stored(name: str) -> str:
    return (GOLDEN / "operators" / name).read_text()


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"
