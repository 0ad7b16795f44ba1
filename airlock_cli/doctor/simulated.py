"""What IAM's simulator says of the organization's SCPs: the one thing that a member account can always ask about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from airlock.ports import Simulator
from airlock_cli.plan.calls import Call


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
        stops: names of the calls that it says the organization denies.
        why_not: why it couldn't be asked.
    """

    answer: Answer
    stops: tuple[str, ...] = ()
    why_not: str = ""


def ask(simulator: Simulator, principal: str, calls: Sequence[Call]) -> Told:
    """Ask whether the organization lets the node's own calls through.

    Args:
        simulator: with the caller's credentials; not being allowed to ask is an answer too.
        principal: ARN of the user or role.
        calls: those of the fetch; S3's own to KMS are left out, for the simulator knows no calls by a service.
    """
    asked: dict[str, list[Call]] = {}
    for call in calls:
        if call.known.action.startswith("s3:"):
            asked.setdefault(call.name, []).append(call)
    said: dict[str, bool | None] = {}
    for name, alike in asked.items():
        known = alike[0].known
        context = {key: values for key, values in known.context.keys.items() if values is not None}
        told = simulator.ask(principal, known.action, [call.known.resource for call in alike], context)
        if told.not_asked:
            return Told(Answer.NOT_ASKED, why_not=told.not_asked)
        said[name] = told.organization_allows
    denied = tuple(name for name, allowed in said.items() if allowed is False)
    if denied:
        return Told(Answer.DENIES, denied)
    return Told(Answer.NO_ORGANIZATION if None in said.values() else Answer.ALLOWS)
