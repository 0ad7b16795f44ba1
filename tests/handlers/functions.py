"""What the tests of the entry points share: a policy to open, and reading the metrics that a function printed."""

from __future__ import annotations

import json

from tests.policy.strategies import SAMPLES

POLICY = (SAMPLES / "aws-example.json").read_text()
NAMESPACE = "BootstrapAirlock"


def metrics_in(output: str) -> dict[str, float]:
    """The counts of the CloudWatch metric lines on standard output."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        printed = json.loads(line)
        for directive in printed.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert directive["Namespace"] == NAMESPACE
            for metric in directive["Metrics"]:
                found[metric["Name"]] = sum(printed[metric["Name"]])
    return found
