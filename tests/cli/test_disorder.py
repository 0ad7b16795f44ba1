"""Order and repetition: of a stream's lines, and of the deliveries themselves."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from airlock.grants.grant import State, grant_id
from airlock.install.names import Era
from airlock_cli.replay.principal import Kind
from airlock_cli.replay.stream import read_stream
from airlock_cli.replay.told import read_story
from airlock_cli.replay.world import a_world
from tests.cli.helpers import (
    AWS_EXAMPLE,
    ROLE,
    START,
    STREAMS,
    USER,
    occurrences_of,
    replayed,
    replayed_file,
    write_lines,
)
from tests.events import install_stream

COUNTS = ("aws_calls", "ignored_events")


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stem)
def test_shuffled_and_repeated_lines_end_the_same(stream: Path, tmp_path: Path) -> None:
    """The order of lines and their repetition change nothing but how many calls and events there were."""
    lines = stream.read_text().splitlines()
    shaken = [*lines, *random.Random(7).sample(lines, len(lines) // 2)]  # noqa: S311 - a shuffle, not a secret
    random.Random(11).shuffle(shaken)  # noqa: S311 - as above
    (tmp_path / stream.name).write_text("\n".join(shaken) + "\n\n")
    results = [replayed_file(one, delay=30).as_json() for one in (stream, tmp_path / stream.name)]
    calm, shaken_result = ({key: value for key, value in one.items() if key not in COUNTS} for one in results)
    assert calm == shaken_result


def test_events_of_one_second_come_in_one_order(tmp_path: Path) -> None:
    """What happened in the same second is ordered by what it holds, so that a shuffle can't change it."""
    events = install_stream("prod-7xk2q", USER, "us-east-2", Era.CAPA, START)
    moved = [(float(int(seconds) // 60 * 60), event) for seconds, event in events]
    there, back = (write_lines(tmp_path / str(n), one) for n, one in enumerate((moved, moved[::-1])))
    assert read_stream(there) == read_stream(back)


@pytest.mark.parametrize("kind", [Kind.USER_INLINE, Kind.GROUP_INLINE, Kind.MANAGED, Kind.ROLE_INLINE])
@pytest.mark.parametrize("seed", range(2))
def test_deliveries_in_any_order_end_at_the_baseline(seed: int, kind: Kind) -> None:
    """Whatever the order and repetition of two installs' events, all grants end and the policy is back to the byte."""
    chance = random.Random(f"{seed} {kind}")  # noqa: S311 - a shuffle, not a secret
    principal = ROLE if kind is Kind.ROLE_INLINE else USER
    occurrences = occurrences_of(
        [
            *install_stream("prod-7xk2q", principal, "us-east-2", Era.CAPA, START),
            *install_stream("test-l8dh4", principal, "eu-west-1", Era.TERRAFORM, START, terminates=seed > 0),
        ]
    )
    deliveries = [*occurrences, *chance.sample(occurrences, 15)]
    chance.shuffle(deliveries)
    with a_world(principal, kind, AWS_EXAMPLE, START) as world:
        for one in deliveries:
            world.clock.moment += timedelta(seconds=chance.uniform(0, 60))
            world.deliver(one.event)
        for _ in range(14):
            world.sweep()
            world.clock.moment += timedelta(minutes=5)
        assert not world.unfinished()
        assert [policy.text for policy in world.policies_now()] == [AWS_EXAMPLE]
        for told in read_story(occurrences, principal).installs:
            grant = world.grant(grant_id("111122223333", principal, told.infra_id))
            assert grant is not None
            assert grant.progress.state in (State.CLOSED, State.EXPIRED)


def test_streams_that_begin_before_the_airlock_s_window_open_nothing() -> None:
    """Events that come later than the window is long open nothing, and say that the time ran out."""
    stream = occurrences_of(install_stream("prod-7xk2q", USER, "us-east-2", Era.CAPA, START))
    result = replayed(stream, delay=4000)
    (install,) = result.as_json()["installs"]
    assert (install["opened_at"], install["close_reason"]) == (None, "timeout")
    assert install["fetch"]["allowed"] is False
    assert (result.policy_writes, result.policy_restored) == (0, True)
