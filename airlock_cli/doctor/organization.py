"""What the account can tell of its organization's policies: IAM's simulator evaluates SCPs, and shows nothing of them.

Source: IAM API reference, "SimulatePrincipalPolicy" and "OrganizationsDecisionDetail".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airlock_cli.plan.calls import Call

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# The keys that an organization's deny by network can ask for, and their types in the simulator.
_TYPES = {
    "aws:sourceip": "ip",
    "aws:vpcsourceip": "ip",
    "aws:sourcevpc": "string",
    "aws:sourcevpce": "string",
    "aws:viaawsservice": "boolean",
    "aws:securetransport": "boolean",
    "aws:principalarn": "string",
}


class Answer(StrEnum):
    """What the simulator said of the organization."""

    ALLOWS = "allows"
    DENIES = "denies"
    NO_ORGANIZATION = "no-organization"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Told:
    """What came of asking.

    Attributes:
        answer: what the simulator said.
        stops: names of the calls that the organization denies.
        why_not: why it couldn't be asked.
    """

    answer: Answer
    stops: tuple[str, ...] = ()
    why_not: str = ""


def ask(iam: IAMClient, principal: str, calls: Sequence[Call]) -> Told:
    """Ask the simulator whether the organization lets the node's own calls through.

    Args:
        iam: with the caller's credentials; not being allowed to ask is an answer too.
        principal: ARN of the user or role.
        calls: those of the fetch; S3's own to KMS are left out, for the simulator knows no calls by a service.
    """
    asked = [call for call in calls if call.known.action.startswith("s3:")]
    said: dict[str, bool | None] = {}
    try:
        for call in asked:
            found = iam.simulate_principal_policy(**_question(principal, call))["EvaluationResults"]
            said[call.name] = _worst([said.get(call.name, True), *map(_allowed, found)])
    except ClientError as error:
        return Told(Answer.NOT_ASKED, why_not=error.response.get("Error", {}).get("Code", "an unknown error"))
    denied = tuple(name for name, allowed in said.items() if allowed is False)
    if denied:
        return Told(Answer.DENIES, denied)
    return Told(Answer.NO_ORGANIZATION if None in said.values() else Answer.ALLOWS)


def _question(principal: str, call: Call) -> Any:  # noqa: ANN401 - the client's own type is a TypedDict of its stubs
    return {
        "PolicySourceArn": principal,
        "ActionNames": [call.known.action],
        "ResourceArns": [call.known.resource],
        "ContextEntries": list(_entries(call)),
    }


def _entries(call: Call) -> Iterator[dict[str, object]]:
    for key, kind in _TYPES.items():
        values = call.known.context.values_of(key)
        if values:
            yield {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": kind}


def _allowed(result: Any) -> bool | None:  # noqa: ANN401 - as above
    detail = result.get("OrganizationsDecisionDetail")
    return None if detail is None else bool(detail.get("AllowedByOrganizations"))


def _worst(answers: Sequence[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True
