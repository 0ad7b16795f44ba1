"""Who gets the room that there is. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from airlock.grants.grant import Facts, Grant, Progress, State
from airlock.grants.life import exemption_of
from airlock.policy.document import size_of
from airlock.policy.place import SIZE_LIMITS, PolicyKind, PolicyPlace
from airlock.policy.render import render
from airlock.reconcile.choose import Target, choose
from tests.policy.strategies import SAMPLES

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USER = "arn:aws:iam::111122223333:user/ocp-installer"
PLACE = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")
POLICY = (SAMPLES / "aws-example.json").read_text()


def facts(infra_id: str, heard: int) -> Facts:
    """An install that was heard of so many seconds after the start."""
    return Facts(
        id=infra_id,
        account="111122223333",
        partition="aws",
        principal=USER,
        infra_id=infra_id,
        requested_at=NOW + timedelta(seconds=heard),
        not_after=NOW + timedelta(hours=1, seconds=heard),
    )


def test_a_newcomer_is_not_let_in_at_the_cost_of_a_narrowing() -> None:
    """Of the room for one of the two the open grant gets it, though the new one was heard of first."""
    new = Grant(facts("new-11111", 0), Progress(state=State.REQUESTED))
    wide = facts("open-22222", 10)
    narrow = replace(wide, endpoint_vpcs=frozenset({"vpc-0a1b2c3d4e5f60718"}))
    opened = Grant(narrow, Progress(state=State.OPEN, exemption=exemption_of(wide), scopes=(USER,)))

    def size(*known: Facts) -> int:
        return size_of(render(POLICY, [exemption_of(one) for one in known], NOW))

    # Room for the newcomer beside the open grant as it is, and for the open grant narrowed, but not for both.
    enough = max(size(narrow), size(new.facts, wide))
    assert size(new.facts, narrow) > enough
    target = Target(PLACE, POLICY, neighbours=SIZE_LIMITS[PLACE.kind] - enough)
    choice = choose([new, opened], [target], {USER: frozenset({new.id, opened.id})}, NOW)

    assert choice.exemptions == {opened.id: exemption_of(narrow)}
    assert choice.refused[new.id].reason == "too-large"
    assert choice.kept == {}
