"""What signals add up to.

Facts only ever add up (sets grow, first times stay), so the order and the repetition of signals don't matter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from airlock.grants.grant import CloseReason, Facts, grant_id
from airlock.install.signal import Signal, SignalKind

EVENT_IDS_KEPT = 20
"""How many signals' event IDs a grant remembers; the audit log has them all."""


def first_heard(signal: Signal, now: datetime, window: timedelta) -> Facts:
    """The facts of an install's first signal.

    The window runs from when the call was made, not from when the event arrived: a late event opens for what is left,
    and one that is older than the window opens nothing.

    Args:
        signal: one that names a principal and an infra ID.
        now: the present moment.
        window: for how long the grant may stay open.

    Raises:
        ValueError: the signal names no principal or no infra ID.
    """
    if signal.principal is None or signal.infra_id is None or signal.partition is None:
        raise ValueError(f"the signal {signal.event_id} names no install")
    called_at = min(signal.at, now).replace(microsecond=0)
    return Facts(
        id=grant_id(signal.account, signal.principal, signal.infra_id),
        account=signal.account,
        partition=signal.partition,
        principal=signal.principal,
        infra_id=signal.infra_id,
        requested_at=now,
        not_after=called_at + window,
        called_at=called_at,
    )


def learn(facts: Facts, signal: Signal) -> Facts:
    """Add what a signal tells. Learning a signal twice, or two in another order, gives the same facts."""
    learnt = replace(
        facts,
        regions=facts.regions | ({signal.region} if signal.region else set()),
        eras=facts.eras | ({signal.era} if signal.era else set()),
        event_ids=_remember(facts.event_ids, signal.event_id),
    )
    if signal.kind in _ENDS:
        return _ended(learnt, _ENDS[signal.kind], signal.at)
    vpc = {signal.vpc_id} if signal.vpc_id else set()
    match signal.kind:
        case SignalKind.VPC_CREATED:
            return replace(learnt, own_vpcs=facts.own_vpcs | vpc)
        case SignalKind.ENDPOINT_CREATED:
            return replace(learnt, endpoint_vpcs=facts.endpoint_vpcs | vpc)
        case SignalKind.INSTANCE_STARTED:
            boots = _first_times(facts.boots, signal)
            return replace(learnt, instance_vpcs=facts.instance_vpcs | vpc, boots=boots)
        case SignalKind.INSTANCE_FOUND:
            # Not its VPC: that of an instance that somebody else tagged would open the grant to any network.
            return replace(learnt, found=_first_times(facts.found, signal))
    return _learn_of_the_fetch(learnt, signal)


_ENDS = {
    SignalKind.INSTANCE_ENDED: CloseReason.INSTANCE_ENDED,
    SignalKind.BUCKET_DELETED: CloseReason.BUCKET_DELETED,
    SignalKind.SERVED: CloseReason.FETCHED,
}


def _learn_of_the_fetch(facts: Facts, signal: Signal) -> Facts:
    """Add what the console told."""
    instances = {signal.instance_id} if signal.instance_id else set()
    match signal.kind:
        case SignalKind.FETCH_SUCCEEDED:
            return replace(facts, fetched=min(facts.fetched or signal.at, signal.at))
        case SignalKind.FETCH_REFUSED:
            vpcs = facts.shut_vpcs | ({signal.vpc_id} if signal.vpc_id else set())
            return replace(facts, refused=facts.refused | instances, shut_vpcs=vpcs)
        case SignalKind.REBOOTED:
            return replace(facts, rebooted=_first_times(facts.rebooted, signal))
    return facts


def _first_times(known: frozenset[tuple[str, datetime]], signal: Signal) -> frozenset[tuple[str, datetime]]:
    """Add the signal's instance and time; of one instance, the earliest time stays."""
    if signal.instance_id is None:
        return known
    earliest = min([at for instance_id, at in known if instance_id == signal.instance_id] + [signal.at])
    others = frozenset(pair for pair in known if pair[0] != signal.instance_id)
    return others | {(signal.instance_id, earliest)}


def _ended(facts: Facts, reason: CloseReason, at: datetime) -> Facts:
    if facts.ended is not None and (facts.ended[1], facts.ended[0]) <= (at, reason):
        return facts
    return replace(facts, ended=(reason, at))


def _remember(event_ids: tuple[str, ...], event_id: str) -> tuple[str, ...]:
    if event_id in event_ids or len(event_ids) >= EVENT_IDS_KEPT:
        return event_ids
    return (*event_ids, event_id)
