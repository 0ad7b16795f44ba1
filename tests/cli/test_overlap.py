"""Two installs of one principal at one time, and installs of others beside them."""

from datetime import datetime, timedelta

import pytest

from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.document import size_of
from airlock.policy.place import SIZE_LIMITS, PolicyKind
from airlock_cli.replay.fetch import try_fetch
from airlock_cli.replay.people import Leave, People
from airlock_cli.replay.principal import Kind
from airlock_cli.replay.stream import Occurrence
from airlock_cli.replay.told import Told, read_story
from airlock_cli.replay.world import World, a_world
from tests.cli.helpers import AWS_EXAMPLE, ROLE, START, USER, occurrences_of, replayed
from tests.events import install_stream

FIRST, SECOND = "prod-7xk2q", "test-l8dh4"
EVERY_KIND = [
    (USER, Kind.USER_INLINE),
    (USER, Kind.GROUP_INLINE),
    (USER, Kind.MANAGED),
    (ROLE, Kind.ROLE_INLINE),
    (ROLE, Kind.MANAGED),
]


def install(infra_id: str, principal: str, begins: float, era: Era = Era.CAPA) -> list[Occurrence]:
    """Build one install that begins some seconds after the first."""
    start = START + timedelta(seconds=begins)
    return occurrences_of(install_stream(infra_id, principal, "us-east-2", era, start), start)


def both(principal: str, begins: float = 300, era: Era = Era.CAPA) -> list[Occurrence]:
    """Build two installs of one principal; the first ends while the second's fetch is still to come or just over."""
    return sorted([*install(FIRST, principal, 0), *install(SECOND, principal, begins, era)], key=lambda one: one.at)


def deliver_until(world: World, occurrences: list[Occurrence], moment: datetime) -> list[Occurrence]:
    """Deliver what happens up to a moment; give the rest."""
    for one in occurrences:
        if one.at <= moment:
            world.clock.moment = one.at
            world.deliver(one.event)
    return [one for one in occurrences if one.at > moment]


def lets_through(world: World, told: Told) -> bool | None:
    """Tell whether an install's fetch would be let through at this moment."""
    return try_fetch(told, world.principal, world.policies_now(), None, world.clock.now()).allowed


@pytest.mark.parametrize(("principal", "kind"), EVERY_KIND)
def test_the_first_end_takes_out_only_its_own_exemption(principal: str, kind: Kind) -> None:
    """When the first install ends, its object is closed and the second's stays open; then the baseline is back."""
    occurrences = both(principal)
    first, second = read_story(occurrences, principal).installs
    first_object, second_object = (bootstrap_object_arns(one, "aws", Era.CAPA)[0] for one in (FIRST, SECOND))
    with a_world(principal, kind, AWS_EXAMPLE, START) as world:
        rest = deliver_until(world, occurrences, START + timedelta(seconds=1700))
        (policy,) = world.policies_now()
        assert first_object in policy.text
        assert second_object in policy.text
        assert size_of(policy.text) <= SIZE_LIMITS[PolicyKind(kind)]
        assert (lets_through(world, first), lets_through(world, second)) == (True, True)

        rest = deliver_until(world, rest, START + timedelta(seconds=1850))
        (policy,) = world.policies_now()
        assert FIRST not in policy.text
        assert second_object in policy.text
        assert (lets_through(world, first), lets_through(world, second)) == (False, True)

        deliver_until(world, rest, START + timedelta(hours=2))
        (policy,) = world.policies_now()
        assert policy.text == AWS_EXAMPLE
        assert (lets_through(world, first), lets_through(world, second)) == (False, False)
        assert not world.unfinished()


@pytest.mark.parametrize("begins", [0, 30, 310])
@pytest.mark.parametrize("era", Era)
def test_two_installs_fit_a_user_s_inline_policy(begins: int, era: Era) -> None:
    """Both fetches are let through in the 2,048 characters of a user, whichever signals of the two come first."""
    result = replayed(both(USER, begins, era), kind=Kind.USER_INLINE)
    assert [one["fetch"]["allowed"] for one in result.as_json()["installs"]] == [True, True]
    assert not result.as_json()["refused"]
    assert result.policy_restored


def test_what_has_no_room_is_refused_and_says_so() -> None:
    """A grant that would make the policy too long is in `refused`, was never open, and leaves the others alone."""
    third = install("dev-9m4tz", USER, 400)
    occurrences = sorted([*both(USER, 200), *third], key=lambda one: one.at)
    result = replayed(occurrences, kind=Kind.USER_INLINE, people=People(wider=Leave.OFF)).as_json()
    (refused,) = result["refused"]
    assert (refused["infra_id"], refused["reason"]) == ("dev-9m4tz", "too-large")
    assert "IAM allows 2048" in refused["detail"]
    by_id = {one["infra_id"]: one for one in result["installs"]}
    assert by_id["dev-9m4tz"]["fetch"]["allowed"] is False
    assert {by_id["dev-9m4tz"][key] for key in ("opened_at", "narrowed_at", "closed_at", "close_reason")} == {None}
    assert by_id[FIRST]["fetch"]["allowed"] is True
    assert by_id[SECOND]["fetch"]["allowed"] is True
    assert result["policy_restored"] is True


def test_installs_of_others_are_left_alone() -> None:
    """Only the given principal is enrolled: other people's calls are ignored, and their ends close nothing."""
    other = install(SECOND, f"{USER}-2", 10)
    result = replayed(sorted([*install(FIRST, USER, 0), *other], key=lambda one: one.at))
    alone = replayed(install(FIRST, USER, 0))
    assert result.as_json()["installs"] == alone.as_json()["installs"]
    assert result.policy_writes == alone.policy_writes
    assert result.others == {f"{USER}-2"}
    # EC2's two notifications of the other's end name nobody, so they reach the airlock and are kept.
    assert result.ignored_events == alone.ignored_events + len(other) - 2


def test_a_stream_of_others_alone_says_whose_it_is() -> None:
    """Where the principal installs nothing there is no install, nothing is written, and the others are named."""
    result = replayed(install(FIRST, f"{USER}-2", 0))
    assert result.as_json()["installs"] == []
    assert (result.policy_writes, result.policy_restored) == (0, True)
    assert result.others == {f"{USER}-2"}


def test_an_operator_s_own_termination_closes_by_ec2_s_notice() -> None:
    """TerminateInstances by somebody else never reaches the function; EC2's notification, which names nobody, does."""
    events = install_stream(FIRST, USER, "us-east-2", Era.CAPA, START)
    for _, event in events:
        if event["detail"].get("eventName") == "TerminateInstances":
            event["detail"]["userIdentity"] |= {"arn": f"{USER}-2", "userName": "ocp-installer-2"}
    (closed,) = replayed(occurrences_of(events)).as_json()["installs"]
    assert (closed["close_reason"], closed["closed_at"]) == ("instance-ended", "2026-11-24T02:30:02Z")
