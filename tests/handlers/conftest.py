"""One empty account for each test, with the functions on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airlock.handlers import sweeper, watcher
from airlock.handlers.observability import metrics
from airlock.policy.place import PolicyKind
from tests.handlers.functions import NAMESPACE, POLICY, SERVICE
from tests.reconcile.account import Account
from tests.reconcile.conftest import account

__all__ = ["account"]


@pytest.fixture(autouse=True)
def function(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions as Lambda has them, but for the clients."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    monkeypatch.setattr(metrics.provider, "namespace", NAMESPACE)
    monkeypatch.setattr(metrics.provider, "service", SERVICE)
    monkeypatch.setattr(watcher, "airlock", lambda: account.airlock)
    monkeypatch.setattr(sweeper, "airlock", lambda: account.airlock)
    yield
    metrics.clear_metrics()
