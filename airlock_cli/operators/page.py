"""Plain text for people: short lines that fit the terminal, with little colour, and nothing that a terminal obeys."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence

import typer
from rich.console import Console
from rich.text import Text

_NARROWEST = 16
_BELOW = 6
"""Columns on the left of what goes below its row."""
# What makes a presigned URL one (IAM user guide, "Create a signed AWS API request").
_SECRETS = re.compile(r"(?i)(x-amz-(?:credential|security-token|signature))(=|%3d)[^\s&\"'\\]+")


def without_secrets(text: str) -> str:
    """A text without what signs the URLs in it: a note may have been pasted from anywhere."""
    return _SECRETS.sub(r"\1\2[left out]", text)


def clean(text: object) -> str:
    """A text that others wrote, on one line and without control characters, which a terminal would obey.

    Notes and policies come from people; an escape sequence in one could hide or forge a line.
    """
    line = " ".join(without_secrets(str(text)).splitlines())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)


class Page:
    """Standard output, as wide as the terminal, or any other console."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False, emoji=False)

    def line(self, text: str = "", style: str = "", indent: int = 0, hang: int = 2) -> None:
        """Print a text; what doesn't fit goes on below, a little further in. Words, such as ARNs, are never cut.

        Args:
            text: what to say.
            style: of the whole, as rich names it.
            indent: columns on the left.
            hang: further columns from the second line on.
        """
        width = max(self._console.width - 1 - indent, _NARROWEST)
        lines = _wrapped(clean(text), width - hang) if len(text) > width else [clean(text)]
        for number, one in enumerate(lines or [""]):
            self._put(" " * (indent + (hang if number else 0)) + one, style)

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._put("", "")
        self.line(text, "bold")

    def verbatim(self, text: str, style: str = "", indent: int = 2) -> None:
        """Print a line as it is, whatever its length."""
        self._put(" " * indent + clean(text), style)

    def rows(self, rows: Sequence[Sequence[str]], styles: Sequence[str] = (), indent: int = 2) -> None:
        """Print rows in columns two apart; the last column is wrapped to what room there is.

        Args:
            rows: of equally many texts.
            styles: a style for each row's last but one column; none where there are none.
            indent: columns on the left.
        """
        cleaned = [[clean(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in list(zip(*cleaned, strict=True))[:-1]]
        for number, row in enumerate(cleaned):
            style = styles[number] if number < len(styles) else ""
            text = Text(" " * indent)
            for place, (cell, width) in enumerate(zip(row, widths, strict=False)):
                text.append(f"{cell:<{width}}", style=style if place == len(widths) - 1 else "").append("  ")
            self._put_last(text, row[-1])

    def _put_last(self, begun: Text, cell: str) -> None:
        """Print a row that lacks its last cell yet; one whose words are too long for its column goes below."""
        margin = len(begun)
        room = max(self._console.width - 1 - margin, _NARROWEST)
        lines = _wrapped(cell, room) or [""]
        if max(map(len, lines)) > room:
            margin = _BELOW
            lines = ["", *_wrapped(cell, self._console.width - 1 - margin)]
        begun.append(lines[0]).rstrip()
        self._console.print(begun, soft_wrap=True)
        for more in lines[1:]:
            self._put(" " * margin + more, "")

    def _put(self, text: str, style: str) -> None:
        self._console.print(Text(text.rstrip(), style=style), soft_wrap=True)


def put_json(result: Mapping[str, object]) -> None:
    """Print a result for programs."""
    typer.echo(without_secrets(json.dumps(result, indent=2)))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False)
