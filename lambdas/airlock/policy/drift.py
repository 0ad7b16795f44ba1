"""Somebody edited the policy while the airlock had it open: what it should be without the airlock.

Neither side's text is trusted blindly. The edit is kept, only the airlock's own statements are taken out, and
the denies that they stood for are put back.
"""

from __future__ import annotations

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


def rebase(baseline: str, written: str, found: str) -> Rebased:
    """Merge an edit into the baseline.

    Args:
        baseline: the policy as it was before the airlock opened it.
        written: the policy as the airlock last wrote it.
        found: the policy as it is now, different from both.

    Returns:
        What the policy should be once no grant is open.
    """
    before = statements_of(parse_document(baseline))
    opened = statements_of(parse_document(written))
    document = parse_document(found)
    present = statements_of(document)
    ours = [statement for statement in opened if statement not in before]
    originals = [statement for statement in before if statement not in opened]

    intact = all(statement in present for statement in ours)
    kept = [statement for statement in present if statement not in ours]
    intact = intact and not any(is_airlock_statement(statement) for statement in kept)
    first = next((index for index, statement in enumerate(present) if statement in ours), len(kept))
    taken = {statement.get("Sid") for statement in kept}
    missing = [_without_taken_sid(statement, taken) for statement in originals if statement not in kept]
    if kept == present and not missing:
        # Somebody has replaced the policy: their text stands, to the byte.
        return Rebased(found, intact)
    return Rebased(write_document({**document, "Statement": kept[:first] + missing + kept[first:]}), intact)


def _without_taken_sid(statement: Statement, taken: set[str | None]) -> Statement:
    """The statement, without its Sid if somebody has given that to another: IAM refuses a policy with one twice."""
    if statement.get("Sid") not in taken:
        return statement
    return {key: value for key, value in statement.items() if key != "Sid"}
