"""Small builders: a configuration, and events in the shape in which EventBridge hands them to its rules."""

from __future__ import annotations

import json
from typing import Any

ACCOUNT = "111122223333"
HOME = f"arn:aws:iam::{ACCOUNT}"
USER = f"{HOME}:user/ocp-installer"
ROLE = f"{HOME}:role/platform/installers/OpenShiftInstaller"
GROUP = f"{HOME}:group/installers"
POLICY = f"{HOME}:policy/network/office-only"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
WATCHED = {"aws": ["eu-central-1"], "aws-us-gov": ["us-gov-east-1"], "aws-cn": ["cn-northwest-1"]}
"""A region to watch besides, by partition."""

THE_ENROLLED = {"ArnLike": {"aws:PrincipalArn": [USER, ROLE, f"arn:aws:sts::{ACCOUNT}:federated-user/*"]}}
"""The condition that holds for whom a configuration enrols, and for sessions that an enrolled user can make."""

Event = dict[str, Any]


def configuration(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - a bad value of any kind is the point of some tests
    """A configuration with one user and one role, groups and policies named; keywords replace or add keys."""
    return {
        "home_region": "us-east-1",
        "principals": [
            {"arn": USER, "groups": [GROUP], "policies": [POLICY], "timeout_minutes": 45},
            {"arn": ROLE},
        ],
        "notice_emails": ["ops@example.com"],
        "approvals": {"emails": ["approvers@example.com"]},
        **changes,
    }


def everything(partition: str = "aws", home: str = "us-east-1") -> dict[str, Any]:
    """A configuration that has all that an account can ask of the stack; no topic of somebody else's."""
    raw: dict[str, Any] = configuration(
        home_region=home,
        trail="create",
        kms_key=f"arn:aws:kms:{home}:{ACCOUNT}:key/{KEY_ID}",
        permissions_boundary=f"{HOME}:policy/boundaries/platform",
        tags={"CostCenter": "4711", "Owner": "platform team"},
        watched_regions=WATCHED[partition],
    )
    moved: dict[str, Any] = json.loads(json.dumps(raw).replace("arn:aws:", f"arn:{partition}:"))
    return moved


def user_identity(arn: str = USER) -> dict[str, Any]:
    """The userIdentity of a call that an IAM user makes with an access key."""
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": "AKIAEXAMPLE",
        "userName": arn.rsplit("/", 1)[-1],
    }


def session_identity(role_arn: str = ROLE) -> dict[str, Any]:
    """The userIdentity of a call by a session of a role; its own ARN drops the role's path."""
    name = role_arn.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:session",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": role_arn,
                "accountId": ACCOUNT,
                "userName": name,
            },
            "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def call(
    name: str = "CreateVpc", service: str = "ec2", identity: dict[str, Any] | None = None, error: str | None = None
) -> Event:
    """An API call as CloudTrail tells it to EventBridge."""
    detail = {
        "eventVersion": "1.10",
        "userIdentity": identity or user_identity(),
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "requestParameters": {},
        "responseElements": None,
        "eventType": "AwsApiCall",
        **({"errorCode": error} if error else {}),
    }
    return _envelope(f"aws.{service}", "AWS API Call via CloudTrail", detail)


def instance_state(state: str) -> Event:
    """EC2's own notification that an instance has changed its state."""
    detail = {"instance-id": "i-0123456789abcdef0", "state": state}
    return _envelope("aws.ec2", "EC2 Instance State-change Notification", detail)


def order(source: str = "bootstrap-airlock", detail_type: str = "Airlock Order") -> Event:
    """What approval page and operator function send after a decision."""
    return _envelope(source, detail_type, {"grant": "111122223333/ocp-installer/demo-x2x2x"})


def _envelope(source: str, detail_type: str, detail: dict[str, Any]) -> Event:
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }
