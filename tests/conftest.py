"""What all tests share: how Hypothesis looks for examples, which files begin, a lazy collector, a count at the end."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes examples slowly; that says nothing of the code.
settings.register_profile("here", suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# Continuous integration tries the same examples each time, so that a failure is the change's; people try new ones.
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

LONGEST: Final = (
    "anyorder/test_any_order.py",
    "e2e/test_upgrade_and_removal.py",
    "reconcile/test_human_acts.py",
    "e2e/test_operator_commands.py",
    "house/test_programs.py",
    "e2e/test_rendered_policies.py",
    "infra/test_guard.py",
    "e2e/test_deployed.py",
    "e2e/test_approval_page.py",
    "reconcile/test_old_reads.py",
    "e2e/test_http_api.py",
    "e2e/test_demo.py",
    "embedded/test_cloud.py",
    "e2e/test_approval_looks.py",
    "infra/test_app.py",
    "crash/test_sample.py",
    "crash/test_user_inline.py",
    "cli/test_matrix.py",
    "reconcile/test_rescue_attack.py",
    "infra/test_partitions.py",
    "reconcile/test_lost_answers.py",
    "policy/proof/test_samples.py",
    "cli/doctor/test_doctor_outputs.py",
    "policy/test_render_laws.py",
    "policy/proof/test_generated.py",
    "cli/test_command.py",
    "cli/test_people.py",
    "e2e/test_late_rescue.py",
    "e2e/test_approvals.py",
    "e2e/test_regions.py",
    "simulation/test_simulation.py",
    "cli/doctor/test_doctor_organization.py",
    "infra/test_stackset.py",
    "house/test_costs.py",
    "crash/test_mutants.py",
)
"""The files that take more than ten seconds, the longest first; what waits besides comes earlier."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the longest files begin, where tests run in several processes: none is left alone with one in the end."""
    if not hasattr(config, "workerinput"):
        return
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    missing = [str(path) for path in ranks if not path.is_file()]
    if missing:
        raise pytest.UsageError(f"LONGEST of tests/conftest.py names what isn't there: {', '.join(missing)}")
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """Spare the collector most of its walks, for what was imported stays, and moto and botocore make many objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at how many AWS calls a process was let die (tests/crash)."""
    ran = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    points = [count for report in ran for name, count in report.user_properties if name == "crash points"]
    if points:
        terminalreporter.write_line(f"{sum(map(int, points))} crash points tried")
