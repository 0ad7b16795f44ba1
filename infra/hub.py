"""What many accounts share: one topic for requests, one for notices, their key, and the bucket with the code."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import (
    Acknowledgment,
    Aws,
    BootstraplessSynthesizer,
    CfnCondition,
    CfnOutput,
    CfnParameter,
    Duration,
    Fn,
    RemovalPolicy,
    Stack,
    Validations,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import encryption
from infra.keys import ADMINISTRATION
from infra.own_path import OWN_PATH
from infra.topics import make_topic

STACK: Final = "bootstrap-airlock-hub"
_EMAIL: Final = "|[^@ ]+@[^@ ]+"


class HubStack(Stack):
    """The hub, in any one account of the organization, in the home region of all deployments.

    It names no account: who may publish and read is told by the organization's ID and the path of the airlock's roles.
    The enrolled principals of the accounts are denied nothing here, for nothing lets them in.
    """

    def __init__(self, scope: Construct) -> None:
        # No assets, so it needs no CDK bootstrap where it is deployed.
        description = "Bootstrap Airlock: one approvals topic for the accounts of an organization"
        super().__init__(scope, STACK, description=description, synthesizer=BootstraplessSynthesizer())
        self._organization = CfnParameter(
            self,
            "OrganizationId",
            description="The organization whose accounts may publish, and read the code.",
            allowed_pattern="o-[a-z0-9]{10,32}",
        ).value_as_string
        self._key = self._make_key()
        for name, display in (("Approvals", "Bootstrap Airlock approvals"), ("Notices", "Bootstrap Airlock")):
            topic = self._make_topic(name, display)
            CfnOutput(self, f"{name}TopicArn", value=topic.topic_arn)
        CfnOutput(self, "CodeBucketName", value=self._make_bucket().bucket_name)

    @property
    def _by_the_airlock(self) -> dict[str, Any]:
        """The condition that a role of a deployment in the organization calls."""
        return {
            "StringEquals": {"aws:PrincipalOrgID": self._organization},
            "ArnLike": {"aws:PrincipalArn": f"arn:{Aws.PARTITION}:iam::*:role{OWN_PATH}*"},
        }

    @property
    def _by_an_alarm(self) -> dict[str, Any]:
        """The condition that CloudWatch calls for an alarm in the organization."""
        return {
            "StringEquals": {"aws:SourceOrgID": self._organization},
            "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:*:alarm:*"},
        }

    def _make_key(self) -> kms.Key:
        conditions = self._by_the_airlock
        conditions["StringEquals"] |= {"kms:ViaService": f"sns.{self.region}.{self.url_suffix}"}
        statements = [
            iam.PolicyStatement(
                sid="Administer",
                actions=list(ADMINISTRATION),
                principals=[iam.AccountRootPrincipal()],
                # In a key's policy this means the key itself.
                resources=["*"],
            ),
            iam.PolicyStatement(
                sid="Publish",
                actions=list(encryption.SENDING),
                principals=[iam.AnyPrincipal()],
                resources=["*"],
                conditions=conditions,
            ),
            iam.PolicyStatement(
                sid="Alarms",
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=["*"],
                conditions=self._by_an_alarm,
            ),
        ]
        return kms.Key(
            self,
            "Key",
            description="Encrypts requests, notices and alarms on their way",
            enable_key_rotation=True,
            policy=iam.PolicyDocument(statements=statements),
            removal_policy=RemovalPolicy.DESTROY,
            pending_window=Duration.days(7),
        )

    def _make_topic(self, name: str, display_name: str) -> sns.Topic:
        topic = make_topic(Construct(self, name), display_name, [], self._key)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Publish",
                actions=["sns:Publish"],
                principals=[iam.AnyPrincipal()],
                resources=[topic.topic_arn],
                conditions=self._by_the_airlock,
            )
        )
        if name == "Notices":
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="Alarms",
                    actions=["sns:Publish"],
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    resources=[topic.topic_arn],
                    conditions=self._by_an_alarm,
                )
            )
        address = CfnParameter(
            self,
            f"{name}Email",
            description="An address that is subscribed, and has to confirm it; more are subscribed by hand.",
            allowed_pattern=_EMAIL,
            default="",
        ).value_as_string
        wanted = CfnCondition(self, f"Has{name}Email", expression=Fn.condition_not(Fn.condition_equals(address, "")))
        subscription = sns.CfnSubscription(
            self, f"{name}Subscription", protocol="email", topic_arn=topic.topic_arn, endpoint=address
        )
        subscription.cfn_options.condition = wanted
        return topic

    def _make_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Code",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # A version that a deployment rolls back to has to be there still.
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ReadInTheOrganization",
                actions=["s3:GetObject"],
                principals=[iam.AnyPrincipal()],
                resources=[bucket.arn_for_objects("*")],
                conditions={"StringEquals": {"aws:PrincipalOrgID": self._organization}},
            )
        )
        Validations.of(bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions-S1",
                reason="It holds the airlock's published code and templates, and nothing of any account.",
            )
        )
        return bucket
