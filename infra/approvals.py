"""How people are asked: the topic that carries the requests, and the key that signs the links in them."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import encryption
from infra.configuration import Configuration
from infra.keys import key_policy
from infra.topics import given_key_statement, keep_the_enrolled_out, make_topic


class Approvals(Construct):
    """The topic with its e-mail subscriptions, and the key if requests carry links.

    It is a topic of its own: whoever gets a link can answer, so notices may go to more people than requests.

    The key never leaves AWS KMS, so nobody who reads a function's environment or the ledger can make a link. KMS has
    no automatic rotation of HMAC keys (AWS KMS, page "Rotate AWS KMS keys"); a link is short-lived.

    Its policy leaves only the administration to the account's IAM policies. Otherwise an installer whose own policy
    allows ``kms:*`` could sign the link to its own request. For the same reason the policies of both, key and topic,
    deny the enrolled principals what would get them a link, whatever their IAM policies allow. A topic that the
    configuration gives has a policy of its owner's.

    Attributes:
        given: ARN of the topic that the configuration gives; None where it is the stack's own.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self._configuration = configuration
        self.given = configuration.approvals.topic
        self.topic = self._given_topic(self.given) if self.given else self._own_topic(configuration)
        self.link_key: kms.Key | None = None
        if configuration.approvals.links:
            self.link_key = kms.Key(
                self,
                "LinkKey",
                description=f"Signs the links to the approval page ({configuration.prefix})",
                key_spec=kms.KeySpec.HMAC_256,
                key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
                policy=key_policy(configuration),
                # Nothing outlives a link, which is short-lived.
                removal_policy=RemovalPolicy.DESTROY,
                pending_window=Duration.days(7),
            )

    def _own_topic(self, configuration: Configuration) -> sns.ITopic:
        # Without a key of the configuration AWS's own key for SNS: its policy admits whoever may publish in this
        # account, so the functions need no KMS rights.
        key = encryption.given_key(self, configuration) or kms.Alias.from_alias_name(self, "Key", "alias/aws/sns")
        topic = make_topic(self, "Bootstrap Airlock approvals", configuration.approvals.emails, key)
        keep_the_enrolled_out(topic, configuration)
        return topic

    def _given_topic(self, arn: str) -> sns.ITopic:
        return sns.Topic.from_topic_arn(self, "GivenTopic", arn)

    def given_key_statements(self) -> list[iam.PolicyStatement]:
        """List what a role needs of the key of a given topic; nothing for the stack's own."""
        return [given_key_statement("GivenApprovalsKey", self.given, self._configuration)] if self.given else []

    def let_sign(self, role: iam.IRole) -> None:
        """Let a function's role sign links, which checks none; nothing to do without a key."""
        self._let(role, "Sign", "kms:GenerateMac")

    def let_verify(self, role: iam.IRole) -> None:
        """Let a function's role check a link's signature, which makes none; nothing to do without a key."""
        self._let(role, "Verify", "kms:VerifyMac")

    def _let(self, role: iam.IRole, verb: str, action: str) -> None:
        # In the key's policy alone: that is enough within an account, and a role that named the key would need it to
        # be made first, which needs the role.
        if self.link_key is not None:
            self.link_key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=f"{verb}By{role.node.path.split('/')[-2]}",
                    actions=[action],
                    principals=[iam.ArnPrincipal(role.role_arn)],
                    # In a key's policy this means the key itself.
                    resources=["*"],
                    conditions={"StringEquals": {"kms:MacAlgorithm": "HMAC_SHA_256"}},
                )
            )
