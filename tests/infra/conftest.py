"""One synthesis for all tests of the template: it takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aws_cdk import App

from infra import nag
from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import configuration
from tests.infra.template import Template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of a configuration with a user, a role, a group and a managed policy, checks included."""
    app = App(outdir=str(tmp_path_factory.mktemp("cdk.out")), builtin_cloud_formation_validation=False)
    nag.check(app)
    stack = AirlockStack(app, parse(configuration()))
    path = Path(nag.synthesise(app).directory, stack.template_file)
    return Template(json.loads(path.read_text(encoding="utf-8")), path)
