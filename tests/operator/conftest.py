"""An empty ledger and its people for each test."""

from tests.page.conftest import people

__all__ = ["people"]
