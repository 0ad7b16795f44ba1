"""CDK's context: what cdk.json and the cdk command say, checked before CDK reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from infra.configuration import ConfigurationError
from infra.configuration_problems import KEY, Problem

VARIABLE: Final = "CDK_CONTEXT_JSON"
_FIX: Final = f'write a JSON object with a "context" that holds "{KEY}"; see docs/configuration.md'


def read_context(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Read the context of cdk.json, which plain Python has to do: the cdk command hands it over by itself.

    CDK lets what comes by CDK_CONTEXT_JSON win over it, and says nothing useful when that isn't JSON; so it is looked
    at here too.

    Args:
        file: cdk.json.
        environment: this process's.

    Raises:
        ConfigurationError: one of the two can't be used.
    """
    given = environment.get(VARIABLE)
    if given and not isinstance(_parsed(given, VARIABLE, "write a JSON object, or unset the variable"), dict):
        raise _wrong(VARIABLE, given, "not a JSON object", "write a JSON object, or unset the variable")
    try:
        # With "sig", for some editors on Windows begin a file with a byte-order mark.
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _wrong(file.name, str(file), f"can't be read: {error.strerror}", _FIX) from error
    except UnicodeDecodeError as error:
        raise _wrong(file.name, str(file), f"not UTF-8: byte {error.start} isn't", "save it as UTF-8") from error
    whole = _parsed(text, file.name, _FIX)
    context = whole.get("context") if isinstance(whole, dict) else None
    if not isinstance(context, dict):
        raise _wrong(file.name, context, 'has no object "context"', _FIX)
    return context


def _parsed(text: str, where: str, fix: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = "".join(text.splitlines()[error.lineno - 1 : error.lineno]).strip()
        raise _wrong(where, line, f"not JSON: {error}", fix) from error


def _wrong(where: str, value: object, what: str, fix: str) -> ConfigurationError:
    return ConfigurationError([Problem(where, value, what, fix)])
