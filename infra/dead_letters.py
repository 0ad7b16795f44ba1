"""The dead-letter queue: where an event ends that couldn't be delivered or handled, with the reason."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration


class DeadLetters(Construct):
    """One queue for rules, schedule and functions alike, so that there is one place to look and to alarm on.

    A message tells where it comes from: a rule's or the schedule's is the bare event with ERROR_CODE among its
    attributes, a function's is an envelope with the event as ``requestPayload`` and the error as ``responsePayload``.

    The configuration is for the home region, where its key is; without it the key is one of SQS's own.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration | None = None) -> None:
        super().__init__(scope, construct_id)
        key = encryption.given_key(self, configuration) if configuration else None
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
