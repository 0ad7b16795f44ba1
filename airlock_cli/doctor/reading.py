"""Reading a principal's policies with the caller's own credentials; nothing of the airlock's stack is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from airlock.adapters.clients import make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.simulator import IamSimulator
from airlock.errors import OldReadError, PrincipalGoneError
from airlock.policy.place import HeldPolicy
from airlock_cli.doctor.organization import Client, Kind, Organization, Standing, read_organization
from airlock_cli.doctor.simulated import Told, ask
from airlock_cli.operators.options import Options
from airlock_cli.plan.calls import Call
from airlock_cli.problems import AwsError, NotFoundError
from airlock_cli.progress import Later
from airlock_cli.replay.principal import Principal

_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
_STEPS = 3
# The Organizations API is throttled for a whole organization.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=10)


@dataclass(frozen=True, slots=True)
class Held:
    """What was read of a principal.

    Attributes:
        policies: every policy, to the byte; AWS's own too.
        organization: what governs its account.
        told: what the simulator told of that; None where SCPs were read, or there are none.
    """

    policies: Sequence[HeldPolicy]
    organization: Organization
    told: Told | None


def read(options: Options, principal: Principal, calls: Sequence[Call], organization_profile: str | None) -> Held:
    """Read all that the account, and its organization, can tell of a principal.

    Args:
        options: where the caller's credentials are from.
        principal: the user or role.
        calls: those that an install comes to.
        organization_profile: an AWS profile that may read the organization; None for the same credentials.

    Raises:
        NotFoundError: there is no such principal.
        AwsError: the caller may not read it, or IAM shows an old state.
    """
    session = boto3.Session(profile_name=options.profile, region_name=options.region)
    iam = make_clients(session).iam
    try:
        with Later("Reading policies") as progress:
            policies = IamPolicies(iam).of_principal(principal.arn)
            progress(1, _STEPS)
            organization = read_organization(
                _organizations(options, organization_profile),
                principal.account,
                elsewhere=organization_profile is not None,
            )
            progress(2, _STEPS)
            known = organization.layers[Kind.SCP].standing is not Standing.UNKNOWN
            told = None if known else ask(IamSimulator(lambda: iam), principal.arn, calls)
            return Held(policies, organization, told)
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


def _organizations(options: Options, profile: str | None) -> Client:
    session = boto3.Session(profile_name=profile or options.profile, region_name=options.region)
    client: Client = session.client("organizations", config=_RETRIES)
    return client
