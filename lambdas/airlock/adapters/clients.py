"""The AWS clients, made once a process. They honour AWS_ENDPOINT_URL and its kin, as any client of boto3 does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import json_decode_policies

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sns import SNSClient

# IAM throttles per account; standard mode backs off with jitter. Well under the function's 60 seconds in all.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=10)
# What may be done once: EC2 may have done it though it didn't answer, and botocore would ask again.
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=3, read_timeout=10)
# Somebody waits whose answer is kept already, and the sweep finds it: less than the 15 seconds of the page's function.
_BRIEFLY = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=1, read_timeout=3)


class Clients:
    """The AWS services that the functions call.

    Each is made when it is first used, for that takes time of a cold start: the audit trail and the notices come after
    the policy was opened, and the approval page never calls IAM.
    """

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._ec2: dict[str, EC2Client] = {}

    @cached_property
    def iam(self) -> IAMClient:
        """IAM; its policy documents come as they were sent."""
        return with_raw_documents(self._make("iam", config=_RETRIES))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB, for the ledger."""
        client: DynamoDBClient = self._make("dynamodb", config=_RETRIES)
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs, for the audit trail."""
        client: CloudWatchLogsClient = self._make("logs", config=_RETRIES)
        return client

    @cached_property
    def sns(self) -> SNSClient:
        """SNS, for the notices."""
        client: SNSClient = self._make("sns", config=_RETRIES)
        return client

    @cached_property
    def kms(self) -> KMSClient:
        """KMS, for the links to the approval page."""
        client: KMSClient = self._make("kms", config=_RETRIES)
        return client

    @cached_property
    def events(self) -> EventBridgeClient:
        """EventBridge, for telling the watcher of orders."""
        client: EventBridgeClient = self._make("events", config=_BRIEFLY)
        return client

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """CloudFormation, for what it is doing with the stack."""
        client: CloudFormationClient = self._make("cloudformation", config=_BRIEFLY)
        return client

    def ec2(self, region: str) -> EC2Client:
        """EC2 in a region, for bootstrap instances' consoles; made once for each."""
        if region not in self._ec2:
            self._ec2[region] = self._make("ec2", region_name=region, config=_RETRIES)
        return self._ec2[region]

    def ec2_once(self, region: str) -> EC2Client:
        """EC2 in a region, whose calls are never made a second time; made when it is needed."""
        client: EC2Client = self._make("ec2", region_name=region, config=_ONCE)
        return client


def make_clients(session: Any = None) -> Clients:  # noqa: ANN401 - boto3's Session, or anything with its "client"
    """Make the clients.

    Args:
        session: where they come from, such as a boto3 session; the process's own credentials and region unless told
            otherwise. Those come from botocore, which boto3 is built on: importing boto3 itself would add a third to
            a cold start, for file transfers to S3 that nobody makes here (docs/decisions/0006-botocore-clients.md).
    """
    return Clients(botocore.session.get_session().create_client if session is None else session.client)


def was_tried_before(error: ClientError) -> bool:
    """Whether botocore had made this call before without an answer that it could use.

    AWS may have carried that try out, so that what it says to a later one is no proof that nothing was done: an item
    that may not exist is there by our own hand, and a policy has one version more.
    """
    return error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0


def with_raw_documents(iam: IAMClient) -> IAMClient:
    """Make an IAM client hand out policy documents as the text that IAM sent.

    boto3 turns them into objects, which loses their bytes; a baseline is restored to the byte.
    """
    iam.meta.events.unregister("after-call.iam", json_decode_policies)
    return iam
