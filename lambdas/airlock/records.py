"""What the ports hand over: the ledger's records, and what EC2 and IAM's simulator tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from airlock.policy.place import PolicyPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord:
    """What the ledger keeps of one policy while grants are open on it.

    Attributes:
        place: the policy.
        baseline: its text before any exemption, to the byte.
        baseline_version: of a managed policy, the version that holds the baseline; None once that is gone.
        written: its text as IAM was last seen to hold it.
        intended: the text about to be written, None when nothing is under way.
        versions: managed policy versions that the airlock made and hasn't deleted.
        past: SHA-256 of texts that the airlock wrote, or meant to, before the last; a read that shows one is old.
        neighbours: characters that the holder's other inline policies take, white space not counted.
        written_at: when the airlock last wrote it, or began to; None where that isn't known.
    """

    place: PolicyPlace
    baseline: str
    baseline_version: str | None
    written: str
    intended: str | None = None
    versions: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    neighbours: int = 0
    written_at: datetime | None = None


@dataclass(slots=True)
class Scope:
    """The unit of one writer: a user, role, group or managed policy, with what the airlock has open there.

    Attributes:
        id: the ARN.
        policies: the policies with exemptions in them.
        grants: IDs of the grants that are, or are about to be, open here.
        begun: of a principal's own scope, the grants that it has begun within a day, and when.
        refused: of a principal's own scope, when its last grants were refused, oldest first.
        limit_told: when people were last told that it had reached a limit.
    """

    id: str
    policies: dict[PolicyPlace, PolicyRecord] = field(default_factory=dict)
    grants: set[str] = field(default_factory=set)
    begun: dict[str, datetime] = field(default_factory=dict)
    refused: list[datetime] = field(default_factory=list)
    limit_told: datetime | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What IAM's policy simulator says of one action, by a request that was told it.

    Attributes:
        denied: by resource, whether a policy of the principal's denies the action explicitly; None where the simulator
            missed a condition key, or doesn't tell, or the organization's policies stop it beforehand.
        organization_allows: whether the organization's SCPs let it through, by the keys that the simulator was given:
            it takes the others for absent, and doesn't say which, so that a no is no proof. An SCP that denies outside
            some regions denies everything unless ``aws:RequestedRegion`` is given. None where no organization is told.
        not_asked: why it couldn't be asked, in a word; the rest is empty then.
    """

    denied: Mapping[str, bool | None] = field(default_factory=dict)
    organization_allows: bool | None = None
    not_asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance, as EC2 tells of it.

    Attributes:
        instance_id: its ID.
        infra_id: the install whose tags it carries; anybody who may tag it can have put them there.
        is_bootstrap: whether they name it as that install's bootstrap node.
        launched: when, UTC.
        ended: whether it is shutting down or terminated.
    """

    instance_id: str
    infra_id: str
    is_bootstrap: bool
    launched: datetime
    ended: bool
