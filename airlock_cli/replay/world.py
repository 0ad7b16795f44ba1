"""The account that a replay runs in: moto, with the principal and its policy, and the parts wired as on AWS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO
from unittest.mock import patch

import boto3
from botocore.model import OperationModel

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.approval import Answer, Way
from airlock.grants.grant import Grant
from airlock.policy.place import HeldPolicy
from airlock.wiring import Airlock, wire
from airlock_cli.problems import InputError
from airlock_cli.replay.isolation import apart_from_the_caller, handlers_log_to
from airlock_cli.replay.node import ReplayedNodes
from airlock_cli.replay.people import People
from airlock_cli.replay.principal import Kind, Principal
from airlock_cli.replay.simulator import NoSimulator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient

__all__ = ["Kind", "ReplayClock", "World", "a_world"]

EVENT_SOURCE = "bootstrap-airlock"
POLICY_NAME = "policy-under-test"
GROUP_NAME = "group-under-test"
POLICY_WRITES = frozenset(
    {"PutUserPolicy", "PutRolePolicy", "PutGroupPolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion"}
)
# IAM is global, and each partition has one region that answers for it.
_HOME_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


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
        policies: IAM.
        ledger: the ledger.
        answers: what people told.
        nodes: the bootstrap instances.
        calls: AWS calls by name, as the handlers made them.
    """

    airlock: Airlock
    clock: ReplayClock
    principal: str
    policies: IamPolicies
    ledger: DynamoLedger
    answers: DynamoAnswers
    nodes: ReplayedNodes
    calls: Counter[str] = field(default_factory=Counter)

    def approve(self, grant: Grant) -> None:
        """Let somebody approve what was asked, and the watcher hear of it; not counted as the airlock's calls."""
        answer = Answer(approved=True, form=grant.progress.form, at=self.clock.now(), by="you", way=Way.LINK)
        with self._not_counted():
            self.answers.give(grant.id, answer)
        self.deliver(
            {
                "id": "replayed-order",
                "source": EVENT_SOURCE,
                "detail-type": "Airlock Order",
                "account": grant.facts.account,
                "detail": {"grant": grant.id},
            }
        )

    def deliver(self, event: object) -> dict[str, object]:
        """Hand an event to the watcher, as EventBridge would; returns what its handler returns."""
        from airlock.handlers.watcher import act_on  # noqa: PLC0415 - loaded apart from the caller's settings

        with _metrics_dropped():
            return act_on(event, self.airlock)

    def sweep(self) -> dict[str, object]:
        """Let the sweeper run once; returns what its handler returns."""
        from airlock.handlers.sweeper import sweep_with  # noqa: PLC0415 - as above

        with _metrics_dropped():
            return sweep_with(self.airlock)

    def unfinished(self) -> bool:
        """Whether a grant hasn't ended yet; not counted."""
        with self._not_counted():
            return bool(self.ledger.unfinished())

    def grant(self, grant_id: str) -> Grant | None:
        """A grant as the ledger has it; not counted."""
        with self._not_counted():
            return next(iter(self.ledger.grants([grant_id])), None)

    def policies_now(self) -> list[HeldPolicy]:
        """The principal's policies as IAM holds them; these reads aren't counted."""
        with self._not_counted():
            return self.policies.of_principal(self.principal)

    @contextmanager
    def _not_counted(self) -> Iterator[None]:
        before = self.calls.copy()
        try:
            yield
        finally:
            self.calls.clear()
            self.calls.update(before)


@contextmanager
def a_world(  # noqa: PLR0913 - what the account holds, and how it is enrolled, are independent
    principal: str,
    kind: Kind,
    policy: str,
    start: datetime,
    people: People | None = None,
    *,
    log: TextIO | None = None,
) -> Iterator[World]:
    """Make the account, and take it down again.

    Args:
        principal: ARN of the user or role.
        kind: where the policy stands.
        policy: its text; kept to the byte.
        start: what the clock shows first.
        people: what they have a say in; nothing unless told otherwise.
        log: where the handlers' own log goes; nowhere unless told otherwise.

    Raises:
        InputError: the principal isn't a user or role, or can't hold a policy of this kind; or moto's IAM refuses
            the policy.
    """
    who = Principal.of(principal)
    who.kind_of_policy(kind)
    with apart_from_the_caller(who.account, who.partition), handlers_log_to(log), _moto():
        clients = _clients(_HOME_REGIONS[who.partition])
        _hold_policy(clients.iam, who, kind, policy)
        environment = _resources(clients) | {
            "AIRLOCK_ACCOUNT": who.account,
            "AIRLOCK_PRINCIPALS": json.dumps({principal: _enrolled(who, kind) | (people or People()).options()}),
        }
        clock = ReplayClock(start)
        nodes = ReplayedNodes(clock)
        with _counted(clients) as calls:
            yield World(
                airlock=wire(environment, clients, clock, owner="replay", machines=nodes, simulator=NoSimulator()),
                clock=clock,
                principal=principal,
                policies=IamPolicies(clients.iam),
                ledger=DynamoLedger(clients.dynamodb, environment["AIRLOCK_TABLE"], "replay", clock),
                answers=DynamoAnswers(clients.dynamodb, environment["AIRLOCK_TABLE"]),
                nodes=nodes,
                calls=calls,
            )


