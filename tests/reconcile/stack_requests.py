"""CloudFormation's requests of the removal, and how they are handled in an account on moto."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3

from airlock.adapters.cloudformation import CloudFormation
from airlock.adapters.schema import SCHEMA
from airlock.handlers.observability import Count, count_nothing
from airlock.handlers.removal import respond
from airlock.settings import SettingsError
from airlock.wiring_removal import RemovalParts, wire_removal
from tests.reconcile.account import ACCOUNT, HOME, Account
from tests.stack_answers import Answers

STACK = "bootstrap-airlock"
STACK_ID = f"arn:aws:cloudformation:{HOME}:{ACCOUNT}:stack/{STACK}/1b2c3d4e-0000-4000-8000-000000000001"
FUNCTION = timedelta(seconds=80)
"""The function's timeout, as infra/work.py sets it."""
LEAVING = "DELETE_IN_PROGRESS"


def request(answers: Answers, request_type: str, resource_type: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A request as CloudFormation sends it."""
    physical = {} if request_type == "Create" else {"PhysicalResourceId": resource_type.removeprefix("Custom::")}
    return {
        "RequestType": request_type,
        "ServiceToken": f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:{STACK}-removal",
        "ResponseURL": answers.url,
        "StackId": STACK_ID,
        "RequestId": "5c1d8c3e-0000-4000-8000-000000000001",
        "LogicalResourceId": "GrantsC6B29442",
        "ResourceType": resource_type,
        "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "480"},
        **physical,
        **more,
    }


def enrolling(*arns: str) -> dict[str, Any]:
    """The enrolment's properties."""
    lists = {"Principals": ":user/ :role/", "Groups": ":group/", "Policies": ":policy/"}
    return {name: [arn for arn in arns if any(kind in arn for kind in kinds.split())] for name, kinds in lists.items()}


def ask(
    account: Account, answers: Answers, event: dict[str, Any], status: str | None, count: Count = count_nothing
) -> None:
    """Have the request handled while CloudFormation says this of the stack."""
    answers.status = status
    end = account.clock.now() + FUNCTION

    def wired() -> RemovalParts:
        # As the function does it, but that moto has no CloudFormation.
        parts = wire_removal(account._environment(), account.acting, account.clock)  # noqa: SLF001 - the template's
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=HOME)
        client = session.client("cloudformation", endpoint_url=answers.origin)
        return replace(parts, cloudformation=CloudFormation(lambda: client))

    respond(event, wired, lambda: round((end - account.clock.now()) / timedelta(milliseconds=1)), count)


def a_while() -> int:
    """The milliseconds that are left where time doesn't matter."""
    return 60_000


def unwirable() -> RemovalParts:
    """A function whose variables are wrong."""
    raise SettingsError("the environment variable AIRLOCK_TABLE is missing; deploy the template again")


def from_a_newer_release(account: Account, grant_id: str) -> None:
    """Leave the grant as a release would that was rolled back, and whose ledger this one can't read."""
    key = {"pk": {"S": f"grant#{grant_id}"}, "sk": {"S": "grant"}}
    progress = account.aside.dynamodb.get_item(TableName="ledger", Key=key)["Item"]["progress"]["S"]
    account.aside.dynamodb.update_item(
        TableName="ledger",
        Key=key,
        UpdateExpression="SET progress = :newer",
        ExpressionAttributeValues={":newer": {"S": json.dumps({**json.loads(progress), "schema": SCHEMA + 1})}},
    )
