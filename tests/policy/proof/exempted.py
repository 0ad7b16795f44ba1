"""What exemptions open, as a formula: from docs/policy-algebra.md and the docstring of `Exemption`, not from render.

A statement that isn't a source-network deny is never opened. Of one that is, a scoped exemption opens its own
requests, and a lift everything, if the statement is in the lift's way. One of any action opens every action on the
objects, and every call by S3 to KMS about them, if the statement denies what a scoped one would open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from ipaddress import ip_network

from airlock.policy.exemption import Exemption, Vpc
from tests.policy.proof.logic import NO, YES, Formula, all_of, any_of, compare, model_of
from tests.policy.proof.meaning import Statement, condition, names
from tests.policy.proof.patterns import Pattern, glob, literal
from tests.policy.proof.space import Reading, Space
from tests.policy.proof.world import GET_OBJECT, KMS_CALLS, facts, key_arns

_NETWORK_KEYS = ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce")


def partition_of(exemption: Exemption) -> str:
    """The AWS partition in which it lives."""
    return exemption.principal.split(":")[1]


def is_source_network_deny(statement: Statement) -> bool:
    """Whether it denies because of where a request comes from: a negated operator on one of the network keys."""
    return statement["Effect"] == "Deny" and any(
        "not" in operator.lower().removesuffix("ifexists") and key.lower() in _NETWORK_KEYS
        for operator, block in statement.get("Condition", {}).items()
        for key in block
    )


def opened(space: Space, statement: Statement, exemptions: Sequence[Exemption], now: datetime) -> Formula:
    """The requests for which the exemptions take the statement back; it may deny them or not."""
    if not is_source_network_deny(statement):
        return NO
    return any_of(_takes_in(space, statement, one) for one in exemptions if one.not_after > now)


def in_the_way(statement: Statement, lift: Exemption) -> bool:
    """Whether the statement can deny one of the calls of the lift's fetch, its networks and other conditions aside.

    Those are the GETs of the objects, and S3's calls to KMS for them, unless the statement spares what services do.
    """
    return _may_deny(statement, lift, _get) or _may_deny(statement, lift, _kms_call)


def _may_deny(statement: Statement, one: Exemption, call: Callable[[Space, Statement, Exemption], Formula]) -> bool:
    """Whether some request is the call and named by the statement.

    What the two readings of a resource part on counts, as does a policy variable, which stands for anything.
    """
    for reading in Reading:
        space = Space(reading)
        wanted = [names(space, statement), call(space, statement, one)]
        world = [fact.formula for fact in facts(space, partition_of(one))]
        if model_of([*wanted, *world, *space.laws()]) is not None:
            return True
    return False


def _get(space: Space, _: Statement, one: Exemption) -> Formula:
    return all_of([space.action.is_one_of(GET_OBJECT), space.resource.is_one_of(*one.objects)])


def _kms_call(space: Space, statement: Statement, one: Exemption) -> Formula:
    return all_of(
        [
            space.action.is_one_of(*KMS_CALLS),
            space.resource.matches(key_arns(partition_of(one))),
            space.key("aws:ViaAWSService").is_one_of("true"),
            condition(space, statement, only_key="aws:ViaAWSService"),
            YES if one.encrypted else NO,
        ]
    )


def _takes_in(space: Space, statement: Statement, one: Exemption) -> Formula:
    in_time = compare(space.key("aws:CurrentTime").number, "lessthanequals", Fraction(int(one.not_after.timestamp())))
    who = space.key("aws:PrincipalArn").is_one_of(one.principal)
    if one.lift:
        what = YES if in_the_way(statement, one) else NO
    else:
        what = any_of([_fetch(space, statement, one), _service_call(space, statement, one)])
    return all_of([who, in_time, what])


def _fetch(space: Space, statement: Statement, one: Exemption) -> Formula:
    every = one.any_action and _may_deny(statement, one, _get)
    action = YES if every else space.action.is_one_of(GET_OBJECT)
    return all_of([action, space.resource.is_one_of(*one.objects), _from_network(space, one)])


def _from_network(space: Space, one: Exemption) -> Formula:
    if one.network is None:
        return YES
    if isinstance(one.network, Vpc):
        return space.key("aws:SourceVpc").is_one_of(one.network.vpc_id)
    source = space.key("aws:SourceIp")
    return all_of([source.present, source.address.is_in(ip_network(one.network.cidr))])


def _service_call(space: Space, statement: Statement, one: Exemption) -> Formula:
    """S3's call to KMS for an encrypted object: it carries no network, so it is opened for any."""
    if not one.encrypted:
        return NO
    service = space.key("kms:ViaService")
    every = one.any_action and _may_deny(statement, one, _kms_call)
    return all_of(
        [
            space.action.matches(glob("kms:*")) if every else space.action.is_one_of(*KMS_CALLS),
            space.key("kms:EncryptionContext:aws:s3:arn").is_one_of(*one.encrypted),
            service.present,
            service.text.matches(_s3_of(one)),
        ]
    )


def _s3_of(one: Exemption) -> Pattern:
    """The names that KMS gives S3: of the region, or of any while it is unknown (KMS developer guide)."""
    suffix = "amazonaws.com.cn" if partition_of(one) == "aws-cn" else "amazonaws.com"
    return literal(f"s3.{one.region}.{suffix}") if one.region else glob(f"s3.*.{suffix}")
