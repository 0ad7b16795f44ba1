"""A CloudTrail trail of the stack's own, for accounts that have none: EventBridge gets its calls from a trail.

Its events cost nothing where it is the first trail of the account that logs them (AWS CloudTrail, page "AWS CloudTrail
Pricing"), so the configuration makes one only if told to.
"""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.configuration import Configuration

CREATE: Final = "create"
_CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"


def trail_arn(configuration: Configuration) -> str:
    """Write the ARN of the trail, which has the prefix as its name so that policies can name it beforehand."""
    place = f"{configuration.home_region}:{configuration.account}"
    return f"arn:{configuration.partition}:cloudtrail:{place}:trail/{configuration.prefix}"


class Trail(Construct):
    """The trail and the bucket of its log files, which outlives the stack.

    It is of all regions, for one region's bus gets a call only if a trail logs there, and of global services, for
    CreateRole is IAM's. It logs management events that write, and no others: each watched call is one
    (``airlock.install.cloudtrail``), and rules as this stack makes them match no others either (Amazon EventBridge,
    page "Receiving read-only management events from AWS services").

    The bucket's own encryption stays S3's even where a key is given: the trail names the key for each file, and what
    comes without a name is not lost for want of a right to the key.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration) -> None:
        super().__init__(scope, construct_id)
        arn = trail_arn(configuration)
        kept = Duration.days(configuration.log_retention_days)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=kept,
                    noncurrent_version_expiration=kept,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        self._let_in("CheckBucket", "s3:GetBucketAcl", self.bucket.bucket_arn, arn, {})
        files = self.bucket.arn_for_objects(f"AWSLogs/{configuration.account}/*")
        # A condition of CloudTrail's own (AWS CloudTrail, page "Amazon S3 bucket policy for CloudTrail").
        self._let_in("WriteFiles", "s3:PutObject", files, arn, {"s3:x-amz-acl": "bucket-owner-full-control"})
        self.trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=configuration.prefix,
            s3_bucket_name=self.bucket.bucket_name,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            kms_key_id=configuration.kms_key,
            event_selectors=[
                cloudtrail.CfnTrail.EventSelectorProperty(include_management_events=True, read_write_type="WriteOnly")
            ],
        )
        # CloudTrail looks whether it may write when the trail is made.
        policy = self.bucket.policy
        if policy is None:
            raise ValueError(f"the bucket of {Stack.of(self).stack_name}'s trail has no policy that lets CloudTrail in")
        self.trail.node.add_dependency(policy)

    def _let_in(self, sid: str, action: str, resource: str, arn: str, equal: dict[str, str]) -> None:
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=[action],
                principals=[iam.ServicePrincipal(_CLOUDTRAIL)],
                resources=[resource],
                # For no trail but this one, of whichever account.
                conditions={"StringEquals": {"aws:SourceArn": arn, **equal}},
            )
        )
