"""The dead-letter queue: where an event ends that couldn't be delivered or handled, with the reason."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class DeadLetters(Construct):
    """One queue for rules, schedule and functions alike, so that there is one place to look and to alarm on.

    A message tells where it comes from: a rule's or the schedule's is the bare event with ERROR_CODE among its
    attributes, a function's is an envelope with the event as ``requestPayload`` and the error as ``responsePayload``.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
