"""All that an account can ask for, in each partition: every stack of the program, as it is run by people."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]  # it ships no types

from tests.infra.builders import ACCOUNT, WATCHED, everything
from tests.infra.lint import complaints
from tests.infra.template import as_list

REPOSITORY = Path(__file__).parents[2]
HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


Stacks = dict[str, tuple[Path, dict[str, Any]]]


def _run(partition: str, out: Path) -> Stacks:
    """Every template that ``python app.py`` writes for a configuration with everything, by its region."""
    home = HOMES[partition]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    context = json.dumps({"airlock": everything(partition, home)})
    environment = {**kept, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": context}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    stacks: Stacks = {}
    for one in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values():
        if one["type"] == "aws:cloudformation:stack":
            file = out / one["properties"]["templateFile"]
            region = one["environment"].rsplit("/", 1)[1]
            stacks[region] = (file, json.loads(file.read_text(encoding="utf-8")))
    return stacks


@pytest.fixture(scope="module", params=sorted(HOMES))
def partition(request: pytest.FixtureRequest) -> str:
    """One partition after the other."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def stacks(partition: str, tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """The partition's stacks."""
    return _run(partition, tmp_path_factory.mktemp("cdk.out"))


def _resources(stacks: Stacks) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for region, (_, body) in stacks.items():
        for name, resource in body["Resources"].items():
            yield region, f"{region}: {name}", resource


def test_each_watched_region_has_a_stack_of_its_own(partition: str, stacks: Stacks) -> None:
    """Home region and watched region have one each, so that what follows holds of both kinds."""
    assert set(stacks) >= {HOMES[partition], *WATCHED[partition]}


def test_no_arn_is_of_another_partition(partition: str, stacks: Stacks) -> None:
    """Whatever stands in a template as an ARN begins with its partition, or with a reference to it."""
    for path, _ in stacks.values():
        found = set(re.findall(r"arn:(aws[a-z-]*):", path.read_text(encoding="utf-8")))
        assert found == {partition}, path.name


def test_each_role_is_bounded(partition: str, stacks: Stacks) -> None:
    """The configured boundary is on every role of every stack, be it a function's, a schedule's or a rule's."""
    roles = [(name, one) for _, name, one in _resources(stacks) if one["Type"] == "AWS::IAM::Role"]
    boundary = f"arn:{partition}:iam::{ACCOUNT}:policy/boundaries/platform"
    assert [name for name, one in roles if one["Properties"].get("PermissionsBoundary") != boundary] == []
    assert {region for region, _, one in _resources(stacks) if one["Type"] == "AWS::IAM::Role"} == set(stacks)


def _tag_property(kind: str, region: str) -> str | None:
    """The property that takes a type's tags, by CloudFormation's own schema; None where it takes none."""
    if kind.startswith("Custom::"):
        return None
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    except Exception:  # noqa: BLE001 - its own error for a type that the region lacks; us-east-1 has all of them
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    tagging = schema.get("tagging", {})
    if not tagging.get("taggable", "Tags" in schema["properties"]):
        return None
    return str(tagging.get("tagProperty", "/properties/Tags")).rsplit("/", 1)[1]


def test_everything_that_takes_tags_has_them(stacks: Stacks) -> None:
    """Each resource that CloudFormation can tag carries the configured tags, beside the stack's own."""
    untagged, tagged = [], set()
    for region, name, resource in _resources(stacks):
        key = _tag_property(resource["Type"], region)
        if key is None:
            continue
        found = resource["Properties"].get(key, [])
        tags = found if isinstance(found, dict) else {tag["Key"]: tag["Value"] for tag in found}
        tagged.add(resource["Type"])
        if {"CostCenter": "4711", "Owner": "platform team", "Application": "bootstrap-airlock"}.items() - tags.items():
            untagged.append(f"{name} ({resource['Type']})")
    assert untagged == []
    assert {"AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::S3::Bucket"} <= tagged


def test_cfn_lint_has_nothing_to_say(stacks: Stacks) -> None:
    """Each template is sound for its region, all of whose types of resources are there."""
    assert [(region, said) for region, (path, _) in stacks.items() if (said := complaints(path, region))] == []


def test_only_where_functions_have_urls_they_are_used(partition: str, stacks: Stacks) -> None:
    """In the other partitions' regions, which have none, each of the two functions has an HTTP API, which all have."""
    kinds = Counter(one["Type"] for _, _, one in _resources(stacks))
    reached = (kinds["AWS::Lambda::Url"], kinds["AWS::ApiGatewayV2::Api"])
    assert reached == ((2, 0) if partition == "aws" else (0, 2))


def test_a_setting_that_govcloud_lacks_isn_t_asked_for(partition: str, stacks: Stacks) -> None:
    """Lambda writes its own lines as JSON, but not in GovCloud, where the setting doesn't exist."""
    functions = [one["Properties"] for _, _, one in _resources(stacks) if one["Type"] == "AWS::Lambda::Function"]
    formats = {one["LoggingConfig"].get("LogFormat") for one in functions}
    assert formats == {None if partition == "aws-us-gov" else "JSON"}


def _may(stacks: Stacks) -> set[str]:
    actions: set[str] = set()
    for _, _, resource in _resources(stacks):
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    if statement["Effect"] == "Allow":
                        actions |= set(as_list(statement["Action"]))
    return actions


def test_the_page_s_boundary_allows_what_the_roles_may(stacks: Stacks) -> None:
    """What docs/configuration.md says a boundary has to allow is each call of each role, and no other."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = page.split("## A boundary for the roles")[1].split("## ")[0]
    (block,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    (statement,) = json.loads(block)["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert statement["Action"] == sorted(_may(stacks))
