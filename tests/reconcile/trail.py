"""The audit trail of a test's account, and what must hold of each one: its lines are of the schema, and chained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import jsonschema

from airlock.grants.grant import Grant
from airlock_cli.operators.chain import follow
from airlock_cli.operators.trail import Line

SCHEMA = Path(__file__).parents[2] / "docs" / "audit-line.schema.json"


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def lines_of(texts: Sequence[str]) -> list[Line]:
    """The trail's lines, from their texts."""
    return [Line(json.loads(text), text) for text in texts]


def troubles(lines: Sequence[Line], grants: Sequence[Grant]) -> Iterator[str]:
    """What is wrong with a trail, in words; nothing where each line is as documented and none is missing."""
    for line in lines:
        if line["schema"] == 1:
            continue
        for error in _validator().iter_errors(dict(line)):
            yield f"an audit line isn't as documented: {error.message[:300]}"
    for grant in grants:
        yield from (f"of {grant.id}, {fault}" for fault in follow(grant, lines).faults)
