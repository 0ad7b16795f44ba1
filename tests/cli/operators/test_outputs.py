"""What each command prints, as text of 80 columns and as JSON, compared with stored files."""

import re

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

WIDER_COMMANDS = {
    "status-wider": ["status"],
    "grants-wider": ["grants"],
    "show-wider": ["show", "wide-"],
    "show-lifted": ["show", "lift-"],
    "show-unnarrowed": ["show", "early-"],
    "approve-wider": ["approve", "wide-", "--any-action", "--wait", "0"],
    "approve-ahead-wider": ["approve-ahead", ROLE, "--hours", "8", "--any-network", "--any-action"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_outputs_for_people(busy: Desk, name: str) -> None:
    """The text is what is stored; it keeps to 80 columns but for names that can't be broken."""
    check_text(busy, name, COMMANDS[name])


@pytest.mark.parametrize("name", WIDER_COMMANDS)
def test_outputs_of_what_is_wider_than_asked(wide: Desk, name: str) -> None:
    """The same of grants that are wider than asked, which every command says."""
    check_text(wide, name, WIDER_COMMANDS[name])
    assert re.search("(?i)wider than asked|lifted", wide.run(*WIDER_COMMANDS[name]).out)


def check_text(desk: Desk, name: str, words: list[str]) -> None:
    """Compare what a command prints for people with what is stored."""
    done = desk.run(*words)
    assert (done.status, done.err) == (0, "")
    for line in done.out.splitlines():
        assert line == line.rstrip()
        assert line.isprintable()
        assert len(line) <= 80 or max(map(len, line.split())) > 60, line
    assert_golden(f"operators/{name}.txt", done.out)


@pytest.mark.parametrize(
    ("infra_id", "form", "wider"),
    [
        ("wide-8fk2p", "any-action", ["actions"]),
        ("wild-4mn6s", "any-network-or-action", ["actions", "network"]),
        ("early-2wq9x", "scoped", ["network"]),
    ],
)
def test_programs_are_told_in_what_a_grant_is_wider(wide: Desk, infra_id: str, form: str, wider: list[str]) -> None:
    """A grant's form, the ways in which it is wider than asked by now, and why no tighter form would do."""
    told = wide.run("show", infra_id, "--json").json["grant"]
    assert (told["form"], told["wider"]) == (form, wider)
    assert told["why_wider"] == samples.WHY


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
