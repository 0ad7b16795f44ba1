"""What the tests of the entry points share: a policy to open, and reading the metrics that a function printed."""

from __future__ import annotations

import json

from tests.policy.strategies import SAMPLES

POLICY = (SAMPLES / "aws-example.json").read_text()
NAMESPACE = "BootstrapAirlock"
SERVICE = "tests"


def metrics_in(output: str) -> dict[str, float]:
    """The counts of the CloudWatch metric lines on standard output, without those by reason."""
    return {
        name: sum(values)
        for (name, unit, reason), values in numbers_in(output).items()
        if unit == "Count" and reason is None
    }


def numbers_in(output: str) -> dict[tuple[str, str, str | None], list[float]]:
    """The values of the CloudWatch metric lines, by the metric's name, its unit and its dimension ``reason``."""
    found: dict[tuple[str, str, str | None], list[float]] = {}
    for line in output.splitlines():
        printed = json.loads(line)
        for directive in printed.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert directive["Namespace"] == NAMESPACE
            (dimensions,) = directive["Dimensions"]
            assert set(dimensions) in ({"service"}, {"service", "reason"})
            assert printed["service"] == SERVICE
            for metric in directive["Metrics"]:
                reason = printed["reason"] if "reason" in dimensions else None
                found.setdefault((metric["Name"], metric["Unit"], reason), []).extend(printed[metric["Name"]])
    return found
