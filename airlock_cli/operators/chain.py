"""Whether a grant's audit lines are all there: each must follow one that is, and the ledger knows the last.

Whoever may write to the log group may have written any of the lines, so nothing of one is taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airlock.grants.grant import Grant
from airlock.reconcile.chain import hash_of
from airlock_cli.operators.trail import Line, grants_of

UNCHAINED = 1
"""The schema of the lines from before there was a chain; lines of any other are taken for chained."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Branch:
    """A line that nothing follows although it isn't the last.

    Attributes:
        at: the time that it tells, ISO 8601 in UTC; None where it tells none.
        stream: the log stream that it is in.
    """

    at: str | None
    stream: str

    def __str__(self) -> str:
        """Which line it is."""
        return f"{self.at or 'an unknown time'}{f' in the stream {self.stream}' if self.stream else ''}"

    def as_json(self) -> dict[str, str | None]:
        """The same for programs."""
        return {"at": self.at, "log_stream": self.stream}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What following a grant's audit lines came to.

    Attributes:
        lines: how many are chained.
        unchained: how many an older release wrote, which chained none.
        faults: what is missing, altered or out of place, in plain words; none where the chain is whole.
        branches: lines that nothing follows although they aren't the last. A run that died between telling and keeping
            writes such, and so does ``airlock restore``; so would somebody who adds lines.
    """

    lines: int
    unchained: int
    faults: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no line is known to be missing, altered or out of place."""
        return not self.faults


def follow(grant: Grant, lines: Sequence[Line]) -> Chain:
    """Follow the lines of a grant.

    Args:
        grant: as the ledger has it.
        lines: of the audit trail, those of the grant among them.
    """
    own = [line for line in lines if grant.id in grants_of(line)]
    older = [line for line in own if not _is_chained(line)]
    chained = {hash_of(line.text): line for line in own if _is_chained(line)}
    faults = _out_of_place(older, list(chained.values()))
    followed: set[str] = set()
    for line in chained.values():
        previous = line.get("previous")
        before = previous.get(grant.id, ...) if isinstance(previous, Mapping) else ...
        if before is not None and not isinstance(before, str):
            faults.append(f"the line of {_which(line)} doesn't tell which one it follows")
        elif before in chained:
            followed.add(before)
        elif before is not None:
            faults.append(f"the line before the one of {_which(line)} is missing, or was altered")
    head = grant.audit_head
    if head is not None and head not in chained:
        faults.append("the last line that the ledger knows of is missing, or was altered")
    loose = [_which(line) for name, line in chained.items() if name not in followed and name != head]
    return Chain(lines=len(chained), unchained=len(older), faults=tuple(faults), branches=tuple(loose))


def words_of(chain: Chain) -> str:
    """A chain in a sentence or two."""
    told = [_whole(chain) if chain.is_whole else f"BROKEN: {'; '.join(chain.faults)}."]
    if chain.branches:
        told.append(
            f"Nothing follows the lines of {', '.join(map(str, chain.branches))}: a run that died, or is under way, "
            "wrote them, or airlock restore, or somebody who may write to the log group."
        )
    return " ".join(told)


def _whole(chain: Chain) -> str:
    if not chain.lines:
        return "Nothing is chained: an older release wrote the lines, or there are none."
    older = f", after {chain.unchained} of an older release, which chained none" if chain.unchained else ""
    return f"Whole: {chain.lines} line{'' if chain.lines == 1 else 's'}{older}."


def _out_of_place(older: Sequence[Line], chained: Sequence[Line]) -> list[str]:
    """Lines without a chain that CloudWatch got after the first chained one: whoever adds a line can't choose that."""
    first = min((line.ingested for line in chained), default=None)
    return [
        f"the line of {_which(line)} isn't chained, though it came after one that is: somebody added it, or the stack "
        "was rolled back to a release that chained none"
        for line in older
        if first is not None and line.ingested > first
    ]


def _is_chained(line: Line) -> bool:
    schema = line.get("schema")
    # True == 1 in Python, and so is 1.0; the airlock wrote neither.
    return type(schema) is not int or schema != UNCHAINED


def _which(line: Line) -> Branch:
    at = line.get("at")
    return Branch(at if isinstance(at, str) and _MOMENT.fullmatch(at) else None, line.stream)
