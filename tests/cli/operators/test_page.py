"""The text for people: colours on terminals alone, lines that fit, nothing cut that has to be copied."""

from io import StringIO

import pytest
from rich.console import Console

from airlock.grants.approval import Change
from airlock_cli.operators.difference import Kind, difference
from airlock_cli.operators.page import Page
from airlock_cli.operators.telling import tell_changes
from tests.cli.operators import samples

LONG = "arn:aws:iam::111122223333:role/" + "a-path-of-some-length/" * 4 + "OpenShiftInstaller"


def printed(width: int = 80, *, terminal: bool = False) -> tuple[Page, StringIO]:
    """A page, and where its text goes."""
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    return Page(console), out


@pytest.mark.parametrize(("terminal", "no_colour"), [(True, False), (True, True), (False, False)])
def test_colours(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, no_colour: bool) -> None:
    """A change is green and red on a terminal, and plain in a file or where NO_COLOR is set."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    page, out = printed(terminal=terminal)
    plan = samples.open_grant().progress.plan
    assert plan is not None
    tell_changes(page, plan.changes)
    coloured = terminal and not no_colour
    assert ("\x1b[32m" in out.getvalue(), "\x1b[31m" in out.getvalue()) == (coloured, coloured)


@pytest.mark.parametrize("width", [1, 20, 40, 80, 200])
def test_names_are_never_cut(width: int) -> None:
    """However narrow the terminal, an ARN stays in one piece, so that it can be copied."""
    page, out = printed(width)
    page.line(f"for {LONG} and others", indent=4)
    page.rows([("2026-11-24T02:20:00Z", "approved", f"by {LONG}: a note"), ("x", "y", "")])
    assert out.getvalue().count(LONG) == 2
    assert not any(line != line.rstrip() for line in out.getvalue().splitlines())


def test_a_row_whose_words_are_too_long_goes_below() -> None:
    """Where a column is too narrow for its words, the text goes below the row, over the whole width."""
    page, out = printed(60)
    page.rows([("2026-11-24T02:20:00Z", "approved", "by arn:aws:iam::111122223333:user/lee"), ("b", "c", "short")])
    assert out.getvalue().splitlines() == [
        "  2026-11-24T02:20:00Z  approved",
        "      by arn:aws:iam::111122223333:user/lee",
        "  b                     c         short",
    ]


def test_differences_of_odd_texts() -> None:
    """A text that isn't JSON is compared as it is, what isn't ASCII is escaped, and equal documents don't differ."""
    changed = difference("not\u202e JSON", '{"a": "\u00e9"}')
    assert [line.text for line in changed if line.kind is Kind.REMOVED] == ["-not\\u202e JSON"]
    assert '+  "a": "\\u00e9"' in [line.text for line in changed]
    assert difference('{"a":1}', '{ "a": 1 }') == []
    page, out = printed()
    tell_changes(page, [Change(samples.PLACE, "", "{}")])
    assert out.getvalue().splitlines()[-1] == "  +{}"
