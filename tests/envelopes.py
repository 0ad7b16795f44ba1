"""Builders of single EventBridge envelopes: an API call as CloudTrail reports it, and EC2's state change.

IDs are derived from the arguments: the same call always makes the same event, and two calls different ones.
"""

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

Event = dict[str, Any]

SERVICES = {
    "CreateRole": "iam",
    "CreateVpc": "ec2",
    "CreateVpcEndpoint": "ec2",
    "CreateLoadBalancer": "elasticloadbalancing",
    "CreateBucket": "s3",
    "RunInstances": "ec2",
    "TerminateInstances": "ec2",
    "DeleteBucket": "s3",
}
INSTALLER_AGENT = "aws-sdk-go/1.55.7 (go1.23.6; linux; amd64) OpenShift/4.x Installer/v4.18.0"
TERRAFORM_AGENT = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.0.11 (+https://www.terraform.io) terraform-provider-aws/dev "
    "aws-sdk-go/1.43.9 (go1.18.7; linux; amd64) HashiCorp-terraform-exec/0.16.1"
)


def hex_id(prefix: str, *of: object) -> str:
    """Make an AWS-like ID, `prefix-` and 17 hexadecimal digits, that always is the same for the same things."""
    return f"{prefix}-{hashlib.sha256(repr(of).encode()).hexdigest()[:17]}"


def written(at: datetime) -> str:
    """Write a time as AWS does: UTC, whole seconds, Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_identity(principal: str, session: str = "ci-7") -> Event:
    """Build CloudTrail's userIdentity for the ARN of an IAM user, or of a role (then as a session of it)."""
    _, partition, _, _, account, resource = principal.split(":", 5)
    kind, _, path_and_name = resource.partition("/")
    name = path_and_name.rsplit("/", 1)[-1]
    if kind == "user":
        return {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": principal,
            "accountId": account,
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "userName": name,
        }
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}",
        "accountId": account,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": principal,
                "accountId": account,
                "userName": name,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-24T01:55:00Z", "mfaAuthenticated": "false"},
        },
    }


def api_call(  # noqa: PLR0913  an event has this many independent parts; all but two are keywords
    name: str,
    request: Event,
    response: Event | None = None,
    *,
    principal: str,
    region: str,
    at: datetime,
    service: str | None = None,
    error_code: str | None = None,
    user_agent: str = INSTALLER_AGENT,
) -> Event:
    """Build the envelope of one API call as CloudTrail hands it to EventBridge.

    Args:
        name: the call, such as `CreateBucket`.
        request: requestParameters.
        response: responseElements.
        principal: the ARN of the IAM user, or of the role whose session calls.
        region: the region called; for IAM use that of the partition's IAM.
        at: when, aware, in UTC.
        service: the endpoint's first label, `ec2` and so on; by default the service that the watched call belongs to.
        error_code: set it for a call that failed (or a dry run).
        user_agent: whatever the caller claims to be.
    """
    service = SERVICES[name] if service is None else service
    account = principal.split(":")[4]
    seed = json.dumps([name, request, principal, region, written(at), error_code], sort_keys=True, default=str)
    detail: Event = {
        "eventVersion": "1.11",
        "userIdentity": user_identity(principal),
        "eventTime": written(at),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.24",
        "userAgent": user_agent,
        "requestParameters": request,
        "responseElements": None if error_code else response,
        "requestID": _uuid("request", seed),
        "eventID": _uuid("event", seed),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    if error_code:
        detail |= {"errorCode": error_code, "errorMessage": error_code}
    return {
        "version": "0",
        "id": _uuid("envelope", seed),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": account,
        "time": written(at),
        "region": region,
        "resources": [],
        "detail": detail,
    }


def state_change(instance_id: str, state: str, *, account: str, region: str, at: datetime) -> Event:
    """Build EC2's own notification that an instance is now `pending`, `running`, `shutting-down` or `terminated`."""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return {
        "version": "0",
        "id": _uuid("state", instance_id, state, written(at)),
        "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2",
        "account": account,
        "time": written(at),
        "region": region,
        "resources": [f"arn:{partition}:ec2:{region}:{account}:instance/{instance_id}"],
        "detail": {"instance-id": instance_id, "state": state},
    }


def _uuid(*of: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(of)))
