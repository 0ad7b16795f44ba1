"""Whether a statement's resources take in KMS keys, whose ARNs nobody knows here."""

from __future__ import annotations

from airlock.policy.document import Statement
from airlock.policy.exemption import Exemption
from airlock.policy.matching import as_list, resource_matches, without_variables
from airlock.policy.truth import Truth

# Stands for a part of an ARN that isn't known; no pattern names it, so only a wildcard can match it.
_UNKNOWN_PART = "\0"


def may_name_keys(statement: Statement, exemption: Exemption) -> bool:
    """Whether Resource or NotResource can take in a KMS key in the objects' partition; its ID isn't known here."""
    partition = exemption.objects[0].split(":")[1]
    if "NotResource" not in statement:
        return any(_may_match_key(pattern, partition) for pattern in as_list(statement.get("Resource")))
    # What matches a key of which no part is known, by "*" alone, matches every key.
    any_key = f"arn:{partition}:kms:{_UNKNOWN_PART}:{_UNKNOWN_PART}:key/{_UNKNOWN_PART}"
    return not any(
        "?" not in pattern and resource_matches(pattern, any_key) is Truth.TRUE
        for pattern in as_list(statement["NotResource"])
    )


def _may_match_key(pattern: str, partition: str) -> bool:
    """Whether the pattern, read as one string (the wider reading), matches some key's ARN.

    The pattern is walked along ``arn:<partition>:kms:<region>:<account>:key/<ID>``; each part that isn't known is one
    character or more, and no colon. What is kept is the places in the pattern that may be reached so far.
    """
    glob = without_variables(pattern)
    places = _with_stars_skipped(glob, {0})
    for known, _unknown in (
        (f"arn:{partition}:kms:", "region"),
        (":", "account"),
        (":key/", "ID"),
    ):
        for character in known:
            places = _next(glob, places, character)
        places = _along_unknown(glob, places)
    return len(glob) in places


def _along_unknown(glob: str, places: set[int]) -> set[int]:
    reached: set[int] = set()
    ahead = _next(glob, places, _UNKNOWN_PART)
    while not ahead <= reached:
        reached |= ahead
        ahead = _next(glob, ahead, _UNKNOWN_PART)
    return reached


def _next(glob: str, places: set[int], character: str) -> set[int]:
    """The places after one more character; the unknown one may be any that the pattern names, but for a colon."""
    found = set()
    for place in places:
        there = glob[place : place + 1]
        if there == "*":
            found.add(place)
        elif there in ("?", character) or (character == _UNKNOWN_PART and there not in ("", ":")):
            found.add(place + 1)
    return _with_stars_skipped(glob, found)


def _with_stars_skipped(glob: str, places: set[int]) -> set[int]:
    found = set()
    for place in places:
        end = place
        while glob[end : end + 1] == "*":
            found.add(end)
            end += 1
        found.add(end)
    return found
