"""Reading the policy that a replay starts from."""

from __future__ import annotations

import re
from pathlib import Path

from airlock.policy.document import PolicyTextError, parse_document, size_of, statements_of
from airlock.policy.place import SIZE_LIMITS, PolicyKind
from airlock_cli.problems import InputError
from airlock_cli.replay.principal import Kind

# The pattern of policyDocumentType (IAM API reference, "PutUserPolicy", PolicyDocument).
_TAKEN_BY_IAM = re.compile(r"[\t\n\r\u0020-\u00ff]*")


def read_policy(path: Path, kind: Kind) -> str:
    """Read a policy's text, to the byte.

    Args:
        path: the file.
        kind: where the policy is to stand, which says how long it may be.

    Raises:
        InputError: the file can't be read, or IAM wouldn't take it as such a policy.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(
            f"the policy {path} can't be read: {error.strerror}.\nGive a file with one IAM policy."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"the policy {path} isn't UTF-8: byte {error.start} isn't.\nSave it as UTF-8.") from error
    try:
        _check(text, kind)
    except PolicyTextError as error:
        raise InputError(f"{path}: {error}.\nGive a policy document as IAM holds it.") from error
    return text


def _check(text: str, kind: Kind) -> None:
    document = parse_document(text)
    statements = statements_of(document)
    if not statements:
        raise PolicyTextError('the policy has no "Statement"')
    for index, statement in enumerate(statements):
        for element in ("Action", "Resource"):
            if (element in statement) == (f"Not{element}" in statement):
                raise PolicyTextError(f'statement {index} must have either "{element}" or "Not{element}"')
        if "Principal" in statement or "NotPrincipal" in statement:
            raise PolicyTextError(f'statement {index} has a "Principal", as only resources\' policies do')
    odd = _TAKEN_BY_IAM.match(text)
    if odd and odd.end() < len(text):
        raise PolicyTextError(f"the policy has the character {text[odd.end()]!a}, which IAM doesn't take")
    size, limit = size_of(text), SIZE_LIMITS[PolicyKind(kind)]
    if size > limit:
        raise PolicyTextError(f"the policy has {size} characters, and IAM allows {limit} for {kind}")
