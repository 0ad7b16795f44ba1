"""A grant: the facts that signals told of one install, and how far the airlock has come with it.

Facts only ever add up (sets grow, first times stay), so the order and the repetition of signals don't matter.
Progress is written by whoever holds the lease, and by nobody else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from airlock.install.names import Era, bootstrap_object_arns
from airlock.install.signal import Signal, SignalKind
from airlock.policy.exemption import Exemption, Vpc

EVENT_IDS_KEPT = 20
"""How many signals' event IDs a grant remembers; the audit log has them all."""


class State(StrEnum):
    """Where a grant stands. The last four are final: a grant never leaves them."""

    REQUESTED = "requested"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"


FINAL = frozenset({State.CLOSED, State.REFUSED, State.REJECTED, State.EXPIRED})


class CloseReason(StrEnum):
    """Why a grant ended."""

    INSTANCE_ENDED = "instance-ended"
    BUCKET_DELETED = "bucket-deleted"
    TIMEOUT = "timeout"
    NOTHING_TO_OPEN = "nothing-to-open"
    POLICY_EDITED = "policy-edited"
    PRINCIPAL_GONE = "principal-gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the signals told of one install.

    Attributes:
        id: the grant's name, made from account, principal and infra ID.
        requested_at: when the airlock first heard of it, UTC.
        not_after: when it closes at the latest, UTC; set once, never moved by later signals.
        regions: that its regional calls told; one, as a rule.
        eras: by which eras' names the bucket or the machine was made.
        own_vpcs: VPCs that the install made.
        endpoint_vpcs: VPCs in which it made an S3 gateway endpoint.
        instance_vpcs: the VPC that the bootstrap instance runs in; more than one if the installer tried again.
        instances: the bootstrap instance's ID; more than one if the installer tried again.
        ended: why and when the install needs the grant no more.
        event_ids: of the signals, oldest first, at most 20.
    """

    id: str
    account: str
    partition: str
    principal: str
    infra_id: str
    requested_at: datetime
    not_after: datetime
    regions: frozenset[str] = frozenset()
    eras: frozenset[Era] = frozenset()
    own_vpcs: frozenset[str] = frozenset()
    endpoint_vpcs: frozenset[str] = frozenset()
    instance_vpcs: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    ended: tuple[CloseReason, datetime] | None = None
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the airlock has come with a grant. Times are UTC, None until then.

    Attributes:
        state: where it stands.
        opened_at: when IAM was seen to hold the opened policies.
        narrowed_at: when it was first held to a network.
        closed_at: when IAM was seen to hold the policies without it.
        reason: why it was closed or refused: a short name.
        detail: the same in plain words.
        exemption: what IAM holds open now, None where nothing is.
        scopes: ARNs of the holders whose policies are, or are about to be, opened for it.
    """

    state: State = State.REQUESTED
    opened_at: datetime | None = None
    narrowed_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    exemption: Exemption | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """One exemption's life, as the ledger keeps it."""

    facts: Facts
    progress: Progress

    @property
    def id(self) -> str:
        """The grant's name."""
        return self.facts.id

    @property
    def is_final(self) -> bool:
        """Whether it has ended for good."""
        return self.progress.state in FINAL

    def with_progress(self, **changes: object) -> Grant:
        """The same grant, further on."""
        return Grant(self.facts, replace(self.progress, **changes))  # type: ignore[arg-type]  # checked by replace


def grant_id(account: str, principal: str, infra_id: str) -> str:
    """Name the grant of one principal's install: the infra ID, and eight characters that stand for the rest."""
    digest = hashlib.sha256(f"{account}|{principal}".encode()).hexdigest()
    return f"{infra_id}-{digest[:8]}"


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
    return Facts(
        id=grant_id(signal.account, signal.principal, signal.infra_id),
        account=signal.account,
        partition=signal.partition,
        principal=signal.principal,
        infra_id=signal.infra_id,
        requested_at=now,
        not_after=(min(signal.at, now) + window).replace(microsecond=0),
    )


