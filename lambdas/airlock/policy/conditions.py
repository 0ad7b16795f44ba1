"""Whether a statement's Condition holds for a request, in three values.

The rules are those of the IAM User Guide: "IAM JSON policy elements: Condition operators", "Conditions with multiple
context keys or values" and "Single-valued vs. multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airlock.policy.context import Context
from airlock.policy.matching import as_list, has_variable
from airlock.policy.operators import Operator, Quantifier, parse_operator
from airlock.policy.truth import Truth, all_of, any_of

_MOST_VALUES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a Condition: an operator, a key and the policy's values.

    Attributes:
        operator: the operator's name as the policy spells it.
        key: the condition key as the policy spells it.
        values: the policy's values as strings; None where one is neither string, number nor boolean.
    """

    operator: str
    key: str
    values: tuple[str, ...] | None

    def holds(self, context: Context) -> Truth:
        """Tell whether this line holds.

        UNKNOWN where the key is unknown, where AWS doesn't say (an operator its page doesn't list, a malformed value,
        several values of a key under an operator without a set prefix), and where a policy variable decides: one that
        can't be filled makes the whole statement invalid ("IAM policy elements: Variables and tags"), so that a line
        with one may fail for sure, but never holds for sure.
        """
        return _holds(self.operator, self.values, context.values_of(self.key))

    def why(self, context: Context) -> str:
        """Say in plain words how this line comes out, such as "aws:SourceIp is absent, so NotIpAddress x holds"."""
        present = context.values_of(self.key)
        known = "is unknown" if present is None else f"is {', '.join(present)}" if present else "is absent"
        return f"{self.key} {known}, so {self.operator} {shown(self.values)} {_OUTCOMES[self.holds(context)]}"


_OUTCOMES = {Truth.TRUE: "holds", Truth.FALSE: "doesn't hold", Truth.UNKNOWN: "can't be told"}


def requirements_of(condition: Mapping[str, Any] | None) -> Iterator[Requirement]:
    """Take a Condition block apart into its lines, in order."""
    for operator, keys in (condition or {}).items():
        for key, values in keys.items():
            yield Requirement(operator, key, _strings(values))


def shown(values: tuple[str, ...] | None) -> str:
    """Write values for a person; a long list is cut, and says by how much."""
    if values is None:
        return "(a value that can't be read)"
    if not values:
        return "(no value)"
    hidden = len(values) - _MOST_VALUES_SHOWN
    if hidden <= 1:
        return ", ".join(values)
    return f"{', '.join(values[:_MOST_VALUES_SHOWN])} and {hidden} more"


@lru_cache(maxsize=4096)
def _holds(name: str, wanted: tuple[str, ...] | None, present: tuple[str, ...] | None) -> Truth:
    if wanted is None:
        return Truth.UNKNOWN
    if name.lower() == "null":
        return _is_null(wanted, present)
    operator = parse_operator(name)
    if operator is None or present is None:
        return Truth.UNKNOWN
    if not wanted and operator.if_exists:
        return Truth.UNKNOWN  # the policy checks' "empty array" says it never holds, the operators' page otherwise
    truth = _of_present(operator, wanted, present) if present else _of_absent(operator)
    return _doubted(truth, wanted)


def _is_null(wanted: tuple[str, ...], present: tuple[str, ...] | None) -> Truth:
    """``Null``: true where the key must be absent, false where it must not."""
    lowered = {value.lower() for value in wanted}
    if present is None or not lowered <= {"true", "false"}:
        return Truth.UNKNOWN
    return Truth.of(("false" if present else "true") in lowered)


def _of_absent(operator: Operator) -> Truth:
    if operator.quantifier is Quantifier.ALL:
        return Truth.TRUE
    if operator.quantifier is Quantifier.ANY:
        # "If the key is not present, evaluate the condition element as true" against "ForAnyValue ... returns false".
        return Truth.UNKNOWN if operator.if_exists else Truth.FALSE
    return Truth.of(operator.if_exists or operator.negated)


def _of_present(operator: Operator, wanted: tuple[str, ...], present: tuple[str, ...]) -> Truth:
    if operator.quantifier is Quantifier.ONE:
        if len(present) > 1:
            return Truth.UNKNOWN  # AWS: "multivalued context keys require a condition set operator"
        return _of_value(operator, wanted, present[0])
    # The set operators take an empty string for no value at all ("resolves to a null dataset").
    values = [value for value in present if value]
    if not values:
        return _of_absent(operator)
    join = all_of if operator.quantifier is Quantifier.ALL else any_of
    return join(_of_value(operator, wanted, value) for value in values)


def _of_value(operator: Operator, wanted: tuple[str, ...], value: str) -> Truth:
    found = any_of(operator.compare(pattern, value) for pattern in wanted)
    return ~found if operator.negated else found


def _doubted(truth: Truth, wanted: tuple[str, ...]) -> Truth:
    return truth & Truth.UNKNOWN if any(has_variable(pattern) for pattern in wanted) else truth


def _strings(values: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - a condition's values may be any JSON
    if isinstance(values, str):
        return (values,)
    if values is None:
        return None
    strings = []
    for value in as_list(values):
        if isinstance(value, bool):
            strings.append("true" if value else "false")
        elif isinstance(value, str | int | float):
            strings.append(str(value))
        else:
            return None
    return tuple(strings)
