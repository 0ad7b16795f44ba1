"""Playing a stream: deliveries, sweeps each minute, and the fetch that it is all about."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from airlock.grants.grant import Grant, grant_id
from airlock_cli.replay.fetch import FetchResult, try_fetch
from airlock_cli.replay.result import Install, Replayed
from airlock_cli.replay.stream import Event, Occurrence
from airlock_cli.replay.told import BOOT_TO_FETCH, Story, Told, read_story
from airlock_cli.replay.world import POLICY_WRITES, World

SWEEP_EVERY = timedelta(minutes=1)
LAST_SWEEPS = 240
"""Sweeps after the last event at the most: four times a grant's longest life here, so that a replay always ends."""

Progress = Callable[[int, int], None]
"""Is told how many of how many steps are done."""


class Order(IntEnum):
    """What comes first of what falls on one moment."""

    DELIVERY = 0
    ANSWER = 1
    FETCH = 2


@dataclass(frozen=True, slots=True, order=True)
class _Step:
    at: datetime
    order: Order
    number: int
    what: Event | Told | Grant = field(compare=False)


@dataclass(slots=True)
class _Sweeps:
    """The sweeper's schedule. While every grant has ended a sweep only finds that out, so those are passed over."""

    world: World
    every: timedelta
    next_at: datetime
    busy: bool = False

    def skip_to(self, moment: datetime) -> None:
        """Pass over the sweeps that are due before a moment, where nothing is open."""
        if not self.busy and self.next_at <= moment:
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


@dataclass(slots=True)
class _Game:
    """A play in progress.

    Attributes:
        world: the account.
        story: what the stream tells.
        answer_after: how long after a request somebody approves; None where nobody does.
        sweeps: the sweeper's schedule.
        steps: what is still to come, the next first: a heap.
        fetches: by infra ID, in their order; a second one comes after a reboot.
        ignored: events that told nothing.
        done: steps made.
        asked: IDs of grants whose request was seen.
    """

    world: World
    story: Story
    answer_after: timedelta | None
    sweeps: _Sweeps
    steps: list[_Step]
    fetches: dict[str, list[FetchResult]] = field(default_factory=dict)
    ignored: int = 0
    done: int = 0
    asked: set[str] = field(default_factory=set)
    reboots: int = 0

    def run(self, progress: Progress | None) -> None:
        """Play to the end: until nothing is to come and every grant has ended."""
        last = 0
        while self.steps or (self.sweeps.busy and last < LAST_SWEEPS):
            if self.sweeps.busy and (not self.steps or self.sweeps.next_at <= self.steps[0].at):
                last += not self.steps
                self.sweeps.one()
            else:
                step = heapq.heappop(self.steps)
                self.sweeps.skip_to(step.at)
                self.world.clock.moment = max(self.world.clock.moment, step.at)
                self._make(step)
                self.done += 1
            self._what_follows()
            if progress:
                # One more for the sweeps at the end, so that the bar isn't full while they run.
                progress(self.done, self.done + len(self.steps) + 1)

    def _make(self, step: _Step) -> None:
        if isinstance(step.what, Told):
            self._fetch(step.what, step.at)
        elif isinstance(step.what, Grant):
            self.world.approve(step.what)
            self.sweeps.look()
        elif "skipped" in self.world.deliver(step.what):
            self.ignored += 1
        else:
            self.sweeps.look()

    def _fetch(self, told: Told, at: datetime) -> None:
        policies, grant = self.world.policies_now(), self.grant(told)
        result = try_fetch(told, self.world.principal, policies, grant, at)
        self.fetches.setdefault(told.infra_id, []).append(result)
        self.world.nodes.fetched(told, allowed=result.allowed)

    def _what_follows(self) -> None:
        """Let a rebooted node fetch again, and somebody answer what was asked."""
        for instance_id, at in self.world.nodes.reboots[self.reboots :]:
            self.reboots += 1
            for told in self.story.installs:
                if told.instance == instance_id:
                    self._push(at + BOOT_TO_FETCH, Order.FETCH, told)
        if self.answer_after is None:
            return
        for told in self.story.installs:
            grant = self.grant(told)
            if grant and grant.progress.asked_at and grant.id not in self.asked:
                self.asked.add(grant.id)
                self._push(grant.progress.asked_at + self.answer_after, Order.ANSWER, grant)

    def _push(self, at: datetime, order: Order, what: Told | Grant) -> None:
        heapq.heappush(self.steps, _Step(at, order, self.done + len(self.steps), what))

    def grant(self, told: Told) -> Grant | None:
        """An install's grant, if there is one by now."""
        principal = self.world.principal
        return self.world.grant(grant_id(principal.split(":")[4], principal, told.infra_id))


def play(  # noqa: PLR0913 - what is played, and how, are independent
    world: World,
    occurrences: Sequence[Occurrence],
    delay: timedelta,
    baseline: str,
    progress: Progress | None = None,
    *,
    answer_after: timedelta | None = None,
    sweep_every: timedelta = SWEEP_EVERY,
) -> Replayed:
    """Play a stream to the end: until each grant has ended, by the stream or by the sweep.

    Args:
        world: the account.
        occurrences: the stream, in order of occurrence.
        delay: how long each event takes to be delivered.
        baseline: the policy's text at the start.
        progress: told after each step.
        answer_after: how long after a request somebody approves; None where nobody does.
        sweep_every: how often the sweeper runs; once a minute on AWS.
    """
    story = read_story(occurrences, world.principal)
    sweeps = _Sweeps(world, sweep_every, world.clock.now() + sweep_every)
    steps = _steps(story.installs, story.deliveries, delay)
    game = _Game(world, story, answer_after, sweeps, steps, ignored=story.withheld)
    game.run(progress)
    held = [policy.text for policy in world.policies_now()]
    return Replayed(
        installs=tuple(Install(one, game.grant(one), *_of(game, one)) for one in story.installs),
        others=frozenset(story.others),
        events=len(occurrences),
        policy_restored=held == [baseline],
        policy_writes=sum(count for name, count in world.calls.items() if name in POLICY_WRITES),
        aws_calls=world.calls.total(),
        ignored_events=game.ignored,
        ended_at=world.clock.now(),
    )


def _of(game: _Game, told: Told) -> tuple[FetchResult | None, FetchResult | None]:
    """An install's fetch, and the one after a reboot."""
    first, *more = game.fetches.get(told.infra_id, [None])
    return first, more[-1] if more else None


def _steps(installs: Sequence[Told], deliveries: Sequence[Occurrence], delay: timedelta) -> list[_Step]:
    """What happens, in its order; a sorted list is a heap."""
    steps = [_Step(one.at + delay, Order.DELIVERY, number, one.event) for number, one in enumerate(deliveries)]
    steps += [
        _Step(one.fetch_at, Order.FETCH, number, one) for number, one in enumerate(installs) if one.fetch_at is not None
    ]
    return sorted(steps)
