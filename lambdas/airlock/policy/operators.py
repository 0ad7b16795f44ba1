"""What each IAM condition operator says of one value in a policy and one value in a request.

The rules are those of the IAM User Guide, "IAM JSON policy elements: Condition operators".
A value that can't be read as what the operator compares (a malformed CIDR, date or number) gives UNKNOWN: AWS doesn't
say what becomes of it.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache

from airlock.policy.matching import glob_matches, has_variable
from airlock.policy.truth import Truth, all_of

Comparison = Callable[[str, str], Truth]
"""Takes the policy's value, then the request's."""

_ARN_PARTS = 6
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
# Not four digits: those may be a year.
_EPOCH = re.compile(r"\d{5,12}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
# The forms of the W3C note that AWS points to; fromisoformat alone would take more than those.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_CIDR = re.compile(r"[0-9A-Fa-f:.]+(/\d{1,3})?", re.ASCII)


class Quantifier(Enum):
    """How an operator takes a key that may have several values in one request."""

    ONE = ""
    ALL = "forallvalues:"
    ANY = "foranyvalue:"


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator's name, taken apart.

    Attributes:
        compare: what it says of one pair of values, before any negation.
        negated: it holds when none of the policy's values matches.
        if_exists: it holds when the key is absent.
        quantifier: the set prefix.
    """

    compare: Comparison
    negated: bool
    if_exists: bool
    quantifier: Quantifier


@lru_cache(maxsize=256)
def parse_operator(name: str) -> Operator | None:
    """Take an operator's name apart, without regard to case.

    ``Null`` isn't among the results: it asks about the key and not about its value.

    Returns:
        The operator; None for a name that IAM's page doesn't list.
    """
    rest = name.lower()
    quantifier = Quantifier.ONE
    for candidate in (Quantifier.ALL, Quantifier.ANY):
        if rest.startswith(candidate.value):
            quantifier = candidate
            rest = rest.removeprefix(candidate.value)
    plain = rest.removesuffix("ifexists")
    if plain not in _OPERATORS:
        return None
    compare, negated = _OPERATORS[plain]
    return Operator(compare, negated, if_exists=plain != rest, quantifier=quantifier)


def _equal(pattern: str, value: str) -> Truth:
    return Truth.UNKNOWN if has_variable(pattern) else Truth.of(pattern == value)


def _equal_ignoring_case(pattern: str, value: str) -> Truth:
    return _equal(pattern.lower(), value.lower())


def _arn_like(pattern: str, value: str) -> Truth:
    """Compare the six parts of two ARNs one by one, so that no wildcard of the first five crosses a colon."""
    patterns = pattern.split(":", _ARN_PARTS - 1)
    parts = value.split(":", _ARN_PARTS - 1)
    if len(patterns) != _ARN_PARTS or len(parts) != _ARN_PARTS:
        return Truth.UNKNOWN
    return all_of(glob_matches(ours, theirs) for ours, theirs in zip(patterns, parts, strict=True))


def _boolean(pattern: str, value: str) -> Truth:
    booleans = ("true", "false")
    if pattern.lower() not in booleans or value.lower() not in booleans:
        return Truth.UNKNOWN
    return Truth.of(pattern.lower() == value.lower())


def _binary_equal(pattern: str, value: str) -> Truth:
    try:
        return Truth.of(base64.b64decode(pattern, validate=True) == base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return Truth.UNKNOWN


def _in_network(pattern: str, value: str) -> Truth:
    """Tell whether an address lies in a CIDR block; a bare address in the policy is a block of one."""
    if _CIDR.fullmatch(pattern) is None:
        return Truth.UNKNOWN  # ipaddress would also take a netmask after the slash, which IAM's page doesn't know
    try:
        network = ipaddress.ip_network(pattern, strict=False)
        address = ipaddress.ip_address(value)
    except ValueError:
        return Truth.UNKNOWN
    return Truth.of(address in network)  # an address of the other family is in no network


def _ordered(read: Callable[[str], Decimal | None], holds: Callable[[Decimal, Decimal], bool]) -> Comparison:
    def compare(pattern: str, value: str) -> Truth:
        bound, actual = read(pattern), read(value)
        return Truth.UNKNOWN if bound is None or actual is None else Truth.of(holds(actual, bound))

    return compare


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> Decimal | None:
    """Read ISO 8601 or whole epoch seconds as seconds since 1970; a date without a time is its midnight in UTC."""
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    iso = f"{text}-01" if _MONTH.fullmatch(text) else text
    if _DATE.fullmatch(iso) is None:
        return None
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = (moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return Decimal(int(whole)) + Decimal(moment.microsecond) / 1_000_000


def _operators() -> dict[str, tuple[Comparison, bool]]:
    """List the operators, without set prefix and IfExists, each with whether it is the negation of its comparison."""
    positive: dict[str, Comparison] = {
        "stringequals": _equal,
        "stringequalsignorecase": _equal_ignoring_case,
        "stringlike": glob_matches,
        "arnequals": _arn_like,  # AWS: "behave identically", wildcards included
        "arnlike": _arn_like,
        "bool": _boolean,
        "binaryequals": _binary_equal,
        "ipaddress": _in_network,
    }
    orders: dict[str, Callable[[Decimal, Decimal], bool]] = {
        "equals": lambda actual, bound: actual == bound,
        "lessthan": lambda actual, bound: actual < bound,
        "lessthanequals": lambda actual, bound: actual <= bound,
        "greaterthan": lambda actual, bound: actual > bound,
        "greaterthanequals": lambda actual, bound: actual >= bound,
    }
    for order, holds in orders.items():
        positive[f"numeric{order}"] = _ordered(_number, holds)
        positive[f"date{order}"] = _ordered(_moment, holds)
    negations = {
        "stringnotequals": "stringequals",
        "stringnotequalsignorecase": "stringequalsignorecase",
        "stringnotlike": "stringlike",
        "arnnotequals": "arnequals",
        "arnnotlike": "arnlike",
        "notipaddress": "ipaddress",
        "numericnotequals": "numericequals",
        "datenotequals": "dateequals",
    }
    return {name: (compare, False) for name, compare in positive.items()} | {
        negation: (positive[name], True) for negation, name in negations.items()
    }


_OPERATORS = _operators()
