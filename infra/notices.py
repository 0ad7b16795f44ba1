"""The notices topic: a short message when a grant opens, closes or is refused, and the alarms."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra import permissions
from infra.configuration import Configuration
from infra.keys import key_policy
from infra.topics import make_topic


class Notices(Construct):
    """The topic with its e-mail subscriptions, and the key that it is encrypted with.

    CloudWatch can't publish to a topic under AWS's own key for SNS, whose policy nobody can change (AWS re:Post,
    article ``cloudwatch-configure-alarm-sns``), so the topic has a key of the stack's own.

    SNS asks KMS in the name of whoever publishes. For the functions, the key leaves that to IAM, by way of SNS only:
    naming their roles here would go round in a circle, for a role names the topic, and the topic its key. The enrolled
    principals are denied all of it, so they can't publish a notice even if their own policies allow it.

    The key goes with the stack: it encrypts what SNS has in hand, which ends with the topic.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self._account = configuration.account
        self.key = kms.Key(
            self,
            "Key",
            description=f"Encrypts notices and alarms on their way ({configuration.prefix})",
            enable_key_rotation=True,
            policy=key_policy(configuration),
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishWhereIamAllows",
                actions=list(permissions.PUBLISHING),
                principals=[iam.AccountRootPrincipal()],
                resources=["*"],
                conditions=permissions.by_way_of_sns(Stack.of(self)),
            )
        )
        self.topic = make_topic(self, "Bootstrap Airlock", configuration.notice_emails, self.key)

    def let_alarm(self, alarm_arns: Sequence[str]) -> None:
        """Let CloudWatch publish for these alarms of the account, and for no others.

        The topic's policy needs a statement too, for SNS's default policy doesn't stand beside one that is written
        (AWS re:Post, article ``cloudwatch-receive-sns-for-alarm-trigger``). What is allowed on the key is of the
        article above, the conditions of both of Amazon SNS, pages "Managing Amazon SNS encryption keys and costs" and
        "Example cases for Amazon SNS access control".

        Args:
            alarm_arns: ARNs without references: the key can't wait for alarms that wait for it.
        """
        for resource, actions, document in (
            ("*", ["kms:Decrypt", "kms:GenerateDataKey*"], self.key.add_to_resource_policy),
            (self.topic.topic_arn, ["sns:Publish"], self.topic.add_to_resource_policy),
        ):
            document(
                iam.PolicyStatement(
                    sid="Alarms",
                    actions=actions,
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    resources=[resource],
                    conditions={
                        "StringEquals": {"aws:SourceAccount": self._account},
                        "ArnLike": {"aws:SourceArn": list(alarm_arns)},
                    },
                )
            )
