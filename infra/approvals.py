"""How people are asked: the topic that carries the requests, and the key that signs the links in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.configuration import Configuration
from infra.topics import make_topic

# What administrators of a key may do (AWS KMS, page "Default key policy", "Allows key administrators"); using it isn't,
# nor is CreateGrant, by which whoever may make grants lets themselves use it. Installers often may: volumes need it.
_ADMINISTRATION: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:Delete*",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:Put*",
    "kms:Revoke*",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)
# Of the calls that a topic's policy may name (Amazon SNS, page "Amazon SNS API permissions"), those that get at a
# request, forge one, or let somebody do so.
_TOPIC_CALLS: Final = (
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
)


class Approvals(Construct):
    """The topic with its e-mail subscriptions, and the key if requests carry links.

    It is a topic of its own: whoever gets a link can answer, so notices may go to more people than requests.

    The key never leaves AWS KMS, so nobody who reads a function's environment or the ledger can make a link. KMS has
    no automatic rotation of HMAC keys (AWS KMS, page "Rotate AWS KMS keys"); a link is short-lived.

    Its policy leaves only the administration to the account's IAM policies. Otherwise an installer whose own policy
    allows ``kms:*`` could sign the link to its own request. For the same reason the policies of both, key and topic,
    deny the enrolled principals what would get them a link, whatever their IAM policies allow.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        self.topic = make_topic(self, "Bootstrap Airlock approvals", configuration.approvals.emails)
        self.topic.add_to_resource_policy(_not_for_the_enrolled(configuration, _TOPIC_CALLS, self.topic.topic_arn))
        self.link_key: kms.Key | None = None
        if configuration.approvals.links:
            self.link_key = kms.Key(
                self,
                "LinkKey",
                description=f"Signs the links to the approval page ({configuration.prefix})",
                key_spec=kms.KeySpec.HMAC_256,
                key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
                policy=iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            sid="Administer",
                            actions=list(_ADMINISTRATION),
                            principals=[iam.AccountRootPrincipal()],
                            resources=["*"],
                        ),
                        _not_for_the_enrolled(configuration, ["kms:*"], "*"),
                    ]
                ),
                removal_policy=RemovalPolicy.RETAIN,
            )

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


def _not_for_the_enrolled(configuration: Configuration, actions: Sequence[str], resource: str) -> iam.PolicyStatement:
    """Deny calls to those whose requests are decided on; of a role's session, the key holds the role's ARN."""
    return iam.PolicyStatement(
        sid="NotForTheEnrolled",
        effect=iam.Effect.DENY,
        actions=list(actions),
        principals=[iam.AnyPrincipal()],
        resources=[resource],
        conditions={"ArnEquals": {"aws:PrincipalArn": [principal.arn for principal in configuration.principals]}},
    )
