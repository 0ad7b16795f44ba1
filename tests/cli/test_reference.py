"""The help texts: in step with README.md and docs/command-line.md, plain, within 80 columns, and quick."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import airlock
from tests.cli.reference import COMMANDS, help_of, reference
from tests.cli.stored import RENEW

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "command-line.md"
README = ROOT / "README.md"
HOW = 'renew it with AIRLOCK_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/cli -k "golden or help or outputs"'
_BLOCK = re.compile(r"```text\nUsage: airlock \[OPTIONS\] COMMAND.*?```\n", re.DOTALL)


def test_help_page_is_in_step() -> None:
    """docs/command-line.md has every command's help, exit statuses and outputs as they are."""
    page = reference()
    if RENEW:
        PAGE.write_text(page)
    assert PAGE.read_text() == page, f"{PAGE.name} isn't in step; {HOW}"


def test_help_in_the_readme_is_in_step() -> None:
    """README.md has the list of commands as `airlock --help` prints it."""
    block = f"```text\n{help_of().rstrip()}\n```\n"
    if RENEW:
        README.write_text(_BLOCK.sub(lambda _: block, README.read_text()))
    assert block in README.read_text(), f"{README.name} isn't in step; {HOW}"


def test_help_lists_every_command_whole() -> None:
    """The list has each command, with a summary that isn't cut."""
    listed = help_of().partition("Commands:\n")[2]
    assert tuple(line.split()[0] for line in listed.splitlines()) == COMMANDS
    assert "..." not in listed


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command: str) -> None:
    """Each command's help fits 80 columns, tells its exit statuses, and has --json."""
    told = help_of(command)
    assert max(map(len, told.splitlines())) <= 80
    assert "Exit status: 0 " in told
    assert "--json" in told


def test_help_loads_nothing_costly() -> None:
    """Help is there at once: neither boto3 nor moto nor jinja2 is loaded for it."""
    program = "import airlock_cli.main, sys; print(*sorted({'boto3', 'botocore', 'moto', 'jinja2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""


def test_completion_can_be_had() -> None:
    """The shell's completion script can be shown, and completes the commands' names without AWS."""
    done = airlock(
        _AIRLOCK_COMPLETE="complete_bash", COMP_WORDS="airlock app", COMP_CWORD="1", _TYPER_COMPLETE_ARGS="airlock app"
    )
    assert done.stdout.split() == ["approve", "approve-ahead"]
