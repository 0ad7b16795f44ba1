"""A second opinion on a rewritten policy, before it is written: does it let through what was asked, and nothing else?

The evaluator, which knows nothing of how the text came about, reads both documents for a net of requests laid around
each exemption: its objects and their neighbours, its actions and others, its network and others, its principal and a
stranger, its last second and the next. That is no proof; the proof is in the tests. It is what stands between a
mistake of the renderer's and an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import product
from typing import NamedTuple

from airlock.policy.catch import what_it_catches
from airlock.policy.clauses import CannotRenderError
from airlock.policy.conditions import requirements_of
from airlock.policy.context import Context
from airlock.policy.document import Document, Statement, statements_of
from airlock.policy.evaluate import Request, StatementReader
from airlock.policy.exemption import GET_OBJECT, KMS_ACTIONS, Address, Exemption, Vpc, iso
from airlock.policy.matching import as_list
from airlock.policy.truth import Truth, any_of

# What no exemption names: addresses of TEST-NET-2 (RFC 5737), a VPC and a user that there can't be.
ELSEWHERE = "198.51.100.201"
OTHER_VPC = "vpc-0"
STRANGER = "airlock-stranger"
_SOME_KEY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Finding:
    """A request that the rewritten policy treats otherwise than it should.

    Attributes:
        request: the request.
        wanted: whether it should be denied.
        found: whether the rewritten policy denies it.
    """

    request: Request
    wanted: Truth
    found: Truth

    def __str__(self) -> str:
        keys = ", ".join(f"{key}={'|'.join(values)}" for key, values in self.request.context.keys.items() if values)
        what = f"{self.request.action} on {self.request.resource} with {keys}"
        return f"{what}: denied is {self.found}, and should be {self.wanted}"


def check(
    before: Document, after: Document, exemptions: Sequence[Exemption], now: datetime, *, shared: bool = False
) -> Finding | None:
    """Look for a request that a rewritten policy treats otherwise than it should; None where none was found.

    Args:
        before: the policy before any exemption.
        after: the policy that is to be written.
        exemptions: what is open in it.
        now: the present moment; exemptions that are over by then count as gone.
        shared: whether the policy applies to other principals too.

    Raises:
        CannotRenderError: it can't be told which statements stand in an exemption's way, or what addresses one names.
    """
    live = [exemption for exemption in exemptions if exemption.not_after > now]
    # What an exemption takes from one deny another may keep, such as one for a missing MFA.
    wanting, written = _Denies(before, live), _Denies(after, ())
    claims = _by_object(live)
    for targets, scenes in _requests_around(before, live, now, shared=shared):
        rows = [
            _Row(*target, claims.get(target[1], []), wanting.about(*target), written.about(*target))
            for target in targets
        ]
        denies = {deny for row in rows for deny, _, _ in row.wanting + row.written}
        for context, at in scenes:
            if all(deny.holds(context) is _NO for deny in denies):
                continue
            about = context.values_of("kms:EncryptionContext:aws:s3:arn") or ()
            claiming = [index for name in (_ANY, *about) for index in claims.get(name, ())]
            for row in rows:
                request = Request(row.action, row.resource, context)
                exempt = [index for index in row.claiming + claiming if opens(live[index], request, at)]
                wanted = any_of([says & deny.holds(context) for deny, says, of in row.wanting if of.isdisjoint(exempt)])
                found = any_of([says & deny.holds(context) for deny, says, _ in row.written])
                if found is not wanted:
                    return Finding(request, wanted, found)
    return None


def opens(exemption: Exemption, request: Request, at: datetime) -> bool:
    """Whether an exemption takes in a request: its meaning, said once more and without the renderer.

    Args:
        exemption: the exemption.
        request: with a complete context.
        at: the moment of the request.
    """
    context = request.context
    if context.values_of("aws:PrincipalArn") != (exemption.principal,) or at > exemption.not_after:
        return False
    if exemption.lift:
        return True
    if request.resource in exemption.objects:
        return (exemption.any_action or request.action == GET_OBJECT) and _comes_from(exemption.network, context)
    about = context.values_of("kms:EncryptionContext:aws:s3:arn") or ("",)
    services = context.values_of("kms:ViaService") or ("",)
    by_s3 = _is_s3(services[0], exemption)
    asked = request.action in KMS_ACTIONS or (exemption.any_action and request.action.startswith("kms:"))
    return asked and about[0] in exemption.encrypted and by_s3


_Concerned = list[tuple[StatementReader, Truth, set[int]]]
"""Denies, whether they cover a target, and the indices of the exemptions that take their requests out of each."""


class _Row(NamedTuple):
    """One target, and all that can matter to it.

    Attributes:
        action: the action.
        resource: the resource.
        claiming: the indices of the exemptions that are about the resource.
        wanting: the denies of the policy before.
        written: the denies of what is to be written.
    """

    action: str
    resource: str
    claiming: list[int]
    wanting: _Concerned
    written: _Concerned


class _Denies:
    """A document's Denies, found by what a request is about; most that are written name a few objects."""

    def __init__(self, document: Document, exemptions: Sequence[Exemption]) -> None:
        self._found: dict[str, list[tuple[StatementReader, set[int]]]] = {}
        for statement in statements_of(document):
            if statement.get("Effect") == "Deny":
                opened = {index for index, one in enumerate(exemptions) if what_it_catches(statement, [one])}
                deny = StatementReader(statement)
                for name in deny.resources or (_ANY,):
                    self._found.setdefault(name, []).append((deny, opened))

    def about(self, action: str, resource: str) -> _Concerned:
        """Those that cover the action and the resource, or may."""
        found = (*self._found.get(_ANY, ()), *self._found.get(resource, ()))
        said = [(deny, deny.covers(action, resource), opened) for deny, opened in found]
        return [one for one in said if one[1] is not _NO]


