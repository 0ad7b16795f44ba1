"""Whether any Allow covers a request, and which Allows leave it out for its network alone. Pure.

An Allow by network in place of a Deny stops a fetch as well, but no rewriting of denies helps there. Identity policies
and permissions boundary each have to allow a call (IAM User Guide, "Permissions boundaries for IAM entities"). A
resource's policy may allow one as well ("Policy evaluation logic"), and isn't seen here: so that nothing allows a call
is only said of what was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airlock.policy.document import PolicyTextError, Statement, parse_document, statements_of
from airlock.policy.evaluate import Request, explain, statement_applies
from airlock.policy.network_deny import NETWORK_KEYS
from airlock.policy.place import HeldPolicy, PolicyPlace
from airlock.policy.requests import VPC_KEYS
from airlock.policy.truth import Truth, any_of

# What a permissions boundary and the other policies are called where either allows nothing.
IDENTITY, BOUNDARY = "the principal's policies", "its permissions boundary"


@dataclass(frozen=True, slots=True)
class Near:
    """An Allow that would cover a request, or may, if that came from another network.

    Attributes:
        place: the policy that it stands in.
        index: where it stands there, from 0.
        sid: its Sid, if it has one.
        why: what of its network condition doesn't hold.
    """

    place: PolicyPlace
    index: int
    sid: str | None
    why: str

    def __str__(self) -> str:
        return f"statement {self.index}{f' ({self.sid})' if self.sid else ''} of {self.place}: {self.why}"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one of the two kinds of policy that have to allow a call says of it.

    Attributes:
        by: which of the two, in a few words.
        truth: whether an Allow covers the call; UNKNOWN where that depends on what isn't known.
        near: where none does, the Allows that leave it out for its network alone.
    """

    by: str
    truth: Truth
    near: tuple[Near, ...] = ()


def allowances(policies: Sequence[HeldPolicy], request: Request) -> list[Allowance]:
    """What a principal's identity policies, and then its permissions boundary if it has one, allow of a request.

    A policy that can't be read may allow it.
    """
    boundaries = [policy for policy in policies if policy.boundary]
    found = [_allowance(IDENTITY, [policy for policy in policies if policy.attached], request)]
    return [*found, _allowance(BOUNDARY, boundaries, request)] if boundaries else found


def fenced_allow(policies: Sequence[HeldPolicy], requests: Sequence[Request]) -> str | None:
    """Say in a sentence which Allow would let the fetch through but for its network; None where that isn't the matter.

    The requests are the ways that a fetch may take. It is the matter only if none of them can pass: each of them is
    for sure left out by the identity policies or by the boundary. One that may pass would be shut by a wrong word
    here, so whatever isn't known speaks against it. And it takes one such Allow, for one of the ways: where there is
    none at all, something that isn't read here, such as the bucket's policy, may be meant to allow the fetch.

    Args:
        policies: every policy of the principal.
        requests: the fetch by every way; those of other services than S3 are left out. A VPC that isn't known yet
            has to be unknown here too (:func:`from_some_vpc`): a made-up one is taken at its word.
    """
    near: list[tuple[str, Near]] = []
    asked = [request for request in requests if request.action.lower().startswith("s3:")]
    for request in asked:
        missing = [one for one in allowances(policies, request) if one.truth is Truth.FALSE]
        if not missing:
            return None
        near += [(one.by, allow) for one in missing for allow in one.near]
    if not near:
        return None
    by, allow = near[0]
    return f"no Allow in {by} covers {asked[0].action} from where the node is, and one does so elsewhere: {allow}"


def from_some_vpc(request: Request) -> Request:
    """Give the same request from an endpoint of a VPC that nothing is known of."""
    return Request(request.action, request.resource, request.context.having(unknown=VPC_KEYS))


def _allowance(by: str, policies: Sequence[HeldPolicy], request: Request) -> Allowance:
    allows = [one for policy in policies for one in _allows(policy)]
    truth = any_of(
        Truth.UNKNOWN if statement is None else statement_applies(statement, request) for _, _, statement in allows
    )
    if truth is not Truth.FALSE:
        return Allowance(by, truth)
    near = [
        Near(place, index, statement.get("Sid"), explain(statement, request))
        for place, index, statement in allows
        if statement is not None and _covers_elsewhere(statement, request)
    ]
    return Allowance(by, truth, tuple(near))


def _allows(policy: HeldPolicy) -> Iterator[tuple[PolicyPlace, int, Statement | None]]:
    """The policy's Allows; None for a policy that can't be read."""
    try:
        statements = statements_of(parse_document(policy.text))
    except PolicyTextError:
        yield policy.place, 0, None
        return
    for index, statement in enumerate(statements):
        if statement["Effect"] == "Allow":
            yield policy.place, index, statement


def _covers_elsewhere(statement: Statement, request: Request) -> bool:
    """Whether an Allow that doesn't cover the request would, or may, without its conditions on the network."""
    condition = statement.get("Condition", {})
    elsewhere = {
        operator: {key: values for key, values in keys.items() if key.lower() not in NETWORK_KEYS}
        for operator, keys in condition.items()
    }
    return statement_applies({**statement, "Condition": elsewhere}, request) is not Truth.FALSE
