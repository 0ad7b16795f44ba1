"""Which of an organization's policies stop a fetch. Pure.

SCPs are identity policies by their form, and each level has to allow a call (Organizations user guide, "SCP
evaluation"). RCPs have ``Principal *`` in each statement ("RCP syntax") and apply to whoever calls. They leave alone
the keys that AWS manages ("Resource control policies in AWS KMS" in the KMS developer guide), as the bootstrap
object's is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from airlock.policy.document import Document, PolicyTextError, Statement, parse_document, statements_of
from airlock.policy.evaluate import Request, allowed
from airlock.policy.truth import Truth, any_of
from airlock_cli.doctor.organization import Kind, Level, Organization, OrganizationPolicy
from airlock_cli.plan.calls import Call, Denial, denials_of

_ANYBODY = ("*", {"AWS": "*"}, ["*"], {"AWS": ["*"]})


@dataclass(frozen=True, slots=True)
class Governed:
    """A policy of the organization's that stops a call, or may.

    Attributes:
        kind: what it is.
        policy: the policy.
        level: where it is attached, in words.
        denials: the statements that stop a call, or may.
        trouble: why the policy can't be read; empty where it can.
    """

    kind: Kind
    policy: OrganizationPolicy
    level: str
    denials: tuple[Denial, ...] = ()
    trouble: str = ""

    @property
    def certain(self) -> bool:
        """Whether it stops a call for sure."""
        return any(one.certain for one in self.denials)

    def __str__(self) -> str:
        return f"{self.kind.upper()} {self.policy.name} ({self.policy.id}) of {self.level}"


@dataclass(frozen=True, slots=True)
class Ungranted:
    """A call that no SCP of a level allows: its name, and the level in words."""

    call: str
    level: str


def governed(organization: Organization, account: str, calls: Sequence[Call]) -> list[Governed]:
    """The organization's policies that stop a call, or may, from the account up to the root; each once.

    Args:
        organization: what was read of it.
        account: the principal's account, which the bucket is made in.
        calls: those that the fetch comes to.
    """
    found: dict[tuple[Kind, str], Governed] = {}
    for kind, level, policy in _attached(organization):
        one = _governed(kind, policy, level.name, calls_within(organization, account, calls))
        if one is not None:
            found.setdefault((kind, policy.id), one)
    return list(found.values())


def ungranted(organization: Organization, account: str, calls: Sequence[Call]) -> list[Ungranted]:
    """The calls that a level's SCPs leave out: every level has to allow them."""
    known = calls_within(organization, account, calls)
    layer = organization.layers.get(Kind.SCP)
    found = [
        Ungranted(call.name, level.name)
        for level in (layer.levels if layer else ())
        if level.policies
        for call in known
        if _granted(level, call.known) is Truth.FALSE
    ]
    return list(dict.fromkeys(found))


def calls_within(organization: Organization, account: str, calls: Sequence[Call]) -> list[Call]:
    """The calls with what the organization says of their principal and their resource.

    Source: IAM user guide, "AWS global condition context keys".
    """
    present: dict[str, str | tuple[str, ...]] = {"aws:ResourceAccount": account}
    if organization.id:
        present |= {"aws:PrincipalOrgID": organization.id, "aws:ResourceOrgID": organization.id}
    if organization.path:
        present |= {"aws:PrincipalOrgPaths": (organization.path,), "aws:ResourceOrgPaths": (organization.path,)}

    def informed(request: Request) -> Request:
        return replace(request, context=request.context.having(present))

    return [replace(call, known=informed(call.known), assumed=informed(call.assumed)) for call in calls]


def _attached(organization: Organization) -> Iterator[tuple[Kind, Level, OrganizationPolicy]]:
    for kind, layer in organization.layers.items():
        for level in layer.levels:
            for policy in level.policies:
                yield kind, level, policy


def _governed(kind: Kind, policy: OrganizationPolicy, level: str, calls: Sequence[Call]) -> Governed | None:
    try:
        document = parse_document(policy.text)
    except PolicyTextError as error:
        return Governed(kind, policy, level, trouble=str(error))
    if kind is Kind.RCP:
        document = {**document, "Statement": [_as_identity(one) for one in statements_of(document)]}
        calls = [call for call in calls if call.known.action.startswith("s3:")]
    denials = denials_of(document, calls)
    return Governed(kind, policy, level, tuple(denials)) if denials else None


def _as_identity(statement: Statement) -> Statement:
    """The statement without a Principal that means everybody; another one leaves open whom it means."""
    if statement.get("Principal") not in _ANYBODY:
        return statement
    return {element: value for element, value in statement.items() if element != "Principal"}


def _granted(level: Level, request: Request) -> Truth:
    return any_of(_allows(policy, request) for policy in level.policies)


def _allows(policy: OrganizationPolicy, request: Request) -> Truth:
    try:
        document: Document = parse_document(policy.text)
    except PolicyTextError:
        return Truth.UNKNOWN
    return allowed(document, request).truth
