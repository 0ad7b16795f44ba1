"""A sweep has a minute at the most: it begins nothing that it may not finish, and nobody has to wait for ever."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from airlock.policy.place import PolicyKind
from airlock.reconcile.reconciler import SWEEP_BEGINS_FOR
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, Account, at, install
from tests.reconcile.interference import refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
USERS = [f"arn:aws:iam::{ACCOUNT}:user/installer-{number}" for number in range(4)]
SLOW = timedelta(seconds=20)
LIMIT = timedelta(seconds=60)


def open_all(account: Account) -> None:
    """Four users' installs, all of them open."""
    for user in USERS:
        account.stand(PolicyKind.USER_INLINE, POLICY, user)
    for number, user in enumerate(USERS):
        account.deliver(install(f"lab-{number}abcd", user).create_vpc(at(number)))


def closed(account: Account) -> int:
    """How many of the grants have ended."""
    return sum(account.grant(f"lab-{number}abcd", user).is_final for number, user in enumerate(USERS))


def test_a_sweep_begins_nothing_more_once_half_its_time_is_over(account: Account) -> None:
    """Each closing takes twenty seconds: two are done, two put off and counted, and the next sweep does those."""
    open_all(account)

    def slow(_: dict[str, Any]) -> None:
        account.clock.moment += SLOW

    account.calls.changes["PutUserPolicy"] = slow
    account.clock.moment = at(3700)
    put_off: list[int] = []
    began = account.clock.now()
    account.airlock.reconciler.sweep(put_off=put_off.append)
    assert account.clock.now() - began < LIMIT
    assert (closed(account), put_off) == (2, [2])
    account.airlock.reconciler.sweep(put_off=put_off.append)
    assert (closed(account), put_off) == (4, [2])


def test_grants_that_fail_each_time_dont_keep_the_others_from_their_turn(account: Account) -> None:
    """Two policies that IAM never writes take all of a sweep's time; every second sweep begins with another grant."""
    open_all(account)

    def stuck(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        if model.name == "PutUserPolicy" and params["UserName"] in ("installer-0", "installer-1"):
            account.clock.moment += SWEEP_BEGINS_FOR / 2
            raise refusal()

    events = account.acting.iam.meta.events
    events.register("before-parameter-build", stuck, unique_id="stuck")
    try:
        for minute in range(8):
            account.clock.moment = at(3900 + 60 * minute)
            with contextlib.suppress(ExceptionGroup):
                account.sweep(after=0)
    finally:
        events.unregister("before-parameter-build", unique_id="stuck")
    assert closed(account) == 2
