"""Which statements of an identity policy apply to a request, for sure, surely not, or perhaps; and why.

The rules are those of the IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from airlock.policy.conditions import requirements_of, shown
from airlock.policy.context import Context
from airlock.policy.matching import action_matches, as_list, has_variable, has_wildcard, resource_matches
from airlock.policy.truth import Truth, all_of, any_of


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
    """One statement, taken apart so that many requests can be held against it.

    Requests with one context, the very same object, are best asked about one after the other.

    Attributes:
        fault: why IAM wouldn't take the statement in an identity policy; None where it would.
    """

    def __init__(self, statement: dict[str, Any]) -> None:
        elements = _elements_of(statement)
        self.fault = elements if isinstance(elements, str) else None
        if not isinstance(elements, str):
            self._action, self._resource = elements
            self._requirements = list(requirements_of(statement.get("Condition")))
            self._context: Context | None = None
            self._held = _UNKNOWN

    @property
    def resources(self) -> tuple[str, ...]:
        """All that the statement can be about, where it names each in full; else none."""
        return () if self.fault else self._resource.listed

    def applies(self, request: Request) -> Truth:
        """Tell what :func:`statement_applies` does: it covers the action and the resource, and its condition holds."""
        covered = self.covers(request.action, request.resource)
        return covered if covered is _FALSE else covered & self.holds(request.context)

    def covers(self, action: str, resource: str) -> Truth:
        """Tell whether the statement is about the action and the resource."""
        if self.fault:
            return _UNKNOWN
        covered = self._action.covers(action)
        return covered if covered is _FALSE else covered & self._resource.covers(resource)

    def holds(self, context: Context) -> Truth:
        """Tell whether the statement's condition holds."""
        if self.fault:
            return _UNKNOWN
        if context is not self._context:
            self._held = all_of([requirement.holds(context) for requirement in self._requirements])
            self._context = context
        return self._held

    def explain(self, request: Request) -> str:
        """Tell what :func:`explain` does."""
        if self.fault:
            return self.fault
        elements = [
            (element.covers(wanted), partial(element.why, wanted))
            for element, wanted in ((self._action, request.action), (self._resource, request.resource))
        ]
        conditions = [
            (requirement.holds(request.context), partial(requirement.why, request.context))
            for requirement in self._requirements
        ]
        for decisive in (_FALSE, _UNKNOWN):
            for truth, why in (*elements, *conditions):
                if truth is decisive:
                    return why()
        return "; ".join(why() for _, why in (conditions or elements))


def explain(statement: dict[str, Any], request: Request) -> str:
    """Say in one line what decides whether the statement applies.

    For a statement that applies, each condition that holds; for one that doesn't, the first thing against it; for one
    that may, the first thing that isn't known. Such as "aws:SourceIp is absent, so NotIpAddress 192.0.2.0/24 holds".
    """
    return StatementReader(statement).explain(request)


class _Element(NamedTuple):
    """A statement's actions or resources, as it names them, and what was asked of them already."""

    name: str
    patterns: tuple[str, ...]
    matches: Callable[[str, str], Truth]
    negated: bool
    doubtful: bool
    known: dict[str, Truth]

    @property
    def listed(self) -> tuple[str, ...]:
        vague = self.negated or self.doubtful or any(map(has_wildcard, self.patterns))
        return () if vague else self.patterns

    def covers(self, wanted: str) -> Truth:
        truth = self.known.get(wanted)
        if truth is None:
            found = any_of([self.matches(pattern, wanted) for pattern in self.patterns])
            truth = ~found if self.negated else found
            self.known[wanted] = truth = truth & _UNKNOWN if self.doubtful else truth
        return truth

    def why(self, wanted: str) -> str:
        return f"{self.name} {shown(self.patterns)} {_VERBS[self.covers(wanted)]} {wanted}"


_FALSE, _UNKNOWN = Truth.FALSE, Truth.UNKNOWN
_VERBS = {Truth.TRUE: "covers", Truth.FALSE: "doesn't cover", Truth.UNKNOWN: "may cover"}


def _verdict(document: dict[str, Any], effect: str, request: Request) -> Verdict:
    found: dict[Truth, list[StatementRef]] = {truth: [] for truth in Truth}
    for index, statement in enumerate(as_list(document.get("Statement"))):
        if statement.get("Effect") == effect:
            found[statement_applies(statement, request)].append(StatementRef(index, statement.get("Sid")))
    truth = any_of(truth for truth, statements in found.items() if statements)
    return Verdict(truth, tuple(found[Truth.TRUE]), tuple(found[Truth.UNKNOWN]))


def _elements_of(statement: dict[str, Any]) -> tuple[_Element, _Element] | str:
    """A statement's actions and resources; or why IAM wouldn't take it in an identity policy."""
    for element in ("Principal", "NotPrincipal"):
        if element in statement:
            return f"{element} belongs in a resource's policy, so what the statement means here can't be told"
    action = _element_of(statement, "Action", action_matches)
    if isinstance(action, str):
        return action
    resource = _element_of(statement, "Resource", resource_matches)
    return resource if isinstance(resource, str) else (action, resource)


def _element_of(statement: dict[str, Any], element: str, matches: Callable[[str, str], Truth]) -> _Element | str:
    opposite = f"Not{element}"
    negated = opposite in statement
    if (element in statement) == negated:
        return f"a statement has either {element} or {opposite}, so what this one means can't be told"
    name = opposite if negated else element
    patterns = tuple(as_list(statement[name]))
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        return f"{element} or {opposite} must hold strings, so what the statement means can't be told"
    # A variable that can't be filled makes the statement invalid: with one in it, it never applies for sure.
    return _Element(name, patterns, matches, negated, any(map(has_variable, patterns)), {})
