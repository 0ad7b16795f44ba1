"""The sample policies: in every form, what opens is exactly what is exempt, for all requests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from airlock.install.names import Era, bootstrap_object_arns
from tests.policy.proof.logic import no
from tests.policy.proof.prove import Formulas, disproof
from tests.policy.proof.samples import CASES, FEW, NAMES, NARROWED, SECOND, rewriting, sample
from tests.policy.proof.space import Reading
from tests.policy.strategies import INFRA_IDS, USER

NETWORK = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
WHOLE: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_policy_opens_exactly_what_is_exempt(name: str, case: str, reading: Reading) -> None:
    """Denied before and not after is denied before and exempt; denied after was denied before; Allows stay."""
    assert disproof(sample(name, case), reading) is None


@pytest.mark.parametrize("case", FEW)
@pytest.mark.parametrize("name", sorted({*NAMES} - {"nothing-to-open"}))
def test_the_proof_of_a_sample_is_about_something(name: str, case: str) -> None:
    """Some request is denied and exempt, some denied and not, and some isn't denied at all."""
    formulas = Formulas(sample(name, case))
    assert formulas.request(formulas.before, formulas.exempt)
    assert formulas.request(formulas.before, formulas.after)
    assert formulas.request(no(formulas.before))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("pattern", ["*", "arn:{}:*", "arn:*", ["arn:{}:s3:::*", "arn:{}:s3:::*/*"]])
def test_policies_of_other_partitions_open_exactly(partition: str, pattern: str | list[str]) -> None:
    """China's and GovCloud's ARNs and service names are their own."""
    found = bootstrap_object_arns(INFRA_IDS[0], partition, Era.CAPA)
    grant = replace(NARROWED, principal=USER.replace("aws", partition, 1), objects=found, encrypted=found)
    resource = json.loads(json.dumps(pattern).replace("{}", partition))
    policy = json.dumps({"Statement": [{**WHOLE, "Resource": resource, "Condition": NETWORK}]})
    for one in (grant, replace(grant, region=None)):
        assert disproof(rewriting(policy, [one], shared=True)) is None


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("action", ["*", "s3:*", "s3:GetObject", ["s3:*", "ec2:*"]])
@pytest.mark.parametrize(
    "resource", ["arn:*:s3:*", "arn:*:s3:::*", "arn:*:s3:::*/*", ["arn:aws:s3:::*", "arn:*:s3:::t*"]]
)
def test_a_deny_of_s3_in_any_partition_opens_exactly(
    resource: str | list[str], action: str | list[str], reading: Reading
) -> None:
    """Its first wildcard runs across colons, into access points' keys and other services' ARNs: all of it stays."""
    policy = json.dumps({"Statement": {**WHOLE, "Action": action, "Resource": resource, "Condition": NETWORK}})
    for grant in (NARROWED, SECOND):
        assert disproof(rewriting(policy, [grant], shared=True), reading) is None


CONDITIONS: dict[str, dict[str, Any]] = {
    "by VPC": {"StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    "by VPC, whatever its case": {"StringNotEqualsIgnoreCase": {"aws:SourceVpc": "VPC-1"}},
    "by a pattern of VPCs": {"StringNotLike": {"aws:SourceVpc": "vpc-0a*"}},
    "by endpoint": {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
    "by address in a VPC": {"NotIpAddressIfExists": {"aws:VpcSourceIp": "10.0.0.0/8"} | NETWORK["NotIpAddress"]},
    "where a key is there": NETWORK | {"Null": {"aws:SourceVpc": "true", "aws:TokenIssueTime": "false"}},
    "of some principals": NETWORK | {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/ocp-*"}},
    "of all but some principals": NETWORK | {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    "by names of principals": NETWORK | {"StringLike": {"aws:PrincipalArn": "*:user/*", "aws:username": "ocp?*"}},
    "from a date": NETWORK | {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
    "until a date": NETWORK | {"DateLessThanEquals": {"aws:CurrentTime": "2026-11-24T02:30:00Z"}},
    "with a set of keys": NETWORK | {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    "with a variable": NETWORK | {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
    "with a number": NETWORK | {"NumericLessThan": {"s3:max-keys": 10}},
    "of one KMS caller": NETWORK | {"StringNotEquals": {"kms:ViaService": "ec2.us-east-2.amazonaws.com"}},
    "of one context": NETWORK | {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": NARROWED.objects[0]}},
}


@pytest.mark.parametrize("case", FEW)
@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_beside_or_on_our_keys_keeps_its_meaning(name: str, case: str) -> None:
    """Whatever else the deny asks, of the same keys or of others, the rewriting is exact."""
    policy = json.dumps({"Statement": {**WHOLE, "Condition": CONDITIONS[name]}})
    exemptions, shared = CASES[case]
    assert disproof(rewriting(policy, exemptions, shared=shared)) is None
