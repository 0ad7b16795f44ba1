"""The one alarm of a forwarding stack: something of the region didn't get to the home region."""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Telling
from infra.configuration import Configuration
from infra.topics import keep_the_enrolled_out


class UndeliveredAlarm(Construct):
    """An alarm on the region's dead-letter queue, and a topic for its mails where anybody gets the notices by mail.

    The home region's topic can't be had: an alarm's actions are in its own region. The topic here carries this alarm's
    text and nothing of any install, so it has no key of its own, which costs money each month. It is the only path to
    people that doesn't lead by the bus which fails just then.
    """

    def __init__(
        self, scope: Construct, construct_id: str, configuration: Configuration, dead_letters: sqs.IQueue
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        name = f"{stack.stack_name}-undelivered"
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=name,
            alarm_description=Telling(
                severity="medium",
                what=f"An event of {stack.region} couldn't be handed on to {configuration.home_region}.",
                means="An install there may not have been opened, or only by a later event.",
                do="Read the message in the region's dead-letter queue and its reason, and remove the cause.",
            ).description("undelivered"),
            metric=dead_letters.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic="Maximum"
            ),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            # As for the home region's dead letters: SQS tells nothing of a queue that is left alone.
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        if configuration.notice_emails:
            topic = self._topic(configuration, name)
            alarm.add_alarm_action(actions.SnsAction(topic))
            alarm.add_ok_action(actions.SnsAction(topic))

    def _topic(self, configuration: Configuration, alarm: str) -> sns.Topic:
        stack = Stack.of(self)
        topic = sns.Topic(self, "Topic", display_name="Bootstrap Airlock", enforce_ssl=True)
        for address in configuration.notice_emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        keep_the_enrolled_out(topic, configuration)
        form = ArnFormat.COLON_RESOURCE_NAME
        arn = stack.format_arn(service="cloudwatch", resource="alarm", resource_name=alarm, arn_format=form)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarm",
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": configuration.account},
                    "ArnLike": {"aws:SourceArn": arn},
                },
            )
        )
        return topic
