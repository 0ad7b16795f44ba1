"""A say in every AWS call of the airlock's: count it, fail it, alter its answer, or let the process die at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

Change = Callable[[dict[str, Any]], None]


class Crash(BaseException):
    """The process ends here; nothing after it runs, not even what lets leases go."""


def refusal(code: str = "ServiceFailure") -> ClientError:
    """A passing failure of AWS, unless another code is asked for."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Call")


@dataclass(slots=True)
class Interference:
    """What happens to the airlock's AWS calls.

    Attributes:
        made: each call's name and parameters.
        sent: the names of those that reached AWS.
        carried_out: the same for each try of botocore's.
        failures: by name and "before" or "after": what is raised at each coming call of that name, None for nothing.
        changes: by name: what is done to every answer.
        unanswered: by name: of each coming try of that call, whether AWS carries it out and its answer is lost on the
            way. botocore makes the call again then, as it does for any failure of the server's.
        dead: whether the process has crashed.
    """

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    carried_out: list[str] = field(default_factory=list)
    failures: dict[tuple[str, str], list[BaseException | None]] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    unanswered: dict[str, list[bool]] = field(default_factory=dict)
    dead: bool = False

    def forget(self) -> None:
        """Be as new, for the next test."""
        self.made.clear()
        self.sent.clear()
        self.carried_out.clear()
        self.failures.clear()
        self.changes.clear()
        self.unanswered.clear()
        self.dead = False

    def asked(self, model: Any, params: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        """Note a call."""
        self.made.append((model.name, params))

    def leaves(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        """Fail a call before it reaches AWS."""
        if self.dead:
            raise Crash
        self._fail(model.name, "before")
        self.sent.append(model.name)

    def tried(self, event_name: str, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - botocore's
        """Stand where moto stands, and lose what it answers."""
        name = event_name.rsplit(".", 1)[-1]
        answer: AWSResponse | None = botocore_stubber(event_name, request)
        self.carried_out.append(name)
        coming = self.unanswered.get(name)
        lost = coming.pop(0) if coming else False
        return AWSResponse(request.url, 503, HTTPHeaders(), MockRawResponse(b"")) if lost else answer

    def comes_back(self, model: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
        """Fail a call that AWS has carried out, or alter what AWS answered."""
        self._fail(model.name, "after")
        if model.name in self.changes:
            self.changes[model.name](parsed)

    def _fail(self, name: str, when: str) -> None:
        coming = self.failures.get((name, when))
        error = coming.pop(0) if coming else None
        if isinstance(error, Crash):
            self.dead = True
        if error is not None:
            raise error
