"""Somebody edited the policy while the airlock had it open: what it should be without the airlock.

Neither side's text is trusted blindly. The edit is kept, only the airlock's own statements are taken out, and
the denies that they stood for are put back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from airlock.policy.document import Statement, parse_document, statements_of, write_document
from airlock.policy.render import is_airlock_statement


@dataclass(frozen=True, slots=True)
class Rebased:
    """A new baseline, after an edit.

    Attributes:
        text: the edited policy with the original denies in place of the airlock's statements.
        intact: whether the airlock's statements were all there, unaltered. If not, the original denies stand
            beside whatever was found, and the grants on this policy should end.
    """

    text: str
    intact: bool


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a text of the airlock's has in place of what."""

    ours: list[Statement]
    originals: list[Statement]


def rebase(baseline: str, written: str | Sequence[str], found: str) -> Rebased:
    """Merge an edit into the baseline.

    Args:
        baseline: the policy as it was before the airlock opened it.
        written: the policy as the airlock last wrote it; several texts, the likeliest first, where it isn't known
            which of them stood when somebody edited it.
        found: the policy as it is now, different from all of them.

    Returns:
        What the policy should be once no grant is open.

    Raises:
        PolicyTextError: a text isn't a policy document.
    """
    before, present = statements_of(parse_document(baseline)), statements_of(parse_document(found))
    openings = [_opening(before, text) for text in ([written] if isinstance(written, str) else written)]
    for opening in openings:
        if opening.ours and _is_intact(opening, present):
            return Rebased(_merged(baseline, found, opening), intact=True)
    # Nothing tells which of the texts stood, so whatever one of them has is taken out, and whatever one of them left
    # out is put back: an edit mustn't lose the deny by having met the airlock between two writes.
    every = _Opening(
        [statement for opening in openings for statement in opening.ours],
        [statement for statement in before if any(statement in opening.originals for opening in openings)],
    )
    merged = _merged(baseline, found, every)
    # An edit of the baseline itself, before the airlock had opened it or after it was closed.
    beside_nothing = merged == found and not any(map(is_airlock_statement, present))
    return Rebased(merged, beside_nothing and not all(opening.ours for opening in openings))


def holds_ours(baseline: str, written: Sequence[str], found: str) -> bool:
    """Whether a text has all of what one of the airlock's texts has in the original denies' place, unaltered.

    Args:
        baseline: the policy as it was before the airlock opened it.
        written: the airlock's texts.
        found: the policy as it is now.

    Raises:
        PolicyTextError: a text isn't a policy document.
    """
    before, present = statements_of(parse_document(baseline)), statements_of(parse_document(found))
    openings = [_opening(before, text) for text in written]
    return any(opening.ours and _is_intact(opening, present) for opening in openings)


def _opening(before: list[Statement], text: str) -> _Opening:
    opened = statements_of(parse_document(text))
    return _Opening(
        [statement for statement in opened if statement not in before],
        [statement for statement in before if statement not in opened],
    )


def _is_intact(opening: _Opening, present: list[Statement]) -> bool:
    ours, meant = _meanings(opening.ours), _meanings(present)
    rest = [statement for statement in present if _meaning(statement) not in ours]
    return ours <= meant and not any(map(is_airlock_statement, rest))


def _merged(baseline: str, found: str, opening: _Opening) -> str:
    """The text that was found, with the original denies in place of the airlock's statements."""
    origin, document = parse_document(baseline), parse_document(found)
    present, ours = statements_of(document), _meanings(opening.ours)
    kept = [statement for statement in present if _meaning(statement) not in ours]
    first = next((index for index, statement in enumerate(present) if _meaning(statement) in ours), len(kept))
    taken, standing = {statement.get("Sid") for statement in kept}, _meanings(kept)
    lost = [statement for statement in opening.originals if _meaning(statement) not in standing]
    if kept == present and not lost:
        # Somebody has replaced the policy: their text stands, to the byte.
        return found
    merged = kept[:first] + [_without_taken_sid(statement, taken) for statement in lost] + kept[first:]
    if {**document, "Statement": merged} == {**origin, "Statement": statements_of(origin)}:
        # It was only laid out anew: the baseline comes back, to the byte.
        return baseline
    return write_document({**document, "Statement": merged})


def _meanings(statements: Sequence[Statement]) -> set[str]:
    return {_meaning(statement) for statement in statements}


def _meaning(part: object) -> str:
    """A statement, or a part of one, without what means nothing to IAM: the order of lists, and a list of one.

    Programs that write policies sort lists and take such brackets away (Terraform's ``aws_iam_policy_document``).
    """
    if isinstance(part, dict):
        return json.dumps({key: _meaning(value) for key, value in part.items()}, sort_keys=True)
    if isinstance(part, list):
        meanings = sorted({_meaning(one) for one in part})
        return meanings[0] if len(meanings) == 1 else json.dumps(meanings)
    return json.dumps(part)


def _without_taken_sid(statement: Statement, taken: set[str | None]) -> Statement:
    """The statement, without its Sid if somebody has given that to another: IAM refuses a policy with one twice."""
    if statement.get("Sid") not in taken:
        return statement
    return {key: value for key, value in statement.items() if key != "Sid"}
