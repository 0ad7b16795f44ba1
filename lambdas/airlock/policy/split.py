"""Taking actions and objects out of a statement, exactly.

Two facts about AWS are leaned on, and nothing else (docs/decisions/0002-exact-difference.md):
an ARN of S3 is the resource of S3's own actions only, and the resource of ``s3:GetObject`` is always such an ARN
in the principal's partition (Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airlock.policy.clauses import CannotRenderError, one_or_list
from airlock.policy.document import Statement
from airlock.policy.exemption import GET_OBJECT
from airlock.policy.matching import action_matches, as_list, has_variable, has_wildcard, resource_matches
from airlock.policy.truth import Truth


@dataclass(frozen=True, slots=True)
class ByResource:
    """A statement parted by its resources; together the two mean what it meant.

    Attributes:
        rest: what names none of the objects, or None where nothing is left of it.
        hit: what may name them, or None.
    """

    rest: Statement | None
    hit: Statement | None


def covers_action(statement: Statement, action: str) -> bool:
    """Whether the statement speaks of the action; IAM knows no policy variables in actions."""
    if "NotAction" in statement:
        return not _any_action(as_list(statement["NotAction"]), action)
    return _any_action(as_list(statement.get("Action")), action)


def covered_objects(statement: Statement, objects: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the objects that the statement's Resource or NotResource names.

    Raises:
        CannotRenderError: it can't be told, as with a policy variable in the pattern.
    """
    return tuple(arn for arn in objects if _covers_object(statement, arn))


def part_by_resource(statement: Statement, objects: tuple[str, ...]) -> ByResource:
    """Part the statement into what may name the objects and what can't."""
    if "NotResource" in statement:
        return ByResource(None, statement)
    patterns = as_list(statement.get("Resource"))
    hits = [pattern for pattern in patterns if any(_matches(pattern, arn) for arn in objects)]
    others = [pattern for pattern in patterns if pattern not in hits]
    return ByResource(_with(statement, "Resource", others), _with(statement, "Resource", hits))


def without_actions(statement: Statement, actions: tuple[str, ...], objects: tuple[str, ...]) -> list[Statement]:
    """The statement for every other action, on all its resources or, where that can't be written, on the objects.

    In the second case :func:`without_objects` covers the rest of its resources for every action.

    Args:
        statement: a statement that names the objects (``ByResource.hit``).
        actions: the actions to leave out.
        objects: the object ARNs.

    Raises:
        CannotRenderError: an action pattern such as ``s3:Get*`` has no exact form without one of its actions.
    """
    if "NotAction" in statement:
        return [{**statement, "NotAction": one_or_list(as_list(statement["NotAction"]) + list(actions))}]
    patterns = as_list(statement.get("Action"))
    if any(not pattern.strip("*") for pattern in patterns):
        return [_all_actions_but(statement, actions)]
    kept: list[str] = []
    awkward: list[str] = []
    for pattern in patterns:
        left = _action_without(pattern, actions)
        (awkward if left is None else kept).extend([pattern] if left is None else left)
    if not awkward:
        left_over = _with(statement, "Action", kept)
        return [left_over] if left_over else []
    if any(pattern.lower() != "s3:*" for pattern in awkward) or actions != (GET_OBJECT,):
        detail = f"the action {awkward[0]!r} has no exact form without {' and '.join(actions)}"
        raise CannotRenderError("action-pattern", detail)
    # On a resource of S3's only S3's actions apply, so there "every action but" equals "s3:* but".
    if _only_s3_resources(statement):
        return [_all_actions_but(statement, actions)]
    if resource_form(statement) in ("arns", "s3-names"):
        detail = "the action \"s3:*\" can't be parted from s3:GetObject on resources that aren't S3's alone"
        raise CannotRenderError("action-pattern", detail)
    return [_all_actions_but(_only_resources(statement, objects), actions)]


def without_objects(statement: Statement, objects: tuple[str, ...]) -> list[Statement]:
    """The statement for every resource but the objects; no statement where nothing else is left.

    For the forms that name all of S3 by a pattern, only ``s3:GetObject`` is written here: the objects can't be taken
    out of such a pattern for every action, and :func:`without_actions` has the other actions on all resources.

    Args:
        statement: a statement that names the objects (``ByResource.hit``).
        objects: the object ARNs.
    """
    form = resource_form(statement)
    if form == "all-but":
        present = as_list(statement["NotResource"])
        return [{**statement, "NotResource": one_or_list(present + [arn for arn in objects if arn not in present])}]
    if form == "everything":
        return [_all_resources_but(statement, objects)]
    if form == "listed":
        left = _with(statement, "Resource", [arn for arn in as_list(statement["Resource"]) if arn not in objects])
        return [left] if left else []
    fetches = only_actions(statement, (GET_OBJECT,))
    if form == "arns":
        return [_all_resources_but(fetches, objects)]
    return _bucket_arns_but(fetches, objects)


def on_objects(statement: Statement, objects: tuple[str, ...]) -> Statement:
    """The statement for ``s3:GetObject`` on the objects and nothing else."""
    return _only_resources(only_actions(statement, (GET_OBJECT,)), objects)


