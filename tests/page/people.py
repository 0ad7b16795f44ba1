"""A ledger with grants that wait, and people who answer: by the page, or by signed orders. On moto."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import boto3
from moto import mock_aws

from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.items import facts_to_text, progress_to_text
from airlock.adapters.seals import Claim, KmsSeals
from airlock.grants.approval import Change, Form, Plan
from airlock.grants.grant import Facts, Grant, Progress, State, grant_id
from airlock.grants.life import exemption_of
from airlock.handlers.operator import OperatorApi
from airlock.handlers.page import ApprovalPage
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.policy.render import render
from airlock.wiring_people import wire_operator, wire_page
from airlock_cli.replay.world import make_ledger_table
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import Clock
from tests.reconcile.interference import Interference

ACCOUNT = "111122223333"
HOME = "us-east-1"
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = f"arn:aws:iam::{ACCOUNT}:user/ci/ocp-installer"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/OpenShiftInstaller"
OPERATOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/dana"
ADDRESS = "203.0.113.9"
TABLE = "ledger"
POLICY = (SAMPLES / "aws-example.json").read_text()
FORM_TYPE = "application/x-www-form-urlencoded"
Response = dict[str, Any]


@dataclass(slots=True)
class People:
    """Who can be asked.

    Attributes:
        clock: the functions' time.
        calls: what happens to their AWS calls.
        acting: their clients.
        aside: clients that nobody watches.
        key: ARN of the links' key.
        counted: names of what was counted.
    """

    clock: Clock
    calls: Interference
    acting: Clients
    aside: Clients
    key: str
    counted: list[str] = field(default_factory=list)

    @property
    def seals(self) -> KmsSeals:
        """What makes links' tokens."""
        return KmsSeals(lambda: self.aside.kms, self.key)

    def page(self, language: str = "en") -> ApprovalPage:
        """The approval page."""
        environment = {**self._environment(), "AIRLOCK_LINK_KEY": self.key, "AIRLOCK_LANGUAGE": language}
        return ApprovalPage(wire_page(environment, self.acting, self.clock), self.counted.append)

    def operators(self) -> OperatorApi:
        """The operator function."""
        environment = {**self._environment(), "AIRLOCK_PRINCIPALS": json.dumps({USER: {}, ROLE: {}})}
        return OperatorApi(wire_operator(environment, self.acting, self.clock), self.counted.append)

    def keep(self, grant: Grant) -> Grant:
        """Put a grant into the ledger as it is, without what was decided about it."""
        item = {
            "pk": {"S": f"grant#{grant.id}"},
            "sk": {"S": "grant"},
            "facts": {"S": facts_to_text(grant.facts)},
            "version": {"N": "1"},
            "state": {"S": str(grant.progress.state)},
            "progress": {"S": progress_to_text(grant.progress)},
        }
        self.aside.dynamodb.put_item(TableName=TABLE, Item=item)
        return grant

    def token(self, grant: Grant, form: Form | None = None, until: datetime | None = None) -> str:
        """The token of the link in a grant's request."""
        until = until or grant.progress.answer_until or grant.facts.not_after
        return self.seals.seal(Claim(grant.id, form or grant.progress.form, until))

    def items(self) -> list[dict[str, Any]]:
        """Everything in the ledger."""
        return sorted(self.aside.dynamodb.scan(TableName=TABLE)["Items"], key=lambda item: str(item["pk"]))

    def told(self) -> list[str]:
        """IDs of the grants that the watcher was told of."""
        entries = [entry for name, asked in self.calls.made if name == "PutEvents" for entry in asked["Entries"]]
        return [json.loads(entry["Detail"])["grant"] for entry in entries]

    def answers(self) -> list[dict[str, Any]]:
        """What the ledger holds of answers."""
        return [json.loads(item["content"]["S"]) for item in self.items() if item["pk"]["S"].startswith("answer#")]

    @staticmethod
    def _environment() -> dict[str, str]:
        return {"AIRLOCK_ACCOUNT": ACCOUNT, "AIRLOCK_TABLE": TABLE, "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock"}


