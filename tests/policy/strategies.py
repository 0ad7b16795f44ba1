"""Examples of exemptions, strategies for them, and the requests that tell two policies apart.

Strategies for policies are in `shapes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle, product
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.conditions import requirements_of
from airlock.policy.context import Context
from airlock.policy.evaluate import Request, denied, statement_applies
from airlock.policy.exemption import Exemption, Vpc
from airlock.policy.truth import Truth, all_of

SAMPLES = Path(__file__).parents[1] / "samples" / "policies"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/ocp-installer"
OTHER_USER = f"arn:aws:iam::{ACCOUNT}:user/teams/ocp-two"
STRANGER = f"arn:aws:iam::{ACCOUNT}:user/stranger"
INFRA_IDS = ("test-l8dh4", "prod-7xk2q", "lab-9mz4c")
VPCS = ("vpc-0aaaaaaaaaaaaaaa1", "vpc-0bbbbbbbbbbbbbbb2", "vpc-0ccccccccccccccc3")
CORPORATE_VPC = "vpc-0c0rp0rate00000000"
OFFICE = "203.0.113.24"
PUBLIC = "198.51.100.7"
REGION = "us-east-2"


def objects(infra_id: str, era: Era | None = None) -> tuple[str, ...]:
    """The objects of an install in the aws partition."""
    return bootstrap_object_arns(infra_id, "aws", era)


def exemption(  # noqa: PLR0913 - an example's parts, all by name
    infra_id: str = INFRA_IDS[0],
    *,
    era: Era | None = None,
    vpc: str | None = None,
    minutes: int = 60,
    principal: str = USER,
    region: str | None = REGION,
    lift: bool = False,
    any_action: bool = False,
) -> Exemption:
    """An exemption such as a grant makes."""
    return Exemption(
        principal=principal,
        objects=objects(infra_id, era),
        encrypted=() if era is Era.TERRAFORM else objects(infra_id, Era.CAPA),
        region=region,
        network=Vpc(vpc) if vpc else None,
        not_after=NOW + timedelta(minutes=minutes),
        lift=lift,
        any_action=any_action,
    )


def sample_texts() -> list[str]:
    """The sample policies' texts, by name."""
    return [path.read_text() for path in sorted(SAMPLES.glob("*.json"))]


def _exemptions(
    principals: tuple[str, ...], *, lift: bool = False, any_action: bool = False
) -> st.SearchStrategy[Exemption]:
    return st.builds(
        exemption,
        st.sampled_from(INFRA_IDS),
        era=st.sampled_from([None, Era.TERRAFORM, Era.CAPA]),
        vpc=st.sampled_from([None, *VPCS]),
        minutes=st.sampled_from([5, 60, 90]),
        principal=st.sampled_from(principals),
        region=st.sampled_from([None, REGION]),
        lift=st.just(lift),
        any_action=st.booleans() if any_action else st.just(value=False),
    )


def _scoped_lists(*principals: str, most: int = 3, any_action: bool = False) -> st.SearchStrategy[list[Exemption]]:
    return st.lists(
        _exemptions(principals, any_action=any_action),
        max_size=most,
        unique_by=lambda one: next(infra_id for infra_id in INFRA_IDS if infra_id in one.objects[0]),
    )


def lift_lists(*principals: str) -> st.SearchStrategy[list[Exemption]]:
    """One to three lifts of these principals; two may be of one principal and say the same."""
    return st.lists(_exemptions(principals, lift=True), min_size=1, max_size=3)


def mixed_lists(*principals: str) -> st.SearchStrategy[list[Exemption]]:
    """Scoped exemptions and lifts of these principals, of either kind any number or none, with differing times."""
    scoped = _scoped_lists(*principals, most=2)
    return st.one_of(scoped, st.tuples(scoped, lift_lists(*principals)).map(lambda both: both[0] + both[1]))


def every_list(*principals: str) -> st.SearchStrategy[list[Exemption]]:
    """All forms mixed: scoped, of any action, lifts; up to three that are no lift, or up to two beside lifts."""
    scoped = _scoped_lists(*principals, any_action=True)
    fewer = _scoped_lists(*principals, most=2, any_action=True)
    return st.one_of(scoped, st.tuples(fewer, lift_lists(*principals)).map(lambda both: both[0] + both[1]))


exemption_lists = _scoped_lists(USER)


@cache
def requests(principals: tuple[str, ...] = (USER,)) -> tuple[tuple[Request, datetime], ...]:
    """A net of requests of these principals: whatever tells a wrong rewrite from a right one is among them."""
    return tuple(_requests(principals))


