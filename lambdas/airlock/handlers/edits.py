"""Other people's changes of guarded policies, as CloudTrail tells of them.

What was changed isn't read from the event: it only says where to look. So a forged or garbled one can do nothing but
have policies looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from airlock.install.cloudtrail import API_CALL
from airlock.install.fields import dig
from airlock.settings import Settings

EDITS: dict[str, tuple[str, ...]] = {
    "userName": (
        *("PutUserPolicy", "DeleteUserPolicy", "AttachUserPolicy", "DetachUserPolicy", "DeleteUser"),
        *("PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary", "UpdateUser"),
        *("AddUserToGroup", "RemoveUserFromGroup"),
    ),
    "roleName": (
        *("PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "DeleteRole"),
        *("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    ),
    "groupName": (
        *("PutGroupPolicy", "DeleteGroupPolicy", "AttachGroupPolicy", "DetachGroupPolicy", "DeleteGroup"),
        *("UpdateGroup",),
    ),
    "policyArn": (
        *("CreatePolicyVersion", "DeletePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"),
        *("AttachUserPolicy", "DetachUserPolicy", "AttachRolePolicy", "DetachRolePolicy"),
        *("AttachGroupPolicy", "DetachGroupPolicy"),
    ),
}
"""The calls that change what a user, role, group or managed policy comes under, by the request parameter that names it.

Source: IAM API reference; CloudTrail writes the parameters' names with a small first letter.
"""


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody changed something that may be guarded.

    Attributes:
        scopes: ARNs of the users, roles, groups and managed policies that it is about, as far as they are guarded.
        event_id: of the event, for the audit trail.
    """

    scopes: tuple[str, ...]
    event_id: str


def read_edit(event: object, settings: Settings) -> Edit | None:
    """Read the event of a change in IAM; None for any other event, a failed call's included.

    Names are unique among an account's users, roles and groups, whatever their paths (IAM user guide, "IAM
    identifiers"), so a name tells the ARN.
    """
    if dig(event, "detail-type") != API_CALL or dig(event, "source") != "aws.iam":
        return None
    detail = dig(event, "detail")
    call = dig(detail, "eventName")
    if dig(event, "account") != settings.account or dig(detail, "errorCode") is not None:
        return None
    about = [key for key, calls in EDITS.items() if call in calls]
    if not about:
        return None
    scopes = {arn for key in about for arn in _named(settings, key, dig(detail, "requestParameters", key))}
    return Edit(tuple(sorted(scopes)), str(dig(event, "id") or ""))


def _named(settings: Settings, key: str, name: object) -> Iterator[str]:
    """The guarded ARNs that a request parameter names."""
    if key == "policyArn":
        yield from (arn for one in settings.enrolled.values() for arn in one.policies if arn == name)
        return
    kinds: dict[str, Callable[[], Iterator[str]]] = {
        "userName": lambda: (arn for arn in settings.enrolled if ":user/" in arn),
        "roleName": lambda: (arn for arn in settings.enrolled if ":role/" in arn),
        "groupName": lambda: (arn for one in settings.enrolled.values() for arn in one.groups),
    }
    yield from (arn for arn in kinds[key]() if arn.rpartition("/")[2] == name)
