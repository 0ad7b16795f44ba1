"""What each command prints, as text of 80 columns and as JSON, compared with stored files."""

import pytest

from tests.cli.helpers import ROLE
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk
from tests.cli.stored import assert_golden

OPEN = samples.open_grant().id
COMMANDS = {
    "status": ["status"],
    "grants": ["grants"],
    "grants-open": ["grants", "--open"],
    "grants-since": ["grants", "--since", "90d"],
    "show-open": ["show", "prod-7"],
    "show-waiting": ["show", "lab-9qk4t"],
    "show-closed": ["show", samples.closed_grant().id],
    "show-refused": ["show", "lab-q2w3e"],
    "approve-ahead-list": ["approve-ahead", "--list", ROLE],
    "approve-ahead": ["approve-ahead", ROLE, "--hours", "8", "--cluster", "lab", "--lift", "--note", "tonight"],
    "approve-ahead-revoke": ["approve-ahead", ROLE, "--revoke", "ahead-00000003"],
    "approve": ["approve", "lab-9", "--note", "go", "--wait", "0"],
    "reject": ["reject", "lab-9", "--wait", "0"],
    "close": ["close", OPEN, "--note", "done early", "--wait", "0"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_outputs_for_people(busy: Desk, name: str) -> None:
    """The text is what is stored; it keeps to 80 columns but for names that can't be broken."""
    done = busy.run(*COMMANDS[name])
    assert (done.status, done.err) == (0, "")
    for line in done.out.splitlines():
        assert line == line.rstrip()
        assert line.isprintable()
        assert len(line) <= 80 or max(map(len, line.split())) > 60, line
    assert_golden(f"operators/{name}.txt", done.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_outputs_for_programs(busy: Desk, name: str) -> None:
    """With --json the command prints one JSON object and nothing else, and it is what is stored."""
    done = busy.run(*COMMANDS[name], "--json")
    assert done.status == 0
    assert done.json
    assert_golden(f"operators/{name}.json", done.out)


@pytest.mark.parametrize("words", [["status"], ["grants"], ["grants", "--open"]], ids=" ".join)
def test_outputs_of_an_empty_ledger(desk: Desk, words: list[str]) -> None:
    """Where there is nothing, the command says so in a line."""
    done = desk.run(*words)
    assert (done.status, done.err) == (0, "")
    assert len(done.out.splitlines()) == 1
