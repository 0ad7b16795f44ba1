"""Which exemptions go into which policies, and the texts that come of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from airlock.grants.grant import Grant, State
from airlock.grants.life import exemption_of, wants_open
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, size_of, statements_of
from airlock.policy.exemption import GET_OBJECT, Exemption, Vpc
from airlock.policy.place import SIZE_LIMITS, HeldPolicy, PolicyPlace
from airlock.policy.render import render, what_it_catches
from airlock.policy.truth import Truth

if TYPE_CHECKING:
    from airlock.policy.evaluate import Request

# Stand-ins for what isn't known before the fetch: its private address, a public address
# of AWS's, a VPC of the install, its region.
SAMPLE_PRIVATE_ADDRESS = "10.0.0.4"
SAMPLE_PUBLIC_ADDRESS = "198.51.100.7"
SAMPLE_VPC = "vpc-0"
SAMPLE_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Target:
    """A policy that may have to change.

    Attributes:
        place: the policy.
        baseline: its text without exemptions.
        neighbours: characters that other inline policies of the same holder take, the other targets left out.
    """

    place: PolicyPlace
    baseline: str
    neighbours: int = 0


@dataclass(slots=True)
class Choice:
    """What to write.

    Attributes:
        exemptions: what shall be open, by grant ID.
        texts: what each target shall hold.
        refused: new grants that can't be opened, and why.
        kept: open grants that can't be brought to what is known now, and stay as they were opened.
    """

    exemptions: dict[str, Exemption] = field(default_factory=dict)
    texts: dict[PolicyPlace, str] = field(default_factory=dict)
    refused: dict[str, CannotRenderError] = field(default_factory=dict)
    kept: dict[str, CannotRenderError] = field(default_factory=dict)


def choose(
    grants: Iterable[Grant],
    targets: Iterable[Target],
    members: Mapping[str, frozenset[str]],
    now: datetime,
    apart: Collection[str] = (),
) -> Choice:
    """Choose what is open, so that every policy has an exact form that fits, for all of a grant's policies or none.

    Args:
        grants: all grants that are open, or are to be opened, on the targets.
        targets: the policies.
        members: by scope (the policies' holder), the IDs of the grants that concern it.
        now: the present moment.
        apart: IDs of grants that are open in other policies too. All of a grant's policies change together or none,
            so here these stay as they are.
    """
    targets = list(targets)
    wanted = [g for g in grants if (g.progress.state is State.OPEN if g.id in apart else wants_open(g, now))]
    choice = Choice({g.id: g.progress.exemption for g in wanted if g.progress.exemption is not None})
    try:
        choice.texts = write_texts(targets, choice.exemptions, members, now)
    except CannotRenderError:
        # A policy was edited into something that has no exact form with what is open: start from nothing.
        choice.exemptions = {}
        choice.texts = write_texts(targets, {}, members, now)
    # What is open goes first: a new grant isn't let in at the cost of another's narrowing.
    new = State.REQUESTED
    for grant in sorted(wanted, key=lambda one: (one.progress.state is new, one.facts.requested_at, one.id)):
        asked = (grant.progress.exemption if grant.id in apart else None) or exemption_of(
            grant.facts, grant.progress.form
        )
        trial = {**choice.exemptions, grant.id: asked}
        try:
            texts = write_texts(targets, trial, members, now)
        except CannotRenderError as error:
            (choice.refused if grant.progress.state is new else choice.kept)[grant.id] = error
            continue
        choice.exemptions, choice.texts = trial, texts
    return choice


def write_texts(
    targets: Iterable[Target],
    exemptions: Mapping[str, Exemption],
    members: Mapping[str, frozenset[str]],
    now: datetime,
) -> dict[PolicyPlace, str]:
    """Render every target.

    Raises:
        CannotRenderError: one has no exact form, or doesn't fit.
    """
    texts: dict[PolicyPlace, str] = {}
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    grown: list[Target] = []
    for target in targets:
        here = members.get(target.place.holder, frozenset())
        open_here = [exemption for grant_id, exemption in exemptions.items() if grant_id in here]
        text = render(target.baseline, open_here, now, shared=target.place.shared)
        texts[target.place] = text
        sizes[target.place.holder, target.place.kind] += size_of(text)
        if text != target.baseline:
            grown.append(target)
    for target in grown:
        _check_size(target, sizes[target.place.holder, target.place.kind] + target.neighbours)
    return texts


def catches(text: str, exemption: Exemption) -> bool:
    """Whether a policy stands in the way of an exemption by a source-network deny.

    Raises:
        PolicyTextError: the text isn't a policy.
        CannotRenderError: it can't be told.
    """
    return any(what_it_catches(statement, [exemption]) for statement in statements_of(parse_document(text)))


def still_denied(held: Iterable[HeldPolicy], exemption: Exemption, now: datetime) -> str | None:
    """Name the statement that would deny the fetch all the same, in policies as they would be written.

    A grant that wouldn't help isn't worth a hole. Only what is certain counts; keys that aren't known here are left
    to the request.
    """
    # Only an opening needs the evaluator; it is a tenth of the imports of a cold start.
    from airlock.policy.evaluate import denied  # noqa: PLC0415 - see above

    documents = [(policy.place, parse_document(policy.text)) for policy in held]
    for request in _requests(exemption, now):
        for place, document in documents:
            verdict = denied(document, request)
            if verdict.truth is Truth.TRUE:
                by = verdict.applying[0]
                name = f"statement {by.index}{f' ({by.sid})' if by.sid else ''} of {place}"
                return f"{name} denies {request.action} on the fetch for another reason than its network"
    return None


def not_allowed(held: Sequence[HeldPolicy], exemption: Exemption, now: datetime) -> str | None:
    """Say so where the fetch is allowed by nobody, and an Allow leaves it out for its network alone."""
    from airlock.policy.allowing import fenced_allow, from_some_vpc  # noqa: PLC0415 - as in still_denied

    gets = [request for request in _requests(exemption, now) if request.action == GET_OBJECT]
    known = isinstance(exemption.network, Vpc)
    return fenced_allow(held, gets if known else [from_some_vpc(request) for request in gets])


def _requests(exemption: Exemption, now: datetime) -> Iterator[Request]:
    """The calls that the fetch comes to, from each network that it may take."""
    from airlock.policy.requests import Fetch  # noqa: PLC0415 - as in still_denied

    vpc = exemption.network.vpc_id if isinstance(exemption.network, Vpc) else SAMPLE_VPC
    for arn in exemption.objects:
        fetch = Fetch(arn, exemption.principal, now)
        yield fetch.from_vpc(vpc, private_ip=SAMPLE_PRIVATE_ADDRESS)
        if exemption.network is None:
            yield fetch.from_address(SAMPLE_PUBLIC_ADDRESS)
        if arn in exemption.encrypted:
            yield fetch.kms_call(exemption.region or SAMPLE_REGION)


def _check_size(target: Target, size: int) -> None:
    limit = SIZE_LIMITS[target.place.kind]
    if size > limit:
        detail = f"{target.place} would have {size} characters, and IAM allows {limit}"
        raise CannotRenderError("too-large", detail)
