"""A sample of `make crash`: other kinds of policy, other work, and two grants at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.explore import every, explore
from tests.crash.scenarios import SCENARIOS, Doing, Scenario, Where

# Neither step divides the number of kinds or of doings, so each of those is met.
SAMPLE = SCENARIOS[1::7]


@pytest.mark.parametrize("scenario", SAMPLE, ids=str)
def test_a_death_is_made_good_by_the_sweeps(scenario: Scenario, record_property: Callable[[str, object], None]) -> None:
    """At each ninth moment; of each scenario others."""
    finding = explore(scenario, every(9, SCENARIOS.index(scenario)))
    record_property("crash points", finding.tried)
    assert finding.failures == ()
    assert finding.tried > 0


def test_the_sample_has_every_kind_and_work() -> None:
    """Each kind of policy, each work, and both numbers of grants."""
    assert {one.where for one in SAMPLE} == set(Where)
    assert {one.doing for one in SAMPLE} == set(Doing)
    assert {one.overlapping for one in SAMPLE} == {False, True}
