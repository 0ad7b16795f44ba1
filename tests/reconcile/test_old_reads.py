"""Reads of IAM that lag behind writes never cause a wrong baseline, and never leave anything open."""

from __future__ import annotations

import contextlib
import json
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.errors import OldReadError
from airlock.policy.place import PolicyKind
from airlock.reconcile.writing import NotConfirmedError
from tests.events import Event
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import KINDS, ROLE, USER, Account, an_account, at, install
from tests.reconcile.old_reads import old_reads

POLICY = (SAMPLES / "aws-example.json").read_text()
ENOUGH = 20
"""Old reads that all examples together must have shown at the least, or they prove nothing."""
shown = 0


def events(principal: str, gaps: list[int]) -> list[Event]:
    """Three installs, of which the third begins as the first has ended; so many seconds between the events."""
    one, two, three = (install(name, principal) for name in ("one-11111", "two-22222", "odd-33333"))
    moments = [at(sum(gaps[:count])) for count in range(1, len(gaps) + 1)]
    makes = (
        *(one.create_vpc, two.create_vpc, one.create_vpc_endpoint, one.delete_bucket),
        *(three.create_vpc, two.create_vpc_endpoint, two.delete_bucket, three.delete_bucket),
    )
    return [make(moment) for make, moment in zip(makes, moments, strict=True)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    gaps=st.lists(st.sampled_from([1, 3, 8, 20]), min_size=8, max_size=8),
    kind=st.sampled_from(KINDS),
)
def lives(seed: int, gaps: list[int], kind: PolicyKind) -> None:
    """Let three grants open, be narrowed, close and open again within seconds."""
    global shown  # noqa: PLW0603 - the examples' own sum
    principal = ROLE if kind is PolicyKind.ROLE_INLINE else USER
    with an_account() as account:
        place = account.stand(kind, POLICY)
        with old_reads(account, [place]) as reads:
            reads.dice = Random(seed)  # noqa: S311 - a test's dice
            for event in events(principal, gaps):
                come(account, event)
            for _ in range(4):
                come(account)
            shown += reads.shown
        assert account.text(place) == POLICY
        # What was read was at times what stood before, and none of it was taken for a human's edit.
        assert account.audit("drift") == []


def test_grants_under_lagging_reads_leave_the_baseline() -> None:
    """Each read shows at times a text of up to ten seconds ago; in the end the policy is what it was, to the byte."""
    lives()
    assert shown > ENOUGH


def test_a_humans_text_from_before_the_opening_isnt_taken_for_a_later_edit(account: Account) -> None:
    """Edited, opened five seconds later, and closed while IAM still shows the text before the edit: nothing is lost."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    edited = json.dumps({**json.loads(POLICY), "Id": "ByHuman"})
    account.edit(place, edited)
    account.deliver(install().create_vpc(at(5)))
    account.calls.changes["GetUserPolicy"] = lambda answer: answer.update(PolicyDocument=POLICY)
    with pytest.raises(OldReadError):
        account.deliver(install().delete_bucket(at(9)))
    account.calls.changes.clear()
    assert "close" in account.sweep()
    assert account.text(place) == edited
    assert account.audit("drift") == []


def come(account: Account, *events: Event) -> None:
    """Bring events, or else a sweep; what IAM doesn't show yet is looked at again later."""
    with contextlib.suppress(NotConfirmedError, OldReadError, ExceptionGroup):
        if events:
            account.deliver(*events)
        else:
            account.sweep()
