"""The key that the configuration gives for what the stack keeps, and every right to it.

Without one the keys are AWS's own, and there is nothing here to allow.

The roles get what the services ask of KMS in their name, and only by way of those services. The services that ask in
their own name can be let in by nobody but the key's policy, which is its owner's: :func:`key_policy` writes what it has
to say. What each service asks is told by its own page: Amazon DynamoDB, "DynamoDB encryption at rest usage notes";
Amazon SQS, "Key management"; Amazon SNS, "Managing Amazon SNS encryption keys and costs"; AWS Lambda, "Securing Lambda
environment variables"; Amazon CloudWatch Logs, "Encrypt log data in CloudWatch Logs using AWS KMS"; AWS CloudTrail,
"Configure AWS KMS key policies for CloudTrail".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra import trail
from infra.configuration import Configuration

READING: Final = ("kms:Decrypt", "kms:DescribeKey")
"""What DynamoDB asks for whoever reads or writes items: the table's own key is what is decrypted."""
SENDING: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What SQS and SNS ask for whoever sends."""
# What DynamoDB and Lambda ask for whoever makes a table or a function.
_MAKING: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
DELIVERED_LOGS: Final = "/aws/vendedlogs/"
"""How the names of log groups begin that AWS's services deliver to, such as API Gateway."""
_SUFFIXES: Final = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
# AWS KMS's page on kms:ViaService shows names that end in amazonaws.com alone. What the services of China's regions are
# called there no page says, and public policies have both; both names are AWS's own.
_VIA_SUFFIXES: Final = {
    **{name: (suffix,) for name, suffix in _SUFFIXES.items()},
    "aws-cn": ("amazonaws.com", "amazonaws.com.cn"),
}


def given_key(scope: Construct, configuration: Configuration) -> kms.IKey | None:
    """The configured key as a construct, made within the one that it encrypts for; None where none is given."""
    return kms.Key.from_key_arn(scope, "GivenKey", configuration.kms_key) if configuration.kms_key else None


def by_way_of(configuration: Configuration, *services: str) -> dict[str, dict[str, Any]]:
    """Write the condition that a service uses a key in somebody's name (AWS KMS, "kms:ViaService").

    Args:
        configuration: tells region and partition.
        services: the services as their endpoints call them, such as ``dynamodb``.
    """
    suffixes = _VIA_SUFFIXES[configuration.partition]
    names = [f"{service}.{configuration.home_region}.{suffix}" for service in services for suffix in suffixes]
    return {"StringEquals": {"kms:ViaService": names if len(names) > 1 else names[0]}}


def ledger_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List what a role needs to work on the ledger under the given key; nothing without one."""
    return _statements("LedgerKey", configuration, READING, "dynamodb")


def dead_letter_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List what a role needs to send dead letters under the given key; nothing without one."""
    return _statements("DeadLettersKey", configuration, SENDING, "sqs")


def approvals_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List what a role needs to send requests under the given key; nothing without one, or with somebody's topic."""
    if configuration.approvals.topic:
        return []
    return _statements("ApprovalsKey", configuration, SENDING, "sns")


def key_policy(configuration: Configuration) -> dict[str, Any]:
    """Write the statements that the given key's policy has to have for this configuration.

    They are beside those by which its owner administers it. Nobody uses the key directly: the account's own IAM
    policies decide who may by way of the services, and the services themselves are held to this deployment's resources.
    """
    partition, account, region = configuration.partition, configuration.account, configuration.home_region
    prefix, suffix = configuration.prefix, _SUFFIXES[configuration.partition]
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:"
    through = by_way_of(configuration, "dynamodb", "lambda", "sns", "sqs")
    statements = [
        _entry("AirlockWhereIamAllows", root, _MAKING, through),
        _entry(
            "AirlockGrantsToServices",
            root,
            ["kms:CreateGrant"],
            {**by_way_of(configuration, "dynamodb", "lambda"), "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        _entry(
            "AirlockLogs",
            {"Service": f"logs.{region}.{suffix}"},
            ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": [
                        f"{logs}{start}{prefix}-*" for start in ("", "/aws/lambda/", DELIVERED_LOGS)
                    ]
                }
            },
        ),
        _entry(
            "AirlockDeadLetters",
            {"Service": "events.amazonaws.com"},
            SENDING,
            # Which ARN EventBridge tells isn't sure, and a wrong one loses dead letters silently; of such a doubt the
            # page of SQS says to ask for the account.
            {"StringEquals": {"aws:SourceAccount": account}},
        ),
    ]
    if configuration.trail == trail.CREATE:
        arn = trail.trail_arn(configuration)
        cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
        own = {"StringEquals": {"aws:SourceArn": arn}}
        context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": arn}}
        statements += [
            _entry("AirlockTrail", cloudtrail, ["kms:GenerateDataKey*"], {**own, **context}),
            _entry("AirlockTrailLooks", cloudtrail, ["kms:DescribeKey"], own),
        ]
    return {"Version": "2012-10-17", "Statement": statements}


def _statements(
    sid: str, configuration: Configuration, actions: Sequence[str], service: str
) -> list[iam.PolicyStatement]:
    if configuration.kms_key is None:
        return []
    return [
        iam.PolicyStatement(
            sid=sid,
            actions=list(actions),
            resources=[configuration.kms_key],
            conditions=by_way_of(configuration, service),
        )
    ]


def _entry(sid: str, principal: dict[str, str], actions: Sequence[str], condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        # In a key's policy this means the key itself.
        "Resource": "*",
        "Condition": condition,
    }
