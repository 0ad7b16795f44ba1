"""The version of the ledger's JSON texts: each says its own, older ones are brought up to date as they are read.

A release adds a step here when it changes what a text holds, and no release writes what the one before can't read: a
deployment that is rolled back leaves texts of the newer one behind. See docs/decisions/0019-ledger-schema.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from airlock.errors import LedgerTooNewError

SCHEMA = 2
"""What this release writes. Texts of version 1 don't say so."""

Kept = dict[str, Any]


class Part(StrEnum):
    """What a text tells of."""

    FACTS = "facts"
    PROGRESS = "progress"
    SCOPE = "scope"


def written(kept: Mapping[str, Any]) -> str:
    """A part as JSON text, with its version."""
    return json.dumps({"schema": SCHEMA, **kept}, ensure_ascii=False)


def read(part: Part, text: str) -> Kept:
    """A part from its JSON text, as this release would have written it.

    Raises:
        LedgerTooNewError: a newer release wrote it.
    """
    kept: Kept = json.loads(text)
    version = kept.pop("schema", 1)
    if version > SCHEMA:
        raise LedgerTooNewError(
            f"the ledger's {part} are of schema {version}, and this release reads up to {SCHEMA}: a newer airlock "
            "wrote them; deploy that release again, or a later one"
        )
    for step in range(version, SCHEMA):
        _STEPS[step](part, kept)
    return kept


def _from_1(part: Part, kept: Kept) -> None:
    """Before 0.1.0 was finished, keys were added one by one; what a text lacks, nobody knew yet."""
    if part is Part.FACTS:
        kept.setdefault("found", [])
    elif part is Part.PROGRESS:
        kept.setdefault("why_wider", None)
        kept.setdefault("second_opinion", None)
    else:
        kept.setdefault("begun", {})
        kept.setdefault("refused", [])
        kept.setdefault("limit_told", None)
        for record in kept["policies"]:
            record.setdefault("written_at", None)


_STEPS: Mapping[int, Callable[[Part, Kept], None]] = {1: _from_1}
"""By the version that a step starts from; it leads to the next one."""
