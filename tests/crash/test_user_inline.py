"""A process dies at any call of the life of a user's inline policy: only sweeps follow, and all is well in the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.explore import every, explore
from tests.crash.scenarios import Doing, Scenario, Where

LIFE = (Doing.OPEN, Doing.NARROW, Doing.END, Doing.TIMEOUT, Doing.ORDER)


@pytest.mark.parametrize("doing", LIFE)
def test_any_death_is_made_good_by_the_sweeps(doing: Doing, record_property: Callable[[str, object], None]) -> None:
    """Before and after each AWS call, without exception."""
    finding = explore(Scenario(Where.USER, doing), every(1))
    record_property("crash points", finding.tried)
    assert finding.failures == ()
    assert finding.tried == finding.offered >= 20


def test_two_deaths_are_made_good_too(record_property: Callable[[str, object], None]) -> None:
    """The sweep that was to make an opening good dies as well; a sample of `make crash`."""
    finding = explore(Scenario(Where.USER, Doing.OPEN), every(9, 4), every(7, 3))
    record_property("crash points", finding.tried)
    assert finding.failures == ()
    assert finding.tried > finding.offered / 9
