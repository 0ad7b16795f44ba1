"""The audit log: a group apart from the functions' own logs, with one stream a writer."""

from __future__ import annotations

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration


class AuditLog(Construct):
    """The audit log group; it outlives the stack, so it has no fixed name that would stop the next deployment."""

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.group = logs.LogGroup(
            self,
            "Group",
            encryption_key=encryption.given_key(self, configuration),
            retention=log_retention(configuration.log_retention_days),
            removal_policy=RemovalPolicy.RETAIN,
            # Whoever deletes it, or a stream in it, has to say so twice (Amazon CloudWatch Logs, page "Protecting log
            # groups from deletion").
            deletion_protection_enabled=True,
        )

    def add_stream(self, name: str) -> str:
        """Make the stream of one writer.

        The template makes it, so that no function needs the right to make streams here.

        Args:
            name: the writer's name, which the stream takes.

        Returns:
            The stream's ARN.
        """
        logs.LogStream(self, f"{name.capitalize()}Stream", log_group=self.group, log_stream_name=name)
        return Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self.group.log_group_name}:log-stream:{name}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def log_retention(days: int) -> logs.RetentionDays:
    """Look up CDK's name for a number of days that CloudWatch Logs accepts.

    Raises:
        ValueError: CloudWatch Logs has no such retention.
    """
    members = {
        1: "ONE_DAY",
        3: "THREE_DAYS",
        5: "FIVE_DAYS",
        7: "ONE_WEEK",
        14: "TWO_WEEKS",
        30: "ONE_MONTH",
        60: "TWO_MONTHS",
        90: "THREE_MONTHS",
        120: "FOUR_MONTHS",
        150: "FIVE_MONTHS",
        180: "SIX_MONTHS",
        365: "ONE_YEAR",
        400: "THIRTEEN_MONTHS",
        545: "EIGHTEEN_MONTHS",
        731: "TWO_YEARS",
        1096: "THREE_YEARS",
        1827: "FIVE_YEARS",
        2192: "SIX_YEARS",
        2557: "SEVEN_YEARS",
        2922: "EIGHT_YEARS",
        3288: "NINE_YEARS",
        3653: "TEN_YEARS",
    }
    if days not in members:
        raise ValueError(f"CloudWatch Logs keeps no events for {days} days; it accepts {sorted(members)}")
    return logs.RetentionDays[members[days]]
