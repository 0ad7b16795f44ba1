"""The parts of docs/configuration.md that are made: the table of keys from the schema, and the key's policy.

Each stands between two comments; what is around them is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra import encryption
from infra.configuration import parse
from infra.configuration_problems import SCHEMA_FILE

PATH: Final = Path(__file__).parents[1] / "docs" / "configuration.md"
EXAMPLE: Final = {
    "home_region": "us-east-1",
    "principals": [{"arn": "arn:aws:iam::111122223333:role/OpenShiftInstaller"}],
    "trail": "create",
    "kms_key": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
"""The configuration that the key's policy is shown for."""
# What a text is, by how its pattern begins.
_TEXTS: Final = {
    "^arn:": "an ARN",
    "^[^@": "an e-mail address",
    "^[a-z]{2,3}(-": "a region's name",
}


class MarkError(ValueError):
    """The page has lost the comments that a made part stands between."""


def text() -> str:
    """The page with its made parts as they are to be."""
    page = PATH.read_text(encoding="utf-8")
    page = replaced(page, "keys", table())
    policy = json.dumps(encryption.key_policy(parse(EXAMPLE))["Statement"], indent=2)
    return replaced(page, "key policy", f"```json\n{policy}\n```")


def replaced(page: str, name: str, part: str) -> str:
    """Put a part between its comments.

    Raises:
        MarkError: the page hasn't each of the two comments once.
    """
    begin, end = f"<!-- made by `make configuration`: {name} -->", f"<!-- end: {name} -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise MarkError(f"{PATH.name} needs the lines {begin!r} and {end!r} once each")
    before, rest = page.split(begin)
    return f"{before}{begin}\n\n{part}\n\n{end}{rest.split(end)[1]}"


def table() -> str:
    """The table of all keys, in the schema's order."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    lines = ["| key | what it says | values | default |", "|---|---|---|---|"]
    for key, rule, required in keys(schema):
        values = "" if rule.get("type") == "object" and "properties" in rule else _values(rule, schema)
        lines.append(f"| `{key}` | {rule['description']} | {values} | {_default(rule, required=required)} |")
    return "\n".join(lines)


def keys(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Walk every key that a configuration can have: its path, its rule, and whether it has to be there."""
    yield from _keys("", schema, schema)


def _keys(at: str, rule: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for name, found in rule.get("properties", {}).items():
        yield f"{at}{name}", found, name in rule.get("required", ())
        yield from _keys(f"{at}{name}.", found, schema)
        items = _followed(found.get("items", {}), schema)
        yield from _keys(f"{at}{name}[].", items, schema)


def _followed(rule: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in rule:
        return rule
    found: Mapping[str, Any] = schema["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    return found


def _values(rule: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    rule = _followed(rule, schema)
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    match rule["type"]:
        case "boolean":
            return "`true`, `false`"
        case "integer":
            return f"{rule['minimum']} to {rule['maximum']}"
        case "array":
            one = _followed(rule["items"], schema)
            return "a list of objects" if one["type"] == "object" else f"a list; each {_values(one, schema)}"
        case "object":
            return "an object of texts"
        case _:
            return _text(rule)


def _text(rule: Mapping[str, Any]) -> str:
    for start, name in _TEXTS.items():
        if rule["pattern"].startswith(start):
            return name
    # The schema's own sentence: "give 3 to 32 characters: ...".
    return re.sub(r"^give ", "", str(rule["fix"]))


def _default(rule: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    value = rule.get("default")
    return "none" if value in (None, [], {}) else f"`{json.dumps(value) if isinstance(value, bool) else value}`"
