"""A whole account on moto, with the airlock's real parts in it, a clock to turn, and a say in every AWS call.

The airlock's clients and the test's own are apart: only what the airlock calls is counted, failed or altered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import botocore.endpoint
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import botocore_stubber
from moto.sns.models import sns_backends

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.approval import Answer, Form, Way
from airlock.grants.grant import Grant, grant_id
from airlock.handlers.sweeper import sweep_with
from airlock.handlers.watcher import act_on
from airlock.install.names import Era
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.records import Simulation
from airlock.wiring import Airlock, wire
from airlock_cli.replay.world import make_ledger_table
from tests.events import Event, Install
from tests.reconcile.interference import Interference
from tests.simulation.quick_moto import less_for_each_call

ACCOUNT = "111122223333"
HOME = "us-east-1"
REGION = "us-east-2"
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = f"arn:aws:iam::{ACCOUNT}:user/ci/ocp-installer"
OTHER_USER = f"arn:aws:iam::{ACCOUNT}:user/ocp-two"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/OpenShiftInstaller"
GROUP = f"arn:aws:iam::{ACCOUNT}:group/installers"
KINDS = (PolicyKind.USER_INLINE, PolicyKind.ROLE_INLINE, PolicyKind.GROUP_INLINE, PolicyKind.MANAGED)


@dataclass(slots=True)
class Clock:
    """A clock that a test turns; sleeping takes no time but the clock's."""

    moment: datetime = START

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass(slots=True)
class Simulator:
    """What IAM's simulator says, as a test wants it, and what it was asked. It can't be asked unless told otherwise.

    Attributes:
        denied: whether each object is denied; None where it can't be told.
        organization_allows: what it says of the organization by a request's context; nothing unless told otherwise.
        not_asked: why it can't be asked.
        late: how many answers come from before something was denied.
        asked: the resources and the context of each question.
    """

    denied: bool | None = None
    organization_allows: Callable[[Mapping[str, Sequence[str]]], bool | None] = lambda _: None
    not_asked: str = "AccessDenied"
    late: int = 0
    asked: list[tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = field(default_factory=list)

    def ask(
        self, principal: str, action: str, resources: Sequence[str], context: Mapping[str, Sequence[str]]
    ) -> Simulation:
        """Answer."""
        assert principal.startswith("arn:")
        assert action == "s3:GetObject"
        self.asked.append((tuple(resources), {key: tuple(values) for key, values in context.items()}))
        if self.not_asked:
            return Simulation({}, None, self.not_asked)
        self.late -= 1
        denied = False if self.late >= 0 else self.denied
        return Simulation(dict.fromkeys(resources, denied), self.organization_allows(context))


@cache
def _clients() -> tuple[Clients, Clients, Interference]:
    """Clients for the airlock and for the test, made once a process: making them is what takes time."""
    calls = Interference()
    acting = _session()
    acting.events.register("before-parameter-build", calls.asked)
    acting.events.register("before-call", calls.leaves)
    # In moto's place, which it asks itself.
    acting.events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]  # it answers
    acting.events.register("before-send", calls.tried)  # type: ignore[arg-type]  # the same
    acting.events.register("after-call", calls.comes_back)
    return make_clients(acting), make_clients(_session()), calls


def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=HOME)


