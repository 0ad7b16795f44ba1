"""The form that a browser sends when somebody answers. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from airlock.page.note import NoteError, checked_note
from airlock.page.problems import Problem, RefusedError

BODY_LIMIT = 4_096
"""Bytes. A token and a note of 200 characters, each of them of four bytes and escaped, take less."""
_FIELDS = ("token", "decision", "note")
_FIELDS_LIMIT = 10
_FORM_TYPE = "application/x-www-form-urlencoded"
_DECISIONS = {"approve": True, "reject": False}


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody sent.

    Attributes:
        token: as it came.
        approved: yes, or no.
        note: checked.
    """

    token: str
    approved: bool
    note: str


def read_form(headers: Mapping[str, str], body: str, *, encoded: bool) -> Decision:
    """Read the form.

    A token in the form's body can't be sent by a page that doesn't know it, so there is no other secret against
    requests from other sites. Still, a form inside of a mail or on another page could hold the token that its reader
    was sent, and make an answer of a click on something else. Browsers tell that by Sec-Fetch-Site (W3C, "Fetch
    Metadata Request Headers"), and such a request is refused. ``none`` is one that no page began, such as after
    reloading. Older browsers send nothing, and are let through. ``Origin`` is no help: it is ``null`` for a page whose
    policy is not to tell where a request comes from. Links in mails are GETs, to which none of this applies.

    Args:
        headers: with lower-case names.
        body: as Lambda delivers it.
        encoded: whether the body is in base64.

    Raises:
        RefusedError: it isn't a form that the page could have sent.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise RefusedError(Problem.CROSS_SITE)
    kind, _, parameter = headers.get("content-type", "").partition(";")
    if kind.strip().lower() != _FORM_TYPE or parameter.strip().lower() not in ("", "charset=utf-8"):
        raise RefusedError(Problem.WRONG_TYPE)
    fields = _fields(_text(body, encoded=encoded))
    if fields["decision"] not in _DECISIONS:
        raise RefusedError(Problem.BAD_FORM)
    try:
        note = checked_note(fields["note"])
    except NoteError as error:
        raise RefusedError(Problem.BAD_NOTE) from error
    return Decision(fields["token"], _DECISIONS[fields["decision"]], note)


def _text(body: str, *, encoded: bool) -> str:
    if len(body) > (BODY_LIMIT * 4 // 3 + 4 if encoded else BODY_LIMIT):
        raise RefusedError(Problem.TOO_LARGE)
    try:
        raw = base64.b64decode(body, validate=True) if encoded else body.encode()
        text = raw.decode()
    except ValueError as error:
        raise RefusedError(Problem.BAD_FORM) from error
    if len(raw) > BODY_LIMIT:
        raise RefusedError(Problem.TOO_LARGE)
    return text


def _fields(text: str) -> dict[str, str]:
    try:
        told = parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_LIMIT)
    except ValueError as error:
        raise RefusedError(Problem.BAD_FORM) from error
    if any(len(told.get(name, [])) > 1 for name in _FIELDS):
        raise RefusedError(Problem.BAD_FORM)
    return {name: told.get(name, [""])[0] for name in _FIELDS}
