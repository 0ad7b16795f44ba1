"""Whether a grant's audit lines are all there: each must follow one that is, and the ledger knows the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airlock.grants.grant import Grant
from airlock.reconcile.chain import hash_of
from airlock_cli.operators.trail import Line, grants_of

FIRST_CHAINED = 2
"""The schema of audit lines from which on they are chained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What following a grant's audit lines came to.

    Attributes:
        lines: how many are chained.
        unchained: how many an older release wrote, which chained none.
        faults: what is missing or altered, in plain words; none where the chain is whole.
        branches: times of lines that nothing follows although they aren't the last. A run that died between telling
            and keeping writes such, and so does ``airlock restore``; so would somebody who adds lines.
    """

    lines: int
    unchained: int
    faults: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether no line is known to be missing or altered."""
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
    faults: list[str] = []
    followed: set[str] = set()
    for line in chained.values():
        previous = line.get("previous")
        if not isinstance(previous, Mapping) or grant.id not in previous:
            faults.append(f"the line of {_at(line)} doesn't tell which one it follows")
        elif previous[grant.id] in chained:
            followed.add(previous[grant.id])
        elif previous[grant.id] is not None:
            faults.append(f"the line before the one of {_at(line)} is missing, or was altered")
    head = grant.audit_head
    if head is not None and head not in chained:
        faults.append("the last line that the ledger knows of is missing, or was altered")
    loose = [_at(line) for name, line in chained.items() if name not in followed and name != head]
    return Chain(lines=len(chained), unchained=len(older), faults=tuple(faults), branches=tuple(loose))


def words_of(chain: Chain) -> str:
    """A chain in a sentence or two."""
    told = [_whole(chain) if chain.is_whole else f"BROKEN: {'; '.join(chain.faults)}."]
    if chain.branches:
        told.append(
            f"Nothing follows the lines of {', '.join(chain.branches)}: a run that died wrote them, or airlock "
            "restore, or somebody who may write to the log group."
        )
    return " ".join(told)


def _whole(chain: Chain) -> str:
    if not chain.lines:
        return "Nothing is chained: an older release wrote the lines, or there are none."
    older = f", after {chain.unchained} of an older release, which chained none" if chain.unchained else ""
    return f"Whole: {chain.lines} line{'' if chain.lines == 1 else 's'}{older}."


def _is_chained(line: Line) -> bool:
    schema = line.get("schema")
    return not isinstance(schema, int) or schema >= FIRST_CHAINED


def _at(line: Line) -> str:
    return str(line.get("at", "an unknown time"))
