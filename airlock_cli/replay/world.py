"""The account that a replay runs in: moto, with the principal and its policy, and the parts wired as on AWS."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import boto3

from airlock.adapters.clients import make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.grant import Grant
from airlock.policy.place import HeldPolicy
from airlock.wiring import Airlock, wire
from airlock_cli.problems import InputError

POLICY_NAME = "policy-under-test"
GROUP_NAME = "group-under-test"
POLICY_WRITES = frozenset(
    {"PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion"}
)
# IAM is global, and each partition has one region that answers for it.
_HOME_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


class Kind(StrEnum):
    """Where the policy stands."""

    USER_INLINE = "user-inline"
    ROLE_INLINE = "role-inline"
    GROUP_INLINE = "group-inline"
    MANAGED = "managed"


@dataclass(slots=True)
class ReplayClock:
    """A clock that stands where the replay puts it.

    Attributes:
        moment: the time it shows, UTC.
    """

    moment: datetime

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass(slots=True)
class World:
    """One account, ready to be played to.

    Attributes:
        airlock: the handlers' parts.
        clock: their time.
        principal: ARN of the enrolled principal.
        calls: AWS calls by name, as the handlers made them.
    """

    airlock: Airlock
    clock: ReplayClock
    principal: str
    policies: IamPolicies
    ledger: DynamoLedger
    calls: Counter[str] = field(default_factory=Counter)

    def unfinished(self) -> bool:
        """Whether a grant hasn't ended yet; not counted."""
        return bool(self.ledger.unfinished())

    def grant(self, grant_id: str) -> Grant | None:
        """A grant as the ledger has it; not counted."""
        return next(iter(self.ledger.grants([grant_id])), None)

    def policies_now(self) -> list[HeldPolicy]:
        """The principal's policies as IAM holds them; these reads aren't counted."""
        return self.policies.of_principal(self.principal)


@contextmanager
def a_world(principal: str, kind: Kind, policy: str, start: datetime) -> Iterator[World]:
    """Make the account, and take it down again.

    Args:
        principal: ARN of the user or role.
        kind: where the policy stands.
        policy: its text; kept to the byte.
        start: what the clock shows first.

    Raises:
        InputError: the principal isn't a user or role, or can't hold a policy of this kind.
    """
    found = re.fullmatch(
        r"arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):(user|role)(/(?:[\w+=,.@-]+/)*)([\w+=,.@-]+)", principal
    )
    if found is None:
        raise InputError(
            f"--principal {principal!r} isn't the ARN of an IAM user or role; "
            "it looks like arn:aws:iam::111122223333:user/ocp-installer"
        )
    partition, account, what, path, name = found.groups()
    if (kind is Kind.ROLE_INLINE) != (what == "role") and kind is not Kind.MANAGED:
        raise InputError(f"--kind {kind} doesn't go with a {what}; {what}s hold {what}-inline and managed policies")
    region = _HOME_REGIONS[partition]
    from moto import mock_aws  # noqa: PLC0415 - costly to import, and only a replay needs it

    with _environment(MOTO_ACCOUNT_ID=account), mock_aws():
        session = boto3.Session(aws_access_key_id="replay", aws_secret_access_key="replay", region_name=region)  # noqa: S106 - not a secret: nothing real is called
        if what == "user":
            session.client("iam").create_user(UserName=name, Path=path)
        else:
            session.client("iam").create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}")
        _hold_policy(session.client("iam"), kind, name, policy, is_user=what == "user")
        enrolled: dict[str, list[str]] = {"groups": [], "policies": []}
        if kind is Kind.GROUP_INLINE:
            enrolled["groups"] = [f"arn:{partition}:iam::{account}:group/{GROUP_NAME}"]
        if kind is Kind.MANAGED:
            enrolled["policies"] = [f"arn:{partition}:iam::{account}:policy/{POLICY_NAME}"]
        environment = _resources(session) | {
            "AIRLOCK_ACCOUNT": account,
            "AIRLOCK_PRINCIPALS": json.dumps({principal: enrolled}),
        }
        clock = ReplayClock(start)
        calls: Counter[str] = Counter()
        counted = boto3.Session(aws_access_key_id="replay", aws_secret_access_key="replay", region_name=region)  # noqa: S106 - as above
        counted.events.register("before-call", lambda model, **_: calls.update([model.name]))
        aside = make_clients(session)
        yield World(
            airlock=wire(environment, make_clients(counted), clock, owner="replay"),
            clock=clock,
            principal=principal,
            policies=IamPolicies(aside.iam),
            ledger=DynamoLedger(aside.dynamodb, environment["AIRLOCK_TABLE"], "aside", clock),
            calls=calls,
        )


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set environment variables, and put back what was there: moto takes the account ID from one."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _hold_policy(iam: Any, kind: Kind, name: str, policy: str, *, is_user: bool) -> None:  # noqa: ANN401 - moto's boto3 client
    """Put the policy where it is to stand."""
    match kind:
        case Kind.USER_INLINE:
            iam.put_user_policy(UserName=name, PolicyName=POLICY_NAME, PolicyDocument=policy)
        case Kind.ROLE_INLINE:
            iam.put_role_policy(RoleName=name, PolicyName=POLICY_NAME, PolicyDocument=policy)
        case Kind.GROUP_INLINE:
            iam.create_group(GroupName=GROUP_NAME)
            iam.add_user_to_group(GroupName=GROUP_NAME, UserName=name)
            iam.put_group_policy(GroupName=GROUP_NAME, PolicyName=POLICY_NAME, PolicyDocument=policy)
        case Kind.MANAGED:
            arn = iam.create_policy(PolicyName=POLICY_NAME, PolicyDocument=policy)["Policy"]["Arn"]
            if is_user:
                iam.attach_user_policy(UserName=name, PolicyArn=arn)
            else:
                iam.attach_role_policy(RoleName=name, PolicyArn=arn)


def _resources(session: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """What the template would have made, by the variables that would name it."""
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    index = [("open", "HASH"), ("not_after", "RANGE")]
    session.client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in (*keys, *index)],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open-grants",
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in index],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    logs = session.client("logs")
    logs.create_log_group(logGroupName="audit")
    logs.create_log_stream(logGroupName="audit", logStreamName="replay")
    return {
        "AIRLOCK_TABLE": "ledger",
        "AIRLOCK_AUDIT_LOG_GROUP": "audit",
        "AIRLOCK_AUDIT_LOG_STREAM": "replay",
        "AIRLOCK_NOTICES_TOPIC": session.client("sns").create_topic(Name="notices")["TopicArn"],
    }