_NO = Truth.FALSE
_ANY = "*"
"""Stands for all resources, as it does in a policy."""


def _by_object(exemptions: Sequence[Exemption]) -> dict[str, list[int]]:
    """The indices of the exemptions, by the objects that they are about; a lift is about everything."""
    found: dict[str, list[int]] = {}
    for index, one in enumerate(exemptions):
        for name in (_ANY,) if one.lift else one.objects:
            found.setdefault(name, []).append(index)
    return found


def _comes_from(network: Vpc | Address | None, context: Context) -> bool:
    if network is None:
        return True
    if isinstance(network, Vpc):
        return context.values_of("aws:SourceVpc") == (network.vpc_id,)
    addresses = context.values_of("aws:SourceIp") or ()
    return any(ip_address(address) in ip_network(network.cidr) for address in addresses)


def _is_s3(service: str, exemption: Exemption) -> bool:
    name, _, rest = service.partition(".")
    return name == "s3" and (exemption.region is None or rest.startswith(f"{exemption.region}."))


# The requests -------------------------------------------------------------------------------------------------------


Target = tuple[str, str]
"""An action and a resource."""
Scene = tuple[Context, datetime]
"""All else about a request, known completely, and its moment."""


def _requests_around(
    document: Document, exemptions: Sequence[Exemption], now: datetime, *, shared: bool
) -> Iterator[tuple[Sequence[Target], Iterator[Scene]]]:
    """Requests around each exemption: of each pair of lists, every target in every scene.

    Args:
        document: whose other condition keys the requests carry, once with a value that it names and once not at all.
        exemptions: what to look around.
        now: the present moment.
        shared: whether a stranger is to be tried too.
    """
    extras, places = _extras(document), list(_places(document))
    soon = now + timedelta(seconds=1)
    for exemption in exemptions:
        principals = [exemption.principal, *([_stranger_to(exemption.principal)] if shared else [])]
        moments = [soon, exemption.not_after, exemption.not_after + timedelta(seconds=1)]
        near = [*places, _within(exemption.network)] if exemption.network else places
        callers = [(_always(who, at) | extra, at) for at, who, extra in product(moments, principals, extras)]
        yield _s3_targets(exemption), _scenes(callers, near)
        for actions_on_a_key, services in _service_calls(exemption):
            yield actions_on_a_key, _scenes(callers, services)
    if len(exemptions) > 1:
        # Each exemption's fetch from each one's network.
        networks = [_within(network) for network in {one.network for one in exemptions if one.network}]
        for principal in dict.fromkeys(one.principal for one in exemptions):
            gets = [(GET_OBJECT, arn) for one in exemptions if one.principal == principal for arn in one.objects]
            yield gets, _scenes([(_always(principal, soon) | extra, soon) for extra in extras], networks)


