"""A grant: the facts that signals told of one install, and how far the airlock has come with it.

Facts only ever add up (sets grow, first times stay), so the order and the repetition of signals don't matter.
Progress is written by whoever holds the lease, and by nobody else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from airlock.grants.approval import Answer, CloseOrder, Form, Plan
from airlock.install.names import Era
from airlock.policy.exemption import Exemption


class State(StrEnum):
    """Where a grant stands. The last five are final: a grant never leaves them."""

    REQUESTED = "requested"
    PENDING = "pending"
    """Somebody has been asked."""
    OBSERVING = "observing"
    """Nothing is opened; what would be is told."""
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"
    OBSERVED = "observed"


FINAL = frozenset({State.CLOSED, State.REFUSED, State.REJECTED, State.EXPIRED, State.OBSERVED})


class CloseReason(StrEnum):
    """Why a grant ended."""

    INSTANCE_ENDED = "instance-ended"
    BUCKET_DELETED = "bucket-deleted"
    TIMEOUT = "timeout"
    NOTHING_TO_OPEN = "nothing-to-open"
    POLICY_EDITED = "policy-edited"
    PRINCIPAL_GONE = "principal-gone"
    FETCHED = "fetched"
    OPERATOR = "operator"
    REJECTED = "rejected"
    UNANSWERED = "unanswered"
    CHECK_FAILED = "check-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the signals told of one install.

    Attributes:
        id: the grant's name, made from account, principal and infra ID.
        requested_at: when the airlock first heard of it, UTC.
        called_at: when that call was made, by its event's own time; None where an older release heard of it.
        not_after: when it closes at the latest, UTC; set once, never moved by later signals.
        regions: that its regional calls told; one, as a rule.
        eras: by which eras' names the bucket or the machine was made.
        own_vpcs: VPCs that the install made.
        endpoint_vpcs: VPCs in which it made an S3 gateway endpoint.
        instance_vpcs: the VPC that the bootstrap instance runs in; more than one if the installer tried again.
        boots: the bootstrap instance's ID and when it was launched; more than one if the installer tried again.
        found: instances that EC2 shows with the bootstrap node's tags, and when they were launched. Anybody in the
            account may have launched them, so they count only where no launch by the principal was heard.
        fetched: when the console was first seen to tell that the node has its file.
        refused: instances whose console told of a 403.
        shut_vpcs: VPCs to which the grant was held when the node was refused; its fetch takes another way.
        rebooted: instances that the airlock rebooted, and when.
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
    called_at: datetime | None = None
    regions: frozenset[str] = frozenset()
    eras: frozenset[Era] = frozenset()
    own_vpcs: frozenset[str] = frozenset()
    endpoint_vpcs: frozenset[str] = frozenset()
    instance_vpcs: frozenset[str] = frozenset()
    boots: frozenset[tuple[str, datetime]] = frozenset()
    found: frozenset[tuple[str, datetime]] = frozenset()
    fetched: datetime | None = None
    refused: frozenset[str] = frozenset()
    shut_vpcs: frozenset[str] = frozenset()
    rebooted: frozenset[tuple[str, datetime]] = frozenset()
    ended: tuple[CloseReason, datetime] | None = None
    event_ids: tuple[str, ...] = ()

    @property
    def instances(self) -> frozenset[str]:
        """IDs of the bootstrap instances."""
        return frozenset(instance_id for instance_id, _ in self.boots | self.found)

    @property
    def newest(self) -> tuple[str, datetime] | None:
        """The bootstrap instance that counts, and when it was launched: if the installer tried again, the last one."""
        return max(self.boots or self.found, key=lambda boot: (boot[1], boot[0]), default=None)


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
        form: how far it opens, once that is decided.
        why_wider: why no tighter form would do, in plain words; None where none was wanted.
        second_opinion: what IAM's own simulator said of the fetch before it was opened, in plain words.
        effective_at: when IAM was last seen to hold more open for it than before; not moved by a narrowing.
        plan: what was asked for, would have been opened, or was written last.
        asked_at: when people were asked.
        answer_until: the last second at which an answer counts.
        approved_by: whose approval it was opened on; None where none was needed.
        alarmed: whether people were told that it can't be closed.
    """

    state: State = State.REQUESTED
    opened_at: datetime | None = None
    narrowed_at: datetime | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    detail: str | None = None
    exemption: Exemption | None = None
    scopes: tuple[str, ...] = ()
    form: Form = Form.SCOPED
    why_wider: str | None = None
    second_opinion: str | None = None
    effective_at: datetime | None = None
    plan: Plan | None = None
    asked_at: datetime | None = None
    answer_until: datetime | None = None
    approved_by: str | None = None
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """One exemption's life, as the ledger keeps it.

    Attributes:
        facts: what the signals told.
        progress: how far the airlock has come.
        answer: what somebody decided about it, if anybody has.
        close_order: an operator's order to close it, if there is one.
        audit_head: the hash of its last line in the audit trail; None where it has none that is chained.
    """

    facts: Facts
    progress: Progress
    answer: Answer | None = None
    close_order: CloseOrder | None = None
    audit_head: str | None = None

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
        return replace(self, progress=replace(self.progress, **changes))  # type: ignore[arg-type]  # checked by replace


def grant_id(account: str, principal: str, infra_id: str) -> str:
    """Name the grant of one principal's install: the infra ID, and eight characters that stand for the rest."""
    digest = hashlib.sha256(f"{account}|{principal}".encode()).hexdigest()
    return f"{infra_id}-{digest[:8]}"
