"""What all tests share: how Hypothesis looks for examples, and a count at the end."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes examples slowly; that says nothing of the code.
settings.register_profile("here", suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# Continuous integration tries the same examples each time, so that a failure is the change's; people try new ones.
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at how many AWS calls a process was let die (tests/crash)."""
    ran = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    points = [count for report in ran for name, count in report.user_properties if name == "crash points"]
    if points:
        terminalreporter.write_line(f"{sum(map(int, points))} crash points tried")
