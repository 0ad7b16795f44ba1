"""Notices: short messages for people, by SNS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_LIMIT = 100
"""Characters (SNS API reference, "Publish")."""


class SnsNotices:
    """The port :class:`airlock.ports.Notices` on SNS, whose client is asked for when it is first used."""

    def __init__(self, sns: Callable[[], SNSClient], topic: str) -> None:
        self._sns_client = sns
        self._topic = topic

    def publish(self, subject: str, text: str) -> None:
        """Send one message; a subject that is too long is cut."""
        self._sns.publish(TopicArn=self._topic, Subject=subject[:SUBJECT_LIMIT], Message=text)

    @property
    def _sns(self) -> SNSClient:
        return self._sns_client()
