"""What the two topics have in common: encryption, TLS, and subscriptions by e-mail."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


def make_topic(scope: Construct, display_name: str, addresses: Sequence[str]) -> sns.Topic:
    """Make a topic, encrypted, for TLS only, with each address subscribed by e-mail.

    Args:
        scope: the construct that the topic is the only one of.
        display_name: the name that its mails come from.
        addresses: who gets what is published.
    """
    topic = sns.Topic(
        scope,
        "Topic",
        display_name=display_name,
        # AWS's own key for SNS: its key policy admits whoever may publish in this account, so the functions need
        # no KMS rights. (A CloudWatch alarm couldn't publish through it; that takes a key of the stack's own.)
        master_key=kms.Alias.from_alias_name(scope, "Key", "alias/aws/sns"),
        enforce_ssl=True,
    )
    for address in addresses:
        topic.add_subscription(subscriptions.EmailSubscription(address))
    return topic
