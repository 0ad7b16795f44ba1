"""What the stack's own KMS keys have in common: who administers them, and who never gets at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam

from infra.configuration import Configuration

# What administrators of a key may do (AWS KMS, page "Default key policy", "Allows key administrators"); using it isn't,
# nor is CreateGrant, by which whoever may make grants lets themselves use it. Installers often may: volumes need it.
ADMINISTRATION: Final = (
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


def key_policy(configuration: Configuration) -> iam.PolicyDocument:
    """Begin a key's policy: the account's IAM policies decide who administers it, and nobody uses it yet."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="Administer",
                actions=list(ADMINISTRATION),
                principals=[iam.AccountRootPrincipal()],
                # In a key's policy this means the key itself.
                resources=["*"],
            ),
            not_for_the_enrolled(configuration, ["kms:*"], "*"),
        ]
    )


def not_for_the_enrolled(configuration: Configuration, actions: Sequence[str], resource: str) -> iam.PolicyStatement:
    """Deny calls to those whose installs are decided on, whatever their own policies allow.

    Of a role's session, ``aws:PrincipalArn`` holds the role's ARN. A user can also make itself a session by
    ``sts:GetFederationToken``, of which the key holds ``federated-user/`` and a name of the user's choice (IAM user
    guide, page "AWS global condition context keys"): nothing tells whose it is, so all of them are denied.
    """
    names = [principal.arn for principal in configuration.principals]
    if configuration.users:
        names.append(f"arn:{configuration.partition}:sts::{configuration.account}:federated-user/*")
    return iam.PolicyStatement(
        sid="NotForTheEnrolled",
        effect=iam.Effect.DENY,
        actions=list(actions),
        principals=[iam.AnyPrincipal()],
        resources=[resource],
        conditions={"ArnLike": {"aws:PrincipalArn": names}},
    )
