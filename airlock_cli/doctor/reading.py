"""Reading a principal's policies with the caller's own credentials; nothing of the airlock's stack is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from airlock.adapters.clients import make_clients
from airlock.adapters.iam import IamPolicies
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.ports import OldReadError, PrincipalGoneError
from airlock_cli.doctor.organization import Told, ask
from airlock_cli.operators.options import Options
from airlock_cli.plan.calls import Call
from airlock_cli.problems import AwsError, NotFoundError
from airlock_cli.progress import Later
from airlock_cli.replay.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """What was read of a principal.

    Attributes:
        policies: every policy that somebody can edit, to the byte.
        aws_own: AWS's own managed policies.
        organization: what the simulator told of it.
    """

    policies: Sequence[HeldPolicy]
    aws_own: Sequence[HeldPolicy]
    organization: Told


def read(options: Options, principal: Principal, calls: Sequence[Call]) -> Held:
    """Read all that the account can tell of a principal.

    Raises:
        NotFoundError: there is no such principal.
        AwsError: the caller may not read it, or IAM shows an old state.
    """
    session = boto3.Session(profile_name=options.profile, region_name=options.region)
    iam = make_clients(session).iam
    adapter = IamPolicies(iam)
    try:
        with Later("Reading policies") as progress:
            holder = _holder(iam, principal)
            policies = adapter.of_principal(principal.arn)
            progress(1, _STEPS)
            own = [held for place in _aws_own(iam, principal, holder) if (held := adapter.read(place)) is not None]
            progress(2, _STEPS)
            return Held(policies, own, ask(iam, principal.arn, calls))
    except PrincipalGoneError as error:
        raise NotFoundError(
            f"there is no {principal.what} {principal.arn} in the account that these credentials are of.\n"
            "Look at the ARN, its path included, and at --profile."
        ) from error
    except OldReadError as error:
        raise AwsError(f"IAM shows an old state: {error}\nTry again in a minute.") from error
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _DENIED:
            raise
        permission = f"iam:{error.operation_name}"
        raise AwsError(
            f"AWS denies {permission} for {principal.arn}.\n"
            "Ask for reading rights in IAM, such as those of AWS's policy IAMReadOnlyAccess.",
            "access-denied",
            {"permission": permission},
        ) from error


def _holder(iam: IAMClient, principal: Principal) -> Any:  # noqa: ANN401 - a User or a Role, shaped alike
    """The principal itself; IAM finds it by its name alone, so the rest of the ARN is compared."""
    try:
        holder: Any = (
            iam.get_role(RoleName=principal.name)["Role"]
            if principal.what == "role"
            else iam.get_user(UserName=principal.name)["User"]
        )
    except iam.exceptions.NoSuchEntityException as error:
        raise PrincipalGoneError(f"{principal.arn} doesn't exist") from error
    if holder["Arn"] != principal.arn:
        raise PrincipalGoneError(f"{principal.name} is {holder['Arn']}")
    return holder


def _aws_own(iam: IAMClient, principal: Principal, holder: Any) -> Iterator[PolicyPlace]:  # noqa: ANN401 - as above
    """Where AWS's own policies stand among the principal's, its groups' and its boundary."""
    attached: list[Any] = []
    if principal.what == "role":
        attached += _all(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=principal.name)
    else:
        attached += _all(iam, "list_attached_user_policies", "AttachedPolicies", UserName=principal.name)
        for group in _all(iam, "list_groups_for_user", "Groups", UserName=principal.name):
            attached += _all(iam, "list_attached_group_policies", "AttachedPolicies", GroupName=group["GroupName"])
    arns = dict.fromkeys(one["PolicyArn"] for one in attached)
    for arn in filter(_is_aws_own, arns):
        yield PolicyPlace(PolicyKind.MANAGED, arn, arn.rsplit("/", 1)[-1])
    boundary = holder.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    if boundary and _is_aws_own(boundary):
        yield PolicyPlace(PolicyKind.BOUNDARY, boundary, boundary.rsplit("/", 1)[-1])


def _all(iam: IAMClient, operation: Any, element: str, **arguments: str) -> list[Any]:  # noqa: ANN401 - a literal of many
    pages = iam.get_paginator(operation).paginate(**arguments)
    return [one for page in pages for one in page[element]]


def _is_aws_own(arn: str) -> bool:
    return arn.split(":")[4] == "aws"
