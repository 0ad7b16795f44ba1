"""Three-valued truth: what can be said about a policy when not every key of the request is known."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NoReturn


class Truth(Enum):
    """True, false, or not to be known from what is at hand (Kleene's strong logic).

    It refuses to be used as a ``bool``: a Deny that may apply is neither one that does nor one that doesn't, and
    the caller has to say which way it leans by comparing with ``is``.
    """

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    @classmethod
    def of(cls, value: bool) -> Truth:  # noqa: FBT001 - the one place where a bool becomes a Truth
        """Give the Truth that stands for ``value``."""
        return cls.TRUE if value else cls.FALSE

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self} has three values: compare it with `is`, don't test it")

    def __and__(self, other: Truth) -> Truth:
        if self is _FALSE or other is _TRUE:
            return self
        return other if self is _TRUE or other is _FALSE else _UNKNOWN

    def __or__(self, other: Truth) -> Truth:
        if self is _TRUE or other is _FALSE:
            return self
        return other if self is _FALSE or other is _TRUE else _UNKNOWN

    def __invert__(self) -> Truth:
        return _FALSE if self is _TRUE else _TRUE if self is _FALSE else _UNKNOWN


# Read once: every look at a member of an enumeration is a call, and these are looked at more often than all else.
_FALSE, _UNKNOWN, _TRUE = Truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """Join with *and*: FALSE as soon as one is FALSE; TRUE for none at all."""
    result = _TRUE
    for truth in truths:
        if truth is _FALSE:
            return truth
        if truth is _UNKNOWN:
            result = truth
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Join with *or*: TRUE as soon as one is TRUE; FALSE for none at all."""
    result = _FALSE
    for truth in truths:
        if truth is _TRUE:
            return truth
        if truth is _UNKNOWN:
            result = truth
    return result
