"""The schedule that starts the sweeper each minute."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import encryption, permissions
from infra.configuration import Configuration
from infra.own_path import OWN_PATH


class SweepSchedule(Construct):
    """One schedule of EventBridge Scheduler, with a role that may start the sweeper and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        configuration: Configuration,
        sweeper: lambda_.IFunction,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.role = iam.Role(
            self,
            "Role",
            # Only schedules of this account's default group may use the role (EventBridge Scheduler, page "Confused
            # deputy prevention": the source is the group's ARN, not the schedule's).
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": stack.account,
                        "aws:SourceArn": stack.format_arn(
                            service="scheduler", resource="schedule-group", resource_name="default"
                        ),
                    }
                },
            ),
            description="Starts the sweeper",
            path=OWN_PATH,
            inline_policies={
                "Sweep": iam.PolicyDocument(
                    statements=[
                        permissions.invoke_statement(sweeper.function_arn),
                        permissions.dead_letter_statement(dead_letters.queue_arn),
                        *encryption.dead_letter_statements(configuration),
                        permissions.not_itself_statement(configuration),
                    ]
                )
            },
        )
        scheduler.Schedule(
            self,
            "Schedule",
            description="Sweeps the airlock's grants: expires, retries, repairs",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            time_window=scheduler.TimeWindow.off(),
            target=targets.LambdaInvoke(
                sweeper,
                dead_letter_queue=dead_letters,
                # The next sweep does what this one would have done.
                retry_attempts=0,
                max_event_age=Duration.minutes(1),
                role=self.role.without_policy_updates(),
            ),
        )
