"""The change of a policy, line by line, for the terminal and for reports."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from enum import StrEnum

CONTEXT = 2
"""Unchanged lines around each change."""


class Kind(StrEnum):
    """What a line of a difference is."""

    PLACE = "place"
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line.

    Attributes:
        kind: what it is.
        text: the line, with its ``+``, ``-`` or space in front.
    """

    kind: Kind
    text: str


_KINDS = {"+": Kind.ADDED, "-": Kind.REMOVED, "@": Kind.PLACE, " ": Kind.SAME}


def difference(before: str, after: str) -> list[DiffLine]:
    """What changes between two texts of a policy, laid out alike so that only content counts."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=CONTEXT, lineterm="")
    # The first two name files, which these aren't.
    return [DiffLine(_KINDS[line[0]], line) for line in list(lines)[2:]]


def _lines(text: str) -> list[str]:
    """The text with an element a line; what isn't ASCII is escaped, so that nothing can hide from who reads it."""
    try:
        return json.dumps(json.loads(text), indent=2).splitlines()
    except (ValueError, RecursionError):
        return [ascii(line)[1:-1] for line in text.splitlines()]
