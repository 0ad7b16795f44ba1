"""What of a principal's policies stops an install, and what the airlock would do about each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from airlock.policy.document import PolicyTextError, parse_document, size_of, statements_of
from airlock.policy.evaluate import explain, statement_applies
from airlock.policy.exemption import Exemption
from airlock.policy.network_deny import NETWORK_KEYS
from airlock.policy.place import HeldPolicy, PolicyKind
from airlock.policy.truth import Truth
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
    """

    call: str
    by: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found.

    Attributes:
        calls: the names of the calls that an install comes to.
        stopping: the policies that stop it.
        missing: the calls that no policy allows.
    """

    calls: tuple[str, ...]
    stopping: tuple[Examined, ...]
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
        return found + [f"no Allow in {one.by}" for one in self.missing if one.call == call]


def examine(policies: Sequence[HeldPolicy], wanted: Exemption, now: datetime) -> Findings:
    """Look for what stops an install.

    Args:
        policies: every policy of the principal.
        wanted: what the install has to be allowed.
        now: the present moment.
    """
    calls = calls_of(wanted, now)
    examined = [_examined(policy, policies, wanted, now) for policy in policies]
    boundaries = [policy for policy in policies if policy.boundary]
    missing = _missing([policy for policy in policies if policy.attached], calls, "the principal's policies")
    missing += _missing(boundaries, calls, "its permissions boundary") if boundaries else []
    return Findings(
        calls=tuple(dict.fromkeys(call.name for call in calls)),
        stopping=tuple(one for one in examined if one is not None),
        missing=tuple(missing),
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


def _missing(policies: Sequence[HeldPolicy], calls: Sequence[Call], by: str) -> list[Missing]:
    """The node's own calls that none of the policies allows; AWS's key of S3 allows S3's to whoever is in the account.

    Source: KMS developer guide, "AWS managed keys", by the key policy of aws/s3.
    """
    found: dict[str, Missing] = {}
    for call in calls:
        if not call.known.action.startswith("s3:") or call.name in found:
            continue
        near: list[str] = []
        if not any(_allows(policy, call, near) for policy in policies):
            found[call.name] = Missing(call.name, by, tuple(near))
    return list(found.values())


def _allows(policy: HeldPolicy, call: Call, near: list[str]) -> bool:
    """Whether a policy allows a call, or may; notes the Allows that leave it out for its network alone."""
    try:
        document = parse_document(policy.text)
        if next(troubles_of(policy.text), None):
            return False
    except PolicyTextError:
        return False
    for index, statement in enumerate(statements_of(document)):
        if statement.get("Effect") != "Allow":
            continue
        if statement_applies(statement, call.known) is not Truth.FALSE:
            return True
        condition = statement.get("Condition", {})
        elsewhere = {name: keys for name, keys in condition.items() if not _by_network(keys)}
        if (
            elsewhere != condition
            and statement_applies({**statement, "Condition": elsewhere}, call.known) is not Truth.FALSE
        ):
            near.append(f"statement {index} of {policy.place}: {explain(statement, call.known)}")
    return False


def _by_network(keys: dict[str, object]) -> bool:
    return any(key.lower() in NETWORK_KEYS for key in keys)
