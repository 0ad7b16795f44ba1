"""Messages for people and machines, by SNS: notices on one topic, requests on another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from airlock.messages.message import SUBJECT_LIMIT, Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


class SnsNotices:
    """The port :class:`airlock.ports.Notices` on one SNS topic, whose client is asked for when it is first used."""

    def __init__(self, sns: Callable[[], SNSClient], topic: str) -> None:
        self._sns_client = sns
        self._topic = topic

    def publish(self, message: Message) -> None:
        """Send one message: its text to people, its data to whatever else subscribes; a long subject is cut.

        Source: SNS API reference, "Publish", MessageStructure.
        """
        data = json.dumps(message.data, ensure_ascii=False)
        bodies = {"default": data, "email": message.text, "sms": message.subject}
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items() if value
        }
        self._sns.publish(
            TopicArn=self._topic,
            Subject=message.subject[:SUBJECT_LIMIT],
            Message=json.dumps(bodies, ensure_ascii=False),
            MessageStructure="json",
            MessageAttributes=attributes,
        )

    @property
    def _sns(self) -> SNSClient:
        return self._sns_client()
