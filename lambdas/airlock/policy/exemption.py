"""What a grant opens: one value, small enough to say in a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network

GET_OBJECT = "s3:GetObject"
KMS_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True)
class Vpc:
    """Requests that come through an S3 endpoint of this VPC (they carry ``aws:SourceVpc``)."""

    vpc_id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"vpc-[0-9A-Za-z]{1,32}", self.vpc_id):
            raise ValueError(f"{self.vpc_id!r} isn't a VPC ID")


@dataclass(frozen=True, slots=True)
class Address:
    """Requests that come from this address range (they carry ``aws:SourceIp``)."""

    cidr: str

    def __post_init__(self) -> None:
        ip_network(self.cidr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """The requests that a grant takes out of the source-network denies of one principal.

    Attributes:
        principal: ARN of the IAM user or role.
        objects: S3 object ARNs whose ``s3:GetObject`` is opened.
        encrypted: those of the objects that S3 stores under a KMS key, so that S3 calls KMS for the reader.
        region: where the objects are, or None while unknown.
        network: where the fetch may come from; None means anywhere.
        not_after: the last second at which it is open, UTC; IAM itself closes it after that.
        lift: every source-network deny that stands in the way of the fetch is off for the principal as a whole until
            then: all actions, resources and networks. The objects tell which statements those are; the network says
            nothing.
        any_action: a statement that denies ``s3:GetObject`` of the objects denies no other action on them either, and
            one that denies a KMS call that S3 makes about them denies none of those; still only these objects, from
            this network, until then. Statements that deny neither stay. A lift opens every action anyway.
    """

    principal: str
    objects: tuple[str, ...]
    not_after: datetime
    encrypted: tuple[str, ...] = ()
    region: str | None = None
    network: Vpc | Address | None = None
    lift: bool = False
    any_action: bool = False

    def __post_init__(self) -> None:
        if self.not_after.utcoffset() is None:
            raise ValueError("not_after must carry a time zone")
        if not self.objects:
            raise ValueError("an exemption without objects opens nothing")
        for arn in self.objects:
            # A wildcard in an object's ARN would open more than one object.
            if not re.fullmatch(r"arn:[a-z-]+:s3:::[^/*?$:]+/[^*?$:]+", arn):
                raise ValueError(f"{arn!r} isn't the ARN of one S3 object")
        if not set(self.encrypted) <= set(self.objects):
            raise ValueError("the encrypted objects must be among the objects")

    def is_told_apart(self, other: Exemption) -> bool:
        """Whether people would call it another opening: the region alone counts only where a policy names it."""
        return self._told() != other._told()

    def _told(self) -> tuple[object, ...]:
        return (self.objects, self.network, self.lift, self.any_action)

    def only(self, objects: tuple[str, ...]) -> Exemption:
        """The same exemption for fewer objects."""
        return replace(self, objects=objects, encrypted=tuple(arn for arn in self.encrypted if arn in objects))


def iso(moment: datetime) -> str:
    """A moment as IAM, the ledger and the audit trail write it: UTC, whole seconds, ``2026-11-24T03:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """Read a moment that :func:`iso` wrote.

    Raises:
        ValueError: the text isn't an ISO 8601 time with a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError(f"the time {text!r} must name its zone: write it in UTC, as 2026-11-24T03:00:00Z")
    return moment.astimezone(UTC)