def waiting(
    infra_id: str = "prod-7xk2q", principal: str = USER, form: Form = Form.SCOPED, baseline: str = POLICY
) -> Grant:
    """A grant that somebody was asked about half an hour ago at the most."""
    facts = Facts(
        id=grant_id(ACCOUNT, principal, infra_id),
        account=ACCOUNT,
        partition="aws",
        principal=principal,
        infra_id=infra_id,
        requested_at=START,
        not_after=START + timedelta(hours=1),
        event_ids=("event-1",),
    )
    exemption = exemption_of(facts, form)
    place = PolicyPlace(PolicyKind.USER_INLINE, principal, "office-only")
    change = Change(place, baseline, render(baseline, [exemption], START))
    progress = Progress(
        state=State.PENDING,
        form=form,
        plan=Plan(exemption, (change,)),
        asked_at=START,
        answer_until=START + timedelta(minutes=30),
    )
    return Grant(facts, progress)


def further(grant: Grant, **changes: object) -> Grant:
    """The same grant with other facts."""
    return replace(grant, facts=replace(grant.facts, **changes))  # type: ignore[arg-type]  # checked by replace


def request(  # noqa: PLR0913 - an event's parts, all by name
    method: str,
    path: str = "/",
    *,
    query: str = "",
    body: str | None = None,
    headers: dict[str, str] | None = None,
    caller: str | None = None,
    encoded: bool = False,
) -> dict[str, Any]:
    """A function URL's event (AWS Lambda, "Invoking Lambda function URLs", payload format 2.0)."""
    context: dict[str, Any] = {
        "accountId": "anonymous",
        "apiId": "abc",
        "domainName": "abc.lambda-url.us-east-1.on.aws",
        "domainPrefix": "abc",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": ADDRESS, "userAgent": "agent"},
        "requestId": "request-1",
        "routeKey": "$default",
        "stage": "$default",
        "time": "24/Nov/2026:02:00:00 +0000",
        "timeEpoch": 1795485600000,
    }
    if caller is not None:
        context["authorizer"] = {"iam": {"userArn": caller, "accountId": caller.split(":")[4], "userId": "AIDA"}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers or {},
        "requestContext": context,
        "isBase64Encoded": encoded,
    }
    if query:
        event["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&"))
    if body is not None:
        event["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    return event


def get(token: str) -> dict[str, Any]:
    """Somebody opens a link."""
    return request("GET", query=f"token={token}")


def post(token: str, decision: str = "approve", note: str = "", **headers: str) -> dict[str, Any]:
    """Somebody presses a button."""
    told = {"content-type": FORM_TYPE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    body = urlencode({"token": token, "decision": decision, "note": note})
    # Lambda delivers forms in base64.
    return request("POST", body=body, headers=told, encoded=True)


@cache
def _clients() -> tuple[Clients, Clients, Interference]:
    """Clients for the functions and for the test, made once a process: making them is what takes time."""
    calls = Interference()
    acting = _session()
    acting.events.register("before-parameter-build", calls.asked)
    acting.events.register("before-call", calls.leaves)
    acting.events.register("after-call", calls.comes_back)
    return make_clients(acting), make_clients(_session()), calls


def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=HOME)


@contextmanager
def some_people() -> Iterator[People]:
    """An empty ledger, and the key that signs links."""
    acting, aside, calls = _clients()
    before = os.environ.get("MOTO_ACCOUNT_ID")
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    try:
        with mock_aws():
            make_ledger_table(aside.dynamodb, TABLE)
            key = aside.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
            calls.forget()
            yield People(Clock(), calls, acting, aside, key)
    finally:
        os.environ.pop("MOTO_ACCOUNT_ID")
        if before is not None:
            os.environ["MOTO_ACCOUNT_ID"] = before
