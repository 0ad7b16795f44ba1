"""What the stream itself tells of each install, whatever the airlock makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airlock.install.cloudtrail import parse
from airlock.install.names import Era
from airlock.install.signal import Signal, SignalKind, Skipped
from airlock_cli.replay.stream import Occurrence

BOOT_TO_FETCH = timedelta(seconds=20)
"""From RunInstances to the bootstrap node's fetch."""


@dataclass(slots=True)
class Told:
    """One install, as the stream has it.

    Attributes:
        infra_id: its infra ID.
        region: where it installs, None if no event told.
        era: whose names the bucket bears, None if no event told.
        instance: the bootstrap instance's ID, the first one if there were several.
        vpc: where that instance runs.
        endpoint: ID of the S3 gateway endpoint that this VPC had by the time of the fetch, None if it had none.
        fetch_at: 20 s after RunInstances, None if there was no RunInstances.
    """

    infra_id: str
    region: str | None = None
    era: Era | None = None
    instance: str | None = None
    vpc: str | None = None
    endpoint: str | None = None
    fetch_at: datetime | None = None


@dataclass(slots=True)
class Story:
    """What a stream tells.

    Attributes:
        installs: the principal's, in the order of their first events.
        others: principals whose installs are in the stream too.
        deliveries: the events that the rules on AWS would hand to the watcher: any but other people's calls.
        withheld: how many are other people's.
    """

    installs: list[Told] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    deliveries: list[Occurrence] = field(default_factory=list)
    withheld: int = 0


def read_story(occurrences: Iterable[Occurrence], principal: str) -> Story:
    """Find the installs of one principal.

    Args:
        occurrences: the stream, in order of occurrence.
        principal: ARN of the user or role.
    """
    story = Story()
    installs: dict[str, Told] = {}
    endpoints: list[tuple[datetime, Signal]] = []
    for occurrence in occurrences:
        parsed = parse(occurrence.event)
        signals = () if isinstance(parsed, Skipped) else parsed
        endpoints += [(occurrence.at, one) for one in signals if one.kind is SignalKind.ENDPOINT_CREATED]
        strangers = {one.principal for one in signals if one.principal not in (None, principal)}
        if strangers:
            story.withheld += 1
            story.others.update(one.principal for one in signals if one.principal and one.infra_id)
            continue
        story.deliveries.append(occurrence)
        for signal in signals:
            if signal.infra_id is not None:
                _learn(installs.setdefault(signal.infra_id, Told(signal.infra_id)), signal, occurrence.at)
    story.installs = list(installs.values())
    for install in story.installs:
        install.endpoint = _endpoint_of(install, endpoints)
    return story


def _learn(told: Told, signal: Signal, at: datetime) -> None:
    told.region = told.region or signal.region
    told.era = told.era or signal.era
    if signal.kind is SignalKind.INSTANCE_STARTED and told.fetch_at is None:
        # What launched the instance says best whose object it fetches.
        told.era = signal.era or told.era
        told.instance, told.vpc, told.fetch_at = signal.instance_id, signal.vpc_id, at + BOOT_TO_FETCH


def _endpoint_of(told: Told, endpoints: Iterable[tuple[datetime, Signal]]) -> str | None:
    """The endpoint that the fetch goes through; whoever made it, for it serves the whole VPC."""
    if told.vpc is None or told.fetch_at is None:
        return None
    for at, signal in endpoints:
        if signal.vpc_id == told.vpc and at <= told.fetch_at:
            return signal.endpoint_id
    return None
