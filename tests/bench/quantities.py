"""Measures what docs/costs.md reckons with, and writes it to pages/quantities.json: the first half of `make costs`."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from infra.configuration import parse
from infra.region_stack import RegionStack
from infra.stack import AirlockStack
from pages.costs import QUANTITIES
from tests.bench.use import Use, of_an_idle_sweep, of_an_install
from tests.infra.builders import configuration

CHARGED = {
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::CloudWatch::CompositeAlarm": "alarms",
    "AWS::CloudWatch::Dashboard": "dashboards",
    "AWS::KMS::Key": "keys",
}
"""Resources that cost something by being there."""


def quantities() -> dict[str, Any]:
    """Measure all of it; bytes are rounded up to hundreds, so that a word more or less changes nothing."""
    return {**resources(), "idle_sweep": _rounded(of_an_idle_sweep()), "install": _rounded(of_an_install())}


def resources() -> dict[str, dict[str, int]]:
    """Count what costs by being there, in the stack with approval links and in that of one more region."""
    told = parse(configuration(watched_regions=["us-east-2"]))
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, builtin_cloud_formation_validation=False)
        stacks: dict[str, Stack] = {"stack": AirlockStack(app, told), "region": RegionStack(app, told, "us-east-2")}
        out = Path(app.synth().directory)
        return {name: _counted(out / stack.template_file) for name, stack in stacks.items()}


def _counted(template: Path) -> dict[str, int]:
    found = json.loads(template.read_text(encoding="utf-8"))["Resources"].values()
    counted = Counter(CHARGED[one["Type"]] for one in found if one["Type"] in CHARGED)
    return {name: counted[name] for name in sorted(set(CHARGED.values()))}


def _rounded(use: Use) -> dict[str, Any]:
    told = asdict(use)
    told |= {name: -(-told[name] // 100) * 100 for name in ("printed", "audited", "kept")}
    return told | {"metrics": dict(sorted(use.metrics.items()))}


if __name__ == "__main__":
    QUANTITIES.write_text(json.dumps(quantities(), indent=2) + "\n", encoding="utf-8")
