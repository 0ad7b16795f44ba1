"""What operators send: read, checked, and refused in words. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from airlock.grants.approval import Form
from airlock.grants.grant import Grant
from airlock.page.note import NoteError, checked_note
from airlock.page.standing import Standing

BODY_LIMIT = 4_096
"""Bytes."""
HOURS = range(1, 73)
"""For how long an approval ahead of time may count."""
_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(user|role)/[\w+=,.@/-]{1,576}", re.ASCII)
_CLUSTER = re.compile(r"[A-Za-z0-9.-]{1,54}")


class OrderError(Exception):
    """An order is refused.

    Attributes:
        status: of the HTTP response.
        code: a short name, for machines.
        grant: how the grant stands, where that is why.
    """

    def __init__(self, status: int, code: str, message: str, grant: Grant | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.grant = grant

    def told(self) -> dict[str, object]:
        """What the caller is told."""
        told: dict[str, object] = {"error": {"code": self.code, "message": str(self)}}
        if self.grant is not None:
            told["state"] = str(self.grant.progress.state)
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAhead:
    """An approval ahead of time as an operator wants it."""

    principal: str
    cluster: str | None
    form: Form
    hours: int
    note: str


def read_body(body: str, *, encoded: bool, known: Collection[str]) -> Mapping[str, object]:
    """Read a request's body, which may be empty.

    Args:
        body: as Lambda delivers it.
        encoded: whether it is in base64.
        known: the fields that it may have.

    Raises:
        OrderError: it is too large, isn't a JSON object, or has another field.
    """
    if len(body) > BODY_LIMIT * 2:
        raise OrderError(400, "too-large", f"the body has more than {BODY_LIMIT} bytes; send less")
    try:
        raw = base64.b64decode(body, validate=True) if encoded else body.encode()
        told = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise OrderError(400, "not-json", "the body isn't JSON; send an object, or nothing") from error
    if len(raw) > BODY_LIMIT:
        raise OrderError(400, "too-large", f"the body has more than {BODY_LIMIT} bytes; send less")
    if not isinstance(told, dict):
        raise OrderError(400, "not-json", "the body is JSON, but not an object; send an object, or nothing")
    for name in told:
        if name not in known:
            fields = ", ".join(sorted(known))
            raise OrderError(400, "unknown-field", f"the body has a field {name[:64]!r}; there are only {fields}")
    return told


def read_note(told: Mapping[str, object]) -> str:
    """Read the note; empty where there is none.

    Raises:
        OrderError: it isn't a short line of plain text.
    """
    note = told.get("note", "")
    if not isinstance(note, str):
        raise OrderError(400, "bad-note", "the note must be a text")
    try:
        return checked_note(note)
    except NoteError as error:
        raise OrderError(400, "bad-note", str(error)) from error


def read_principal(told: object) -> str:
    """Read the ARN of a user or role.

    Raises:
        OrderError: it isn't one.
    """
    if not isinstance(told, str) or not _PRINCIPAL.fullmatch(told):
        example = "arn:aws:iam::111122223333:user/ocp-installer"
        raise OrderError(400, "bad-principal", f"the principal must be a user's or a role's ARN, such as {example}")
    return told


def read_form(told: object) -> Form:
    """Read how far somebody agrees that a deny is opened.

    Raises:
        OrderError: there is no such form.
    """
    if not isinstance(told, str) or told not in list(Form):
        raise OrderError(400, "bad-form", f"the form must be one of {', '.join(Form)}")
    return Form(told)


def must_cover(said: Form, grant: Grant) -> None:
    """Make sure that nobody approves more than they mean: what is asked may have become wider since they looked.

    Raises:
        OrderError: what they agree to is less than what is asked, or something else.
    """
    asked = grant.progress.form
    if not said.covers(asked):
        message = f"{grant.id} asks for the form {asked}, which an approval of {said} isn't one of; look at it (again)"
        raise OrderError(409, "other-form", message, grant)


def read_ahead(told: Mapping[str, object], enrolled: Collection[str]) -> WantedAhead:
    """Read an approval ahead of time.

    Args:
        told: the body.
        enrolled: ARNs of the principals that the airlock serves.

    Raises:
        OrderError: a field is missing or wrong.
    """
    principal, cluster, hours = read_principal(told.get("principal")), told.get("cluster"), told.get("hours")
    if principal not in enrolled:
        message = f"{principal} isn't enrolled, so an approval would do nothing; add it to the configuration and deploy"
        raise OrderError(400, "not-enrolled", message)
    if cluster is not None and not (isinstance(cluster, str) and _CLUSTER.fullmatch(cluster)):
        message = "the cluster must be null for any, or a name of 1 to 54 letters, digits, hyphens and full stops"
        raise OrderError(400, "bad-cluster", message)
    form = read_form(told.get("form"))
    if not isinstance(hours, int) or isinstance(hours, bool) or hours not in HOURS:
        raise OrderError(400, "bad-hours", f"hours must be a whole number from {HOURS[0]} to {HOURS[-1]}")
    return WantedAhead(principal=principal, cluster=cluster, form=form, hours=hours, note=read_note(told))


def why_not_waiting(grant: Grant, standing: Standing) -> OrderError:
    """Why an answer to a grant doesn't count."""
    code, message = _WHY.get(standing, ("over", "is {state} already; its answer changes nothing any more"))
    return OrderError(409, code, f"{grant.id} {message.format(state=grant.progress.state)}", grant)


_WHY = {
    Standing.PREPARING: ("not-waiting", "isn't waiting for an answer; look again in a minute"),
    Standing.OPEN: ("not-waiting", "is open already, without an answer; to end it, close it"),
    Standing.OBSERVED: ("not-waiting", "is only observed; nothing is asked, and nothing is opened"),
    Standing.UNANSWERED: ("too-late", "isn't waiting any more, the time to answer is over; start the install again"),
    Standing.EXPIRED: ("too-late", "isn't waiting any more, its time is over; start the install again"),
    Standing.ENDED: ("over", "isn't needed any more; nothing is opened for it"),
}