@dataclass(slots=True)
class Account:
    """The account.

    Attributes:
        clock: the airlock's time.
        calls: what happens to its AWS calls.
        aside: clients that nobody watches, for what a human or another program does.
        airlock: the parts, wired anew by each ``enrol`` and ``revive``.
        simulator: IAM's policy simulator, which moto hasn't got.
    """

    clock: Clock
    calls: Interference
    aside: Clients
    acting: Clients
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    airlock: Airlock = field(init=False)
    runs: int = 0
    simulator: Simulator = field(default_factory=Simulator)

    def enrol(self, principal: str, **options: object) -> None:
        """Enrol a principal; ``groups``, ``policies`` and ``timeout_minutes`` as in the configuration."""
        self.principals[principal] = options
        self.revive()

    def revive(self) -> None:
        """Start the airlock's process anew, under another owner's name and with the settings as they are."""
        self.calls.dead = False
        self.runs += 1
        self.airlock = self.another()

    def another(self, owner: str | None = None) -> Airlock:
        """One more process on the same ledger."""
        name = owner or f"process-{self.runs}"
        return wire(self._environment(), self.acting, self.clock, name, simulator=self.simulator)

    def stand(self, kind: PolicyKind, text: str, principal: str = "", name: str = "net") -> PolicyPlace:
        """Make a principal, unless it is there, and put a policy on it; the role by default where the kind is a role's.

        A group's and a managed policy's ARN are named in the principal's enrolment.
        """
        principal = principal or (ROLE if kind is PolicyKind.ROLE_INLINE else USER)
        self._exist(principal)
        holder, iam, user = principal, self.aside.iam, _name(principal)
        options = dict(self.principals.get(principal, {}))
        match kind:
            case PolicyKind.USER_INLINE:
                iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=text)
            case PolicyKind.ROLE_INLINE:
                iam.put_role_policy(RoleName=user, PolicyName=name, PolicyDocument=text)
            case PolicyKind.GROUP_INLINE:
                holder = GROUP
                _unless_there(lambda: iam.create_group(GroupName=_name(GROUP)))
                iam.add_user_to_group(GroupName=_name(GROUP), UserName=user)
                iam.put_group_policy(GroupName=_name(GROUP), PolicyName=name, PolicyDocument=text)
                options["groups"] = [GROUP]
            case _:
                holder = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
                _unless_there(lambda: iam.create_policy(PolicyName=name, PolicyDocument=text))
                if principal.split(":")[5].startswith("user/"):
                    iam.attach_user_policy(UserName=user, PolicyArn=holder)
                else:
                    iam.attach_role_policy(RoleName=user, PolicyArn=holder)
                options["policies"] = [*options.get("policies", ()), holder]
        self.enrol(principal, **options)
        return PolicyPlace(kind, holder, name)

    def text(self, place: PolicyPlace) -> str | None:
        """A policy's text as IAM holds it; None where it is gone."""
        held = IamPolicies(self.aside.iam).read(place)
        return held.text if held else None

    def edit(self, place: PolicyPlace, text: str) -> None:
        """A human's change of a policy."""
        IamPolicies(self.aside.iam).write(place, text, None)

    def deliver(self, *events: Event) -> list[str]:
        """Bring events to the watcher, each at the time that it tells, or now if that is past."""
        names: list[str] = []
        for event in events:
            told = datetime.fromisoformat(event["time"])
            self.clock.moment = max(self.clock.moment, told)
            names += _names(act_on(event, self.airlock))
        return names

    def sweep(self, after: float = 60) -> list[str]:
        """Sweep once, some seconds later."""
        self.clock.sleep(after)
        return _names(sweep_with(self.airlock))

    def grant(self, infra_id: str, principal: str = USER) -> Grant:
        """A grant as the ledger has it."""
        ledger = DynamoLedger(self.aside.dynamodb, "ledger", "aside", self.clock)
        return ledger.grants([grant_id(ACCOUNT, principal, infra_id)])[0]

    def trail(self) -> list[str]:
        """The texts of the audit trail's lines, oldest first."""
        events = self.aside.logs.get_log_events(logGroupName="audit", logStreamName="tests", startFromHead=True)
        return [event["message"] for event in events["events"]]

    def audit(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The audit trail's lines, oldest first; of one kind, or all."""
        lines = [json.loads(text) for text in self.trail()]
        return [line for line in lines if kind in (None, line["kind"])]

    def notices(self) -> list[tuple[str, str]]:
        """Subjects and texts of the notices."""
        return self._sent("notices")

    def requests(self) -> list[tuple[str, str]]:
        """Subjects and texts of what the approvers were sent."""
        return self._sent("approvals")

    def answer(
        self, infra_id: str, principal: str = USER, form: Form = Form.SCOPED, *, approved: bool = True
    ) -> list[str]:
        """Somebody answers a request, and the watcher hears of it."""
        name = grant_id(ACCOUNT, principal, infra_id)
        told = Answer(approved=approved, form=form, at=self.clock.now(), by="203.0.113.9", way=Way.LINK)
        self.answers.give(name, told)
        return self.order(name)

    def order(self, name: str) -> list[str]:
        """The event that tells the watcher of an answer or an order comes."""
        event = {
            "id": "order-1",
            "source": "bootstrap-airlock",
            "detail-type": "Airlock Order",
            "account": ACCOUNT,
            "detail": {"grant": name},
        }
        return _names(act_on(event, self.airlock))

    @property
    def answers(self) -> DynamoAnswers:
        """What people tell, by the test's own client."""
        return DynamoAnswers(self.aside.dynamodb, "ledger")

    def _sent(self, name: str) -> list[tuple[str, str]]:
        topic = sns_backends[ACCOUNT][HOME].topics[f"arn:aws:sns:{HOME}:{ACCOUNT}:{name}"]
        return [(str(sent[2]), str(json.loads(sent[1])["email"])) for sent in topic.sent_notifications]

    def writes(self) -> list[str]:
        """The calls by which the airlock has changed policies."""
        changing = (
            "PutUserPolicy",
            "PutRolePolicy",
            "PutGroupPolicy",
            "CreatePolicyVersion",
            "SetDefaultPolicyVersion",
        )
        return [name for name in self.calls.sent if name in changing]

    def _exist(self, principal: str) -> None:
        kind, _, rest = principal.split(":")[5].partition("/")
        path = f"/{rest.rpartition('/')[0]}/".replace("//", "/")
        iam = self.aside.iam
        if kind == "user":
            _unless_there(lambda: iam.create_user(UserName=_name(principal), Path=path))
        else:
            _unless_there(lambda: iam.create_role(RoleName=_name(principal), Path=path, AssumeRolePolicyDocument="{}"))

    def _environment(self) -> dict[str, str]:
        return {
            "AIRLOCK_ACCOUNT": ACCOUNT,
            "AIRLOCK_TABLE": "ledger",
            "AIRLOCK_AUDIT_LOG_GROUP": "audit",
            "AIRLOCK_AUDIT_LOG_STREAM": "tests",
            "AIRLOCK_NOTICES_TOPIC": f"arn:aws:sns:{HOME}:{ACCOUNT}:notices",
            "AIRLOCK_APPROVALS_TOPIC": f"arn:aws:sns:{HOME}:{ACCOUNT}:approvals",
            "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
            "AIRLOCK_PRINCIPALS": json.dumps(self.principals),
        }


def install(infra_id: str = "prod-7xk2q", principal: str = USER, era: Era = Era.CAPA) -> Install:
    """An install in the usual region."""
    return Install(infra_id=infra_id, principal=principal, region=REGION, era=era)


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


@contextmanager
def an_account() -> Iterator[Account]:
    """An empty account with the template's table, log stream and topic."""
    acting, aside, calls = _clients()
    before = os.environ.get("MOTO_ACCOUNT_ID")
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    clock = Clock()
    # botocore's own retries, which are the real ones, wait by the account's clock.
    waits = patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=clock.sleep))
    try:
        with less_for_each_call(), mock_aws(), waits:
            _resources(aside)
            calls.forget()
            yield Account(clock, calls, aside, acting)
    finally:
        os.environ.pop("MOTO_ACCOUNT_ID")
        if before is not None:
            os.environ["MOTO_ACCOUNT_ID"] = before


def _resources(aside: Clients) -> None:
    make_ledger_table(aside.dynamodb, "ledger")
    aside.logs.create_log_group(logGroupName="audit")
    aside.logs.create_log_stream(logGroupName="audit", logStreamName="tests")
    aside.sns.create_topic(Name="notices")
    aside.sns.create_topic(Name="approvals")


def _names(answer: dict[str, object]) -> list[str]:
    happened = answer.get("happened", [])
    return [str(name) for name in happened] if isinstance(happened, list) else []


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _unless_there(make: Callable[[], object]) -> None:
    try:
        make()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "EntityAlreadyExists":
            raise
