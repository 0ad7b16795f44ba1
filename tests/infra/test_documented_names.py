"""The `aws` commands of the documents ask for what the stacks make: their names, their outputs, their log groups."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from infra.configuration import parse
from infra.hub import HubStack
from infra.region_stack import RegionStack
from infra.stack import AirlockStack
from tests.house.commands import documented
from tests.infra.builders import configuration
from tests.infra.template import Template

REGION = "us-east-2"
"""What the documents write REGION for."""
AWS = [[word.replace("REGION", REGION) for word in one.words] for one in documented() if one.words[0] == "aws"]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """The templates of the home region, of one more and of the hub, by their stacks' names."""
    told = parse(configuration(watched_regions=[REGION]))
    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), builtin_cloud_formation_validation=False)
    made: list[Stack] = [AirlockStack(app, told), RegionStack(app, told, REGION), HubStack(app)]
    out = Path(app.synth().directory)
    paths = {one.stack_name: out / one.template_file for one in made}
    return {name: Template(json.loads(path.read_text(encoding="utf-8")), path) for name, path in paths.items()}


def test_the_outputs_that_are_asked_for_are_there(stacks: dict[str, Template]) -> None:
    """A runbook's query for an output of a stack finds both."""
    asked = [
        (_after("--stack-name", words), _after("--query", words))
        for words in AWS
        if {"--stack-name", "--query"} <= {*words}
    ]
    assert {stack for stack, _ in asked} == set(stacks)
    for stack, query in asked:
        assert set(re.findall(r"OutputKey=='(\w+)'", query)) <= set(stacks[stack].body["Outputs"])


def test_the_log_groups_that_are_read_are_there(stacks: dict[str, Template]) -> None:
    """A runbook's `aws logs tail` reads the group of a function of the default prefix."""
    home = stacks["bootstrap-airlock"]
    made = {home.properties(name).get("LogGroupName") for name in home.resources("AWS::Logs::LogGroup")}
    read = {words[3] for words in AWS if words[1:3] == ["logs", "tail"]}
    assert read
    assert read <= made


def _after(option: str, words: list[str]) -> str:
    return words[words.index(option) + 1]
