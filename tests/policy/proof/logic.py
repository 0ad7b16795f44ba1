"""The little of z3 that the proofs use, with types.

z3 ships neither stubs nor a py.typed marker, so this is the one module that imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from ipaddress import IPv4Network, IPv6Network
from typing import NewType

import z3  # type: ignore[import-untyped]  # z3-solver has no types

from tests.policy.proof.patterns import Pattern

Formula = NewType("Formula", object)
Number = NewType("Number", object)
Bits = NewType("Bits", object)
Model = NewType("Model", object)


class CannotDecideError(RuntimeError):
    """The solver gave up, so that nothing is proven."""


YES = Formula(z3.BoolVal(val=True))
NO = Formula(z3.BoolVal(val=False))


def unknown(name: str) -> Formula:
    """A fact that may be or not."""
    return Formula(z3.Bool(name))


def all_of(parts: Iterable[Formula]) -> Formula:
    """Every one of them; of none, true."""
    found = list(parts)
    return found[0] if len(found) == 1 else Formula(z3.And(*found))


def any_of(parts: Iterable[Formula]) -> Formula:
    """At least one of them; of none, false."""
    found = list(parts)
    return found[0] if len(found) == 1 else Formula(z3.Or(*found))


def no(part: Formula) -> Formula:
    """The opposite."""
    return Formula(z3.Not(part))


def implies(premise: Formula, conclusion: Formula) -> Formula:
    """The one never without the other."""
    return Formula(z3.Implies(premise, conclusion))


def same(one: Formula, other: Formula) -> Formula:
    """Both or neither."""
    return _equal(one, other)


def number(name: str, *, whole: bool) -> Number:
    """A number that isn't known."""
    return Number(z3.Int(name) if whole else z3.Real(name))


def compare(value: Number, order: str, bound: Fraction) -> Formula:
    """How a number stands to a bound, by IAM's word for it (such as ``lessthanequals``)."""
    left = z3.ToReal(value) if z3.is_int(value) else value
    right = z3.Q(bound.numerator, bound.denominator)
    return Formula(
        {
            "equals": lambda: left == right,
            "lessthan": lambda: left < right,
            "lessthanequals": lambda: left <= right,
            "greaterthan": lambda: left > right,
            "greaterthanequals": lambda: left >= right,
        }[order]()
    )


def bits(name: str, width: int) -> Bits:
    """A string of bits that isn't known."""
    return Bits(z3.BitVec(name, width))


def in_block(address: Bits, network: IPv4Network | IPv6Network) -> Formula:
    """Whether the address begins with the network's bits."""
    width, length = network.max_prefixlen, network.prefixlen
    if not length:
        return YES
    return Formula(z3.Extract(width - 1, width - length, address) == int(network.network_address) >> (width - length))


def one_among(choice: Bits, indices: Iterable[int]) -> Formula:
    """Whether it is one of these numbers."""
    return any_of(_equal(choice, index) for index in indices)


def below(choice: Bits, bound: int) -> Formula:
    """Whether it is less than the bound, which its bits can hold."""
    return Formula(z3.ULE(choice, bound - 1))


def model_of(formulas: Iterable[Formula]) -> Model | None:
    """Facts under which all the formulas hold, or None where there can't be any.

    Raises:
        CannotDecideError: the solver can't tell.
    """
    solver = z3.Solver()
    solver.add(*formulas)
    answer = solver.check()
    if answer == z3.unknown:
        raise CannotDecideError(solver.reason_unknown())
    return Model(solver.model()) if answer == z3.sat else None


def holds(model: Model, formula: Formula) -> bool:
    """Whether the formula is true under the facts."""
    return bool(z3.is_true(_value(model, formula)))


def bits_in(model: Model, value: Bits) -> int:
    """The bits under the facts, as a number."""
    return int(_value(model, value).as_long())


def number_in(model: Model, value: Number) -> Fraction:
    """The number under the facts."""
    found = _value(model, value)
    return Fraction(found.as_long()) if z3.is_int(found) else Fraction(found.as_fraction())


def is_complete_by_strings(patterns: Sequence[Pattern], kinds: Iterable[frozenset[int]]) -> bool:
    """Whether each string matches together exactly the patterns of one of the kinds, by z3's theory of strings.

    Raises:
        CannotDecideError: the solver can't tell.
    """
    text = z3.String("text")
    matches = [Formula(z3.InRe(text, _regex(pattern))) for pattern in patterns]
    of_kind = (all_of(matches[n] if n in kind else no(matches[n]) for n in range(len(patterns))) for kind in kinds)
    return model_of([no(any_of(of_kind))]) is None


def _regex(pattern: Pattern) -> z3.ReRef:
    string = z3.ReSort(z3.StringSort())
    parts = [z3.Re("")]
    for token in pattern:
        tokens = [z3.Re(character) for character in sorted(token.characters)]
        named = z3.Union(z3.Empty(string), z3.Empty(string), *tokens)
        one = z3.Diff(z3.AllChar(string), named) if token.negated else named
        parts.append(z3.Star(one) if token.repeated else one)
    return z3.Concat(z3.Re(""), *parts)


def _equal(one: object, other: object) -> Formula:
    return Formula(one == other)


def _value(model: Model, term: object) -> z3.ExprRef:
    return model.eval(term, model_completion=True)  # type: ignore[attr-defined]  # z3 has no types
