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
from ipaddress import ip_network
from itertools import product

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
    denies = _denies(before)
    # What an exemption takes from one deny another may keep, such as one for a missing MFA.
    in_the_way_of = [{index for index, one in enumerate(live) if what_it_catches(deny, [one])} for deny in denies]
    wanting = [(StatementReader(deny), of) for deny, of in zip(denies, in_the_way_of, strict=True)]
    written = [StatementReader(deny) for deny in _denies(after)]
    no = Truth.FALSE
    for scene in _scenes_around(before, live, now, shared=shared):
        # A deny whose condition doesn't hold there says nothing of any request.
        old = [(deny, of, held) for deny, of in wanting if (held := deny.holds(scene.context)) is not no]
        new = [(deny, held) for deny in written if (held := deny.holds(scene.context)) is not no]
        theirs = [(index, one) for index, one in enumerate(live) if _is_for(one, scene.context, scene.at)]
        for action, resource in scene.targets if old or new else ():
            exempt = [index for index, one in theirs if _takes_in(one, action, resource, scene.context)]
            wanted = any_of([deny.covers(action, resource) & held for deny, of, held in old if of.isdisjoint(exempt)])
            found = any_of([deny.covers(action, resource) & held for deny, held in new])
            if found is not wanted:
                return Finding(Request(action, resource, scene.context), wanted, found)
    return None


def opens(exemption: Exemption, request: Request, at: datetime) -> bool:
    """Whether an exemption takes in a request: its meaning, said once more and without the renderer.

    Args:
        exemption: the exemption.
        request: with a complete context.
        at: the moment of the request.
    """
    context = request.context
    return _is_for(exemption, context, at) and _takes_in(exemption, request.action, request.resource, context)


def _is_for(exemption: Exemption, context: Context, at: datetime) -> bool:
    return at <= exemption.not_after and context.values_of("aws:PrincipalArn") == (exemption.principal,)


def _takes_in(exemption: Exemption, action: str, resource: str, context: Context) -> bool:
    if exemption.lift:
        return True
    if resource in exemption.objects:
        return (exemption.any_action or action == GET_OBJECT) and _comes_from(exemption.network, context)
    about = context.values_of("kms:EncryptionContext:aws:s3:arn") or ("",)
    services = context.values_of("kms:ViaService") or ("",)
    by_s3 = _is_s3(services[0], exemption)
    asked = action in KMS_ACTIONS or (exemption.any_action and action.startswith("kms:"))
    return asked and about[0] in exemption.encrypted and by_s3


def _denies(document: Document) -> list[Statement]:
    return [one for one in statements_of(document) if one.get("Effect") == "Deny"]


def _comes_from(network: Vpc | Address | None, context: Context) -> bool:
    if network is None:
        return True
    if isinstance(network, Vpc):
        return context.values_of("aws:SourceVpc") == (network.vpc_id,)
    addresses = context.values_of("aws:SourceIp") or ()
    return any(ip_network(address).subnet_of(ip_network(network.cidr)) for address in addresses)  # type: ignore[arg-type]  # of one version, by the way requests are made here


def _is_s3(service: str, exemption: Exemption) -> bool:
    name, _, rest = service.partition(".")
    return name == "s3" and (exemption.region is None or rest.startswith(f"{exemption.region}."))


# The requests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scene:
    """Requests that only their actions and resources tell apart.

    Attributes:
        context: what is known of them, completely.
        at: their moment.
        targets: actions and resources.
    """

    context: Context
    at: datetime
    targets: Sequence[tuple[str, str]]


def _scenes_around(
    document: Document, exemptions: Sequence[Exemption], now: datetime, *, shared: bool
) -> Iterator[_Scene]:
    """Requests around each exemption.

    Args:
        document: whose other condition keys the requests carry, once with a value that it names and once not at all.
        exemptions: what to look around.
        now: the present moment.
        shared: whether a stranger is to be tried too.
    """
    extras = _extras(document)
    networks = list(_networks(document, exemptions))
    for exemption in exemptions:
        principals = [exemption.principal, *([_stranger_to(exemption.principal)] if shared else [])]
        targets = list(_s3_targets(exemption))
        moments = [now + timedelta(seconds=1), exemption.not_after, exemption.not_after + timedelta(seconds=1)]
        for at, principal, extra in product(moments, principals, extras):
            always = {**extra, "aws:PrincipalArn": principal, "aws:CurrentTime": iso(at.astimezone(UTC))}
            for network in networks:
                keys = {"aws:ViaAWSService": "false", **always, **network}
                yield _Scene(Context.of(keys, complete=True), at, targets)
            for context, calls in _service_calls(exemption, always):
                yield _Scene(context, at, calls)


def _s3_targets(exemption: Exemption) -> Iterator[tuple[str, str]]:
    for arn in exemption.objects:
        yield from ((action, arn) for action in (GET_OBJECT, "s3:PutObject", "s3:GetObjectVersion"))
        bucket, _, key = arn.partition("/")
        yield GET_OBJECT, f"{arn}x"
        yield GET_OBJECT, f"{bucket}x/{key}"
    partition = exemption.objects[0].split(":")[1]
    yield "s3:ListBucket", exemption.objects[0].partition("/")[0]
    yield "ec2:RunInstances", f"arn:{partition}:ec2:us-east-1:111122223333:instance/*"


def _service_calls(exemption: Exemption, always: dict[str, str]) -> Iterator[tuple[Context, Sequence[tuple[str, str]]]]:
    """What S3, and another service, asks of KMS about the objects, and about others."""
    if not exemption.encrypted:
        return
    partition, region = exemption.objects[0].split(":")[1], exemption.region or "us-east-1"
    key = f"arn:{partition}:kms:{region}:111122223333:key/{_SOME_KEY}"
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    for arn in exemption.encrypted:
        for actions, about, service in (
            ((*KMS_ACTIONS, "kms:DescribeKey"), arn, "s3"),
            (("kms:Decrypt",), f"{arn}x", "s3"),
            (("kms:Decrypt",), arn, "ec2"),
        ):
            keys = {
                **always,
                "aws:ViaAWSService": "true",
                "kms:ViaService": f"{service}.{region}.{suffix}",
                "kms:EncryptionContext:aws:s3:arn": about,
            }
            yield Context.of(keys, complete=True), [(action, key) for action in actions]


def _networks(document: Document, exemptions: Sequence[Exemption]) -> Iterator[dict[str, str]]:
    """A public address that nobody names, those that the document names, each exemption's network, another VPC."""
    yield {"aws:SourceIp": ELSEWHERE}
    yield {"aws:SourceVpc": OTHER_VPC}
    named = [value for statement in statements_of(document) for value in _named(statement, "aws:sourceip")]
    opened = [one.network.cidr for one in exemptions if isinstance(one.network, Address)]
    for network in dict.fromkeys([*named, *opened]):
        try:
            first = ip_network(network, strict=False)[0]
        except ValueError as error:
            detail = f"aws:SourceIp {network!r} is no range of addresses, so what the policy denies can't be told"
            raise CannotRenderError("address", detail) from error
        yield {"aws:SourceIp": str(first)}
    for vpc in dict.fromkeys(one.network.vpc_id for one in exemptions if isinstance(one.network, Vpc)):
        yield {"aws:SourceVpc": vpc}


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
