"""The difference that a plan makes in policies, for people and for machines; bounded, for SNS bounds a message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from airlock.grants.approval import Change
from airlock.messages.voice import Voice

SHOWN_LINES = 60
"""Lines of all differences in one text."""
FLAT_COLUMNS = 88
"""Up to here a list or an object of a policy is laid out on one line."""
_INDENT = "  "
SHOWN_COLUMNS = 240
"""Characters of one such line."""
MACHINE_BYTES = 30_000
"""Bytes of all differences in the machines' variant, as they weigh in the message that is sent.

SNS takes 262,144 bytes for all variants and the attributes together (SNS API reference, "Publish"). The machines'
variant stands there once for each of up to five protocols, as JSON inside of JSON, so that a quotation mark weighs
up to four bytes.
"""


def difference_of(change: Change) -> list[str]:
    """The unified difference of one policy, laid out with an element a line.

    What isn't ASCII is shown escaped, as IAM takes it, so that nothing in a policy can hide from who reads it.
    """
    from difflib import unified_diff  # noqa: PLC0415 - slow to load, and seldom needed by who loads this module

    place = str(change.place)
    return list(unified_diff(_laid_out(change.before), _laid_out(change.after), place, place, lineterm=""))


def shown(voice: Voice, changes: Sequence[Change], cut_note: str, grant_id: str) -> list[str]:
    """The differences as lines of a text.

    Args:
        voice: whose language is spoken.
        changes: of the policies.
        cut_note: name of the text that stands where something had to be left out; it says where all of it is.
        grant_id: of the grant that they belong to.
    """
    lines = [line for change in changes for line in difference_of(change)]
    whole = len(lines) <= SHOWN_LINES and all(len(line) <= SHOWN_COLUMNS for line in lines)
    cut = [line if len(line) <= SHOWN_COLUMNS else line[:SHOWN_COLUMNS] + " [...]" for line in lines[:SHOWN_LINES]]
    return cut if whole else [*cut, *voice.lines(cut_note, grant=grant_id)]


def for_machines(changes: Sequence[Change]) -> list[dict[str, object]]:
    """The differences as data; ``complete`` tells whether lines were left out at the end."""
    return list(_within_bounds(changes))


def _within_bounds(changes: Sequence[Change]) -> Iterator[dict[str, object]]:
    room = MACHINE_BYTES
    for change in changes:
        kept: list[str] = []
        lines = difference_of(change)
        for line in lines:
            room -= len(json.dumps(json.dumps(line + "\n")))
            if room < 0:
                break
            kept.append(line + "\n")
        place = {"kind": str(change.place.kind), "holder": change.place.holder, "name": change.place.name}
        yield {"policy": place, "diff": "".join(kept), "complete": len(kept) == len(lines)}


def _laid_out(text: str) -> list[str]:
    try:
        return _layout(json.loads(text), "").split("\n")
    except (ValueError, RecursionError):
        return [ascii(line)[1:-1] for line in text.split("\n")] if text else []


def _layout(value: object, indent: str) -> str:
    """JSON for people: what fits on a line stands on one, so that a statement takes some lines and not a screen."""
    flat = json.dumps(value)
    if not value or not isinstance(value, dict | list):
        return flat
    # A statement has a line for each of its elements, for that is how differences are read.
    within_statement = len(indent) >= len(_INDENT) * 3
    scalars = isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)
    if (within_statement or scalars) and len(indent) + len(flat) <= FLAT_COLUMNS:
        return flat
    inner = indent + _INDENT
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_layout(one, inner)}" for key, one in value.items()]
    else:
        parts = [_layout(one, inner) for one in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"
