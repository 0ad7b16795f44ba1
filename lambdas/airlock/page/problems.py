"""What can be wrong with a request to the page, each with its HTTP status."""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """Why the page doesn't show, or doesn't do, what it was asked for."""

    NO_LINK = "no-link"
    MALFORMED = "malformed"
    FORGED = "forged"
    EXPIRED = "expired"
    GONE = "gone"
    REPLACED = "replaced"
    NOT_FOUND = "not-found"
    WRONG_METHOD = "wrong-method"
    CROSS_SITE = "cross-site"
    WRONG_TYPE = "wrong-type"
    TOO_LARGE = "too-large"
    BAD_FORM = "bad-form"
    BAD_NOTE = "bad-note"
    FAILED = "failed"

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS[self]

    @property
    def text_key(self) -> str:
        """Name of the texts about it. Who comes without a true link learns one and the same."""
        return str(Problem.NO_LINK if self in (Problem.MALFORMED, Problem.FORGED) else self)


_STATUS = {
    Problem.NO_LINK: 403,
    Problem.MALFORMED: 403,
    Problem.FORGED: 403,
    Problem.EXPIRED: 410,
    Problem.GONE: 404,
    Problem.REPLACED: 409,
    Problem.NOT_FOUND: 404,
    Problem.WRONG_METHOD: 405,
    Problem.CROSS_SITE: 403,
    Problem.WRONG_TYPE: 415,
    Problem.TOO_LARGE: 413,
    Problem.BAD_FORM: 400,
    Problem.BAD_NOTE: 400,
    Problem.FAILED: 500,
}


class RefusedError(Exception):
    """The page refuses a request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
