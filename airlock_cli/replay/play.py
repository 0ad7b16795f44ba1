"""Playing a stream: deliveries, sweeps each minute, and the fetch that it is all about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from airlock.grants.grant import Grant, State, grant_id
from airlock.handlers.sweeper import sweep_with
from airlock.handlers.watcher import act_on
from airlock.install.cloudtrail import parse
from airlock.install.names import Era, bootstrap_object_arns
from airlock.install.signal import Signal, SignalKind, Skipped
from airlock.policy.document import parse_document
from airlock.policy.evaluate import denied
from airlock.policy.exemption import iso
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from airlock_cli.replay.stream import Occurrence
from airlock_cli.replay.world import POLICY_WRITES, World

BOOT_TO_FETCH = timedelta(seconds=20)
SWEEP_EVERY = timedelta(minutes=1)
PUBLIC_ADDRESS = "198.51.100.7"
"""Stands for an address of AWS's: from TEST-NET-2, which no office has."""
PRIVATE_ADDRESS = "10.0.14.7"


class Order(IntEnum):
    """What comes first of what falls on one moment."""

    DELIVERY = 0
    FETCH = 1


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The bootstrap node's fetch.

    Attributes:
        at: when it was made: 20 s after RunInstances.
        allowed: whether no policy of the principal denied it, with the policies as IAM held them at that moment.
    """

    at: datetime
    allowed: bool


@dataclass(slots=True)
class Seen:
    """What the stream itself tells of one install, whatever the airlock made of it."""

    infra_id: str
    region: str | None = None
    era: Era | None = None
    endpoint_vpcs: frozenset[str] = frozenset()
    instance: str | None = None
    instance_vpc: str | None = None
    started_at: datetime | None = None
    fetch: FetchResult | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        installs: by infra ID, what the stream told and the grant that came of it (None where none did).
        policy_restored: whether the policy is what it was, to the byte.
        policy_writes: calls that changed a policy.
        aws_calls: all calls of the handlers, sweeps included.
        ignored_events: events that gave no signal.
        ended_at: what the clock showed at the end.
    """

    installs: tuple[tuple[Seen, Grant | None], ...]
    policy_restored: bool
    policy_writes: int
    aws_calls: int
    ignored_events: int
    ended_at: datetime

    def as_json(self) -> dict[str, Any]:
        """The result as data; times are ISO 8601 or None."""
        return {
            "installs": [_install(seen, grant) for seen, grant in self.installs],
            "policy_restored": self.policy_restored,
            "policy_writes": self.policy_writes,
            "aws_calls": self.aws_calls,
            "refused": [
                {"infra_id": seen.infra_id, "reason": grant.progress.reason, "detail": grant.progress.detail}
                for seen, grant in self.installs
                if grant is not None and grant.progress.state is State.REFUSED
            ],
            "ignored_events": self.ignored_events,
        }


def play(world: World, occurrences: Sequence[Occurrence], delay: timedelta, baseline: str) -> Replayed:
    """Play a stream to the end: until each grant has ended, by the stream or by the sweep.

    Args:
        world: the account.
        occurrences: the stream, in order of occurrence.
        delay: how long each event takes to be delivered.
        baseline: the policy's text at the start.
    """
    seen = _what_the_stream_tells(occurrences, world.principal)
    ignored = 0
    timeline: list[tuple[datetime, Order, int, Any]] = [
        (one.at + delay, Order.DELIVERY, number, one.event) for number, one in enumerate(occurrences)
    ]
    timeline += [
        (one.started_at + BOOT_TO_FETCH, Order.FETCH, number, one)
        for number, one in enumerate(seen)
        if one.started_at is not None
    ]
    next_sweep = world.clock.now() + SWEEP_EVERY
    for moment, order, _, what in sorted(timeline, key=lambda entry: entry[:3]):
        next_sweep = _sweep_until(world, next_sweep, moment)
        world.clock.moment = max(world.clock.moment, moment)
        if order is Order.FETCH:
            what.fetch = FetchResult(moment, _is_allowed(world, what, moment))
        else:
            ignored += "skipped" in act_on(what, world.airlock)
    while world.unfinished():
        next_sweep = _sweep_until(world, next_sweep, next_sweep)
    held = {policy.text for policy in world.policies_now()}
    return Replayed(
        installs=tuple((one, world.grant(_id_of(world, one))) for one in seen),
        policy_restored=held == {baseline},
        policy_writes=sum(count for name, count in world.calls.items() if name in POLICY_WRITES),
        aws_calls=world.calls.total(),
        ignored_events=ignored,
        ended_at=world.clock.now(),
    )


