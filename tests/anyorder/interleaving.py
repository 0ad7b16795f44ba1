"""Another process that comes in between, at one of a handler's AWS calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.reconcile.account import Account

CLIENTS = ("iam", "dynamodb", "logs", "sns")


@contextmanager
def in_between(account: Account, nth: int, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Do something else just before the n-th AWS call (from 1) of what is done inside.

    Args:
        account: whose airlock's calls are counted.
        nth: before which call; if there are fewer, nothing else is done.
        meanwhile: what another process does then, from beginning to end.
    """
    made = 0

    def hook(**_: object) -> None:
        nonlocal made
        made += 1
        if made == nth:
            meanwhile()

    events = [getattr(account.acting, name).meta.events for name in CLIENTS]
    for one in events:
        one.register_first("before-call", hook, unique_id="in-between")
    try:
        yield
    finally:
        for one in events:
            one.unregister("before-call", unique_id="in-between")
