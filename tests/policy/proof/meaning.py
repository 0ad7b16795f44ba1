"""What a policy document says, as a formula over all requests: a reading of IAM's rules of its own.

Nothing of `airlock.policy` is used here but the document itself. Sources are pages of the IAM User Guide: "IAM JSON
policy elements reference", "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
values", "Single-valued vs. multivalued context keys" and "Policy evaluation logic".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from ipaddress import ip_network
from typing import Any

from tests.policy.proof.logic import NO, Formula, all_of, any_of, compare, no
from tests.policy.proof.patterns import Pattern, arn_like, glob, literal, resource_in_parts
from tests.policy.proof.space import Key, Reading, Space, UnsupportedError

Statement = dict[str, Any]
Document = dict[str, Any]


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - any element of a policy
    """One value means the same as a list of it."""
    return value if isinstance(value, list) else [value]


def statements(document: Document, effect: str) -> list[Statement]:
    """The document's statements with this effect."""
    return [one for one in as_list(document["Statement"]) if one["Effect"] == effect]


def says(space: Space, document: Document, effect: str) -> Formula:
    """Whether some statement of this effect applies: one Deny denies, whatever the others say."""
    return any_of(applies(space, one) for one in statements(document, effect))


def applies(space: Space, statement: Statement) -> Formula:
    """Whether the statement applies: its action, its resource and its whole condition."""
    if "Principal" in statement or "NotPrincipal" in statement:
        raise UnsupportedError("a statement with a Principal isn't an identity policy's")
    return all_of([names(space, statement), condition(space, statement)])


def names(space: Space, statement: Statement) -> Formula:
    """Whether the statement names the action and the resource, whatever its condition."""
    return all_of([_element(space, statement, "Action"), _element(space, statement, "Resource")])


def condition(space: Space, statement: Statement, *, only_key: str | None = None) -> Formula:
    """Whether all lines of the condition hold, or all those about one key."""
    return all_of(
        _line(space, operator, key, as_list(values))
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
        if only_key is None or key.lower() == only_key.lower()
    )


def _element(space: Space, statement: Statement, element: str) -> Formula:
    opposite = f"Not{element}"
    if (element in statement) == (opposite in statement):
        raise UnsupportedError(f"a statement has either {element} or {opposite}")
    matches = _action if element == "Action" else _resource
    found = any_of(matches(space, pattern) for pattern in as_list(statement.get(element, statement.get(opposite))))
    return found if element in statement else no(found)


def _action(space: Space, pattern: str) -> Formula:
    # "The prefix and the action name are case insensitive."
    return _unless_variable(space, "action", pattern, lambda: space.action.matches(glob(pattern.lower())))


def _resource(space: Space, pattern: str) -> Formula:
    read = glob if space.reading is Reading.ONE_STRING else resource_in_parts
    return _unless_variable(space, "resource", pattern, lambda: space.resource.matches(read(pattern)))


def _unless_variable(space: Space, what: str, pattern: str, formula: Callable[[], Formula]) -> Formula:
    # What a policy variable stands for isn't known; but it is the same before and after, for one request.
    return space.whatever(f"{what} matches {pattern}") if "${" in pattern else formula()


def _line(space: Space, operator: str, key_name: str, values: list[Any]) -> Formula:
    name, key = operator.lower(), space.key(key_name)
    if not values:
        raise UnsupportedError(f"{operator} on {key_name} has no values")
    texts = [_text(value) for value in values]
    if name == "null":
        # "true": the key isn't there; "false": it is.
        outcomes = {"true": no(key.present), "false": key.present}
        return any_of(outcomes[text.lower()] for text in texts)
    if name.startswith(("forallvalues:", "foranyvalue:")) or any("${" in text for text in texts):
        return space.whatever(f"{name} {key.name} {json.dumps(sorted(texts))}")
    plain = name.removesuffix("ifexists")
    positive, negated = _positive(plain)
    found = any_of(_compared(key, positive, text) for text in texts)
    if negated:
        # "If the key ... is not present in the request, the negated operator evaluates to true."
        return no(all_of([key.present, found]))
    return any_of([all_of([key.present, found]), no(key.present) if plain != name else NO])


def _positive(operator: str) -> tuple[str, bool]:
    """An operator without its "not", and whether it had one."""
    for family in ("string", "arn", "numeric", "date"):
        if operator.startswith(f"{family}not"):
            return operator.replace("not", "", 1), True
    return ("ipaddress", True) if operator == "notipaddress" else (operator, False)


def _compared(key: Key, operator: str, text: str) -> Formula:
    if operator == "ipaddress":
        return key.address.is_in(ip_network(text, strict=False))
    for family, read in (("date", _seconds), ("numeric", Fraction)):
        if operator.startswith(family):
            return compare(key.number, operator.removeprefix(family), read(text))
    if operator in _PATTERN_OF:
        key.boolean = key.boolean or operator == "bool"
        return key.text.matches(_PATTERN_OF[operator](text))
    raise UnsupportedError(f"no formula for the operator {operator}")


_PATTERN_OF: dict[str, Callable[[str], Pattern]] = {
    "stringequals": literal,
    "stringequalsignorecase": lambda text: literal(text, ignore_case=True),
    "stringlike": glob,
    "arnequals": arn_like,  # "ArnEquals and ArnLike behave identically"
    "arnlike": arn_like,
    "bool": lambda text: literal(text, ignore_case=True),
}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(text: str) -> Fraction:
    if text.isdecimal() and len(text) > 4:  # four digits would be a year
        return Fraction(text)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Fraction(int(moment.replace(microsecond=0).timestamp())) + Fraction(moment.microsecond, 1_000_000)
