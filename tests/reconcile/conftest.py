"""One empty account for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reconcile.account import Account, an_account


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account on moto, the airlock not yet told of anybody."""
    with an_account() as made:
        yield made
