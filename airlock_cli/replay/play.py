"""Playing a stream: deliveries, sweeps each minute, and the fetch that it is all about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from airlock.grants.grant import Grant, grant_id
from airlock_cli.replay.fetch import FetchResult, try_fetch
from airlock_cli.replay.result import Install, Replayed
from airlock_cli.replay.stream import Event, Occurrence
from airlock_cli.replay.told import Told, read_story
from airlock_cli.replay.world import POLICY_WRITES, World

SWEEP_EVERY = timedelta(minutes=1)
LAST_SWEEPS = 240
"""Sweeps after the last event at the most: four times a grant's longest life here, so that a replay always ends."""

Progress = Callable[[int, int], None]
"""Is told how many of how many steps are done."""


class Order(IntEnum):
    """What comes first of what falls on one moment."""

    DELIVERY = 0
    FETCH = 1


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    order: Order
    number: int
    what: Event | Told


@dataclass(slots=True)
class _Sweeps:
    """The sweeper's schedule. While every grant has ended a sweep only finds that out, so those are passed over."""

    world: World
    every: timedelta
    next_at: datetime
    busy: bool = False

    def until(self, moment: datetime) -> None:
        """Make the sweeps that are due by a moment."""
        while self.busy and self.next_at <= moment:
            self.one()
        if self.next_at <= moment:
            self.next_at += self.every * ((moment - self.next_at) // self.every + 1)

    def one(self) -> None:
        """Make the next sweep."""
        self.world.clock.moment = max(self.world.clock.moment, self.next_at)
        self.next_at += self.every
        if self.world.sweep()["happened"]:
            self.look()

    def look(self) -> None:
        """See whether a grant hasn't ended."""
        self.busy = self.world.unfinished()


def play(  # noqa: PLR0913 - what is played, and how, are independent
    world: World,
    occurrences: Sequence[Occurrence],
    delay: timedelta,
    baseline: str,
    progress: Progress | None = None,
    *,
    sweep_every: timedelta = SWEEP_EVERY,
) -> Replayed:
    """Play a stream to the end: until each grant has ended, by the stream or by the sweep.

    Args:
        world: the account.
        occurrences: the stream, in order of occurrence.
        delay: how long each event takes to be delivered.
        baseline: the policy's text at the start.
        progress: told after each step.
        sweep_every: how often the sweeper runs; once a minute on AWS.
    """
    story = read_story(occurrences, world.principal)
    steps = _steps(story.installs, story.deliveries, delay)
    sweeps = _Sweeps(world, sweep_every, world.clock.now() + sweep_every)
    fetches: dict[str, FetchResult] = {}
    ignored = story.withheld
    for done, step in enumerate(steps, start=1):
        sweeps.until(step.at)
        world.clock.moment = max(world.clock.moment, step.at)
        if isinstance(step.what, Told):
            fetches[step.what.infra_id] = _fetch(world, step.what)
        elif "skipped" in world.deliver(step.what):
            ignored += 1
        else:
            sweeps.look()
        if progress:
            # One more for the sweeps at the end, so that the bar isn't full while they run.
            progress(done, len(steps) + 1)
    for _ in range(LAST_SWEEPS):
        if not sweeps.busy:
            break
        sweeps.one()
    held = [policy.text for policy in world.policies_now()]
    return Replayed(
        installs=tuple(Install(one, _grant(world, one), fetches.get(one.infra_id)) for one in story.installs),
        others=frozenset(story.others),
        events=len(occurrences),
        policy_restored=held == [baseline],
        policy_writes=sum(count for name, count in world.calls.items() if name in POLICY_WRITES),
        aws_calls=world.calls.total(),
        ignored_events=ignored,
        ended_at=world.clock.now(),
    )


def _steps(installs: Sequence[Told], deliveries: Sequence[Occurrence], delay: timedelta) -> list[_Step]:
    """What happens, in its order."""
    steps = [_Step(one.at + delay, Order.DELIVERY, number, one.event) for number, one in enumerate(deliveries)]
    steps += [
        _Step(one.fetch_at, Order.FETCH, number, one) for number, one in enumerate(installs) if one.fetch_at is not None
    ]
    return sorted(steps, key=lambda step: (step.at, step.order, step.number))


def _fetch(world: World, told: Told) -> FetchResult:
    at = told.fetch_at or world.clock.now()
    return try_fetch(told, world.principal, world.policies_now(), _grant(world, told), at)


def _grant(world: World, told: Told) -> Grant | None:
    return world.grant(grant_id(world.principal.split(":")[4], world.principal, told.infra_id))
