"""Where a policy stands, and what IAM lets it grow to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PolicyKind(StrEnum):
    """The kinds of policy that can hold a principal's source-network deny.

    A permissions boundary is a managed policy, and may be attached to others: to IAM and the ledger it is ``MANAGED``.
    ``BOUNDARY`` is the word of somebody who plans with a policy's text alone.
    """

    USER_INLINE = "user-inline"
    ROLE_INLINE = "role-inline"
    GROUP_INLINE = "group-inline"
    MANAGED = "managed"
    BOUNDARY = "boundary"


# Characters, white space not counted (IAM user guide, "IAM and AWS STS quotas"). Inline policies of one holder share
# their limit; a managed policy has its own.
SIZE_LIMITS = {
    PolicyKind.USER_INLINE: 2_048,
    PolicyKind.GROUP_INLINE: 5_120,
    PolicyKind.ROLE_INLINE: 10_240,
    PolicyKind.MANAGED: 6_144,
    PolicyKind.BOUNDARY: 6_144,
}


@dataclass(frozen=True, slots=True, order=True)
class PolicyPlace:
    """One policy: what kind it is, whom it belongs to and what it is called.

    Attributes:
        kind: the kind of policy.
        holder: ARN of the user, role or group that holds an inline policy; of a managed policy, its own ARN.
        name: the policy's name.
    """

    kind: PolicyKind
    holder: str
    name: str

    @property
    def ref(self) -> str:
        """The policy in one word, as ``airlock restore --policy-ref`` takes it: ``user-inline:NAME@ARN``."""
        return f"{self.kind}:{self.name}@{self.holder}"

    @property
    def shared(self) -> bool:
        """Whether other principals may be under the policy too."""
        return self.kind in (PolicyKind.GROUP_INLINE, PolicyKind.MANAGED, PolicyKind.BOUNDARY)

    @property
    def is_aws_own(self) -> bool:
        """Whether AWS manages the policy, so that nobody can edit it: its ARN has "aws" for an account.

        Source: IAM user guide, "Managed policies and inline policies".
        """
        return self.holder.split(":")[4:5] == ["aws"]

    def __str__(self) -> str:
        if self.kind in (PolicyKind.MANAGED, PolicyKind.BOUNDARY):
            return f"{self.kind} {self.holder}"
        return f"{self.kind} {self.name} of {self.holder}"


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """A policy as IAM holds it, and how a principal comes under it.

    Attributes:
        place: where it stands.
        text: its text, to the byte.
        version: of a managed policy, the default version's ID, such as ``v3``; else None.
        boundary: whether it is the principal's permissions boundary.
        attached: whether its Allows count as the principal's own; False of what is nothing but a boundary.
    """

    place: PolicyPlace
    text: str
    version: str | None = None
    boundary: bool = False
    attached: bool = True
