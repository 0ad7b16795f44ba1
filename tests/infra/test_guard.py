"""What AWS CloudFormation Guard says of each template, by AWS Control Tower's proactive controls."""

from __future__ import annotations

import copy
import json
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from aws_cdk import App

from infra.configuration import parse
from infra.region_stack import RegionStack
from tests.infra.builders import WATCHED, everything
from tests.infra.guard import Guard, GuardError, unpack
from tests.infra.resolving import short
from tests.infra.template import Template

FILE = Path(__file__).with_name("guard_acknowledged.toml")
WITH_KEY = ("full_template", "http_template")
WITHOUT_KEY = ("template", "small_template")

Finding = tuple[str, str]


@dataclass(frozen=True)
class Acknowledged:
    """One rule's findings that are meant, and whether only without a given key."""

    findings: frozenset[Finding]
    without_key: bool
    reason: str


def _acknowledged() -> list[Acknowledged]:
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["finding"]
    return [
        Acknowledged(
            frozenset((one["rule"], resource) for resource in one["resources"]),
            one.get("without_key", False),
            one["reason"],
        )
        for one in entries
    ]


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """Guard and its rules, from the installed package."""
    return unpack(tmp_path_factory.mktemp("guard"))


@pytest.fixture(scope="module")
def found(
    guard: Guard, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[Finding]]:
    """The findings of each template, another region's included."""
    templates: dict[str, Path] = {name: request.getfixturevalue(name).path for name in (*WITHOUT_KEY, *WITH_KEY)}
    out = tmp_path_factory.mktemp("cdk.out")
    app = App(outdir=str(out), builtin_cloud_formation_validation=False)
    stack = RegionStack(app, parse(everything()), WATCHED["aws"][0])
    app.synth()
    templates["region"] = out / stack.template_file
    return {
        name: {(rule, short(resource)) for rule, resource in guard.findings(path)} for name, path in templates.items()
    }


def test_every_finding_is_acknowledged(found: dict[str, set[Finding]]) -> None:
    """Nothing is found but what guard_acknowledged.toml gives a reason for, of that resource in such a template."""
    for name, findings in found.items():
        meant = {
            finding for one in _acknowledged() if name in WITHOUT_KEY or not one.without_key for finding in one.findings
        }
        assert findings - meant == set(), name


def test_no_acknowledgement_outlives_its_finding(found: dict[str, set[Finding]]) -> None:
    """Each of them is needed by some template; each finding stands once, with a reason."""
    needed = set().union(*found.values())
    listed = Counter(finding for one in _acknowledged() for finding in one.findings)
    assert set(listed) - needed == set()
    assert set(listed.values()) == {1}
    assert all(one.reason.endswith(".") for one in _acknowledged())


def test_guard_sees_what_is_wrong(
    guard: Guard, found: dict[str, set[Finding]], template: Template, tmp_path: Path
) -> None:
    """A table without its recovery to a point in time is a finding, so the rules do look at these templates."""
    table = template.only("AWS::DynamoDB::Table")
    broken = copy.deepcopy(template.body["Resources"][table])
    del broken["Properties"]["PointInTimeRecoverySpecification"]
    path = tmp_path / "broken.template.json"
    # Alone: each rule looks at one resource, and a whole template takes seconds.
    path.write_text(json.dumps({**template.body, "Resources": {table: broken}}), encoding="utf-8")
    new = {(rule, short(resource)) for rule, resource in guard.findings(path)} - found["template"]
    assert {resource for _, resource in new} == {short(table)}


def test_what_guard_can_t_read_is_no_success(guard: Guard, tmp_path: Path) -> None:
    """A file that isn't a template ends in an error, not in a template without findings."""
    path = tmp_path / "broken.template.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(GuardError):
        guard.findings(path)
