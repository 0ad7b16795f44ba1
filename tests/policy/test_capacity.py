"""The table in docs/policy-algebra.md that says how many grants fit, held to what is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airlock.policy.place import PolicyKind
from tests.policy.capacity import KINDS, how_many

ALGEBRA = (Path(__file__).parents[2] / "docs" / "policy-algebra.md").read_text()
RUNGS = ("exact", "network", "actions", "network and actions", "lift")


@pytest.mark.parametrize("rung", RUNGS)
def test_the_documented_numbers_of_grants_are_the_measured_ones(rung: str) -> None:
    """One row of the table: AWS's example document, narrowed grants of one principal."""
    enough = 30
    measured = [how_many(kind, RUNGS.index(rung), enough=enough) for kind in KINDS]
    row = " | ".join("any" if number == enough else str(number) for number in measured)
    assert f"| {rung} | {row} |" in ALGEBRA


def test_the_documented_numbers_of_principals_are_the_measured_ones() -> None:
    """Shared policies, each grant of a principal of its own."""
    numbers = [how_many(kind, 0, own_principals=True) for kind in (PolicyKind.GROUP_INLINE, PolicyKind.MANAGED)]
    found = re.search(r"shared policy, exact: (\d+) in a group's, (\d+) in a managed one", ALGEBRA)
    assert found is not None
    assert [int(number) for number in found.groups()] == numbers
