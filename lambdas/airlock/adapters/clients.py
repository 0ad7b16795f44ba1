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
    iam = session.client("iam", config=_RETRIES)
    # boto3 turns policy documents into objects, which loses their bytes. A baseline is restored to the byte,
    # so the documents must arrive as the text that IAM sent.
    iam.meta.events.unregister("after-call.iam", json_decode_policies)
    return Clients(
        iam=iam,
        dynamodb=session.client("dynamodb", config=_RETRIES),
        logs=session.client("logs", config=_RETRIES),
        sns=session.client("sns", config=_RETRIES),
    )