def learn(facts: Facts, signal: Signal) -> Facts:
    """Add what a signal tells. Learning a signal twice, or two in another order, gives the same facts."""
    learnt = replace(
        facts,
        regions=facts.regions | ({signal.region} if signal.region else set()),
        eras=facts.eras | ({signal.era} if signal.era else set()),
        event_ids=_remember(facts.event_ids, signal.event_id),
    )
    vpc = {signal.vpc_id} if signal.vpc_id else set()
    match signal.kind:
        case SignalKind.VPC_CREATED:
            return replace(learnt, own_vpcs=facts.own_vpcs | vpc)
        case SignalKind.ENDPOINT_CREATED:
            return replace(learnt, endpoint_vpcs=facts.endpoint_vpcs | vpc)
        case SignalKind.INSTANCE_STARTED:
            instances = facts.instances | ({signal.instance_id} if signal.instance_id else set())
            return replace(learnt, instance_vpcs=facts.instance_vpcs | vpc, instances=instances)
        case SignalKind.INSTANCE_ENDED:
            return _ended(learnt, CloseReason.INSTANCE_ENDED, signal.at)
        case SignalKind.BUCKET_DELETED:
            return _ended(learnt, CloseReason.BUCKET_DELETED, signal.at)
    return learnt


def is_new(grant: Grant) -> bool:
    """Whether one signal alone is known of the grant, so that nobody else can have worked on it yet."""
    return len(grant.facts.event_ids) <= 1


def exemption_of(facts: Facts) -> Exemption:
    """What the grant has to open, given what is known.

    Both eras' objects until one era shows itself. Any network until an S3 gateway endpoint is seen in one VPC;
    and any network again if the bootstrap instance turns out to run elsewhere, for then its fetch takes another way.
    """
    era = next(iter(facts.eras)) if len(facts.eras) == 1 else None
    objects = bootstrap_object_arns(facts.infra_id, facts.partition, era)
    return Exemption(
        principal=facts.principal,
        objects=objects,
        # CAPA's installer stores the object under aws:kms (openshift/installer, pkg/infrastructure/aws/clusterapi).
        encrypted=() if era is Era.TERRAFORM else bootstrap_object_arns(facts.infra_id, facts.partition, Era.CAPA),
        region=next(iter(facts.regions)) if len(facts.regions) == 1 else None,
        network=_network(facts),
        not_after=facts.not_after,
    )


def wants_open(grant: Grant, now: datetime) -> bool:
    """Whether the grant's exemption should be in the policies at this moment."""
    stays = grant.progress.state in (State.REQUESTED, State.OPEN)
    return stays and grant.facts.ended is None and now < grant.facts.not_after


def why_it_ends(grant: Grant) -> tuple[str, str]:
    """The reason for which a grant that isn't wanted open is closed, and the same in plain words."""
    progress, ended = grant.progress, grant.facts.ended
    if progress.state is State.CLOSING and progress.reason:
        return progress.reason, progress.detail or ""
    if ended is None:
        return str(CloseReason.TIMEOUT), "its time ran out"
    if ended[0] is CloseReason.INSTANCE_ENDED:
        return str(ended[0]), "the bootstrap instance shut down"
    return str(ended[0]), "the bootstrap bucket was deleted"


def _network(facts: Facts) -> Vpc | None:
    # An endpoint in a VPC that the install is known not to have made says nothing of where its node will run.
    candidates = facts.endpoint_vpcs & facts.own_vpcs if facts.own_vpcs else facts.endpoint_vpcs
    if len(candidates) != 1:
        return None
    vpc = next(iter(candidates))
    return Vpc(vpc) if facts.instance_vpcs <= {vpc} else None


def _ended(facts: Facts, reason: CloseReason, at: datetime) -> Facts:
    if facts.ended is not None and (facts.ended[1], facts.ended[0]) <= (at, reason):
        return facts
    return replace(facts, ended=(reason, at))


def _remember(event_ids: tuple[str, ...], event_id: str) -> tuple[str, ...]:
    if event_id in event_ids or len(event_ids) >= EVENT_IDS_KEPT:
        return event_ids
    return (*event_ids, event_id)
