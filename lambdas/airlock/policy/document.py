"""Policy documents as text and as data.

The text is what counts: a baseline is kept and put back to the byte.
Parsing is strict where IAM is strict, so that a document never means two things.
"""

from __future__ import annotations

import hashlib
import json
import re
from math import isinf
from typing import Any

type_name = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}

Statement = dict[str, Any]
Document = dict[str, Any]


class PolicyTextError(ValueError):
    """The text isn't a policy document; the message says what was wrong and where."""


def parse_document(text: str) -> Document:
    """Read a policy document.

    Args:
        text: the policy's JSON text.

    Returns:
        The document; its ``Statement`` may be an object or a list of objects.

    Raises:
        PolicyTextError: the text isn't JSON, repeats a key, or isn't shaped like a policy.
    """
    try:
        document = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except json.JSONDecodeError as error:
        message = f"the policy isn't JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise PolicyTextError(message) from error
    except RecursionError as error:
        raise PolicyTextError("the policy is nested too deeply to be one that IAM holds") from error
    if not isinstance(document, dict):
        raise PolicyTextError(f"the policy must be a JSON object, but it is {type_name[type(document)]}")
    for index, statement in enumerate(statements_of(document)):
        if not isinstance(statement, dict):
            raise PolicyTextError(f"statement {index} must be a JSON object, but it is {type_name[type(statement)]}")
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise PolicyTextError(f'statement {index} must have the Effect "Allow" or "Deny"')
        if not isinstance(statement.get("Condition", {}), dict):
            raise PolicyTextError(f"statement {index} has a Condition that isn't a JSON object")
        for operator, keys in statement.get("Condition", {}).items():
            if not isinstance(keys, dict):
                raise PolicyTextError(f"statement {index} has a condition operator {operator!r} without keys")
    return document


def statements_of(document: Document) -> list[Statement]:
    """The document's statements as a list; IAM reads a lone object as a list of one.

    Source: IAM user guide, "Grammar of the IAM JSON policy language".
    """
    statement = document.get("Statement", [])
    return list(statement) if isinstance(statement, list) else [statement]


def write_document(document: Document) -> str:
    """The document as compact JSON, in the order of its keys.

    IAM takes characters up to U+00FF as they are, and the others only escaped (IAM API reference, PutUserPolicy).
    """
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return re.sub(r"[^\x00-\xff]", lambda found: json.dumps(found[0])[1:-1], text)


def size_of(text: str) -> int:
    """How many characters IAM counts against its limits: white space isn't counted.

    Source: IAM user guide, "IAM and AWS STS quotas".
    """
    return sum(1 for character in text if not character.isspace())


def sha256_of(text: str) -> str:
    """The text's SHA-256, in hexadecimal: what the audit trail says of a policy before and after."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - never returns; json wants a function of a value
    raise PolicyTextError(f"the policy isn't JSON: {name} is Python's and JavaScript's, not JSON's")


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError as error:  # more digits than Python reads
        raise PolicyTextError(f"the number {digits[:16]}... in the policy is too long") from error


def _fraction(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise PolicyTextError(f"the number {digits[:16]} in the policy is too large to be written again")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise PolicyTextError(f"the key {key!r} stands twice in one object; IAM refuses such a policy")
        found[key] = value
    return found
