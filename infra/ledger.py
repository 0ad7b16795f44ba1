"""The ledger: one DynamoDB table for grants, baselines, answers, orders, instances and leases."""

from __future__ import annotations

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration
from infra.keys import not_for_the_enrolled

OPEN_GRANTS_INDEX: Final = "open-grants"
GRANTS_BY_MONTH_INDEX: Final = "grants-by-month"

# Of the calls that a table's policy may name (Amazon DynamoDB, page "API operations supported by resource-based
# policies"), those that change items, the table or this policy.
_WRITES: Final = (
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:PutResourcePolicy",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
)
_STRING: Final = dynamodb.AttributeType.STRING


class Ledger(Construct):
    """The table and its indexes: open grants by their not-after time, and each month's grants by their request.

    The functions ask the first; the second is for operators, who look back with their own rights.

    Its policy denies the enrolled principals to write it, whatever their own policies allow: who could write it could
    forge an approval, or a baseline. Reading is left to IAM.

    The table has no name of its own: it outlives its stack, and a fixed name would stop the next deployment.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            sort_key=dynamodb.Attribute(name="sk", type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # Without a key it stays one that AWS owns.
            encryption_key=encryption.given_key(self, configuration),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            # The baselines in it are the only way back to the policies as they were.
            removal_policy=RemovalPolicy.RETAIN,
            deletion_protection=True,
        )
        # It can't name the table, whose name isn't known before it is made; it is the table's own, so it means that.
        self.table.add_to_resource_policy(not_for_the_enrolled(configuration, _WRITES, "*"))
        for index, partition, sort in (
            (OPEN_GRANTS_INDEX, "open", "not_after"),
            (GRANTS_BY_MONTH_INDEX, "month", "requested_at"),
        ):
            self.table.add_global_secondary_index(
                index_name=index,
                partition_key=dynamodb.Attribute(name=partition, type=_STRING),
                sort_key=dynamodb.Attribute(name=sort, type=_STRING),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )

    @property
    def open_grants_arn(self) -> str:
        """The index's ARN, named in full so that no policy needs ``index/*``."""
        return f"{self.table.table_arn}/index/{OPEN_GRANTS_INDEX}"
