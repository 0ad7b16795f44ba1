"""Runs cfn-lint in this process: its program reads rules and AWS's schemas anew at each start, most of its time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]  # it ships no types
from cfnlint.runner import Runner  # type: ignore[import-untyped]  # the same
from cfnlint.runner.template import run_template_by_file_paths  # type: ignore[import-untyped]  # the same

# CDK makes each function depend on its role, though the reference to the role does so already.
_MEANT: Final = ["W3005"]


def complaints(template: Path, region: str) -> set[tuple[str, str]]:
    """What cfn-lint says of a template for a region, errors and warnings and all: each rule's ID with its message."""
    config = ConfigMixIn(["--template", str(template)], regions=[region], ignore_checks=_MEANT)
    return {(one.rule.id, one.message) for one in run_template_by_file_paths(config, _rules())}


@cache
def _rules() -> Any:  # noqa: ANN401 - it has no types
    return Runner(ConfigMixIn([])).rules