def only_actions(statement: Statement, actions: tuple[str, ...]) -> Statement:
    """The statement for these actions, all of which it covers."""
    return _replace_element(statement, "NotAction" if "NotAction" in statement else "Action", "Action", actions)


def resource_form(statement: Statement) -> str:
    """In which way a statement names the objects.

    Returns:
        ``all-but`` (NotResource), ``everything`` (``*``), ``listed`` (by their very ARNs), ``arns`` (a pattern
        that takes in every resource of s3:GetObject), or ``s3-names`` (``arn:aws:s3:::*`` and its like).

    Raises:
        CannotRenderError: a pattern that takes in only some buckets or keys.
    """
    if "NotResource" in statement:
        return "all-but"
    patterns = as_list(statement.get("Resource"))
    if any(not pattern.strip("*") for pattern in patterns):
        return "everything"
    if not any(has_wildcard(pattern) for pattern in patterns):
        return "listed"
    if any(re.fullmatch(r"arn:(\*|[a-z-]+:\*|(\*|[a-z-]+):s3:\*)", pattern) for pattern in patterns):
        return "arns"
    # Beside it only patterns that take in no access point: "arn:aws:s3:*:*:*" does, and can't be told apart here.
    if any(map(_names_all_of_s3, patterns)) and all(re.match(r"arn:(\*|[a-z-]+):s3:::", one) for one in patterns):
        return "s3-names"
    awkward = next(one for one in patterns if has_wildcard(one) and not _names_all_of_s3(one))
    detail = f"the resource {awkward!r} has no exact form without the bootstrap objects"
    raise CannotRenderError("resource-pattern", detail)


def _bucket_arns_but(fetches: Statement, objects: tuple[str, ...]) -> list[Statement]:
    # No pattern says "arn:aws:s3:::* but these". Instead: neither these nor an access point's objects, which the
    # statement never named. Read as plain text, that pattern also takes in keys with a colon and a bucket called
    # "accesspoint"; the second statement names exactly these. (Of S3's ARNs with a region IAM takes access points'
    # alone: "Resource ... can not contain region information".)
    partition = objects[0].split(":")[1]
    present = [pattern for pattern in as_list(fetches["Resource"]) if _names_all_of_s3(pattern)]
    mistaken = [*(f"{pattern}:*" for pattern in present), f"arn:{partition}:s3:::accesspoint/*"]
    but_these = _all_resources_but(fetches, (*objects, f"arn:{partition}:s3:*:*:accesspoint/*"))
    return [but_these, _only_resources(fetches, tuple(mistaken))]


def _names_all_of_s3(pattern: str) -> bool:
    return re.fullmatch(r"arn:(\*|[a-z-]+):s3:::\*(/\*)?", pattern) is not None


def _action_without(pattern: str, actions: tuple[str, ...]) -> list[str] | None:
    """Patterns that together mean the pattern without the actions, or None where there are none."""
    hits = [action for action in actions if _any_action([pattern], action)]
    if not hits:
        return [pattern]
    if not has_wildcard(pattern):
        return []
    stem = pattern[:-1]
    if pattern.endswith("*") and not has_wildcard(stem) and [hit.lower() for hit in hits] == [stem.lower()]:
        return [f"{stem}?*"]
    return None


def _all_actions_but(statement: Statement, actions: tuple[str, ...]) -> Statement:
    return _replace_element(statement, "Action", "NotAction", actions)


def _replace_element(statement: Statement, old: str, new: str, values: tuple[str, ...]) -> Statement:
    """Put an element in another's place, so that a reader finds it where it was."""
    return {(new if key == old else key): (one_or_list(values) if key == old else v) for key, v in statement.items()}


def _only_s3_resources(statement: Statement) -> bool:
    patterns = as_list(statement.get("Resource"))
    return bool(patterns) and all(re.match(r"arn:(\*|[a-z-]+):s3:", pattern) for pattern in patterns)


def _all_resources_but(statement: Statement, objects: tuple[str, ...]) -> Statement:
    return _replace_element(statement, "Resource", "NotResource", objects)


def _only_resources(statement: Statement, objects: tuple[str, ...]) -> Statement:
    return _replace_element(statement, "NotResource" if "NotResource" in statement else "Resource", "Resource", objects)


def _with(statement: Statement, element: str, values: list[str]) -> Statement | None:
    return {**statement, element: one_or_list(values)} if values else None


def _covers_object(statement: Statement, arn: str) -> bool:
    if "NotResource" in statement:
        return not any(_matches(pattern, arn) for pattern in as_list(statement["NotResource"]))
    return any(_matches(pattern, arn) for pattern in as_list(statement.get("Resource")))


def _matches(pattern: str, arn: str) -> bool:
    truth = resource_matches(pattern, arn)
    if truth is Truth.UNKNOWN:
        what = "a policy variable" if has_variable(pattern) else "a wildcard before the sixth part"
        detail = f"the resource {pattern!r} has {what}, so it can't be told whether it names the bootstrap objects"
        raise CannotRenderError("resource-pattern", detail)
    return truth is Truth.TRUE


def _any_action(patterns: list[str], action: str) -> bool:
    return any(action_matches(pattern, action) is not Truth.FALSE for pattern in patterns)
