"""The notices topic: a short message when a grant opens, closes or is refused."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.configuration import Configuration


class Notices(Construct):
    """The topic and its e-mail subscriptions."""

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name="Bootstrap Airlock",
            # AWS's own key for SNS: its key policy admits whoever may publish in this account, so the functions need
            # no KMS rights. (A CloudWatch alarm couldn't publish through it; that takes a key of the stack's own.)
            master_key=kms.Alias.from_alias_name(self, "Key", "alias/aws/sns"),
            enforce_ssl=True,
        )
        for address in configuration.notice_emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))
