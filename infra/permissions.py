"""What the functions may do: every statement of their roles, written out by hand.

No write has ``*`` as its resource. The IAM writes reach the enrolled principals' own inline policies and the groups
and managed policies that the configuration names, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from aws_cdk import aws_iam as iam

from infra.configuration import Configuration

USER_READS: Final = (
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListUserPolicies",
)
ROLE_READS: Final = ("iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
GROUP_READS: Final = ("iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies")
POLICY_READS: Final = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")
POLICY_WRITES: Final = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
# A transaction is authorised as the calls that it holds (Amazon DynamoDB, page "Using IAM with transactions").
LEDGER_CALLS: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
)


def any_group(configuration: Configuration) -> str:
    """Write the ARN pattern of the account's groups."""
    return f"arn:{configuration.partition}:iam::{configuration.account}:group/*"


def any_customer_policy(configuration: Configuration) -> str:
    """Write the ARN pattern of the account's customer managed policies."""
    return f"arn:{configuration.partition}:iam::{configuration.account}:policy/*"


def wide_reads(configuration: Configuration) -> dict[str, str]:
    """Name each read that reaches further than the configured ARNs: its ARN pattern, and why it has to."""
    return {
        any_group(configuration): (
            "Read only. A user's groups are known only at the time of an install, and a deny in a group that the "
            "configuration doesn't name must be found to be reported; writes are limited to the named groups."
        ),
        any_customer_policy(configuration): (
            "Read only. Attached policies are known only at the time of an install, and a deny in one that "
            "the configuration doesn't name must be found to be reported; writes are limited to the named policies."
        ),
    }


def iam_statements(configuration: Configuration) -> list[iam.PolicyStatement]:
    """List the IAM reads and writes that both functions have; a statement without a resource is left out."""
    return list(_iam_statements(configuration))


def ledger_statements(table_arn: str, index_arn: str) -> list[iam.PolicyStatement]:
    """List the calls to the ledger; the index is only queried."""
    return [
        _allow("Ledger", LEDGER_CALLS, [table_arn]),
        _allow("LedgerIndex", ["dynamodb:Query"], [index_arn]),
    ]


def log_statements(own_group_arn: str, audit_stream_arn: str) -> list[iam.PolicyStatement]:
    """List the calls to CloudWatch Logs.

    Args:
        own_group_arn: the function's own log group, with the ``:*`` that stands for its streams.
        audit_stream_arn: the function's own stream of the audit log.
    """
    return [
        _allow("OwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [own_group_arn]),
        _allow("AuditLog", ["logs:PutLogEvents"], [audit_stream_arn]),
    ]


def notice_statement(topic_arn: str) -> iam.PolicyStatement:
    """Allow notices to be published."""
    return _allow("Notices", ["sns:Publish"], [topic_arn])


def dead_letter_statement(queue_arn: str) -> iam.PolicyStatement:
    """Allow Lambda or Scheduler, by the role, to send what failed to the dead-letter queue."""
    return _allow("DeadLetters", ["sqs:SendMessage"], [queue_arn])


def invoke_statement(function_arn: str) -> iam.PolicyStatement:
    """Allow one function to be invoked."""
    return _allow("Invoke", ["lambda:InvokeFunction"], [function_arn])


def _iam_statements(configuration: Configuration) -> Iterator[iam.PolicyStatement]:
    if configuration.users:
        yield _allow("ReadUsers", USER_READS, configuration.users)
        yield _allow("WriteUsers", ["iam:PutUserPolicy"], configuration.users)
    if configuration.roles:
        yield _allow("ReadRoles", ROLE_READS, configuration.roles)
        yield _allow("WriteRoles", ["iam:PutRolePolicy"], configuration.roles)
    if configuration.groups:
        yield _allow("WriteGroups", ["iam:PutGroupPolicy"], configuration.groups)
    if configuration.policies:
        yield _allow("WritePolicies", POLICY_WRITES, configuration.policies)
    yield _allow("ReadGroups", GROUP_READS, [any_group(configuration)])
    yield _allow("ReadPolicies", POLICY_READS, [any_customer_policy(configuration)])


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources))
