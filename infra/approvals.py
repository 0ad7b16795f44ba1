"""How people are asked: the topic that carries the requests, and the key that signs the links in them."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.configuration import Configuration
from infra.topics import make_topic


class Approvals(Construct):
    """The topic with its e-mail subscriptions, and the key if requests carry links.

    It is a topic of its own: whoever gets a link can answer, so notices may go to more people than requests.

    The key never leaves AWS KMS, so nobody who reads a function's environment or the ledger can make a link. KMS has
    no automatic rotation of HMAC keys (AWS KMS, page "Rotate AWS KMS keys"); a link is short-lived.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.topic = make_topic(self, "Bootstrap Airlock approvals", configuration.approvals.emails)
        self.link_key: kms.Key | None = None
        if configuration.approvals.links:
            self.link_key = kms.Key(
                self,
                "LinkKey",
                description=f"Signs the links to the approval page ({configuration.prefix})",
                key_spec=kms.KeySpec.HMAC_256,
                key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
                removal_policy=RemovalPolicy.RETAIN,
            )
