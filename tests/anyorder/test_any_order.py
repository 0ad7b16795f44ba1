"""The state machine, for as long as there is time: here for two minutes, by `make any-order` for longer."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.anyorder.machine import AnyOrder

LIVES = int(os.environ.get("AIRLOCK_LIVES", "60"))
"""How many accounts are lived through, of up to 25 steps each."""


def test_whatever_comes_in_whatever_order_nothing_is_left_open() -> None:
    """Never wider than the grants, never past their time, never opened again, and the baseline at the end."""
    AnyOrder.steps = 0
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=LIVES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    print(f"{AnyOrder.steps} steps in {LIVES} lives")  # noqa: T201 - told with pytest -s
    assert AnyOrder.steps > 10 * LIVES
