"""What of a principal's policies stops an install, and what the airlock would do about each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from airlock.policy.allowing import allowances, from_some_vpc
from airlock.policy.document import PolicyTextError, size_of
from airlock.policy.exemption import Exemption
from airlock.policy.place import HeldPolicy, PolicyKind
from airlock.policy.truth import Truth
from airlock_cli.doctor.governing import Governed, governed, ungranted
from airlock_cli.doctor.organization import Organization
from airlock_cli.plan.asked import troubles_of
from airlock_cli.plan.calls import Call, calls_of
from airlock_cli.plan.planning import Planned, Refusal, plan

_INLINE = (PolicyKind.USER_INLINE, PolicyKind.ROLE_INLINE, PolicyKind.GROUP_INLINE)


@dataclass(frozen=True, slots=True)
class Examined:
    """A policy that stops the install, or can't be read.

    Attributes:
        policy: the policy.
        planned: what opening it would come to; None where it can't be read.
        helpless: why the airlock can't help; None where it can.
    """

    policy: HeldPolicy
    planned: Planned | None
    helpless: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A call that no policy allows.

    Attributes:
        call: its name.
        by: the policies that would have to allow it, in a few words.
        why: of each Allow by network that leaves it out, where it stands and why it does.
        certain: whether that is so from any VPC.
    """

    call: str
    by: str
    why: tuple[str, ...]
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found.

    Attributes:
        calls: the names of the calls that an install comes to.
        stopping: the principal's policies that stop it.
        governing: the organization's policies that stop it, or may.
        missing: the calls that no policy allows.
    """

    calls: tuple[str, ...]
    stopping: tuple[Examined, ...]
    governing: tuple[Governed, ...]
    missing: tuple[Missing, ...]

    def stopped_by(self, call: str) -> list[str]:
        """What stops a call: statements of policies, or that nothing allows it."""
        found = [
            f"{denial.name} of {one.policy.place}"
            for one in self.stopping
            if one.planned
            for denial in one.planned.stopping
            if call in denial.stops
        ]
        found += [
            f"{denial.name} of {one}"
            for one in self.governing
            for denial in one.denials
            if denial.certain and call in denial.stops
        ]
        return found + [f"no Allow in {one.by}" for one in self.missing if one.certain and one.call == call]


def examine(policies: Sequence[HeldPolicy], organization: Organization, wanted: Exemption, now: datetime) -> Findings:
    """Look for what stops an install.

    Args:
        policies: every policy of the principal.
        organization: what governs its account.
        wanted: what the install has to be allowed.
        now: the present moment.
    """
    calls = calls_of(wanted, now)
    account = wanted.principal.split(":")[4]
    examined = [_examined(policy, policies, wanted, now) for policy in policies]
    left_out = [Missing(one.call, f"the SCPs of {one.level}", ()) for one in ungranted(organization, account, calls)]
    return Findings(
        calls=tuple(dict.fromkeys(call.name for call in calls)),
        stopping=tuple(one for one in examined if one is not None),
        governing=tuple(governed(organization, account, calls)),
        missing=(*_missing(policies, calls), *left_out),
    )


def _examined(policy: HeldPolicy, others: Sequence[HeldPolicy], wanted: Exemption, now: datetime) -> Examined | None:
    place = policy.place
    neighbours = sum(
        size_of(other.text)
        for other in others
        if place.kind in _INLINE
        and other.place != place
        and (other.place.holder, other.place.kind) == (place.holder, place.kind)
    )
    try:
        trouble = next(troubles_of(policy.text), None)
        planned = None if trouble else plan(policy.text, wanted, place.kind, now, neighbours=neighbours)
    except PolicyTextError as error:
        trouble, planned = str(error), None
    if planned is None:
        return Examined(policy, None, Refusal("policy-text", f"it can't be read: {trouble}"))
    if not planned.stopping:
        return None
    if place.is_aws_own:
        return Examined(policy, planned, Refusal("aws-managed", "AWS's own policies can't be edited"))
    return Examined(policy, planned, planned.refused)


def _missing(policies: Sequence[HeldPolicy], calls: Sequence[Call]) -> Iterator[Missing]:
    """The node's own calls that no policy allows; AWS's key of S3 allows S3's to whoever is in the account.

    Source: KMS developer guide, "AWS managed keys", by the key policy of aws/s3.
    """
    found: set[tuple[str, str]] = set()
    for call in calls:
        if not call.known.action.startswith("s3:"):
            continue
        # The VPC is a made-up one, and an Allow may be for the one that will be there.
        by_vpc = call.known.context.values_of("aws:SourceVpc")
        from_any = allowances(policies, from_some_vpc(call.known) if by_vpc else call.known)
        for one, anywhere in zip(allowances(policies, call.known), from_any, strict=True):
            if one.truth is Truth.FALSE and (call.name, one.by) not in found:
                found.add((call.name, one.by))
                yield Missing(call.name, one.by, tuple(map(str, one.near)), anywhere.truth is Truth.FALSE)
