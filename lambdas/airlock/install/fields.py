"""Safe digging in JSON of unknown shape: nothing here trusts a type, a length or a name.

A field that isn't there is None; a field that is there in the wrong shape raises `MalformedError`. Only this package's
parser catches the errors, so they never leave it.
"""

import re
from datetime import datetime

_SHOWN = 48  # characters of somebody else's text that a log line may carry

# AWS's IDs have 8 or 17 hexadecimal digits today; VPCs and endpoints are given more room, as they only ever go into
# conditions that compare whole strings.
_INSTANCE_ID = re.compile(r"i-[0-9a-f]{8,17}")
_VPC_ID = re.compile(r"vpc-[0-9a-z]{8,32}")
_ENDPOINT_ID = re.compile(r"vpce-[0-9a-z]{8,32}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z0-9-]{1,32}")
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# CloudTrail and EventBridge write UTC with a Z. Years outside 2000-2999 would overflow sums of times further on.
_TIME = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z")


class NoSignalError(Exception):
    """An event that gives no signal; the message says why."""

    malformed = False


class MalformedError(NoSignalError):
    """An event that isn't of the shape its type promises."""

    malformed = True


def dig(value: object, *path: str) -> object:
    """Follow keys into nested objects; None as soon as one is missing or isn't an object."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def first(value: object, *keys: str) -> object:
    """Give the first of these keys that an object holds with a value other than null."""
    for key in keys:
        found = dig(value, key)
        if found is not None:
            return found
    return None


def listed(value: object, what: str) -> list[object]:
    """Turn each of CloudTrail's spellings of a list into a list.

    Args:
        value: a list, `{"items": [...]}`, or what is left of one after XML became JSON: `{"item": ...}`, the only
            element by itself, or `""` for an empty one.
        what: the field's name, for the error.

    Raises:
        MalformedError: it is none of these.
    """
    if isinstance(value, dict):
        inner = first(value, "items", "item")
        if inner is None:
            # An object that is no wrapper is the only element; an empty one, or a wrapper around null, is no element.
            return [value] if value and not value.keys() & {"items", "item"} else []
        value = inner if isinstance(inner, list) else [inner]
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return value
    raise MalformedError(f"{what} is neither a list nor an object")


def text(value: object, what: str) -> str:
    """Insist on a string that isn't empty.

    Raises:
        MalformedError: it is something else.
    """
    if isinstance(value, str) and value:
        return value
    raise MalformedError(f"{what} is missing" if value in (None, "") else f"{what} is not a string")


def shown(value: str) -> str:
    """Quote somebody else's text for a log line: escaped, and cut to a sane length."""
    return repr(value) if len(value) <= _SHOWN else repr(value[:_SHOWN]) + "..."


def account_id(value: object, what: str) -> str:
    """Insist on a 12-digit account ID."""
    return _matching(_ACCOUNT, value, what)


def region_name(value: object, what: str) -> str:
    """Insist on a region's name, such as `us-gov-west-1`."""
    return _matching(_REGION, value, what)


def event_id(value: object) -> str:
    """Insist on an envelope's ID; EventBridge gives UUIDs."""
    return _matching(_EVENT_ID, value, "id")


def instance_id(value: object, what: str) -> str:
    """Insist on an instance's ID."""
    return _matching(_INSTANCE_ID, value, what)


def vpc_id(value: object, what: str) -> str:
    """Insist on a VPC's ID."""
    return _matching(_VPC_ID, value, what)


def endpoint_id(value: object, what: str) -> str:
    """Insist on a VPC endpoint's ID."""
    return _matching(_ENDPOINT_ID, value, what)


def moment(value: object, what: str) -> datetime:
    """Read a time like `2026-11-24T02:00:00Z`, aware and in UTC.

    Raises:
        MalformedError: it is written in another way, or there's no such time.
    """
    written = _matching(_TIME, value, what)
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise MalformedError(f"{what} is no time: {shown(written)}") from None


def _matching(pattern: re.Pattern[str], value: object, what: str) -> str:
    found = text(value, what)
    if pattern.fullmatch(found) is None:
        raise MalformedError(f"{what} is out of form: {shown(found)}")
    return found
