"""IAM's policy simulator.

What it takes into account, and how it tells, is from the IAM API reference: "SimulatePrincipalPolicy",
"EvaluationResult", "ResourceSpecificResult" and "ContextEntry". It evaluates the principal's policies, its boundary
and SCPs with their conditions. Of SCPs it doesn't tell which keys it missed: it takes them for absent, so one that
denies outside some regions denies where it isn't told ``aws:RequestedRegion``. In some partitions the reference still
speaks of identity policies alone. RCPs, session policies and policies of resources aren't looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnectionError

from airlock.records import Simulation

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# How AWS spells the keys, and their types (IAM user guide, "AWS global condition context keys"; Service Authorization
# Reference, "Actions, resources, and condition keys for Amazon S3"). All others are strings.
_KEYS = {
    key.lower(): (key, kind)
    for kind, keys in {
        "ip": ("aws:SourceIp", "aws:VpcSourceIp"),
        "string": (
            *("aws:SourceVpc", "aws:SourceVpce", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType"),
            *("aws:username", "aws:userid", "s3:authType", "s3:signatureversion"),
        ),
        "boolean": (
            *("aws:ViaAWSService", "aws:SecureTransport", "aws:PrincipalIsAWSService"),
            *("aws:MultiFactorAuthPresent",),
        ),
        "numeric": ("aws:MultiFactorAuthAge",),
        "date": ("aws:CurrentTime",),
    }.items()
    for key in keys
}
# The guide gives it two types, dates and numbers, and no example for the simulator. Not given, it is at worst missed.
_LEFT_OUT = frozenset({"aws:epochtime"})


class IamSimulator:
    """The port :class:`airlock.ports.Simulator` on IAM."""

    def __init__(self, client_maker: Callable[[], IAMClient]) -> None:
        self._iam = client_maker

    def ask(
        self, principal: str, action: str, resources: Sequence[str], context: Mapping[str, Sequence[str]]
    ) -> Simulation:
        """Ask what an action on these resources comes to, of the policies as they stand."""
        question = {
            "PolicySourceArn": principal,
            "ActionNames": [action],
            "ResourceArns": list(resources),
            "ContextEntries": list(_entries(context)),
        }
        try:
            results = list(self._results(question))
        except ClientError as error:
            return Simulation(not_asked=error.response.get("Error", {}).get("Code", "an unknown error"))
        except (HTTPClientError, NoConnectionError, NoCredentialsError) as error:
            return Simulation(not_asked=type(error).__name__)
        allows = [_organization_allows(result) for result in results]
        by_organization = False if False in allows else None if not allows or None in allows else True
        absent = {key.lower() for key, values in context.items() if not values}
        told = {name: one for result in results for name, one in _by_resource(result)}
        return Simulation({arn: _denied(told.get(arn), absent, by_organization) for arn in resources}, by_organization)

    def _results(self, question: dict[str, Any]) -> Iterator[Any]:
        """The results, page after page."""
        iam = self._iam()
        while True:
            page = iam.simulate_principal_policy(**question)
            yield from page["EvaluationResults"]
            if not page.get("IsTruncated"):
                return
            question = {**question, "Marker": page["Marker"]}


def _entries(context: Mapping[str, Sequence[str]]) -> Iterator[dict[str, object]]:
    for name, values in context.items():
        if not values or name.lower() in _LEFT_OUT:
            continue
        key, kind = _KEYS.get(name.lower(), (name, "string"))
        yield {
            "ContextKeyName": key,
            "ContextKeyValues": list(values),
            "ContextKeyType": kind if len(values) == 1 else f"{kind}List",
        }


def _by_resource(result: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - the stubs have a TypedDict for each level
    """What is told of each resource; the top level joins them all, and has an ARN's template for a name."""
    for one in result.get("ResourceSpecificResults", ()):
        yield one["EvalResourceName"], one


def _denied(told: Any, absent: set[str], by_organization: bool | None) -> bool | None:  # noqa: ANN401, FBT001 - as above
    if told is None or any(key.lower() not in absent for key in told.get("MissingContextValues", ())):
        return None
    if told["EvalResourceDecision"] != "explicitDeny":
        # Where the organization's policies deny, the simulation ends, and the principal's own aren't looked at.
        return None if by_organization is False else False
    # Statements of SCPs are never named.
    return None if by_organization is False and not told.get("MatchedStatements") else True


def _organization_allows(result: Any) -> bool | None:  # noqa: ANN401 - as above
    detail = result.get("OrganizationsDecisionDetail")
    return None if detail is None else bool(detail.get("AllowedByOrganizations"))
