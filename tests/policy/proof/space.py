"""All requests at once: what a request may hold, as unknowns of the solver.

An unknown string is only known by its kind: which of the patterns it matches that were asked about (patterns.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tests.policy.proof.call import Call
from tests.policy.proof.logic import (
    NO,
    YES,
    Bits,
    Formula,
    Model,
    Number,
    all_of,
    any_of,
    below,
    bits,
    bits_in,
    holds,
    in_block,
    no,
    number,
    number_in,
    one_among,
    same,
    unknown,
)
from tests.policy.proof.patterns import Pattern, kinds, literal, matching

ALWAYS_PRESENT = ("aws:currenttime", "aws:principalarn")
"""Source: IAM user guide, "AWS global condition context keys": "included in the request context for all requests",
and "all signed requests"; an identity policy is asked about no others."""


class UnsupportedError(ValueError):
    """A policy says something that the proofs have no formula for, so nothing is claimed of it."""


class Reading(Enum):
    """The two ways in which IAM may take wildcards in a resource; the user guide and experience differ."""

    ONE_STRING = "as one string"
    IN_PARTS = "part by part"


class Sort(Enum):
    """What a condition key's values are."""

    STRING = "a string"
    ADDRESS = "an address"
    NUMBER = "a number"


@dataclass(slots=True)
class Text:
    """An unknown string."""

    name: str
    _asked: dict[Pattern, Formula] = field(default_factory=dict)

    def matches(self, pattern: Pattern) -> Formula:
        """Whether it matches the pattern."""
        if pattern not in self._asked:
            self._asked[pattern] = unknown(f"{self.name} matches #{len(self._asked)}")
        return self._asked[pattern]

    def is_one_of(self, *texts: str) -> Formula:
        """Whether it is one of these strings."""
        return any_of(self.matches(literal(text)) for text in texts)

    def is_exactly(self, text: str) -> Formula:
        """Whether it is of this string's kind; to be asked after everything else."""
        matched = matching(tuple(self._asked), text)
        return all_of(same(one, YES if index in matched else NO) for index, one in enumerate(self._asked.values()))

    def law(self) -> Formula:
        """It matches together exactly what some string matches together."""
        found = kinds(tuple(self._asked))
        of_kind = (
            same(formula, one_among(self._kind, [n for n, kind in enumerate(found) if index in kind.matches]))
            for index, formula in enumerate(self._asked.values())
        )
        return all_of([below(self._kind, len(found)), *of_kind])

    def example(self, model: Model) -> str:
        """One of the shortest strings of its kind."""
        return kinds(tuple(self._asked))[bits_in(model, self._kind)].example

    @property
    def _kind(self) -> Bits:
        return bits(f"kind of {self.name}", 16)


@dataclass(slots=True)
class Address:
    """An unknown IP address of either family."""

    name: str

    def is_in(self, network: IPv4Network | IPv6Network) -> Formula:
        """Whether it lies in the block; one of the other family never does."""
        if network.version == 6:
            return all_of([self._is_long, in_block(self._long, network)])
        return all_of([no(self._is_long), in_block(self._short, network)])

    def example(self, model: Model) -> str:
        """The address, written out."""
        if holds(model, self._is_long):
            return str(IPv6Address(bits_in(model, self._long)))
        return str(IPv4Address(bits_in(model, self._short)))

    @property
    def _is_long(self) -> Formula:
        return unknown(f"{self.name} is IPv6")

    @property
    def _short(self) -> Bits:
        return bits(f"{self.name} in IPv4", 32)

    @property
    def _long(self) -> Bits:
        return bits(f"{self.name} in IPv6", 128)


@dataclass
class Key:
    """A condition key of the request: present with one value, or absent."""

    name: str
    sort: Sort | None = None
    boolean: bool = False

    @cached_property
    def present(self) -> Formula:
        """Whether the request carries it."""
        return YES if self.name in ALWAYS_PRESENT else unknown(f"{self.name} is present")

    @cached_property
    def text(self) -> Text:
        """Its value, as a string."""
        self._settle(Sort.STRING)
        return Text(self.name)

    @cached_property
    def address(self) -> Address:
        """Its value, as an address."""
        self._settle(Sort.ADDRESS)
        return Address(self.name)

    @cached_property
    def number(self) -> Number:
        """Its value, as a number: times are whole seconds since 1970."""
        self._settle(Sort.NUMBER)
        return number(self.name, whole=self.name in ALWAYS_PRESENT)

    def is_one_of(self, *texts: str) -> Formula:
        """Whether it is present and one of these strings."""
        return all_of([self.present, self.text.is_one_of(*texts)])

    def example(self, model: Model) -> str | None:
        """Its value in a request, or None where it is absent there."""
        if not holds(model, self.present):
            return None
        if self.sort is Sort.ADDRESS:
            return self.address.example(model)
        if self.sort is Sort.NUMBER:
            value = number_in(model, self.number)
            if self.name == "aws:currenttime":
                return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return str(value if value.denominator == 1 else float(value))
        return self.text.example(model)

    def _settle(self, sort: Sort) -> None:
        if self.sort not in (None, sort):
            raise UnsupportedError(f"{self.name} is compared as {sort.value} and in another way too")
        self.sort = sort


@dataclass
class Space:
    """The unknown request, and everything that was asked about it so far."""

    reading: Reading = Reading.ONE_STRING
    action: Text = field(default_factory=lambda: Text("action"))
    resource: Text = field(default_factory=lambda: Text("resource"))
    keys: dict[str, Key] = field(default_factory=dict)
    untold: dict[str, Formula] = field(default_factory=dict)

    def key(self, name: str) -> Key:
        """A condition key; IAM matches the names without regard to case."""
        return self.keys.setdefault(name.lower(), Key(name.lower()))

    def whatever(self, line: str) -> Formula:
        """Something that the proofs don't look into: it may hold or not, but for one request it is always the same."""
        return self.untold.setdefault(line, unknown(line))

    def laws(self) -> list[Formula]:
        """What holds of strings as such, once all the formulas are built."""
        texts = [self.action, self.resource, *(key.text for key in self.keys.values() if key.sort is Sort.STRING)]
        return [text.law() for text in texts]

    def call(self, model: Model) -> Call:
        """A request as the solver found it."""
        found = {name: key.example(model) for name, key in self.keys.items()}
        return Call(
            action=self.action.example(model),
            resource=self.resource.example(model),
            keys={name: value for name, value in found.items() if value is not None},
            assumed=tuple(line for line, formula in self.untold.items() if holds(model, formula)),
            untold=bool(self.untold),
        )
