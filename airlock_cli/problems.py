"""What the command line says when a command doesn't come out, and the exit status that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class CommandError(Exception):
    """A command that didn't come out; the message says what, where, and what to do, in one or two lines.

    Attributes:
        status: the exit status.
        code: a word for programs.
        more: what else programs may want to know, fit for JSON.
    """

    status: ClassVar[int] = 1
    usual_code: ClassVar[str] = "not-done"

    def __init__(self, message: str, code: str | None = None, more: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code or self.usual_code
        self.more = dict(more or {})

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        message = " ".join(str(self).split("\n"))
        return {"error": {"code": self.code, "message": message, "exit_status": self.status, **self.more}}


class InputError(CommandError):
    """Something given on the command line can't be used; the message says what, where, and what to do."""

    status = 2
    usual_code = "bad-input"


class NotFoundError(CommandError):
    """There is no such grant, or no such approval ahead of time."""

    status = 3
    usual_code = "not-found"


class RefusedError(CommandError):
    """The airlock won't: the grant isn't waiting, is decided otherwise, or it is the caller's own request."""

    status = 4
    usual_code = "refused"


class AwsError(CommandError):
    """AWS can't be reached, or doesn't let the caller."""

    status = 5
    usual_code = "aws"