@lru_cache(maxsize=len(_HOME_REGIONS))
def _clients(region: str) -> Clients:
    """Clients for moto, kept from one world to the next: botocore takes longer to make them than moto to answer."""
    session = boto3.Session(aws_access_key_id="replay", aws_secret_access_key="replay", region_name=region)  # noqa: S106 - not a secret: nothing real is called
    return make_clients(session)


@contextmanager
def _counted(clients: Clients) -> Iterator[Counter[str]]:
    """Count the calls that are made by these clients, by name."""
    calls: Counter[str] = Counter()

    def count(model: OperationModel, **_: object) -> None:
        calls[model.name] += 1

    emitters = [client.meta.events for client in (clients.iam, clients.dynamodb, clients.logs, clients.sns)]
    for emitter in emitters:
        emitter.register("before-call", count)
    try:
        yield calls
    finally:
        for emitter in emitters:
            emitter.unregister("before-call", count)


@contextmanager
def _metrics_dropped() -> Iterator[None]:
    """Drop the metrics of one call: on AWS each call sends its own off; left to pile up, powertools prints them."""
    from airlock.handlers.observability import metrics  # noqa: PLC0415 - as above

    try:
        yield
    finally:
        metrics.clear_metrics()


@contextmanager
def _moto() -> Iterator[None]:
    # Costly to import, and it reads its settings then: so neither before a replay nor before the caller's are away.
    from moto import mock_aws  # noqa: PLC0415
    from moto.iam.policy_validation import IAMPolicyDocumentValidator  # noqa: PLC0415

    # IAM holds policies of the older version, and ones that name none ("IAM JSON policy elements: Version"); moto
    # refuses both, and has no setting for it.
    with patch.object(IAMPolicyDocumentValidator, "_validate_version", lambda _self: None), mock_aws():
        yield


def _enrolled(who: Principal, kind: Kind) -> dict[str, list[str]]:
    """Which shared policies the airlock may change for the principal: the one under test."""
    prefix = f"arn:{who.partition}:iam::{who.account}"
    return {
        "groups": [f"{prefix}:group/{GROUP_NAME}"] if kind is Kind.GROUP_INLINE else [],
        "policies": [f"{prefix}:policy/{POLICY_NAME}"] if kind is Kind.MANAGED else [],
    }


def _hold_policy(iam: IAMClient, who: Principal, kind: Kind, policy: str) -> None:
    """Make the principal, and put the policy where it is to stand."""
    if who.what == "user":
        iam.create_user(UserName=who.name, Path=who.path)
    else:
        iam.create_role(RoleName=who.name, Path=who.path, AssumeRolePolicyDocument="{}")
    try:
        match kind:
            case Kind.USER_INLINE:
                iam.put_user_policy(UserName=who.name, PolicyName=POLICY_NAME, PolicyDocument=policy)
            case Kind.ROLE_INLINE:
                iam.put_role_policy(RoleName=who.name, PolicyName=POLICY_NAME, PolicyDocument=policy)
            case Kind.GROUP_INLINE:
                iam.create_group(GroupName=GROUP_NAME)
                iam.add_user_to_group(GroupName=GROUP_NAME, UserName=who.name)
                iam.put_group_policy(GroupName=GROUP_NAME, PolicyName=POLICY_NAME, PolicyDocument=policy)
            case Kind.MANAGED:
                _attach(iam, who, iam.create_policy(PolicyName=POLICY_NAME, PolicyDocument=policy)["Policy"]["Arn"])
    except iam.exceptions.MalformedPolicyDocumentException as error:
        raise InputError(
            f"IAM, as moto plays it, refuses the policy: {error.response['Error']['Message']}\n"
            "Give a policy document as IAM holds it."
        ) from error


def _attach(iam: IAMClient, who: Principal, policy_arn: str) -> None:
    if who.what == "user":
        iam.attach_user_policy(UserName=who.name, PolicyArn=policy_arn)
    else:
        iam.attach_role_policy(RoleName=who.name, PolicyArn=policy_arn)


def make_ledger_table(dynamodb: DynamoDBClient, name: str) -> None:
    """Make a table such as infra/ledger.py declares."""
    keys: list[tuple[str, Any]] = [("pk", "HASH"), ("sk", "RANGE")]
    indexes: dict[str, list[tuple[str, Any]]] = {
        "open-grants": [("open", "HASH"), ("not_after", "RANGE")],
        "grants-by-month": [("month", "HASH"), ("requested_at", "RANGE")],
    }
    attributes = [name for key in (keys, *indexes.values()) for name, _ in key]
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in key],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, key in indexes.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _resources(clients: Clients) -> dict[str, str]:
    """What the template would have made, by the variables that would name it."""
    make_ledger_table(clients.dynamodb, "ledger")
    clients.logs.create_log_group(logGroupName="audit")
    clients.logs.create_log_stream(logGroupName="audit", logStreamName="replay")
    return {
        "AIRLOCK_TABLE": "ledger",
        "AIRLOCK_AUDIT_LOG_GROUP": "audit",
        "AIRLOCK_AUDIT_LOG_STREAM": "replay",
        "AIRLOCK_NOTICES_TOPIC": clients.sns.create_topic(Name="notices")["TopicArn"],
        "AIRLOCK_APPROVALS_TOPIC": clients.sns.create_topic(Name="approvals")["TopicArn"],
        "AIRLOCK_EVENT_SOURCE": EVENT_SOURCE,
    }