def _requests(principals: tuple[str, ...]) -> Iterator[tuple[Request, datetime]]:
    s3 = [arn for infra_id in INFRA_IDS[:2] for arn in objects(infra_id)]
    s3 += [
        "arn:aws:s3:::other/bootstrap.ign",
        f"arn:aws:s3:::{INFRA_IDS[0]}-bootstrap/other",
        "arn:aws:s3:::other/a:b:accesspoint/c",
        "arn:aws:s3:us-east-2:111122223333:accesspoint/name/object/key",
    ]
    targets = [("s3:GetObject", arn) for arn in s3]
    targets += [(action, arn) for action in ("s3:PutObject", "s3:GetObjectAcl") for arn in (s3[0], s3[4], s3[7])]
    targets += [
        ("s3:ListBucket", "arn:aws:s3:::other"),
        ("iam:ChangePassword", USER),
        ("iam:CreateUser", USER),
        ("ec2:RunInstances", "arn:aws:ec2:us-east-2:111122223333:instance/*"),
    ]
    networks: list[dict[str, str]] = [{"aws:SourceIp": address} for address in (OFFICE, PUBLIC)]
    networks += [{"aws:SourceIp": "2001:db8::7"}]
    networks += [{"aws:SourceVpc": vpc} for vpc in (*VPCS[:2], CORPORATE_VPC)]
    networks += [{"aws:SourceVpc": VPCS[0], "aws:SourceVpce": "vpce-0c0rp0rate0000000", "aws:VpcSourceIp": "10.0.7.7"}]
    # Beside the network, taken in turn: whatever else a deny asks about is in each statement that is written of it.
    beside = cycle(
        [
            {},
            {"aws:PrincipalTag/network-exempt": "true"},
            {"aws:MultiFactorAuthPresent": "true"},
            {"aws:VpcSourceIp": "172.16.0.1"},
            {},
        ]
    )
    moments = [NOW, NOW + timedelta(minutes=30), NOW + timedelta(minutes=61), NOW + timedelta(minutes=100)]
    for (action, arn), network, moment, principal in product(targets, networks, moments, principals):
        present = {**next(beside), **network, "aws:ViaAWSService": "false"}
        yield Request(action, arn, _context(present, moment, principal)), moment
    for arn, service, moment, principal in product(s3[:5], ("s3", "ec2"), moments, principals):
        for action in (*KMS_CALLS, "kms:GenerateDataKeyPair", "kms:Encrypt"):
            present = {
                "aws:ViaAWSService": "true",
                "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": arn,
            }
            key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0"
            yield Request(action, key, _context(present, moment, principal)), moment


def _context(present: dict[str, str], moment: datetime, principal: str) -> Context:
    time = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Context.of({**present, "aws:PrincipalArn": principal, "aws:CurrentTime": time}, complete=True)


def is_exempt(
    request: Request, moment: datetime, exemptions: list[Exemption], statement: dict[str, Any] | None = None
) -> bool:
    """Whether an exemption takes in the request: the definition, written independently of the renderer.

    Of a lift, once it is known that the statement in question is in its way (`in_the_way`). What an exemption of any
    action takes in depends on the statement: it has to deny the fetch itself, or one of S3's calls for it.
    """
    for one in exemptions:
        context = request.context
        if context.values_of("aws:PrincipalArn") != (one.principal,) or moment > one.not_after:
            continue
        if one.lift:
            return True
        vpc = context.values_of("aws:SourceVpc")
        by_network = one.network is None or (isinstance(one.network, Vpc) and vpc == (one.network.vpc_id,))
        if request.resource in one.objects and by_network and _may_do(one, request, ("s3:GetObject",), statement):
            return True
        service = (context.values_of("kms:ViaService") or ("",))[0]
        about = (context.values_of("kms:EncryptionContext:aws:s3:arn") or ("",))[0]
        by_s3 = service.startswith("s3.") and (one.region is None or service == f"s3.{one.region}.amazonaws.com")
        if about in one.encrypted and by_s3 and _may_do(one, request, KMS_CALLS, statement):
            return True
    return False


KMS_CALLS = ("kms:Decrypt", "kms:GenerateDataKey")


def _may_do(one: Exemption, request: Request, actions: tuple[str, ...], statement: dict[str, Any] | None) -> bool:
    if request.action in actions or not one.any_action or statement is None:
        return request.action in actions
    named = {key: value for key, value in statement.items() if key in ("Effect", "Action", "NotAction")}
    calls = [Request(action, "*", Context.of()) for action in actions]
    return any(statement_applies({**named, "Resource": "*"}, call) is not Truth.FALSE for call in calls)


def in_the_way(statement: dict[str, Any], lift: Exemption) -> bool:
    """Whether a network deny names one of the calls of a lift's fetch, by the evaluator.

    Of the conditions only the guard on calls by services counts: the others may depend on the network.
    """
    everywhere = {**statement, "Condition": {}}
    for arn in lift.objects:
        if statement_applies(everywhere, Request("s3:GetObject", arn, Context.of())) is not Truth.FALSE:
            return True
    through = Context.of({"aws:ViaAWSService": "true"})
    by_service = all_of(line.holds(through) for line in requirements_of(statement["Condition"]))
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0"
    return by_service is not Truth.FALSE and any(
        statement_applies(everywhere, Request(action, key, Context.of())) is not Truth.FALSE
        for action in KMS_CALLS
        if lift.encrypted
    )


def is_denied(document: dict[str, Any], request: Request) -> bool:
    """Whether the document denies the request; the contexts here are complete, so it is never uncertain."""
    truth = denied(document, request).truth
    if truth is Truth.UNKNOWN:
        raise AssertionError(f"uncertain: {request}")
    return truth is Truth.TRUE
