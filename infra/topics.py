"""What the two topics have in common: encryption, TLS, and subscriptions by e-mail."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


def make_topic(scope: Construct, display_name: str, addresses: Sequence[str], key: kms.IKey) -> sns.Topic:
    """Make a topic, encrypted, for TLS only, with each address subscribed by e-mail.

    Args:
        scope: the construct that the topic is the only one of.
        display_name: the name that its mails come from.
        addresses: who gets what is published.
        key: what encrypts it.
    """
    topic = sns.Topic(scope, "Topic", display_name=display_name, master_key=key, enforce_ssl=True)
    for address in addresses:
        topic.add_subscription(subscriptions.EmailSubscription(address))
    return topic
