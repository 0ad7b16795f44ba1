"""The notices topic: a short message when a grant opens, closes or is refused, and the alarms."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration
from infra.keys import key_policy
from infra.topics import given_key_statement, keep_the_enrolled_out, make_topic


class Notices(Construct):
    """The topic with its e-mail subscriptions, and the key that it is encrypted with.

    CloudWatch can't publish to a topic under AWS's own key for SNS, whose policy nobody can change (AWS re:Post,
    article ``cloudwatch-configure-alarm-sns``), so the topic has a key of the stack's own.

    SNS asks KMS in the name of whoever publishes. For the functions, the key leaves that to IAM, by way of SNS only:
    naming their roles here would go round in a circle, for a role names the topic, and the topic its key. The enrolled
    principals are denied all of it, so they can't publish a notice even if their own policies allow it; and the topic
    denies them to give it another key.

    The key goes with the stack: it encrypts what SNS has in hand, which ends with the topic.

    A topic that the configuration gives has policy and key of its owner's, which have to let in the functions' roles
    and CloudWatch.

    Attributes:
        topic: where the notices go, and the alarms.
        given: ARN of the topic that the configuration gives; None where it is the stack's own.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self._configuration = configuration
        self.given = configuration.notices_topic
        self._own: tuple[sns.Topic, kms.Key] | None = None
        if self.given:
            self.topic: sns.ITopic = sns.Topic.from_topic_arn(self, "GivenTopic", self.given)
        else:
            self._own = self._own_topic(configuration)
            self.topic = self._own[0]

    def _own_topic(self, configuration: Configuration) -> tuple[sns.Topic, kms.Key]:
        key = kms.Key(
            self,
            "Key",
            description=f"Encrypts notices and alarms on their way ({configuration.prefix})",
            enable_key_rotation=True,
            policy=key_policy(configuration),
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishWhereIamAllows",
                actions=list(encryption.SENDING),
                principals=[iam.AccountRootPrincipal()],
                resources=["*"],
                conditions=encryption.by_way_of(configuration, "sns"),
            )
        )
        topic = make_topic(self, "Bootstrap Airlock", configuration.notice_emails, key)
        keep_the_enrolled_out(topic, configuration)
        return topic, key

    def key_statement(self) -> iam.PolicyStatement:
        """Write what a role needs of the topic's key to publish a notice."""
        if self._own:
            return iam.PolicyStatement(
                sid="NoticesKey",
                actions=list(encryption.SENDING),
                resources=[self._own[1].key_arn],
                conditions=encryption.by_way_of(self._configuration, "sns"),
            )
        return given_key_statement("GivenNoticesKey", self.topic.topic_arn, self._configuration)

    def let_alarm(self, alarm_arns: Sequence[str]) -> None:
        """Let CloudWatch publish for these alarms of the account, and for no others; a given topic's policy is its own.

        The topic's policy needs a statement too, for SNS's default policy doesn't stand beside one that is written
        (AWS re:Post, article ``cloudwatch-receive-sns-for-alarm-trigger``). What is allowed on the key is of the
        article above, the conditions of both of Amazon SNS, pages "Managing Amazon SNS encryption keys and costs" and
        "Example cases for Amazon SNS access control".

        Args:
            alarm_arns: ARNs without references: the key can't wait for alarms that wait for it.
        """
        if self._own is None:
            return
        topic, key = self._own
        for resource, actions, document in (
            ("*", ["kms:Decrypt", "kms:GenerateDataKey*"], key.add_to_resource_policy),
            (topic.topic_arn, ["sns:Publish"], topic.add_to_resource_policy),
        ):
            document(
                iam.PolicyStatement(
                    sid="Alarms",
                    actions=actions,
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    resources=[resource],
                    conditions={
                        "StringEquals": {"aws:SourceAccount": self._configuration.account},
                        "ArnLike": {"aws:SourceArn": list(alarm_arns)},
                    },
                )
            )
