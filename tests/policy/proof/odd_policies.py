"""Denies made at random from more parts than the laws are tried on: only the proofs can follow them everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from airlock.policy.exemption import Address, Exemption
from tests.policy.strategies import INFRA_IDS, REGION, USER, VPCS, every_list, objects

_ACTIONS = [
    *("*", "s3:*", "s3:GetObject", "s3:GetObject*", "s3:PutObject", "s3:Get*", "S3:GETOBJECT", "ec2:*"),
    *("kms:*", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKey*", "kms:De*", "*:GetObject"),
]
_RESOURCES = [
    *("*", "arn:*", "arn:aws:*", "arn:aws:s3:*", "arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:*:*:*"),
    *("arn:aws:s3:::other/*", "arn:aws:s3:::test-*", "arn:aws:s3:::accesspoint/*", "arn:aws:s3:*:*:accesspoint/*"),
    *("arn:*:s3:::*", "arn:*:s3:::*/*", "arn:*:s3:*", "arn:*:s3:::test-*"),
    *("arn:aws:kms:*", "arn:aws:kms:*:*:key/*", f"arn:aws:kms:{REGION}:*:key/1", "arn:aws:ec2:*:*:instance/*"),
    *(*objects(INFRA_IDS[0]), *objects(INFRA_IDS[1])),
]
_VALUES: dict[str, tuple[list[str], list[str]]] = {
    "aws:SourceIp": (["NotIpAddress", "IpAddress"], ["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"]),
    "aws:VpcSourceIp": (["NotIpAddress"], ["10.0.0.0/8"]),
    "aws:SourceVpc": (["StringNotEquals", "StringNotLike", "StringEquals"], [*VPCS[:2], "vpc-*"]),
    "aws:SourceVpce": (["StringNotEquals", "StringEquals"], ["vpce-1"]),
    "aws:ViaAWSService": (["Bool"], ["false", "true"]),
    "aws:PrincipalArn": (
        ["ArnNotEquals", "ArnNotLike", "ArnLike", "StringNotEquals"],
        [USER, "arn:aws:iam::*:role/*", "arn:aws:iam::*:user/ocp-*"],
    ),
    "aws:CurrentTime": (
        ["DateGreaterThan", "DateLessThan", "DateNotEquals"],
        ["2026-01-01T00:00:00Z", "2026-11-24T02:30:00Z", "2026-11-24T03:00:00Z"],
    ),
    "kms:ViaService": (["StringNotEquals", "StringNotLike"], [f"s3.{REGION}.amazonaws.com", "ec2.*", "s3.*"]),
    "kms:EncryptionContext:aws:s3:arn": (
        ["StringNotEquals", "StringEquals", "StringNotLike"],
        [*objects(INFRA_IDS[0])],
    ),
}


def _few(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


@st.composite
def odd_conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A source-network condition, and up to three lines more, some on the very keys that the renderer writes."""
    condition: dict[str, dict[str, Any]] = {}
    fence = draw(st.sampled_from(["aws:SourceIp", "aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce"]))
    others = draw(st.lists(st.sampled_from([*_VALUES]), max_size=3))
    lines = [(fence, _VALUES[fence][0][0]), *((key, draw(st.sampled_from(_VALUES[key][0]))) for key in others)]
    for key, operator in lines:
        name = operator + draw(st.sampled_from(["", "IfExists"]))
        condition.setdefault(name, {})[key] = draw(_few(_VALUES[key][1]))
    return condition


@st.composite
def odd_statements(draw: st.DrawFn) -> dict[str, Any]:
    """A source-network deny of one to three patterns of actions and of resources, or of all but those."""
    return {
        "Effect": "Deny",
        draw(st.sampled_from(["Action", "NotAction"])): draw(_few(_ACTIONS)),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(_few(_RESOURCES)),
        "Condition": draw(odd_conditions()),
    }


@st.composite
def odd_exemptions(draw: st.DrawFn, *principals: str) -> list[Exemption]:
    """Every form of exemption, some of them for an address."""
    addresses = st.sampled_from([None, None, Address("198.51.100.0/24"), Address("2001:db8:1::/48")])
    found = [(one, draw(addresses)) for one in draw(every_list(*principals))]
    return [replace(one, network=address) if address and not one.lift else one for one, address in found]
