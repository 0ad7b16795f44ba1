"""What the demonstration shows: a timeline, the policy's difference, and who gets the object at each stage."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

DIFF_CONTEXT = 2


class Screen:
    """The terminal, or any other place for text."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def title(self, text: str) -> None:
        """Begin a part."""
        self._console.print()
        self._console.print(Rule(f"[bold]{escape(text)}[/]"))

    def say(self, text: str) -> None:
        """Explain something in passing."""
        self._console.print(f"[dim]{escape(text)}[/]")

    def event(self, at: float, name: str, about: str, did: Sequence[str], *, seen: bool) -> None:
        """One event of the stream.

        Args:
            at: seconds since the install began.
            name: the call or notification.
            about: what it was about.
            did: what the airlock did, in its own words.
            seen: whether a rule of the template matched it.
        """
        minutes, seconds = divmod(int(at), 60)
        clock = f"T+{minutes:02}:{seconds:02}"
        what = f"{name:<20} {about}"
        if did:
            self._console.print(f"{clock}  {escape(what)}  [bold green]{escape(', '.join(did))}[/]")
        else:
            self._console.print(f"{clock}  [{'default' if seen else 'dim'}]{escape(what)}[/]")

    def difference(self, before: str, after: str) -> None:
        """The policy's change, as a coloured diff of the documents laid out line by line."""
        lines = difflib.unified_diff(_lines(before), _lines(after), "before", "after", n=DIFF_CONTEXT, lineterm="")
        self._console.print(Syntax("\n".join(lines), "diff", theme="ansi_dark", word_wrap=True))

    def stage(self, name: str, statuses: Sequence[tuple[str, int, int]]) -> None:
        """Who gets the object now.

        Args:
            name: the stage.
            statuses: from where, the HTTP status that came, and the one that should.
        """
        table = Table(title=f"{name}: the presigned GET", title_justify="left", show_header=False, title_style="bold")
        for who, came, wanted in statuses:
            colour = "green" if came == HTTPStatus.OK else "yellow"
            wrong = [] if came == wanted else [f"[red]should be {wanted}[/]"]
            table.add_row(who, f"[{colour}]{came}[/]", *wrong)
        self._console.print(table)

    def audit_line(self, line: Mapping[str, Any]) -> None:
        """One line of the audit trail, shortened."""
        what = line.get("decision") or line["policy"]["name"]
        hashes = f"{line['before_sha256'][:6]} -> {line['after_sha256'][:6]}" if "before_sha256" in line else ""
        row = f"{line['at']} {line['kind']:<12} {what:<15} {line['outcome']:<13} {hashes}"
        self._console.print(f"[dim]{escape(row.rstrip())}[/]")

    def verdict(self, text: str, *, good: bool) -> None:
        """How it ended."""
        mark = "[bold green]✔[/]" if good else "[bold red]✘[/]"
        self._console.print(f"{mark} {escape(text)}")


def _lines(text: str) -> list[str]:
    return json.dumps(json.loads(text), indent=2).splitlines()
