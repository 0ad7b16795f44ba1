"""What the rules' patterns match, asked of moto's matcher with events in CloudTrail's and EC2's shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from moto.events.models import EventPattern

from infra import event_patterns
from infra.configuration import parse
from tests.infra.builders import (
    HOME,
    ROLE,
    USER,
    Event,
    call,
    configuration,
    instance_state,
    order,
    session_identity,
    user_identity,
)
from tests.infra.template import Template

INSTALL_CALLS = [
    ("CreateRole", "iam"),
    ("CreateVpc", "ec2"),
    ("CreateVpcEndpoint", "ec2"),
    ("CreateLoadBalancer", "elasticloadbalancing"),
    ("CreateBucket", "s3"),
    ("RunInstances", "ec2"),
    ("TerminateInstances", "ec2"),
    ("DeleteBucket", "s3"),
]


def _matches(patterns: Sequence[dict[str, Any]], event: Event) -> bool:
    # moto types its events narrowly; the matcher takes any JSON object.
    return any(EventPattern(json.dumps(one), one).matches_event(event) for one in patterns)  # type: ignore[arg-type]


def _any_rule(event: Event) -> bool:
    patterns = [
        *event_patterns.user_call_patterns([USER]),
        *event_patterns.role_call_patterns([ROLE]),
        event_patterns.instance_end_pattern(),
        event_patterns.order_pattern("bootstrap-airlock"),
    ]
    return _matches(patterns, event)


@pytest.mark.parametrize(("name", "service"), INSTALL_CALLS)
@pytest.mark.parametrize("identity", [user_identity(), session_identity()], ids=["user", "role with a path"])
def test_enrolled_principals_calls_match(name: str, service: str, identity: dict[str, Any]) -> None:
    """Each call of an install matches, by an enrolled user and by a session of an enrolled role with a path."""
    assert _any_rule(call(name, service, identity))


@pytest.mark.parametrize(
    "identity",
    [
        user_identity(f"{HOME}:user/ocp-installer-2"),
        user_identity(f"{HOME}:user/team/ocp-installer"),
        session_identity(f"{HOME}:role/OpenShiftInstaller"),
        session_identity(f"{HOME}:role/other/OpenShiftInstaller"),
        {**user_identity(), "type": "Root"},
        {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    ],
    ids=["other user", "user of another path", "role without the path", "role of another path", "root", "service"],
)
def test_other_callers_do_not_match(identity: dict[str, Any]) -> None:
    """Nobody else's call starts a function, however like the names are."""
    assert not _any_rule(call(identity=identity))


def test_a_user_named_like_a_session_issuer_does_not_match() -> None:
    """A user identity that carries an enrolled role's ARN as its own isn't that role."""
    assert not _any_rule(call(identity=user_identity(ROLE)))


@pytest.mark.parametrize("error", ["AccessDenied", "Client.DryRunOperation", "BucketAlreadyExists"])
def test_failed_calls_do_not_match(error: str) -> None:
    """A call that changed nothing is no signal."""
    assert not _any_rule(call(error=error))


def test_a_bucket_that_is_there_already_matches() -> None:
    """CAPA sends CreateBucket again and again; the refusal that it is ours counts as the bucket being seen."""
    assert _any_rule(call("CreateBucket", "s3", error="BucketAlreadyOwnedByYou"))


@pytest.mark.parametrize(("name", "service"), [("PutUserPolicy", "iam"), ("DescribeInstances", "ec2")])
def test_calls_that_are_no_signals_do_not_match(name: str, service: str) -> None:
    """Other calls by an enrolled principal don't match, nor do the airlock's own kind of writes."""
    assert not _any_rule(call(name, service))


@pytest.mark.parametrize(
    ("state", "expected"),
    [("shutting-down", True), ("terminated", True), ("pending", False), ("running", False), ("stopped", False)],
)
def test_instances_match_when_they_end(state: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table above
    """EC2's notification matches once an instance shuts down or is gone, not before."""
    assert _any_rule(instance_state(state)) is expected


def test_decisions_by_people_match() -> None:
    """What approval page and operator function send reaches the watcher."""
    assert _any_rule(order())


@pytest.mark.parametrize(
    "event",
    [order(source="other-airlock"), order(source="aws.s3"), order(detail_type="Airlock Notice")],
    ids=["another deployment", "AWS", "another kind"],
)
def test_other_events_of_people_do_not_match(event: Event) -> None:
    """Events of another deployment, or of another kind, don't start this watcher."""
    assert not _any_rule(event)


@pytest.mark.parametrize("count", [1, 30, 100, 500])
def test_many_principals_are_split_over_patterns_and_none_is_lost(count: int) -> None:
    """Each pattern stays within EventBridge's limit, and every principal matches in exactly one of them."""
    users = [f"{HOME}:user/some/longer/path/installer-{number:03}" for number in range(count)]
    roles = [arn.replace(":user/", ":role/") for arn in users]
    for arns, split, identity in (
        (users, event_patterns.user_call_patterns, user_identity),
        (roles, event_patterns.role_call_patterns, session_identity),
    ):
        patterns = split(arns)
        assert all(event_patterns.size(pattern) <= event_patterns.PATTERN_LIMIT for pattern in patterns)
        for arn in arns:
            assert sum(_matches([pattern], call(identity=identity(arn))) for pattern in patterns) == 1


def test_no_principals_make_no_pattern() -> None:
    """An empty list would match nobody or be refused, so there is no pattern for it."""
    assert event_patterns.user_call_patterns([]) == []
    assert event_patterns.role_call_patterns([]) == []


def test_an_arn_too_long_for_a_pattern_is_refused() -> None:
    """An ARN that can't fit any pattern is an error that names it, not an oversized rule."""
    arn = f"{HOME}:user/{'x' * event_patterns.PATTERN_LIMIT}"
    with pytest.raises(ValueError, match="alone makes an event pattern"):
        event_patterns.user_call_patterns([arn])


def test_the_template_holds_these_patterns(template: Template) -> None:
    """CDK writes the patterns into the rules unchanged, on the default bus, switched on."""
    rules = [rule["Properties"] for rule in template.resources("AWS::Events::Rule").values()]
    roles = template.resources("AWS::IAM::Role")
    own_roles = [
        {"Fn::GetAtt": [next(role for role in roles if role.startswith(name)), "Arn"]}
        for name in ("WatcherRole", "SweeperRole")
    ]
    expected = [
        *event_patterns.user_call_patterns([USER]),
        *event_patterns.role_call_patterns([ROLE]),
        # CloudFormation fills in the roles' ARNs, so the patterns hold references to them.
        *event_patterns.edit_patterns(parse(configuration()), own_roles),  # type: ignore[arg-type]
        event_patterns.instance_end_pattern(),
        event_patterns.order_pattern("bootstrap-airlock"),
    ]
    assert [rule["EventPattern"] for rule in rules] == expected
    assert all(rule["State"] == "ENABLED" and "EventBusName" not in rule for rule in rules)
