"""The ledger: one DynamoDB table for grants, baselines, instances and leases."""

from __future__ import annotations

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

OPEN_GRANTS_INDEX: Final = "open-grants"

_STRING: Final = dynamodb.AttributeType.STRING


class Ledger(Construct):
    """The table and its index of open grants, ordered by their not-after time.

    The table has no name of its own: it outlives its stack, and a fixed name would stop the next deployment.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            sort_key=dynamodb.Attribute(name="sk", type=_STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            # The baselines in it are the only way back to the policies as they were.
            removal_policy=RemovalPolicy.RETAIN,
            deletion_protection=True,
        )
        self.table.add_global_secondary_index(
            index_name=OPEN_GRANTS_INDEX,
            partition_key=dynamodb.Attribute(name="open", type=_STRING),
            sort_key=dynamodb.Attribute(name="not_after", type=_STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    @property
    def open_grants_arn(self) -> str:
        """The index's ARN, named in full so that no policy needs ``index/*``."""
        return f"{self.table.table_arn}/index/{OPEN_GRANTS_INDEX}"