def _sweep_until(world: World, next_sweep: datetime, moment: datetime) -> datetime:
    while next_sweep <= moment:
        world.clock.moment = max(world.clock.moment, next_sweep)
        sweep_with(world.airlock)
        next_sweep += SWEEP_EVERY
    return next_sweep


def _what_the_stream_tells(occurrences: Iterable[Occurrence], principal: str) -> list[Seen]:
    installs: dict[str, Seen] = {}
    vpcs: set[str] = set()
    for occurrence in occurrences:
        parsed = parse(occurrence.event)
        for signal in () if isinstance(parsed, Skipped) else parsed:
            if signal.kind is SignalKind.ENDPOINT_CREATED and signal.vpc_id:
                vpcs.add(signal.vpc_id)
            if signal.infra_id is not None and signal.principal == principal:
                _learn(installs.setdefault(signal.infra_id, Seen(signal.infra_id)), signal, occurrence.at)
    for seen in installs.values():
        seen.endpoint_vpcs = frozenset(vpcs)
    return list(installs.values())


def _learn(seen: Seen, signal: Signal, at: datetime) -> None:
    seen.region = seen.region or signal.region
    seen.era = seen.era or signal.era
    if signal.kind is SignalKind.INSTANCE_STARTED and seen.started_at is None:
        seen.instance, seen.instance_vpc, seen.started_at = signal.instance_id, signal.vpc_id, at


def _is_allowed(world: World, seen: Seen, at: datetime) -> bool:
    """Whether the fetch, and S3's call to KMS for it, is denied by none of the principal's policies."""
    era = seen.era or Era.TERRAFORM
    partition = world.principal.split(":")[1]
    arn = bootstrap_object_arns(seen.infra_id, partition, era)[0]
    fetch = Fetch(arn, world.principal, at, complete=True)
    if seen.instance_vpc in seen.endpoint_vpcs and seen.instance_vpc is not None:
        requests = [fetch.from_vpc(seen.instance_vpc, private_ip=PRIVATE_ADDRESS)]
    else:
        requests = [fetch.from_address(PUBLIC_ADDRESS)]
    if era is Era.CAPA:
        requests.append(fetch.kms_call(seen.region or "us-east-1"))
    documents = [parse_document(policy.text) for policy in world.policies_now()]
    return all(denied(document, request).truth is Truth.FALSE for document in documents for request in requests)


def _id_of(world: World, seen: Seen) -> str:
    return grant_id(world.principal.split(":")[4], world.principal, seen.infra_id)


def _install(seen: Seen, grant: Grant | None) -> dict[str, Any]:
    progress = grant.progress if grant else None
    return {
        "infra_id": seen.infra_id,
        "region": seen.region,
        "opened_at": _iso(progress.opened_at if progress else None),
        "narrowed_at": _iso(progress.narrowed_at if progress else None),
        "closed_at": _iso(progress.closed_at if progress else None),
        "close_reason": progress.reason if progress else None,
        "instance_id": seen.instance,
        "fetch": {
            "at": _iso(seen.fetch.at if seen.fetch else None),
            "allowed": seen.fetch.allowed if seen.fetch else None,
        },
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
