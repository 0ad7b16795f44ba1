"""One empty account for each test."""

from tests.reconcile.conftest import account

__all__ = ["account"]
