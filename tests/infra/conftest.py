"""One synthesis a configuration for all tests of the template: it takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra import nag
from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import USER, configuration, everything
from tests.infra.template import Template


def _synthesised(raw: dict[str, Any], out: Path) -> Template:
    app = App(outdir=str(out), builtin_cloud_formation_validation=False)
    nag.check(app)
    stack = AirlockStack(app, parse(raw))
    path = Path(nag.synthesise(app).directory, stack.template_file)
    return Template(json.loads(path.read_text(encoding="utf-8")), path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration with a user, a role, a group and a managed policy, checks included."""
    return _synthesised(configuration(), tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def full_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration with a trail, a key, a boundary and tags too, checks included."""
    return _synthesised(everything(), tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration without links and rescue, checks included."""
    raw = configuration(principals=[{"arn": USER, "rescue": False}], approvals={"links": False})
    return _synthesised(raw, tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture(scope="session")
def http_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration with all of that, and HTTP APIs in place of function URLs, checks included."""
    return _synthesised({**everything(), "endpoints": "http-api"}, tmp_path_factory.mktemp("cdk.out"))
