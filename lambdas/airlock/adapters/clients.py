"""The AWS clients, made once a process. They honour AWS_ENDPOINT_URL and its kin, as boto3 does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.handlers import json_decode_policies

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sns import SNSClient

# IAM throttles per account; standard mode backs off with jitter. Well under the function's 60 seconds in all.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=10)


@dataclass(frozen=True, slots=True)
class Clients:
    """The AWS services that the functions call."""

    iam: IAMClient
    dynamodb: DynamoDBClient
    logs: CloudWatchLogsClient
    sns: SNSClient


def make_clients(session: Any = boto3) -> Clients:  # noqa: ANN401 - the boto3 module and a Session serve alike
    """Make the clients.

    Args:
        session: where they come from: boto3 itself, or a session of a test's.
    """
    return Clients(
        iam=with_raw_documents(session.client("iam", config=_RETRIES)),
        dynamodb=session.client("dynamodb", config=_RETRIES),
        logs=session.client("logs", config=_RETRIES),
        sns=session.client("sns", config=_RETRIES),
    )


def with_raw_documents(iam: IAMClient) -> IAMClient:
    """Make an IAM client hand out policy documents as the text that IAM sent.

    boto3 turns them into objects, which loses their bytes; a baseline is restored to the byte.
    """
    iam.meta.events.unregister("after-call.iam", json_decode_policies)
    return iam
