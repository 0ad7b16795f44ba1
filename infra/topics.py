"""What the two topics have in common: encryption, TLS, subscriptions by e-mail; and a topic of somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration
from infra.keys import not_for_the_enrolled

# Of the calls that a topic's policy may name (Amazon SNS, page "Amazon SNS API permissions"), those that get at a
# message, forge one, let somebody do so, or keep messages from people.
_CALLS: Final = (
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:Publish",
    "sns:PutDataProtectionPolicy",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
)


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


def keep_the_enrolled_out(topic: sns.Topic, configuration: Configuration) -> None:
    """Deny those whose installs are told of to read, forge or stop messages, whatever their own policies allow."""
    topic.add_to_resource_policy(not_for_the_enrolled(configuration, _CALLS, topic.topic_arn))


def any_key_beside(topic_arn: str) -> str:
    """Write the ARN pattern of the keys that a given topic can have: those of its own account and region."""
    _, partition, _, region, account, _ = topic_arn.split(":")
    return f"arn:{partition}:kms:{region}:{account}:key/*"


def given_key_statement(sid: str, topic_arn: str, configuration: Configuration) -> iam.PolicyStatement:
    """Allow publishing to a topic of another stack under whichever key that has.

    The configuration names the topic alone. So it is any key beside it, but only by way of SNS and for that topic: SNS
    gives its ARN as the encryption context (Amazon SNS, page "Managing Amazon SNS encryption keys and costs"). The
    key's own policy has to agree.

    Args:
        sid: the statement's name.
        topic_arn: the topic's ARN.
        configuration: of the stack that publishes.
    """
    return iam.PolicyStatement(
        sid=sid,
        actions=list(encryption.SENDING),
        resources=[any_key_beside(topic_arn)],
        conditions={
            **encryption.by_way_of(configuration, "sns"),
            "StringEqualsIfExists": {"kms:EncryptionContext:aws:sns:topicArn": topic_arn},
        },
    )