def _scenes(callers: Sequence[tuple[dict[str, str], datetime]], ways: Sequence[dict[str, str]]) -> Iterator[Scene]:
    for (caller, at), way in product(callers, ways):
        yield Context.of({**caller, **way}, complete=True), at


def _always(principal: str, at: datetime) -> dict[str, str]:
    """What each direct call of a principal carries."""
    time = iso(at.astimezone(UTC))
    return {"aws:PrincipalArn": principal, "aws:CurrentTime": time, "aws:ViaAWSService": "false"}


def _s3_targets(exemption: Exemption) -> list[Target]:
    partition = exemption.objects[0].split(":")[1]
    targets = [
        ("s3:ListBucket", exemption.objects[0].partition("/")[0]),
        ("ec2:RunInstances", f"arn:{partition}:ec2:us-east-1:111122223333:instance/*"),
    ]
    for arn in exemption.objects:
        bucket, _, key = arn.partition("/")
        targets += [(action, arn) for action in (GET_OBJECT, "s3:PutObject", "s3:GetObjectVersion")]
        targets += [(GET_OBJECT, f"{arn}x"), (GET_OBJECT, f"{bucket}x/{key}")]
    return targets


def _service_calls(exemption: Exemption) -> Iterator[tuple[list[Target], list[dict[str, str]]]]:
    """What S3, and another service, asks of KMS about the objects, and about others."""
    partition, region = exemption.objects[0].split(":")[1], exemption.region or "us-east-1"
    key = f"arn:{partition}:kms:{region}:111122223333:key/{_SOME_KEY}"
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"

    def through(service: str, arn: str) -> dict[str, str]:
        return {
            "aws:ViaAWSService": "true",
            "kms:ViaService": f"{service}.{region}.{suffix}",
            "kms:EncryptionContext:aws:s3:arn": arn,
        }

    if exemption.encrypted:
        s3 = [through("s3", arn) for arn in exemption.encrypted]
        yield [(action, key) for action in (*KMS_ACTIONS, "kms:DescribeKey")], s3
        others = [way for arn in exemption.encrypted for way in (through("s3", f"{arn}x"), through("ec2", arn))]
        yield [("kms:Decrypt", key)], others


def _places(document: Document) -> Iterator[dict[str, str]]:
    """A public address and a VPC that nobody names, and the addresses that the document names."""
    yield {"aws:SourceIp": ELSEWHERE}
    yield {"aws:SourceVpc": OTHER_VPC}
    named = [value for statement in statements_of(document) for value in _named(statement, "aws:sourceip")]
    for cidr in dict.fromkeys(named):
        try:
            yield {"aws:SourceIp": str(ip_network(cidr, strict=False)[0])}
        except ValueError as error:
            detail = f"aws:SourceIp {cidr!r} is no range of addresses, so what the policy denies can't be told"
            raise CannotRenderError("address", detail) from error


def _within(network: Vpc | Address) -> dict[str, str]:
    if isinstance(network, Vpc):
        return {"aws:SourceVpc": network.vpc_id}
    return {"aws:SourceIp": str(ip_network(network.cidr)[0])}


_OWN_KEYS = frozenset(
    {
        *("aws:principalarn", "aws:currenttime", "aws:viaawsservice", "aws:sourceip", "aws:sourcevpc"),
        *("kms:viaservice", "kms:encryptioncontext:aws:s3:arn"),
    }
)


def _extras(document: Document) -> list[dict[str, str]]:
    """The document's other condition keys: all absent, and all with the first value that it names."""
    keys: dict[str, str] = {}
    for statement in statements_of(document):
        for requirement in requirements_of(statement.get("Condition")):
            if requirement.key.lower() not in _OWN_KEYS:
                keys.setdefault(requirement.key, next(iter(requirement.values or ()), ""))
    return [{}, keys] if keys else [{}]


def _named(statement: Statement, key: str) -> list[str]:
    blocks = [block for block in statement.get("Condition", {}).values() if isinstance(block, dict)]
    lists = [values for block in blocks for name, values in block.items() if name.lower() == key]
    return [str(value) for values in lists for value in as_list(values)]


def _stranger_to(principal: str) -> str:
    return f"{principal.rpartition('/')[0]}/{STRANGER}"
