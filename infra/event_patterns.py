"""EventBridge patterns that let only the enrolled principals' calls start a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from airlock.adapters.orders import ORDER
from airlock.handlers.edits import EDITS
from airlock.install.cloudtrail import API_CALL, ENDED_STATES, STATE_CHANGE, WATCHED_CALLS
from infra.own_path import OWN_PATH

# Characters that one event pattern may take (Amazon EventBridge, page "Amazon EventBridge quotas").
PATTERN_LIMIT: Final = 2048

# For the ARNs of the airlock's own roles, which aren't known when the patterns are made.
OWN_ROLES_RESERVE: Final = 400

# For the region that forwarding patterns are narrowed to.
_REGION_RESERVE: Final = 60

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


GLOBAL_CALLS: Final[Mapping[str, str]] = {
    name: source for name, source in WATCHED_CALLS.items() if source == "iam.amazonaws.com"
}
"""Those of an install's calls that only the partition's IAM region is told of, wherever the install is."""


def user_call_patterns(arns: Sequence[str], calls: Mapping[str, str] = WATCHED_CALLS) -> list[Pattern]:
    """Match the install's API calls by these IAM users, each pattern within the limit.

    Args:
        arns: the users' ARNs; none gives no pattern.
        calls: which of the calls, by eventName with their eventSource. The default is the parser's own table, so that
            rules and functions can't come to differ.

    Raises:
        ValueError: one ARN alone doesn't fit a pattern.
    """
    return list(_split(arns, calls, lambda some: {"type": ["IAMUser"], "arn": list(some)}))


def role_call_patterns(arns: Sequence[str], calls: Mapping[str, str] = WATCHED_CALLS) -> list[Pattern]:
    """Match the install's API calls by sessions of these IAM roles, each pattern within the limit.

    A session's own ARN drops the role's path, so the session's issuer is matched: the role's ARN, path included
    (AWS CloudTrail, page "CloudTrail userIdentity element").

    Args:
        arns: the roles' ARNs; none gives no pattern.
        calls: which of the calls, as for users.

    Raises:
        ValueError: one ARN alone doesn't fit a pattern.
    """
    return list(
        _split(
            arns,
            calls,
            lambda some: {"type": ["AssumedRole"], "sessionContext": {"sessionIssuer": {"arn": list(some)}}},
        )
    )


def edit_patterns(guarded: Guarded, own_roles: Sequence[str] | Mapping[str, str]) -> list[Pattern]:
    """Match changes of what guards an enrolled principal, by anybody but the airlock's own functions.

    IAM's calls reach only the bus of the partition's IAM region, us-east-1 as a rule.

    Args:
        guarded: what the configuration names.
        own_roles: ARNs of the functions' roles, or what their ARNs begin with, as ``under_own_path`` tells.
    """
    others = {"anything-but": own_roles if isinstance(own_roles, Mapping) else list(own_roles)}
    by = (
        {"type": [{"anything-but": ["AssumedRole"]}]},
        {"type": ["AssumedRole"], "sessionContext": {"sessionIssuer": {"arn": [others]}}},
    )
    names = {
        "userName": [_name(arn) for arn in guarded.users],
        "roleName": [_name(arn) for arn in guarded.roles],
        "groupName": [_name(arn) for arn in guarded.groups],
        "policyArn": list(guarded.policies),
    }
    return [pattern for key, some in names.items() for identity in by for pattern in _edits(key, some, identity)]


def under_own_path(partition: str, account: str) -> dict[str, str]:
    """Name the roles of every deployment in an account by what their ARNs begin with, before any of them is there.

    Source: Amazon EventBridge, page "Comparison operators for use in event patterns", "Anything-but (begins with)".
    """
    return {"prefix": f"arn:{partition}:iam::{account}:role{OWN_PATH}"}


def of_region(pattern: Pattern, region: str) -> Pattern:
    """Narrow a pattern to events that come from a region itself, not by way of another region's bus.

    Two deployments that forward to each other's home can't send an event round and round then: a forwarded event keeps
    the name of the region that it comes from.
    """
    return {**pattern, "region": [region]}


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


def _calls(user_identity: Pattern, calls: Mapping[str, str]) -> Pattern:
    services = sorted({source.split(".", maxsplit=1)[0] for source in calls.values()})
    return {
        "source": [f"aws.{service}" for service in services],
        "detail-type": [API_CALL],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com" for service in services],
            "eventName": list(calls),
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

    return _chunks(names, pattern, PATTERN_LIMIT - OWN_ROLES_RESERVE - _REGION_RESERVE)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _split(
    arns: Sequence[str], calls: Mapping[str, str], identity: Callable[[Sequence[str]], Pattern]
) -> Iterator[Pattern]:
    return _chunks(arns, lambda some: _calls(identity(some), calls), PATTERN_LIMIT - _REGION_RESERVE)


def _chunks(names: Sequence[str], pattern: Callable[[Sequence[str]], Pattern], limit: int) -> Iterator[Pattern]:
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
