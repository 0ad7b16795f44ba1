"""A say in every AWS call of the airlock's: count it, fail it, alter its answer, or let the process die at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

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
        failures: by name and "before" or "after": what is raised at each coming call of that name, None for nothing.
        changes: by name: what is done to every answer.
        dead: whether the process has crashed.
    """

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    failures: dict[tuple[str, str], list[BaseException | None]] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    dead: bool = False

    def forget(self) -> None:
        """Be as new, for the next test."""
        self.made.clear()
        self.sent.clear()
        self.failures.clear()
        self.changes.clear()
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
