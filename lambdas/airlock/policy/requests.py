"""The requests that decide whether an install lives: the bootstrap node's fetch, and S3's call to KMS for it.

What the contexts hold comes from the IAM User Guide, "AWS global condition context keys", and the KMS Developer Guide,
"AWS KMS condition keys" and "Encryption context".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from airlock.policy.context import Context
from airlock.policy.evaluate import Request

_SOURCE_IP = "aws:SourceIp"
VPC_KEYS = ("aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp")
_CALLED_VIA = ("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")
# Keys of calls that a service makes on a resource's behalf; a user's or role's own never carries them.
_RESOURCE_CALLER = ("aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths")
_DNS_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}
_SOME_KEY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Fetch:
    """One presigned GET of an object, whose network its methods name.

    Attributes:
        object_arn: the object that is fetched.
        principal_arn: the user or role that signed the URL; an assumed role's own ARN, not its session's.
        at: the moment of the fetch, with a time zone.
        complete: take keys that aren't known (tags, MFA) for absent.
    """

    object_arn: str
    principal_arn: str
    at: datetime
    complete: bool = False

    def from_vpc(self, vpc_id: str, *, endpoint_id: str | None = None, private_ip: str | None = None) -> Request:
        """Make the GET of a node whose route to S3 is a VPC endpoint; the request then has no ``aws:SourceIp``.

        Args:
            vpc_id: the node's VPC.
            endpoint_id: the S3 endpoint's ID; None leaves it unknown.
            private_ip: the node's address in the VPC; None leaves it unknown.
        """
        context = self._signed().having({"aws:SourceVpc": vpc_id}, absent=(_SOURCE_IP,), unknown=VPC_KEYS[1:])
        if endpoint_id is not None:
            context = context.having({"aws:SourceVpce": endpoint_id})
        if private_ip is not None:
            context = context.having({"aws:VpcSourceIp": private_ip})
        return self._presigned_get(context)

    def from_address(self, address: str) -> Request:
        """Make the GET that reaches S3's public endpoint: from the office, a NAT gateway, a proxy.

        Args:
            address: the public IPv4 or IPv6 address that it comes from.
        """
        return self._presigned_get(self._signed().having({_SOURCE_IP: address}, absent=VPC_KEYS))

    def kms_call(self, region: str, *, action: str = "kms:Decrypt", key_id: str = _SOME_KEY) -> Request:
        """Make the call by which S3 asks KMS, for the signer, about an object stored under a KMS key.

        It goes by a forward access session, so it tells nothing of the node's network.

        Args:
            region: the bucket's, and so the key's, region.
            action: ``kms:Decrypt`` for the fetch, ``kms:GenerateDataKey`` for the upload before it.
            key_id: the key's ID; the default stands for the account's AWS-managed key, whose ID nobody knows here.
        """
        partition, account = self._partition_and_account()
        context = self._signed().having(
            {
                "aws:ViaAWSService": "true",
                "kms:ViaService": f"s3.{region}.{_DNS_SUFFIXES.get(partition, 'amazonaws.com')}",
                "kms:CallerAccount": account,
                "kms:EncryptionContext:aws:s3:arn": self.object_arn,
                "kms:EncryptionContextKeys": ("aws:s3:arn",),
            },
            absent=(_SOURCE_IP, *VPC_KEYS),
            # AWS's pages don't say what S3's own calls hold here.
            unknown=("aws:SecureTransport", *_CALLED_VIA),
        )
        return Request(action, f"arn:{partition}:kms:{region}:{account}:key/{key_id}", context)

    def _presigned_get(self, context: Context) -> Request:
        # S3 User Guide, "Amazon S3 Signature Version 4 authentication specific policy keys".
        authentication = {"s3:authType": "REST-QUERY-STRING", "s3:signatureversion": "AWS4-HMAC-SHA256"}
        return Request("s3:GetObject", self.object_arn, context.having(authentication))

    def _signed(self) -> Context:
        """Give the keys that every direct call of the principal carries at this moment."""
        moment = self.at.astimezone(UTC)
        partition, account = self._partition_and_account()
        context = Context.of(
            {
                "aws:PrincipalArn": self.principal_arn,
                "aws:PrincipalAccount": account,
                "aws:PrincipalIsAWSService": "false",
                "aws:ViaAWSService": "false",
                "aws:SecureTransport": "true",
                "aws:CurrentTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "aws:EpochTime": str(int(moment.timestamp())),
            },
            absent=(*_RESOURCE_CALLER, *_CALLED_VIA),
            complete=self.complete,
        )
        if self.principal_arn.startswith(f"arn:{partition}:iam::{account}:user/"):
            return context.having({"aws:PrincipalType": "User", "aws:username": self.principal_arn.rsplit("/", 1)[1]})
        return context.having({"aws:PrincipalType": "AssumedRole"}, absent=("aws:username",))

    def _partition_and_account(self) -> tuple[str, str]:
        _, partition, _, _, account, _ = self.principal_arn.split(":", 5)
        return partition, account
