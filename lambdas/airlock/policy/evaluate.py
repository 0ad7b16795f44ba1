"""Which statements of an identity policy apply to a request, for sure, surely not, or perhaps; and why.

The rules are those of the IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from airlock.policy.conditions import requirements_of, shown
from airlock.policy.context import Context
from airlock.policy.matching import action_matches, as_list, has_variable, resource_matches
from airlock.policy.truth import Truth, all_of, any_of

_NO = Truth.FALSE


@dataclass(frozen=True, slots=True)
class Request:
    """One call, as IAM looks at it.

    Attributes:
        action: such as ``s3:GetObject``.
        resource: the ARN that it acts on.
        context: what is known of its condition keys.
    """

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class StatementRef:
    """Where a statement stands: its index in the document, from 0, and its Sid if it has one."""

    index: int
    sid: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a document's statements of one effect say of a request.

    Attributes:
        truth: whether any of them applies.
        applying: those that do for sure.
        unsure: those that may, depending on what isn't known.
    """

    truth: Truth
    applying: tuple[StatementRef, ...]
    unsure: tuple[StatementRef, ...]


def denied(document: dict[str, Any], request: Request) -> Verdict:
    """Tell whether a Deny of this identity policy applies, and which."""
    return _verdict(document, "Deny", request)


def allowed(document: dict[str, Any], request: Request) -> Verdict:
    """Tell whether an Allow of this identity policy applies, and which; a Deny is not taken into account."""
    return _verdict(document, "Allow", request)


def statement_applies(statement: dict[str, Any], request: Request) -> Truth:
    """Tell whether an identity policy's statement applies to the request, whatever its effect.

    UNKNOWN where something that decides isn't known, and for a statement that IAM wouldn't take in an identity policy:
    one with a Principal, without actions or resources, or with both an element and its opposite.
    """
    return StatementReader(statement).applies(request)


class StatementReader:
    """One statement, taken apart so that many requests can be held against it."""

    def __init__(self, statement: dict[str, Any]) -> None:
        self._malformed = _malformed(statement) is not None
        if not self._malformed:
            self._action = _Element.of(statement, "Action", action_matches)
            self._resource = _Element.of(statement, "Resource", resource_matches)
            self._requirements = list(requirements_of(statement.get("Condition")))
            self._covered: dict[tuple[str, str], Truth] = {}

    def applies(self, request: Request) -> Truth:
        """Tell what :func:`statement_applies` does: it covers the action and the resource, and its condition holds."""
        covered = self.covers(request.action, request.resource)
        return covered if covered is _NO else covered & self.holds(request.context)

    def covers(self, action: str, resource: str) -> Truth:
        """Tell whether the statement is about the action and the resource; asked again, it remembers."""
        if self._malformed:
            return Truth.UNKNOWN
        covered = self._covered.get((action, resource))
        if covered is None:
            covered = self._action.covers(action) & self._resource.covers(resource)
            self._covered[action, resource] = covered
        return covered

    def holds(self, context: Context) -> Truth:
        """Tell whether the statement's condition holds."""
        if self._malformed:
            return Truth.UNKNOWN
        return all_of([requirement.holds(context) for requirement in self._requirements])


@dataclass(frozen=True, slots=True)
class _Element:
    """A statement's actions or resources, as it names them."""

    name: str
    patterns: tuple[str, ...]
    matches: Callable[[str, str], Truth]
    negated: bool
    doubtful: bool

    @classmethod
    def of(cls, statement: dict[str, Any], element: str, matches: Callable[[str, str], Truth]) -> _Element:
        name = element if element in statement else f"Not{element}"
        patterns = tuple(as_list(statement[name]))
        # A variable that can't be filled makes the statement invalid: with one in it, it never applies for sure.
        return cls(name, patterns, matches, name != element, any(map(has_variable, patterns)))

    def covers(self, wanted: str) -> Truth:
        matches = self.matches
        truth = any_of([matches(pattern, wanted) for pattern in self.patterns])
        if self.negated:
            truth = ~truth
        return truth & Truth.UNKNOWN if self.doubtful else truth

    def why(self, wanted: str) -> str:
        return f"{self.name} {shown(self.patterns)} {_VERBS[self.covers(wanted)]} {wanted}"


_VERBS = {Truth.TRUE: "covers", Truth.FALSE: "doesn't cover", Truth.UNKNOWN: "may cover"}


def explain(statement: dict[str, Any], request: Request) -> str:
    """Say in one line what decides whether the statement applies.

    For a statement that applies, each condition that holds; for one that doesn't, the first thing against it; for one
    that may, the first thing that isn't known. Such as "aws:SourceIp is absent, so NotIpAddress 192.0.2.0/24 holds".
    """
    reason = _malformed(statement)
    if reason is not None:
        return reason
    elements = [
        (element.covers(wanted), partial(element.why, wanted))
        for element, wanted in (
            (_Element.of(statement, "Action", action_matches), request.action),
            (_Element.of(statement, "Resource", resource_matches), request.resource),
        )
    ]
    conditions = [
        (requirement.holds(request.context), partial(requirement.why, request.context))
        for requirement in requirements_of(statement.get("Condition"))
    ]
    for decisive in (Truth.FALSE, Truth.UNKNOWN):
        for truth, why in (*elements, *conditions):
            if truth is decisive:
                return why()
    return "; ".join(why() for _, why in (conditions or elements))


def _verdict(document: dict[str, Any], effect: str, request: Request) -> Verdict:
    found: dict[Truth, list[StatementRef]] = {truth: [] for truth in Truth}
    for index, statement in enumerate(as_list(document.get("Statement"))):
        if statement.get("Effect") == effect:
            found[statement_applies(statement, request)].append(StatementRef(index, statement.get("Sid")))
    truth = any_of(truth for truth, statements in found.items() if statements)
    return Verdict(truth, tuple(found[Truth.TRUE]), tuple(found[Truth.UNKNOWN]))


def _malformed(statement: dict[str, Any]) -> str | None:
    """Say why IAM wouldn't take the statement in an identity policy; None where it would."""
    for element in ("Principal", "NotPrincipal"):
        if element in statement:
            return f"{element} belongs in a resource's policy, so what the statement means here can't be told"
    for element in ("Action", "Resource"):
        opposite = f"Not{element}"
        if (element in statement) == (opposite in statement):
            return f"a statement has either {element} or {opposite}, so what this one means can't be told"
        patterns = as_list(statement.get(element, statement.get(opposite)))
        if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
            return f"{element} or {opposite} must hold strings, so what the statement means can't be told"
    return None
