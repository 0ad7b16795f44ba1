"""A small simulated day, on which all must hold that must hold of a large one."""

from __future__ import annotations

from pathlib import Path

from tests.simulation.cost import costs
from tests.simulation.day import Plan, a_day
from tests.simulation.figures import figures
from tests.simulation.picture import draw


def test_a_small_day_ends_as_it_began(tmp_path: Path) -> None:
    """Twenty installs of six principals, under all faults, leave each policy to the byte and no hole too long."""
    with a_day(Plan(installs=20, principals=6, hours=1, lost_answers=0.02)) as day:
        numbers = figures(day, costs(day))
        draw(day, tmp_path / "day.png")
    assert numbers.failures() == []
    assert numbers.endings.total() == 20
    assert numbers.served[-1].first + numbers.served[-1].rescued >= 15
    assert numbers.costs[-1].closed == 20
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")
