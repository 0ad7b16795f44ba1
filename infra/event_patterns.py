"""EventBridge patterns that let only the enrolled principals' calls start a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from airlock.adapters.orders import ORDER
from airlock.install.cloudtrail import API_CALL, ENDED_STATES, STATE_CHANGE, WATCHED_CALLS

# Characters that one event pattern may take (Amazon EventBridge, page "Amazon EventBridge quotas").
PATTERN_LIMIT: Final = 2048

Pattern = dict[str, Any]

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


def _split(arns: Sequence[str], identity: Callable[[Sequence[str]], Pattern]) -> Iterator[Pattern]:
    chunk: list[str] = []
    for arn in arns:
        if size(_calls(identity([arn]))) > PATTERN_LIMIT:
            raise ValueError(f"{arn} alone makes an event pattern of more than {PATTERN_LIMIT} characters")
        if chunk and size(_calls(identity([*chunk, arn]))) > PATTERN_LIMIT:
            yield _calls(identity(chunk))
            chunk = []
        chunk.append(arn)
    if chunk:
        yield _calls(identity(chunk))
