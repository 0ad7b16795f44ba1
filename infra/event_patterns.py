"""EventBridge patterns that let only the enrolled principals' calls start a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from airlock.adapters.orders import ORDER
from airlock.handlers.edits import EDITS
from airlock.install.cloudtrail import API_CALL, ENDED_STATES, STATE_CHANGE, WATCHED_CALLS

# Characters that one event pattern may take (Amazon EventBridge, page "Amazon EventBridge quotas").
PATTERN_LIMIT: Final = 2048

# For the ARNs of the airlock's own roles, which aren't known when the patterns are made.
OWN_ROLES_RESERVE: Final = 400

Pattern = dict[str, Any]


class Guarded(Protocol):
    """What the configuration names: ARNs of users, roles, groups and managed policies."""

    @property
    def users(self) -> Sequence[str]:
        """The enrolled users."""
        ...

    @property
    def roles(self) -> Sequence[str]:
        """The enrolled roles."""
        ...

    @property
    def groups(self) -> Sequence[str]:
        """The groups whose policies may be rewritten."""
        ...

    @property
    def policies(self) -> Sequence[str]:
        """The managed policies that may be rewritten."""
        ...


# Taken from the parser, so that rules and functions can't come to differ.
_SERVICES: Final = sorted({source.split(".", maxsplit=1)[0] for source in WATCHED_CALLS.values()})


def user_call_patterns(arns: Sequence[str]) -> list[Pattern]:
    """Match the install's API calls by these IAM users, each pattern within the limit.

    Args:
        arns: the users' ARNs; none gives no pattern.

    Raises:
        ValueError: one ARN alone doesn't fit a pattern.
    """
    return list(_split(arns, lambda some: {"type": ["IAMUser"], "arn": list(some)}))


def role_call_patterns(arns: Sequence[str]) -> list[Pattern]:
    """Match the install's API calls by sessions of these IAM roles, each pattern within the limit.

    A session's own ARN drops the role's path, so the session's issuer is matched: the role's ARN, path included
    (AWS CloudTrail, page "CloudTrail userIdentity element").

    Args:
        arns: the roles' ARNs; none gives no pattern.

    Raises:
        ValueError: one ARN alone doesn't fit a pattern.
    """
    return list(
        _split(arns, lambda some: {"type": ["AssumedRole"], "sessionContext": {"sessionIssuer": {"arn": list(some)}}})
    )


def edit_patterns(guarded: Guarded, own_roles: Sequence[str]) -> list[Pattern]:
    """Match changes of what guards an enrolled principal, by anybody but the airlock's own functions.

    IAM's calls reach only the bus of the partition's IAM region, us-east-1 as a rule.

    Args:
        guarded: what the configuration names.
        own_roles: ARNs of the functions' roles.
    """
    by = (
        {"type": [{"anything-but": ["AssumedRole"]}]},
        {"type": ["AssumedRole"], "sessionContext": {"sessionIssuer": {"arn": [{"anything-but": list(own_roles)}]}}},
    )
    names = {
        "userName": [_name(arn) for arn in guarded.users],
        "roleName": [_name(arn) for arn in guarded.roles],
        "groupName": [_name(arn) for arn in guarded.groups],
        "policyArn": list(guarded.policies),
    }
    return [pattern for key, some in names.items() for identity in by for pattern in _edits(key, some, identity)]


def instance_end_pattern() -> Pattern:
    """Match each EC2 instance of the region that shuts down or is gone.

    The notification names neither a principal nor tags, so the function has to look the instance up in the ledger.
    """
    return {
        "source": ["aws.ec2"],
        "detail-type": [STATE_CHANGE],
        "detail": {"state": list(ENDED_STATES)},
    }


def order_pattern(source: str) -> Pattern:
    """Match the events by which approval page and operator function tell the watcher of a decision.

    Args:
        source: what tells this deployment's events from another's.
    """
    return {"source": [source], "detail-type": [ORDER]}


def size(pattern: Pattern) -> int:
    """Count a pattern's characters as JSON with spaces, the longer of the ways in which it may be sent."""
    return len(json.dumps(pattern))


def _calls(user_identity: Pattern) -> Pattern:
    return {
        "source": [f"aws.{service}" for service in _SERVICES],
        "detail-type": [API_CALL],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com" for service in _SERVICES],
            "eventName": list(WATCHED_CALLS),
            # Failed calls change nothing, but for one: CAPA repeats CreateBucket, and "it is yours already" is as
            # good a sign of the install as the first answer.
            "errorCode": [{"exists": False}, "BucketAlreadyOwnedByYou"],
            "userIdentity": user_identity,
        },
    }


def _edits(key: str, names: Sequence[str], identity: Pattern) -> Iterator[Pattern]:
    def pattern(some: Sequence[str]) -> Pattern:
        return {
            "source": ["aws.iam"],
            "detail-type": [API_CALL],
            "detail": {
                "eventSource": ["iam.amazonaws.com"],
                "eventName": list(EDITS[key]),
                "errorCode": [{"exists": False}],
                "requestParameters": {key: list(some)},
                "userIdentity": identity,
            },
        }

    return _chunks(names, pattern, PATTERN_LIMIT - OWN_ROLES_RESERVE)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _split(arns: Sequence[str], identity: Callable[[Sequence[str]], Pattern]) -> Iterator[Pattern]:
    return _chunks(arns, lambda some: _calls(identity(some)))


def _chunks(
    names: Sequence[str], pattern: Callable[[Sequence[str]], Pattern], limit: int = PATTERN_LIMIT
) -> Iterator[Pattern]:
    chunk: list[str] = []
    for name in names:
        if size(pattern([name])) > limit:
            raise ValueError(f"{name} alone makes an event pattern of more than {limit} characters")
        if chunk and size(pattern([*chunk, name])) > limit:
            yield pattern(chunk)
            chunk = []
        chunk.append(name)
    if chunk:
        yield pattern(chunk)
