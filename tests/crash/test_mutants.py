"""A sample of `make mutants`: what keeps holes shut is broken in a copy of the tree, and a test there fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.mutants import MUTANTS, Copy, Mutant, a_copy

# The first of each promise: write-ahead, lease, drift, not-after.
SAMPLE = {mutant.name.partition(":")[0]: mutant for mutant in reversed(MUTANTS)}


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """One copy for all."""
    with a_copy() as made:
        yield made


@pytest.mark.parametrize("mutant", SAMPLE.values(), ids=SAMPLE)
def test_a_broken_promise_is_noticed(copy: Copy, mutant: Mutant) -> None:
    """The quickest of the tests that are named for it fails."""
    with copy.broken(mutant):
        assert copy.failing(mutant.tests[:1]) == {mutant.tests[0]: True}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_can_be_made(copy: Copy, mutant: Mutant) -> None:
    """The code is as each edit expects it."""
    with copy.broken(mutant):
        pass
