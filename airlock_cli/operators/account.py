"""The account that the airlock serves, as an operator reaches it: with the operator's own credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clock import SystemClock
from airlock.ports import Answers, Clock
from airlock_cli.operators.options import Options
from airlock_cli.operators.orders import API, LAMBDA, Orders, checked, service_of
from airlock_cli.operators.records import Records
from airlock_cli.operators.trail import Trail
from airlock_cli.operators.troubles import troubles_told
from airlock_cli.problems import InputError
from airlock_cli.progress import Later

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLOCK: Clock = SystemClock()
"""What the commands go by; tests put their own here."""
_PATIENCE = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=20)


class Account:
    """What an operator can ask and order; each client is made when it is first used."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock

    @cached_property
    def session(self) -> boto3.Session:
        """The operator's own session."""
        return boto3.Session(profile_name=self.options.profile, region_name=self.options.region)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name, and nothing else of it.

        Raises:
            InputError: there is no such stack in this account and region.
        """
        try:
            with Later("Looking up the stack"):
                stacks = self._client("cloudformation").describe_stacks(StackName=self.options.stack)["Stacks"]
        except ClientError as error:
            # How CloudFormation says that there is none (API reference, "DescribeStacks").
            if error.response["Error"]["Code"] == "ValidationError":
                raise InputError(
                    f"there is no stack {self.options.stack} in {self.session.region_name}.\n"
                    "Give its name with --stack, its region with --region, its account with --profile."
                ) from error
            raise
        return {one["OutputKey"]: one["OutputValue"] for one in stacks[0].get("Outputs", [])}

    @cached_property
    def records(self) -> Records:
        """The grants."""
        return Records(self._dynamodb, self.output("LedgerTableName"), self.clock)

    @cached_property
    def answers(self) -> Answers:
        """The approvals ahead of time."""
        return DynamoAnswers(self._dynamodb, self.output("LedgerTableName"))

    @cached_property
    def trail(self) -> Trail:
        """The audit lines."""
        return Trail(self._client("logs"), self.output("AuditLogGroupName"))

    @cached_property
    def orders(self) -> Orders:
        """What an operator can tell the airlock.

        What isn't AWS's own name for a function's URL or an API leads to what the stack has: its own output says so.
        """
        url = checked(self.options.operator_url or self.output("OperatorFunctionUrl"))
        service = service_of(url) or (API if "OperatorApiArn" in self.outputs else LAMBDA)
        return Orders(self.session, url, service)

    def output(self, name: str) -> str:
        """One of the stack's outputs.

        Raises:
            InputError: the stack has no such output.
        """
        if name not in self.outputs:
            raise InputError(
                f"the stack {self.options.stack} has no output {name}.\n"
                "Give the airlock's own stack with --stack, or deploy it in this version."
            )
        return self.outputs[name]

    @cached_property
    def _dynamodb(self) -> DynamoDBClient:
        client: DynamoDBClient = self._client("dynamodb")
        return client

    def _client(self, service: Any) -> Any:  # noqa: ANN401 - boto3's own types have a case for each service
        return self.session.client(service, config=_PATIENCE)


@contextmanager
def an_account(options: Options) -> Iterator[Account]:
    """Reach the account; whatever AWS says in the way is told in one or two lines."""
    with troubles_told():
        yield Account(options, CLOCK)
