"""Lifting: one statement as a whole is off for a principal until a time.

The rules, for a source-network deny S (docs/decisions/0007-lift.md):

- in a policy of one principal, S after the lift;
- in a shared one, S for every principal that isn't lifted, S after the last lift, and S for each principal whose
  lift ends earlier, after that.

Each of these holds for principals and times of its own. So where scoped exemptions stand beside the lifts, S is
opened in each for those alone that can matter there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from airlock.policy.catch import Catch
from airlock.policy.clauses import after, other_principals, restrict, this_principal
from airlock.policy.document import Statement
from airlock.policy.exemption import Exemption, iso
from airlock.policy.scoped import open_scoped


def lift(bare: Statement, catch: Catch, *, shared: bool) -> list[Statement]:
    """The statement, less what it catches, where some of that is a lift.

    Args:
        bare: a source-network deny without a Sid.
        catch: what it catches; ``lifted`` isn't empty.
        shared: whether the policy applies to other principals too.

    Raises:
        CannotRenderError: no operator is left for the date or the principal, or a scoped exemption beside the lifts
            has no exact form.
    """
    ends: dict[str, datetime] = {}
    for one in catch.lifted:
        ends[one.principal] = max(one.not_after, ends.get(one.principal, one.not_after))
    last = max(ends.values())
    afterwards = _after(last, bare, catch.scoped_where(lambda one: one.not_after > last), shared=shared)
    if not shared:
        return afterwards
    for_others = open_scoped(bare, catch.scoped_where(lambda one: one.principal not in ends), shared=True)
    parts = [restrict(part, other_principals(*sorted(ends))) for part in for_others] + afterwards
    for principal, end in sorted(ends.items()):
        if end < last:
            own = catch.scoped_where(_of(principal))  # all end after its lift, else they'd be none of the catch
            parts += [restrict(part, this_principal(principal)) for part in _after(end, bare, own, shared=False)]
    return parts


def _of(principal: str) -> Callable[[Exemption], bool]:
    return lambda one: one.principal == principal


def _after(moment: datetime, bare: Statement, catch: Catch, *, shared: bool) -> list[Statement]:
    """The statement after the moment, less scoped exemptions that all end later."""
    late = {iso(exemption.not_after) for exemption in catch.scoped}
    parts = open_scoped(bare, catch, shared=shared)
    # A part that holds only after one of their ends says more already, and there may be no operator for a second date.
    return [part if _holds_after(part, late) else restrict(part, after(moment)) for part in parts]


def _holds_after(statement: Statement, moments: set[str]) -> bool:
    """Whether the statement has a condition that it be after one of these moments (as ISO 8601)."""
    return any(
        operator.lower() in ("dategreaterthan", "dategreaterthanifexists")
        and any(key.lower() == "aws:currenttime" and str(value) in moments for key, value in keys.items())
        for operator, keys in statement["Condition"].items()
    )
