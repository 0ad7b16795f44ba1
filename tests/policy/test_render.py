"""Rendering by example: opened policies to read, the shapes a statement may have, and what is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airlock.install.names import Era, bootstrap_object_arns
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.exemption import Exemption
from airlock.policy.render import is_airlock_statement, render
from airlock.policy.requests import Fetch
from tests.policy.strategies import (
    INFRA_IDS,
    NOW,
    OFFICE,
    OTHER_USER,
    PUBLIC,
    REGION,
    SAMPLES,
    STRANGER,
    USER,
    VPCS,
    exemption,
    is_denied,
    objects,
)

GOLDEN = Path(__file__).parent / "golden"
CASES: dict[str, list[Exemption]] = {
    "first-signal": [exemption(region=None)],
    "narrowed": [exemption(era=Era.CAPA, vpc=VPCS[0])],
    "two-grants": [exemption(era=Era.CAPA, vpc=VPCS[0]), exemption(INFRA_IDS[1], minutes=90, region=None)],
    "any-action": [exemption(era=Era.CAPA, vpc=VPCS[0], any_action=True)],
    "any-action-beside-grant": [
        exemption(era=Era.CAPA, vpc=VPCS[0], any_action=True),
        exemption(INFRA_IDS[1], era=Era.CAPA, minutes=90),
    ],
    "lift": [exemption(lift=True)],
    "lift-then-grant": [exemption(lift=True), exemption(INFRA_IDS[1], era=Era.CAPA, minutes=90)],
}
SHARED_CASES = CASES | {
    "lift-beside-grant": [exemption(lift=True), exemption(INFRA_IDS[1], era=Era.CAPA, principal=OTHER_USER)],
    "two-lifts": [exemption(lift=True), exemption(lift=True, minutes=90, principal=OTHER_USER)],
}
GOLDEN_CASES = {name: (exemptions, False) for name, exemptions in CASES.items()} | {
    f"shared-{name}": (exemptions, True) for name, exemptions in SHARED_CASES.items()
}
NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
GUARD = {"Bool": {"aws:ViaAWSService": "false"}}
DENY = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NET | GUARD}
OBJECT = objects(INFRA_IDS[0])[0]


@pytest.mark.parametrize("sample", sorted(path.stem for path in SAMPLES.glob("*.json")))
@pytest.mark.parametrize("case", GOLDEN_CASES)
def test_the_sample_policies_open_as_reviewed(sample: str, case: str) -> None:
    """What is written, or why nothing is, is what stands in tests/policy/golden, which says how to renew it."""
    exemptions, shared = GOLDEN_CASES[case]
    try:
        document = json.loads(render((SAMPLES / f"{sample}.json").read_text(), exemptions, NOW, shared=shared))
    except CannotRenderError as refusal:
        document = {"refused": refusal.reason, "because": refusal.detail}
    laid_out = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    golden = GOLDEN / sample / f"{case}.json"
    if os.environ.get("AIRLOCK_RENEW_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(laid_out)
    assert laid_out == golden.read_text()


def test_no_golden_document_is_left_over() -> None:
    """Each file belongs to a sample and a case."""
    wanted = {f"{path.stem}/{case}.json" for path in SAMPLES.glob("*.json") for case in GOLDEN_CASES}
    assert {str(path.relative_to(GOLDEN)) for path in GOLDEN.glob("*/*")} == wanted


def policy(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def opened(statement: dict[str, Any], *exemptions: Exemption, shared: bool = False) -> dict[str, Any]:
    """The document that opens a policy of one statement, for the usual exemption if none is given."""
    return parse_document(render(policy(statement), exemptions or [exemption()], NOW, shared=shared))


def denies(document: dict[str, Any], arn: str = OBJECT, principal: str = USER, *, address: str = PUBLIC) -> bool:
    """Whether a document denies a GET from an address."""
    return is_denied(document, Fetch(arn, principal, NOW, complete=True).from_address(address))


SHAPES: dict[str, dict[str, Any]] = {
    "a list of one action": {"Action": ["*"]},
    "a list of one resource": {"Resource": ["*"]},
    "an action in odd case": {"Action": "S3:GETOBJECT"},
    "GetObject among others": {"Action": ["s3:GetObject", "s3:PutObject"]},
    "a pattern that ends in GetObject": {"Action": "s3:GetObject*"},
    "all of S3 and another service": {"Action": ["s3:*", "ec2:*"]},
    "NotResource": {"Resource": None, "NotResource": ["arn:aws:s3:::public/*"]},
    "NotAction": {"Action": None, "NotAction": "iam:*"},
    "NotAction and NotResource": {
        "Action": None,
        "NotAction": ["iam:*"],
        "Resource": None,
        "NotResource": "arn:aws:s3:::public/*",
    },
    "the object itself": {"Resource": OBJECT},
    "the object among others": {"Resource": [OBJECT, "arn:aws:s3:::other/*"]},
    "all of S3 beside machines": {"Resource": ["arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"]},
    "IfExists": {"Condition": {"NotIpAddressIfExists": NET["NotIpAddress"], "BoolIfExists": GUARD["Bool"]}},
    "operators and keys in odd case": {"Condition": {"notipaddress": {"AWS:SOURCEIP": ["203.0.113.0/24"]}, **GUARD}},
    "every action, by two stars": {"Action": "*:*"},
    "every ARN, by two stars": {"Resource": "*:*"},
    "s3:* without a colon": {"Action": "s3*"},
    "s3:* beside a pattern of its own": {"Action": ["s3:Get*", "s3:*"]},
    "all of S3 and of KMS": {"Action": ["s3:*", "kms:*"], "Condition": NET},
    "all of S3 and the two KMS actions": {
        "Action": ["s3:*", "kms:Decrypt", "kms:GenerateDataKey"],
        "Condition": NET,
    },
    "one KMS action of the two": {"Action": ["s3:GetObject", "kms:Decrypt"], "Condition": NET},
    "KMS keys beside the object": {"Resource": [OBJECT, "arn:aws:kms:*:*:key/*"], "Condition": NET},
    "a guard that is a boolean": {"Condition": NET | {"Bool": {"aws:ViaAWSService": False}}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_statement_opens_for_the_fetch_and_for_nothing_else(shape: str) -> None:
    """Scalars or lists, lists of what is or isn't meant, any case: the object opens and another one doesn't."""
    statement = {key: value for key, value in {**DENY, **SHAPES[shape]}.items() if value is not None}
    before, after = parse_document(policy(statement)), opened(statement)
    assert denies(before)
    assert not denies(after)
    other = "arn:aws:s3:::other/bootstrap.ign"
    assert denies(after, other) == denies(before, other)


def test_a_lone_statement_may_be_an_object() -> None:
    """IAM reads it as a list of one; the opened policy is a list, and the closed one the object again."""
    text = json.dumps({"Version": "2012-10-17", "Statement": DENY})
    assert not denies(parse_document(render(text, [exemption()], NOW)))
    assert render(text, [], NOW) == text


def test_sids_of_the_airlock_are_unique_and_avoid_those_that_are_taken() -> None:
    """A policy that has a statement Airlock2 of its own keeps it, and no other is called so."""
    own = {"Sid": "Airlock2", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    document = parse_document(render(policy(DENY, own, {**DENY, "Sid": "Net"}), [exemption()], NOW))
    sids = [statement["Sid"] for statement in statements_of(document)]
    assert len(sids) == len(set(sids))
    assert sids.count("Airlock2") == 1
    assert own in statements_of(document)
    assert all(is_airlock_statement(one) for one in statements_of(document))


def test_a_statement_that_reads_like_one_of_the_policys_own_still_gets_a_sid() -> None:
    """So that it can be told from it when it is time to go."""
    rest = {key: value for key, value in DENY.items() if key != "Resource"} | {"NotResource": OBJECT}
    document = parse_document(render(policy(DENY, rest), [exemption(era=Era.TERRAFORM)], NOW))
    assert rest in statements_of(document)
    assert len([one for one in statements_of(document) if "Sid" not in one]) == 1


def test_conditions_on_the_keys_that_the_airlock_needs_are_joined() -> None:
    """A deny that spares a VPC and a role already, and is limited in time, keeps all that and gets ours too."""
    condition = {
        **NET,
        **GUARD,
        "StringNotEqualsIfExists": {"aws:SourceVpc": VPCS[2]},
        "ArnNotEquals": {"aws:PrincipalArn": STRANGER},
        "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
    }
    document = opened({**DENY, "Condition": condition}, exemption(vpc=VPCS[0]), shared=True)
    lists = [one["Condition"] for one in statements_of(document)]
    assert {"aws:SourceVpc": [VPCS[2], VPCS[0]]} in [one["StringNotEqualsIfExists"] for one in lists]
    assert {"aws:PrincipalArn": [STRANGER, USER]} in [one["ArnNotEquals"] for one in lists]
    late = [one["DateGreaterThanIfExists"] for one in lists if "DateGreaterThanIfExists" in one]
    assert late == [{"aws:CurrentTime": "2026-11-24T03:00:00Z"}]
    assert all(one["DateGreaterThan"] == condition["DateGreaterThan"] for one in lists)


def test_a_shared_policy_is_opened_for_its_principals_alone() -> None:
    """Two principals' exemptions in one group's policy: each has its own object, a third has neither."""
    two = exemption(INFRA_IDS[1], principal=OTHER_USER)
    document = opened(DENY, exemption(), two, shared=True)
    theirs = objects(INFRA_IDS[1])[0]
    allowed = {
        (who, arn) for who in (USER, OTHER_USER, STRANGER) for arn in (OBJECT, theirs) if not denies(document, arn, who)
    }
    assert allowed == {(USER, OBJECT), (OTHER_USER, theirs)}


def test_the_office_stays_as_it_was() -> None:
    """What the deny never caught isn't caught now."""
    assert not denies(opened(DENY), "arn:aws:s3:::other/key", address=OFFICE)
    assert not denies(opened(DENY), address=OFFICE)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "s3:Get*": ({"Action": "s3:Get*"}, "action-pattern", "'s3:Get*'"),
    "s3:*Object": ({"Action": ["ec2:*", "s3:*Object"]}, "action-pattern", "'s3:*Object'"),
    "s3:* on more than S3": (
        {"Action": "s3:*", "Resource": "arn:aws:*"},
        "action-pattern",
        "'s3:*'",
    ),
    "some buckets": ({"Action": "s3:*", "Resource": "arn:aws:s3:::*-bootstrap/*"}, "resource-pattern", "-bootstrap/*"),
    "some keys": ({"Resource": f"{OBJECT[:-3]}*"}, "resource-pattern", "boot"),
    "a variable in a resource": (
        {"Resource": "arn:aws:s3:::${aws:username}*/*"},
        "resource-pattern",
        "policy variable",
    ),
    "a variable in NotResource": (
        {"Resource": None, "NotResource": "arn:aws:s3:::${aws:username}*/*"},
        "resource-pattern",
        "policy variable",
    ),
    "a pattern for KMS actions": (
        {"Action": ["s3:GetObject", "kms:Gen*"], "Condition": NET},
        "action-pattern",
        "'kms:Gen*'",
    ),
    "two dates already": (
        {
            "Condition": {
                **NET,
                **GUARD,
                "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
                "DateGreaterThanIfExists": {"aws:CurrentTime": "2026-01-02T00:00:00Z"},
            }
        },
        "condition-taken",
        "aws:CurrentTime",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_exact_form_is_refused_by_name(name: str) -> None:
    """A short reason for machines, and words that name what stands in the way."""
    elements, reason, words = REFUSED[name]
    statement = {key: value for key, value in {**DENY, **elements}.items() if value is not None}
    with pytest.raises(CannotRenderError) as caught:
        opened(statement)
    assert caught.value.reason == reason
    assert words in caught.value.detail


def test_a_region_is_named_where_it_is_known() -> None:
    """Without the ViaAWSService guard, KMS is opened for calls through S3: of the install's region once it is told."""
    services = [
        {
            one["Condition"].get("StringNotEquals", {}).get("kms:ViaService")
            for one in statements_of(opened({**DENY, "Condition": NET}, grant))
        }
        for grant in (exemption(region=REGION), exemption(region=None))
    ]
    assert f"s3.{REGION}.amazonaws.com" in services[0]
    assert services[1] == {None}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("pattern", ["arn:{}:*", "*", "arn:{}:kms:*:*:key/*", "arn:*:kms:*"])
def test_s3s_call_to_kms_opens_in_every_partition(partition: str, pattern: str) -> None:
    """A deny of all resources of GovCloud or China by their ARNs catches S3's call to KMS as one of "*" does."""
    principal = USER.replace("arn:aws:", f"arn:{partition}:")
    encrypted = bootstrap_object_arns(INFRA_IDS[0], partition, Era.CAPA)
    grant = replace(exemption(), principal=principal, objects=encrypted, encrypted=encrypted)
    statement = {**DENY, "Resource": pattern.format(partition), "Condition": NET}
    request = Fetch(encrypted[0], principal, NOW, complete=True).kms_call(REGION)
    assert is_denied(parse_document(policy(statement)), request)
    assert not is_denied(opened(statement, grant), request)
