"""What the functions may do with the ledger: which calls, and on items of which kinds.

The kind of an item is the start of its partition key. DynamoDB holds a call's keys against the condition, all of them
where there are several (Amazon DynamoDB, page "Using IAM policy conditions for fine-grained access control").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam

GRANTS: Final = "grant#*"
ANSWERS: Final = "answer#*"
"""Answers to requests for approval."""
ORDERS: Final = "order#*"
"""Orders to close."""
AHEAD: Final = "ahead#*"
"""Approvals ahead of time."""

# A transaction is authorised as the calls that it holds (Amazon DynamoDB, page "Using IAM with transactions").
RECONCILER_CALLS: Final = (
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
)
READS: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")


def reconciler_statements(table_arn: str, index_arn: str) -> list[iam.PolicyStatement]:
    """List what watcher and sweeper may do: change any item, and keep an answer where the time for one is over.

    Args:
        table_arn: the ledger's.
        index_arn: that of its index of open grants.
    """
    return [
        iam.PolicyStatement(sid="Ledger", actions=list(RECONCILER_CALLS), resources=[table_arn]),
        iam.PolicyStatement(sid="LedgerIndex", actions=["dynamodb:Query"], resources=[index_arn]),
        _of_kinds("LedgerAhead", table_arn, ["dynamodb:Query"], [AHEAD]),
        _of_kinds("LedgerAnswers", table_arn, ["dynamodb:PutItem"], [ANSWERS]),
    ]


def removal_statements(table_arn: str, index_arn: str) -> list[iam.PolicyStatement]:
    """List what the removal may do: end any grant, hold any scope, and order what isn't ended to close."""
    return [
        iam.PolicyStatement(sid="Ledger", actions=list(RECONCILER_CALLS), resources=[table_arn]),
        iam.PolicyStatement(sid="LedgerIndex", actions=["dynamodb:Query"], resources=[index_arn]),
        _of_kinds("LedgerOrders", table_arn, ["dynamodb:PutItem"], [ORDERS]),
    ]


def page_statements(table_arn: str) -> list[iam.PolicyStatement]:
    """List what the approval page may do: read a grant and what was decided on it, and keep an answer."""
    return [
        _of_kinds("ReadLedger", table_arn, READS, [GRANTS, ANSWERS, ORDERS]),
        _of_kinds("WriteAnswers", table_arn, ["dynamodb:PutItem"], [ANSWERS]),
    ]


def operator_statements(table_arn: str) -> list[iam.PolicyStatement]:
    """List what the operator function may do: read what it decides on, and keep answers and orders of each kind."""
    return [
        _of_kinds("ReadLedger", table_arn, (*READS, "dynamodb:Query"), [GRANTS, ANSWERS, ORDERS, AHEAD]),
        _of_kinds("WriteOrders", table_arn, ["dynamodb:PutItem"], [ANSWERS, ORDERS, AHEAD]),
        # An approval ahead of time can be taken back.
        _of_kinds("ChangeAhead", table_arn, ["dynamodb:UpdateItem"], [AHEAD]),
    ]


def _of_kinds(sid: str, table_arn: str, actions: Sequence[str], kinds: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        actions=list(actions),
        resources=[table_arn],
        conditions={
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(kinds)},
            # A condition on all values holds where there are none (AWS IAM, page "Set operators for multivalued
            # context keys").
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    )
