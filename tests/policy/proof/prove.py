"""Proving that a rewritten policy denies exactly what it should, for every request there can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from airlock.policy.exemption import Exemption
from tests.policy.proof.call import Call
from tests.policy.proof.exempted import opened, partition_of
from tests.policy.proof.logic import Formula, all_of, any_of, compare, implies, model_of, no, same
from tests.policy.proof.meaning import Document, applies, says, statements
from tests.policy.proof.space import Reading, Space
from tests.policy.proof.world import facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A policy before and after, and what is meant to be open in between.

    Attributes:
        before: the document.
        after: the document that stands in its place.
        exemptions: what is to be open.
        now: when it is written; exemptions past their time are gone.
        shared: whether others are under the policy too; else every request is the first exemption's principal's.
    """

    before: Document
    after: Document
    exemptions: Sequence[Exemption]
    now: datetime
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A request that shows a claim wrong."""

    claim: str
    call: Call

    def __str__(self) -> str:
        return f"wrong: {self.claim}\n{self.call}"


class Formulas:
    """A rewriting as formulas over one unknown request.

    Attributes:
        space: the unknown request.
        before: it was denied.
        after: it is denied.
        exempt: each statement that denied it was opened for it.
        claims: what has to hold for every request, by words.
        from_now_on: it is made after the rewriting; such a request reads better, but the claims don't need it.
        world: what holds of requests anyway.
    """

    def __init__(self, rewriting: Rewriting, reading: Reading = Reading.ONE_STRING) -> None:
        self.space = space = Space(reading)
        old, new = rewriting.before, rewriting.after
        denies = [(one, applies(space, one)) for one in statements(old, "Deny")]
        self.before = any_of(formula for _, formula in denies)
        self.after = says(space, new, "Deny")
        self.exempt = all_of(
            implies(formula, opened(space, one, rewriting.exemptions, rewriting.now)) for one, formula in denies
        )
        opens = all_of([self.before, no(self.after)])
        meant = all_of([self.before, self.exempt])
        self.claims = {
            "what opens is exempt": implies(opens, meant),
            "what is exempt opens": implies(meant, opens),
            "what is denied was denied before": implies(self.after, self.before),
            "what the policy allows stays the same": same(says(space, old, "Allow"), says(space, new, "Allow")),
        }
        time = self.space.key("aws:CurrentTime").number
        self.from_now_on = compare(time, "greaterthanequals", Fraction(int(rewriting.now.timestamp())))
        self.world = self._world(rewriting)

    def _world(self, rewriting: Rewriting) -> list[Formula]:
        (partition,) = {partition_of(one) for one in rewriting.exemptions}
        found = [fact.formula for fact in facts(self.space, partition)]
        if not rewriting.shared:
            (principal,) = {one.principal for one in rewriting.exemptions}
            found.append(self.space.key("aws:PrincipalArn").is_one_of(principal))
        return found + self.space.laws()

    def request(self, *wanted: Formula) -> Call | None:
        """A request for which all these formulas hold, or None where there can't be any."""
        model = model_of([*self.world, *wanted])
        return self.space.call(model) if model else None


def disproof(rewriting: Rewriting, reading: Reading = Reading.ONE_STRING) -> Counterexample | None:
    """Prove all claims; give None where that is done, else a request that shows one of them wrong."""
    formulas = Formulas(rewriting, reading)
    if formulas.request(no(all_of(formulas.claims.values()))) is None:
        return None
    for claim, formula in formulas.claims.items():
        call = formulas.request(no(formula), formulas.from_now_on) or formulas.request(no(formula))
        if call:
            return Counterexample(claim, call)
    raise AssertionError("a set of claims is wrong and each of them right")
