"""An empty ledger and its people for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.page.people import People, some_people


@pytest.fixture
def people() -> Iterator[People]:
    """An empty ledger on moto, and people who may answer."""
    with some_people() as made:
        yield made
