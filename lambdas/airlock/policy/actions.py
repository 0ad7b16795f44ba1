"""Taking actions out of a statement, exactly.

An action list can't leave one name out of a pattern such as ``s3:Get*``: whatever patterns stand for the others, a
name that differs from it by a letter that no pattern spells is matched by a wildcard there, and so is the name itself.
``NotAction`` can, but turns to every service. So it serves where only one service's actions can be: on S3's ARNs, and
with KMS's encryption context (docs/decisions/0002-exact-difference.md and 0010-ladder.md).
"""

from __future__ import annotations

from airlock.policy.clauses import CannotRenderError, one_or_list
from airlock.policy.document import Statement
from airlock.policy.matching import action_matches, as_list, has_wildcard
from airlock.policy.resources import has_only_s3_resources, in_partition, put_in_place
from airlock.policy.truth import Truth

S3 = "s3:"
KMS = "kms:"


def covers_action(statement: Statement, action: str) -> bool:
    """Whether the statement speaks of the action; IAM knows no policy variables in actions."""
    if "NotAction" in statement:
        return not _any_action(as_list(statement["NotAction"]), action)
    return _any_action(as_list(statement.get("Action")), action)


def only_actions(statement: Statement, actions: tuple[str, ...]) -> Statement:
    """The statement for these actions, all of which it covers."""
    return put_in_place(statement, "NotAction" if "NotAction" in statement else "Action", "Action", actions)


def without_actions(statement: Statement, actions: tuple[str, ...], partition: str) -> list[Statement]:
    """The statement for every other action, on all its resources; no statement where it has no other.

    Args:
        statement: the statement.
        actions: the actions to leave out.
        partition: the AWS partition of whoever is under the policy.

    Raises:
        CannotRenderError: an action pattern such as ``s3:Get*`` has no exact form without one of its actions.
    """
    patterns = as_list(statement.get("Action"))
    everything = "NotAction" in statement or any(not pattern.strip("*:") for pattern in patterns)  # "*", "*:*"
    if everything or (has_only_s3_resources(statement) and any(_takes_in(pattern, S3) for pattern in patterns)):
        return [_all_but(statement, actions)]
    of_s3 = [pattern for pattern in patterns if pattern.lower().startswith(S3)]
    here = in_partition(statement, partition)
    if has_only_s3_resources(here) and any(_takes_in(pattern, S3) for pattern in of_s3):
        others = _with_actions(statement, _left_of([one for one in patterns if one not in of_s3], actions))
        return [_all_but(here, actions), *([others] if others else [])]
    others = _with_actions(statement, _left_of(patterns, actions))
    return [others] if others else []


def other_actions_of(service: str, statement: Statement, actions: tuple[str, ...]) -> Statement | None:
    """The statement for every other action of one service; None where it has no other.

    It may say more of other services than the statement did. So it is for requests that can be this service's alone.

    Args:
        service: the prefix of its actions, ``s3:``.
        statement: a statement that can apply to requests to this service alone, or is restricted to these.
        actions: the actions to leave out.

    Raises:
        CannotRenderError: as :func:`without_actions`.
    """
    if "NotAction" in statement:
        return _all_but(statement, actions)
    patterns = as_list(statement.get("Action"))
    if any(_takes_in(pattern, service) for pattern in patterns):
        return _all_but(statement, actions)
    return _with_actions(statement, _left_of([one for one in patterns if _may_be_of(one, service)], actions))


def has_no_other_of(service: str, statement: Statement, actions: tuple[str, ...]) -> bool:
    """Whether of one service the statement names none but these actions."""
    if "NotAction" in statement:
        return False
    names = {action.lower() for action in actions}
    return all(one.lower() in names or not _may_be_of(one, service) for one in as_list(statement.get("Action")))


def _left_of(patterns: list[str], actions: tuple[str, ...]) -> list[str]:
    """Patterns that together mean these without the actions."""
    kept: list[str] = []
    for pattern in patterns:
        hits = [action for action in actions if _any_action([pattern], action)]
        if not hits:
            kept.append(pattern)
        elif has_wildcard(pattern):
            kept.append(_beyond(pattern, hits))
    return kept


def _beyond(pattern: str, hits: list[str]) -> str:
    """``s3:GetObject*`` without ``s3:GetObject`` is ``s3:GetObject?*``; no other pattern can lose a name."""
    stem = pattern[:-1]
    if pattern.endswith("*") and not has_wildcard(stem) and [hit.lower() for hit in hits] == [stem.lower()]:
        return f"{stem}?*"
    detail = f"the action {pattern!r} has no exact form without {' and '.join(hits)}: no list leaves a name out of it"
    raise CannotRenderError("action-pattern", detail)


def _takes_in(pattern: str, service: str) -> bool:
    """Whether the pattern takes in every action of the service, as ``s3:*``, ``s3*`` and ``*:*`` do."""
    stem = pattern.lower().rstrip("*")
    return pattern.endswith("*") and (service.startswith(stem) or not stem.strip("*:"))


def _may_be_of(pattern: str, service: str) -> bool:
    stem = pattern.lower().split("*")[0].split("?")[0]
    return stem.startswith(service) or service.startswith(stem)


def _all_but(statement: Statement, actions: tuple[str, ...]) -> Statement:
    """Every action but these and those that NotAction leaves alone already."""
    if "NotAction" in statement:
        return {**statement, "NotAction": one_or_list(as_list(statement["NotAction"]) + list(actions))}
    return put_in_place(statement, "Action", "NotAction", actions)


def _with_actions(statement: Statement, patterns: list[str]) -> Statement | None:
    return {**statement, "Action": one_or_list(patterns)} if patterns else None


def _any_action(patterns: list[str], action: str) -> bool:
    return any(action_matches(pattern, action) is not Truth.FALSE for pattern in patterns)
