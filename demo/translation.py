"""Carries a policy from IAM over to SeaweedFS, which enforces source addresses but knows no VPCs.

The gate serves few kinds of request: GetObject, and other actions where they are named, by one user or those who share
its policy, from a few local addresses. Whatever a policy says is carried over as what it means for those requests, and
each change is told in plain words.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from demo.local_world import TranslationError, World, make_world

__all__ = ["Translation", "TranslationError", "for_gate"]

ACTION: Final = "s3:GetObject"

_VERSION: Final = "2012-10-17"
_ELEMENTS: Final = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
# SeaweedFS matches the names of operators and keys by case, IAM doesn't.
_DATES: Final = {
    f"date{name}".lower(): f"Date{name}"
    for name in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
}
_PRINCIPAL: Final = "aws:principalarn"
_NETWORK_KEYS: Final = {"aws:sourceip": "aws:SourceIp", "aws:sourcevpc": "aws:SourceVpc"}
# A key that no request made here carries, whoever calls.
_ABSENT: Final = "aws:PrincipalTag/none"


@dataclass(frozen=True, slots=True)
class Translation:
    """A policy as the gate gets it.

    Attributes:
        document: the policy; its list of statements may be empty.
        notes: what was changed and why, in plain words, in the order of the statements.
    """

    document: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """What a policy is carried over to.

    Attributes:
        actions: the calls that are made.
        worlds: who calls, as each user's requests would look on AWS, by the user's name at the gate.
    """

    actions: tuple[str, ...]
    worlds: Mapping[str, World]

    @property
    def world(self) -> World:
        """The callers of whichever user: but for the principal they are the same."""
        return next(iter(self.worlds.values()))


def for_gate(
    document: Mapping[str, Any],
    *,
    office: Sequence[str],
    node: Mapping[str, str],
    principal: str | Mapping[str, str],
    actions: Sequence[str] = (ACTION,),
) -> Translation:
    """Write a policy so that SeaweedFS decides a GetObject, or the actions named, as AWS would.

    The document itself isn't changed.

    Args:
        document: the policy as IAM holds it.
        office: networks (CIDR) or addresses that the office calls from on AWS; it calls the gate from 127.0.0.1.
        node: from where a node is on AWS (its VPC's ID, or the public address it calls from) to its local address.
        principal: ARN of the IAM user or role that the gate's user stands for. For a policy that several share, the
            ARN of each and its user's name at the gate.
        actions: the calls to decide, each spelt as the gate knows it.

    Raises:
        TranslationError: the policy can't be carried over without guessing.
    """
    users = {principal: ""} if isinstance(principal, str) else principal
    target = _Target(tuple(actions), {name: make_world(office, node, arn) for arn, name in users.items()})
    notes: list[str] = []
    if "${" in json.dumps(document):
        raise TranslationError("the policy holds a variable (${...}), which the gate would read in its own way")
    if document.get("Version") != _VERSION:
        notes.append(f"Version is {_VERSION}: SeaweedFS enforces no other, and without variables they mean the same")
    statements = []
    for number, statement in enumerate(_listed(document.get("Statement", [])), start=1):
        label = f"statement {number}" + (f" ({statement['Sid']})" if "Sid" in statement else "")
        try:
            kept, told = _statement(statement, target)
        except TranslationError as error:
            raise TranslationError(f"{label}: {error}") from error
        notes += [f"{label}: {note}" for note in told]
        if kept:
            statements.append(kept)
    return Translation({"Version": _VERSION, "Statement": statements}, tuple(notes))


def _statement(statement: Mapping[str, Any], target: _Target) -> tuple[dict[str, Any] | None, list[str]]:
    unknown = set(statement) - _ELEMENTS
    if unknown:
        raise TranslationError(f"no element of an identity policy: {', '.join(sorted(unknown))}")
    notes: list[str] = []
    kept: dict[str, Any] = {name: statement[name] for name in ("Sid", "Effect") if name in statement}
    action = _action(statement, target.actions, notes)
    if action is None:
        only = "the only call" if len(target.actions) == 1 else "the only calls"
        return None, [f"left out, since it says nothing about {' or '.join(target.actions)}, {only} made here"]
    kept["Action"] = action
    for name in ("Resource", "NotResource"):
        if name in statement:
            kept[name] = _resource(statement[name], notes)
    condition = _condition(statement.get("Condition", {}), target, notes)
    if condition is None:
        return None, [*notes, "left out, since for these calls its condition can't hold"]
    if condition:
        kept["Condition"] = condition
    return kept, notes


def _action(statement: Mapping[str, Any], actions: Sequence[str], notes: list[str]) -> object:
    """Decide what Action to write; None if the statement covers none of the calls that are made."""
    negated = "NotAction" in statement
    entries = _listed(statement["NotAction"] if negated else statement.get("Action", []))
    covered = [action for action in actions if _listed_in(entries, action) != negated]
    if not covered:
        return None
    named = covered[0] if len(covered) == 1 else covered
    told = " and ".join(covered)
    if negated:
        lacks = "it" if len(covered) == 1 else "them"
        notes.append(f"NotAction, which SeaweedFS never matches, became Action {told}: the list doesn't hold {lacks}")
        return named
    if [action for action in actions if any(fnmatch.fnmatchcase(action, entry) for entry in entries)] == covered:
        return statement["Action"]
    notes.append(f"the action became {told}, since SeaweedFS matches actions by case")
    return named


def _listed_in(entries: Sequence[str], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), entry.lower()) for entry in entries)


def _resource(value: object, notes: list[str]) -> object:
    """Put resources of any partition into the gate's own, which is ``aws``."""
    changed = [re.sub(r"^arn:aws-[a-z-]+:", "arn:aws:", entry) for entry in _listed(value)]
    if changed == _listed(value):
        return value
    notes.append("ARNs are in partition aws, the gate's own")
    return changed


def _condition(
    condition: Mapping[str, Mapping[str, object]], target: _Target, notes: list[str]
) -> dict[str, dict[str, object]] | None:
    """Write the condition; None if no request made here can meet it."""
    dates: dict[str, dict[str, object]] = {}
    # Which callers and which users meet everything but the dates; all parts of a condition must hold.
    met = [True] * len(target.world.callers)
    users = dict.fromkeys(target.worlds, True)
    for operator, keys in condition.items():
        for key, value in keys.items():
            name = key.lower()
            if name == "aws:currenttime":
                _keep_date(operator, value, dates)
                continue
            values = [_text(one) for one in _listed(value)]
            # KMS's own keys are in requests to KMS alone.
            asked = _ABSENT if name.startswith("kms:") else key
            decided = {user: world.decide(asked, operator, values) for user, world in target.worlds.items()}
            if name == _PRINCIPAL and len(users) > 1:
                users = {user: before and all(decided[user]) for user, before in users.items()}
                notes.append(_explain_users(operator, key, value, decided))
                continue
            same = next(iter(decided.values()))
            met = [before and now for before, now in zip(met, same, strict=True)]
            notes.append(_explain(operator, key, value, same, target.world))
    if not any(met) or not any(users.values()):
        return None
    return {**_addresses(target.world, met), **_users(users), **dates}


def _users(met: Mapping[str, bool]) -> dict[str, dict[str, object]]:
    """Tell the users for whom a statement holds from the others, by their names."""
    others = [user for user, holds in met.items() if not holds]
    return {"StringNotEquals": {"aws:username": others}} if others else {}


def _addresses(world: World, met: list[bool]) -> dict[str, dict[str, object]]:
    """Tell the callers for whom a statement holds from the others, by their local addresses."""
    if all(met):
        return {}
    # The last caller is everybody else, who has no address to list.
    operator = "NotIpAddress" if met[-1] else "IpAddress"
    listed = {
        f"{caller.address}/32": None
        for caller, holds in zip(world.callers, met, strict=True)
        if caller.address and holds != met[-1]
    }
    return {operator: {"aws:SourceIp": list(listed)}}


def _keep_date(operator: str, value: object, dates: dict[str, dict[str, object]]) -> None:
    # The time is in every request, so IfExists adds nothing.
    name = _DATES.get(operator.lower().removesuffix("ifexists"))
    if name is None:
        raise TranslationError(f"{operator} isn't an operator for aws:CurrentTime")
    if name in dates:
        raise TranslationError(f"{name} on aws:CurrentTime stands here twice")
    dates[name] = {"aws:CurrentTime": value}


def _explain(operator: str, key: str, value: object, decided: list[bool], world: World) -> str:
    what = f"{operator} {key} {json.dumps(value)}"
    if key.lower() not in _NETWORK_KEYS:
        return f"{what} is {'always' if decided[0] else 'never'} true here"
    names = [
        f"{caller.name} ({caller.address})" if caller.address else caller.name
        for caller, holds in zip(world.callers, decided, strict=True)
        if holds
    ]
    return f"{what} is true for {', '.join(names) or 'nobody here'}"


def _explain_users(operator: str, key: str, value: object, decided: Mapping[str, list[bool]]) -> str:
    names = [user for user, holds in decided.items() if all(holds)]
    what = f"{operator} {key} {json.dumps(value)} is true for {', '.join(names) or 'nobody here'}"
    return f"{what}; it became aws:username, since SeaweedFS knows no {key}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    raise TranslationError(f"{json.dumps(value)} is neither a string nor true or false")


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM takes a value and a list of one for the same
    return list(value) if isinstance(value, list) else [value]
