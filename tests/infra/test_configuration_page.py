"""docs/configuration.md: its made parts are fresh, its defaults the code's, and its examples work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra import nag
from infra.configuration import Approvals, Configuration, parse
from infra.configuration_problems import SCHEMA_FILE
from infra.principals import Principal, Wider
from infra.stack import AirlockStack
from pages import configuration
from tests.infra.builders import ROLE


def _page() -> str:
    return configuration.PATH.read_text(encoding="utf-8")


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def _example() -> dict[str, Any]:
    (block,) = re.findall(r"```jsonc\n(.*?)```", _page(), re.DOTALL)
    example: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", block, flags=re.MULTILINE))["airlock"]
    return example


def test_the_page_is_fresh() -> None:
    """The table of keys and the key's policy are what schema and code say; `make configuration` renews them."""
    assert configuration.text() == _page()


def test_a_made_part_needs_its_marks() -> None:
    """A page that lost a comment isn't quietly left without the part."""
    with pytest.raises(configuration.MarkError, match="keys"):
        configuration.replaced(_page().replace("<!-- end: keys -->", ""), "keys", "")


def test_each_key_says_what_it_is_and_its_default_is_the_code_s() -> None:
    """What a configuration without a key comes to is the schema's default for it, of each key in turn."""
    found = parse({"home_region": "us-east-1", "principals": [{"arn": ROLE}]})
    objects: dict[str, Configuration | Approvals | Principal | Wider] = {
        "": found,
        "approvals.": Approvals(),
        "principals[].": found.principals[0],
        "principals[].wider.": Wider(),
    }
    seen: dict[str, set[str]] = {at: set() for at in objects}
    for key, rule, required in configuration.keys(_schema()):
        assert rule["description"].endswith("."), key
        at = max((one for one in objects if key.startswith(one)), key=len)
        name = key.removeprefix(at)
        seen[at].add(name)
        if required or "properties" in rule:
            continue
        value = getattr(objects[at], name)
        value = list(value) if isinstance(value, tuple) else value
        assert value == rule.get("default"), key
        assert ("default" in rule) == (value is not None), key
    for at, one in objects.items():
        assert seen[at] == {field.name for field in fields(one)}


def _names(value: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, dict):
        for key, one in value.items():
            yield f"{at}{key}"
            yield from _names(one, f"{at}{key}.") if key != "tags" else ()
    elif isinstance(value, list):
        for one in value:
            yield from _names(one, f"{at.removesuffix('.')}[].")


def test_the_commented_example_has_every_key() -> None:
    """Each key that there is stands in it, the two that exclude others in a comment with their alternative."""
    every = {key for key, _, _ in configuration.keys(_schema())}
    (block,) = re.findall(r"```jsonc\n(.*?)```", _page(), re.DOTALL)
    commented = {"notices_topic", "approvals.topic"}
    assert set(_names(_example())) == every - commented
    for key in commented:
        assert re.search(rf'^\s*// "{key.rpartition(".")[2]}": "arn:aws:sns:', block, re.MULTILINE), key


def test_the_commented_example_synthesises(tmp_path: Path) -> None:
    """Without its comments it is a configuration, and its stack has no findings."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    nag.check(app)
    AirlockStack(app, parse(_example()))
    assert Path(nag.synthesise(app).directory, "bootstrap-airlock.template.json").exists()


def test_the_example_s_alternatives_are_good_too() -> None:
    """In place of the addresses, the topics that stand in comments are taken."""
    example = _example()
    (block,) = re.findall(r"```jsonc\n(.*?)```", _page(), re.DOTALL)
    topics = dict(re.findall(r'// "([a-z_]+)": "(arn:aws:sns:[^"]+)"', block))
    del example["notice_emails"], example["approvals"]["emails"]
    example["notices_topic"], example["approvals"]["topic"] = topics["notices_topic"], topics["topic"]
    found = parse(example)
    assert (found.notices_topic, found.approvals.topic) == (topics["notices_topic"], topics["topic"])
