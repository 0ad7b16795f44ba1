"""The requests of a custom resource's kind, and the answers to them, as CloudFormation has them.

Source: AWS CloudFormation user guide, pages "Custom resource request types" and "Custom resource response objects".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

ENROLMENT: Final = "Custom::AirlockEnrolment"
"""Refuses a deployment that would take away the rights that an open grant's end needs."""
GRANTS: Final = "Custom::AirlockGrants"
"""Puts everything back when the stack is deleted."""
ENROLMENT_LISTS: Final = ("Principals", "Groups", "Policies")
"""The properties of the first, each a list of ARNs."""
MAX_ANSWER_BYTES: Final = 4096
"""How much of an answer CloudFormation takes (the second of these pages)."""


class RequestType(StrEnum):
    """What CloudFormation does with the resource."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


class RequestError(ValueError):
    """It isn't a request of CloudFormation's that can be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRequest:
    """One request.

    Attributes:
        request_type: what is done.
        resource_type: with which of the two resources.
        stack_id: ARN of the stack.
        response_url: where the answer goes.
        request_id: repeated in the answer, as are the next two.
        logical_id: the resource's name in the template.
        physical_id: its name in the stack: always the same, for another one would have the old one deleted.
        enrolled: the ARNs that the template enrols.
        enrolled_before: those of the template before it; of an update.
    """

    request_type: RequestType
    resource_type: str
    stack_id: str
    response_url: str
    request_id: str
    logical_id: str
    physical_id: str
    enrolled: frozenset[str] = field(default_factory=frozenset)
    enrolled_before: frozenset[str] = field(default_factory=frozenset)

    @property
    def stack_name(self) -> str:
        """The stack's name, from its ARN: ``arn:...:stack/NAME/ID``."""
        return self.stack_id.split("/")[1] if self.stack_id.count("/") > 1 else self.stack_id


def read_request(event: object) -> StackRequest:
    """Read a request.

    Raises:
        RequestError: something is missing without which nobody could be answered.
    """
    if not isinstance(event, dict):
        raise RequestError(f"expected a request of CloudFormation's, got {type(event).__name__}")
    texts = {name: event.get(name) for name in _NEEDED}
    missing = [name for name, value in texts.items() if not isinstance(value, str) or not value]
    if missing or texts["RequestType"] not in set(RequestType):
        named = f"without {', '.join(missing)}" if missing else f"with the RequestType {texts['RequestType']!r}"
        raise RequestError(f"a request {named} isn't one of CloudFormation's")
    told = {name: str(value) for name, value in texts.items()}
    return StackRequest(
        request_type=RequestType(told["RequestType"]),
        resource_type=told["ResourceType"],
        stack_id=told["StackId"],
        response_url=told["ResponseURL"],
        request_id=told["RequestId"],
        logical_id=told["LogicalResourceId"],
        physical_id=str(event.get("PhysicalResourceId") or told["ResourceType"].removeprefix("Custom::")),
        enrolled=_arns(event.get("ResourceProperties")),
        enrolled_before=_arns(event.get("OldResourceProperties")),
    )


def answer_to(request: StackRequest, refused: str | None) -> bytes:
    """Write the answer, with as much of the reason as CloudFormation takes.

    Args:
        request: what was asked.
        refused: why the stack's operation must not go on; None where it may.
    """
    answer = {
        "Status": "SUCCESS" if refused is None else "FAILED",
        "Reason": "",
        "PhysicalResourceId": request.physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
    }
    room = MAX_ANSWER_BYTES - len(_in_json(answer))
    return _in_json(answer | {"Reason": cut("done" if refused is None else refused, room)})


def cut(reason: str, limit: int) -> str:
    """Make a reason fit, at its end.

    Args:
        reason: any text; what UTF-8 has no bytes for, such as half of a character, becomes a question mark.
        limit: in bytes as they stand in JSON, where a quotation mark takes two and a control character six.
    """
    text = reason.encode(errors="replace").decode()
    sizes = [len(_in_json(char)) - 2 for char in text]
    if sum(sizes) <= limit:
        return text
    room, kept = limit - len(_CUT), 0
    for size in sizes:
        room -= size
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip(".") + _CUT


def _in_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


_CUT: Final = "..."
_NEEDED: Final = ("RequestType", "ResourceType", "StackId", "ResponseURL", "RequestId", "LogicalResourceId")


def _arns(properties: object) -> frozenset[str]:
    lists = [properties.get(name) for name in ENROLMENT_LISTS] if isinstance(properties, Mapping) else []
    return frozenset(str(arn) for listed in lists if isinstance(listed, list) for arn in listed)
