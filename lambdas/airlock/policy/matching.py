"""How IAM compares the actions and resources that a statement names with those of a request.

The rules are those of the IAM User Guide, "IAM JSON policy elements: Action" and "... Resource".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from airlock.policy.truth import Truth

# An ARN has six parts; the last, the resource, may hold colons of its own.
_ARN_PARTS = 6
_SPECIAL = re.compile(r"[*?$]")
_WILDCARD = re.compile(r"[*?]")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# A policy's patterns and the requests that are held against them are few, and meet over and over.
_CACHED = 4096


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a policy element may be any JSON value
    """Give a policy element as a list: IAM takes a scalar and a one-element list for the same.

    Holds for ``Statement`` too, which may be a single object. A missing element (``None``) is the empty list.
    The list is new, so that the caller may change it.
    """
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(value)
    return [value]


def has_wildcard(pattern: str) -> bool:
    """Tell whether ``pattern`` holds ``*`` or ``?``; those inside a policy variable (``${*}``) are literal."""
    return _WILDCARD.search(_VARIABLE.sub("", pattern)) is not None


def has_variable(pattern: str) -> bool:
    """Tell whether ``pattern`` holds a policy variable, such as ``${aws:username}`` or the escape ``${*}``."""
    return "$" in pattern and _VARIABLE.search(pattern) is not None


def without_variables(pattern: str) -> str:
    """The pattern with ``*`` in place of each policy variable, which could stand for anything."""
    return _VARIABLE.sub("*", pattern)


@lru_cache(maxsize=_CACHED)
def action_matches(pattern: str, action: str) -> Truth:
    """Compare an action with a pattern of ``Action`` or ``NotAction``: the whole string, without regard to case.

    Args:
        pattern: what the statement says: ``*``, ``s3:Get*``, ``S3:getobject``.
        action: what the request asks for: ``s3:GetObject``.

    Returns:
        TRUE or FALSE; UNKNOWN only for a pattern that holds a policy variable and may match.
    """
    return glob_matches(pattern.lower(), action.lower())


@lru_cache(maxsize=_CACHED)
def resource_matches(pattern: str, arn: str) -> Truth:
    """Compare a resource with a pattern of ``Resource`` or ``NotResource``, with regard to case.

    The IAM User Guide ("IAM JSON policy elements: Resource") keeps wildcards inside the segments that colons part,
    but for a ``*`` at a segment's end, which may run past the colon. IAM is known to match more loosely, as if the ARN
    were one string. Neither reading is safe for every Deny: read too narrowly, ``Resource`` hides a Deny that stops
    the fetch; read too widely, ``NotResource`` does. So where the readings part, the answer is UNKNOWN, and the caller
    doesn't take the statement for harmless. They part only for a wildcard in the midst of one of the first five parts.
    Inside the sixth, the resource, both let it match any character, ``/`` and ``:`` included.

    Args:
        pattern: what the statement says: ``*``, ``arn:aws:s3:::*``, ``arn:aws:s3:::*-bootstrap/*``.
        arn: the ARN the request acts on, without wildcards.

    Returns:
        TRUE where both readings match, FALSE where neither does; UNKNOWN where they differ, and for a pattern that
        holds a policy variable and may match.
    """
    wide = glob_matches(pattern, arn)
    if wide is not Truth.TRUE or not has_wildcard(pattern):
        return wide
    return Truth.TRUE if _segment_regex(pattern).fullmatch(arn) else Truth.UNKNOWN


def glob_matches(pattern: str, text: str) -> Truth:
    """Match ``*`` (any characters, none included) and ``?`` (any one) over the whole of ``text``.

    A policy variable could stand for anything: UNKNOWN where some value of it matches, FALSE where none could.
    """
    if _SPECIAL.search(pattern) is None:
        return Truth.TRUE if pattern == text else Truth.FALSE
    if _glob_regex(pattern).fullmatch(text) is None:
        return Truth.FALSE
    return Truth.UNKNOWN if has_variable(pattern) else Truth.TRUE


@lru_cache(maxsize=_CACHED)
def _glob_regex(pattern: str) -> re.Pattern[str]:
    return re.compile(_translate(without_variables(pattern), star=".*", question="."), re.DOTALL)


@lru_cache(maxsize=_CACHED)
def _segment_regex(pattern: str) -> re.Pattern[str]:
    """Write the narrow reading: inside the first five parts only a part's last ``*`` may cross a colon."""
    parts = pattern.split(":", _ARN_PARTS - 1)
    regexes = []
    for number, part in enumerate(parts):
        if number == _ARN_PARTS - 1:
            regexes.append(_translate(part, star=".*", question="."))
        elif part.endswith("*"):
            regexes.append(_translate(part[:-1], star="[^:]*", question="[^:]") + ".*")
        else:
            regexes.append(_translate(part, star="[^:]*", question="[^:]"))
    return re.compile(":".join(regexes), re.DOTALL)


def _translate(pattern: str, *, star: str, question: str) -> str:
    # Not fnmatch: it gives "[" a meaning that IAM doesn't. Runs of * are one *, lest the regex backtrack without end.
    return re.sub(
        r"\*+|\?|[^*?]+",
        lambda found: star if found[0][0] == "*" else question if found[0] == "?" else re.escape(found[0]),
        pattern,
    )
