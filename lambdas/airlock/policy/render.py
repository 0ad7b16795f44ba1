"""The heart: a policy without its exemptions, as a policy that IAM itself enforces.

``render(baseline, exemptions, now)`` gives the text to write. Opening, narrowing, lifting, closing one of two
overlapping grants and restoring are this one function. Without an exemption it gives the baseline, byte for byte.

Each statement goes its own way: catch.py tells which exemptions it stands in the way of, scoped.py takes the scoped
ones out of it, and lift.py puts it off for the lifted ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from airlock.policy.catch import Catch, what_it_catches
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import Document, Statement, parse_document, statements_of, write_document
from airlock.policy.exemption import Exemption
from airlock.policy.lift import lift
from airlock.policy.scoped import open_scoped

__all__ = ["SID", "is_airlock_statement", "render", "what_it_catches"]

SID = "Airlock"
"""How the Sid of each statement that the airlock writes begins; a number follows."""


def render(baseline: str, exemptions: Sequence[Exemption], now: datetime, *, shared: bool = False) -> str:
    """Write the policy that denies what the baseline denies, less the exemptions.

    Args:
        baseline: the policy's text before any exemption.
        exemptions: what is to be open. Those past their not-after time count as gone.
        now: the present moment.
        shared: whether the policy applies to other principals too (a group's, a managed one).

    Returns:
        The text to write; the baseline itself where nothing has to be opened.

    Raises:
        PolicyTextError: the baseline isn't a policy document.
        CannotRenderError: the exact difference can't be written.
    """
    live = sorted(
        (exemption for exemption in exemptions if exemption.not_after > now),
        key=lambda exemption: (exemption.not_after, exemption.objects, exemption.principal),
    )
    if not live:
        # Also a text that can't be read comes back: somebody may have put it there while it was open.
        return baseline
    document = parse_document(baseline)
    _refuse_overlaps([exemption for exemption in live if not exemption.lift])
    statements: list[Statement] = []
    opened = False
    for statement in statements_of(document):
        catch = what_it_catches(statement, live)
        statements.extend(_without(statement, catch, shared=shared) if catch else [statement])
        opened = opened or bool(catch)
    if not opened:
        return baseline
    return write_document({**document, "Statement": _with_sids(document, statements)})


def is_airlock_statement(statement: Statement) -> bool:
    """Whether the statement bears a Sid such as only the airlock writes."""
    sid = statement.get("Sid")
    return isinstance(sid, str) and sid.startswith(SID) and sid.removeprefix(SID).isdecimal()


def _refuse_overlaps(exemptions: Sequence[Exemption]) -> None:
    # Each scoped exemption says of its objects when they are denied. Two that speak of one object would shut each
    # other's, so that whoever names another's install could close it. A lift says nothing of objects.
    seen: set[str] = set()
    for exemption in exemptions:
        twice = seen.intersection(exemption.objects)
        if twice:
            raise CannotRenderError("overlapping-objects", f"another grant is open for {min(twice)} already")
        seen.update(exemption.objects)


def _without(statement: Statement, catch: Catch, *, shared: bool) -> list[Statement]:
    bare = {key: value for key, value in statement.items() if key != "Sid"}
    return (lift if catch.lifted else open_scoped)(bare, catch, shared=shared)


def _with_sids(document: Document, statements: list[Statement]) -> list[Statement]:
    """Give each new statement a Sid of ours that the document doesn't hold yet.

    Told apart by identity: one that reads like a statement of the document is ours all the same, and has to go again.
    """
    untouched = statements_of(document)
    originals = {id(statement) for statement in untouched}
    taken = {statement.get("Sid") for statement in untouched}
    fresh = (f"{SID}{number}" for number in count(1) if f"{SID}{number}" not in taken)
    return [one if id(one) in originals else {"Sid": next(fresh), **one} for one in statements]
