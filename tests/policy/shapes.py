"""Hypothesis strategies for policies: plain denies, denies of every shape, and documents of them and others.

Every shape that the renderer learns joins them, so that all laws are tried on it; what has no exact form for the
exemptions drawn is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.policy.strategies import CORPORATE_VPC, INFRA_IDS, STRANGER, USER, VPCS, objects

ENDPOINT = "vpce-0c0rp0rate0000000"
PRIVATE_IP = "10.0.7.7"

_ADDRESSES = ["192.0.2.0/24", ["203.0.113.0/24"], ["192.0.2.0/24", "203.0.113.0/24"], "2001:db8::/32"]
_NETWORKS: dict[str, list[Any]] = {
    "aws:SourceIp": [*_ADDRESSES, ["203.0.113.0/24", "2001:db8::/32"]],
    "aws:VpcSourceIp": ["10.0.0.0/16", ["10.0.0.0/16", "fd00::/8"]],
    "aws:SourceVpc": [CORPORATE_VPC, [CORPORATE_VPC, VPCS[2]]],
    "aws:SourceVpce": [ENDPOINT, [ENDPOINT]],
}
_SPELLINGS: list[Callable[[str], str]] = [str, str.lower, str.upper]


@st.composite
def network_lines(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A negated operator with or without set prefix and IfExists, one of the four keys, and values, in any case."""
    key = draw(st.sampled_from(sorted(_NETWORKS)))
    by_address = key.endswith("SourceIp")
    names = ["NotIpAddress"] if by_address else ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"]
    prefix = draw(st.sampled_from(["", "", "ForAnyValue:", "ForAllValues:"]))
    operator = prefix + draw(st.sampled_from(names)) + draw(st.sampled_from(["", "IfExists"]))
    spell, spell_key = draw(st.sampled_from(_SPELLINGS)), draw(st.sampled_from(_SPELLINGS))
    return spell(operator), spell_key(key), draw(st.sampled_from(_NETWORKS[key]))


_ROLE = "arn:aws:iam::*:role/aws:ec2-infrastructure"
_EARLY, _LATE = "2026-01-01T00:00:00Z", "2026-11-24T02:45:00Z"
BESIDE: list[tuple[str, str, Any]] = [
    ("Bool", "aws:ViaAWSService", "false"),
    ("BoolIfExists", "aws:ViaAWSService", ["false"]),
    ("bool", "AWS:VIAAWSSERVICE", False),
    ("StringNotEquals", "aws:PrincipalTag/network-exempt", "true"),
    ("StringNotEqualsIfExists", "aws:PrincipalTag/network-exempt", ["true"]),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
    ("ArnNotLikeIfExists", "aws:PrincipalArn", _ROLE),
    ("ArnNotEquals", "aws:principalarn", [_ROLE, STRANGER]),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"),
    ("StringEquals", "aws:PrincipalArn", USER),
    ("DateGreaterThan", "aws:CurrentTime", _EARLY),
    ("dategreaterthan", "AWS:currenttime", [_LATE]),
    ("DateGreaterThanIfExists", "aws:CurrentTime", _LATE),
    ("DateLessThan", "aws:CurrentTime", "2026-11-24T03:10:00Z"),
    ("StringNotEquals", "kms:ViaService", "ec2.us-east-2.amazonaws.com"),
]
"""Conditions beside the network's: operator, key and values."""


@st.composite
def every_condition(draw: st.DrawFn) -> dict[str, Any]:
    """One to three network lines, and others beside them; an operator stands once, in whatever case."""
    lines = draw(st.lists(network_lines(), min_size=1, max_size=3)) + draw(
        st.lists(st.sampled_from(BESIDE), max_size=3)
    )
    condition: dict[str, dict[str, Any]] = {}
    spelt: dict[str, str] = {}
    for operator, key, values in lines:
        block = condition.setdefault(spelt.setdefault(operator.lower(), operator), {})
        if key.lower() not in map(str.lower, block):
            block[key] = values
    return condition


_KEYS = "arn:aws:kms:*:*:key/*"
_ONE, _TWO = objects(INFRA_IDS[0])
ACTIONS: list[dict[str, Any]] = [
    {"Action": "*"},
    {"Action": ["*:*"]},
    {"Action": "s3:*"},
    {"Action": ["S3:*", "ec2:*"]},
    {"Action": "s3*"},
    {"Action": ["s3:*", "kms:*"]},
    {"Action": ["s3:*", "kms:Decrypt", "kms:GenerateDataKey", "KMS:encrypt"]},
    {"Action": ["s3:GetObject", "s3:PutObject", "iam:*"]},
    {"Action": ["S3:getobject*"]},
    {"Action": "s3:GetObject"},
    {"Action": "s3:Get*"},
    {"Action": ["s3:*Object", "kms:Gen*"]},
    {"Action": ["s3:GetObject", "s3:?utObject", "kms:Decrypt"]},
    {"Action": "kms:*"},
    {"Action": ["kms:GenerateDataKey*"]},
    {"Action": ["s3:PutObject", "ec2:*"]},
    {"NotAction": ["iam:GetAccountPasswordPolicy", "iam:ChangePassword"]},
    {"NotAction": ["s3:Get*"]},
    {"NotAction": ["kms:Decrypt", "s3:PutObject"]},
    {"NotAction": "sts:*"},
]
RESOURCES: list[dict[str, Any]] = [
    {"Resource": "*"},
    {"Resource": ["*", _ONE]},
    {"Resource": "*:*"},
    {"Resource": "arn:*"},
    {"Resource": "arn:aws:s3:::*"},
    {"Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]},
    {"Resource": "arn:aws:s3:*"},
    {"Resource": ["arn:*:s3:::*/*", "arn:aws:ec2:*:*:instance/*"]},
    {"Resource": ["arn:aws:s3:::*", _KEYS]},
    {"Resource": [_ONE, _KEYS]},
    {"Resource": [_TWO, _ONE, "arn:aws:s3:::other/*"]},
    {"Resource": objects(INFRA_IDS[1])[0]},
    {"Resource": _KEYS},
    {"Resource": "arn:aws:s3:::*-bootstrap/*"},
    {"NotResource": ["arn:aws:s3:::public/*"]},
    {"NotResource": ["arn:aws:s3:::public/*", _KEYS]},
    {"NotResource": _ONE},
]

every_deny = st.builds(
    lambda sid, what, where, condition: {**sid, "Effect": "Deny", **what, **where, "Condition": condition},
    st.sampled_from([{}, {"Sid": "Net"}, {"Sid": "Airlock1"}]),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    every_condition(),
)
"""Source-network denies of every shape, those that no scoped exemption can part included."""


# Plain ones, most of which have an exact form, so that little that is drawn is skipped ------------------------------

_addresses = st.sampled_from(_ADDRESSES)


@st.composite
def plain_conditions(draw: st.DrawFn) -> dict[str, Any]:
    """Conditions of a source-network deny, with and without others beside them."""
    suffix = draw(st.sampled_from(["", "IfExists"]))
    key = draw(st.sampled_from(["aws:SourceIp", "AWS:sourceip"]))
    operator = draw(st.sampled_from(["NotIpAddress", "notipaddress"]))
    condition: dict[str, Any] = {f"{operator}{suffix}": {key: draw(_addresses)}}
    guard = draw(st.sampled_from(["Bool", "BoolIfExists", None]))
    if guard:
        condition[guard] = {"aws:ViaAWSService": draw(st.sampled_from(["false", False, ["false"]]))}
    if draw(st.booleans()):
        vpcs: Any = draw(st.sampled_from([CORPORATE_VPC, [CORPORATE_VPC]]))
        block: dict[str, Any] = {"aws:SourceVpc": vpcs}
        if draw(st.booleans()):
            block["aws:PrincipalTag/network-exempt"] = "true"
        condition[draw(st.sampled_from(["StringNotEquals", "StringNotEqualsIfExists"]))] = block
    if draw(st.booleans()):
        role = "arn:aws:iam::*:role/aws:ec2-infrastructure"
        condition[draw(st.sampled_from(["ArnNotLikeIfExists", "ArnNotEquals"]))] = {"aws:PrincipalArn": role}
    if draw(st.booleans()):
        condition["DateGreaterThan"] = {"aws:CurrentTime": "2026-01-01T00:00:00Z"}
    return condition


network_denies = st.builds(
    lambda sid, what, where, condition: {**sid, "Effect": "Deny", **what, **where, "Condition": condition},
    st.sampled_from([{}, {"Sid": "Net"}, {"Sid": "Airlock1"}]),
    st.sampled_from(
        [
            {"Action": "*"},
            {"Action": ["*"]},
            {"Action": "s3:*"},
            {"Action": ["s3:*", "ec2:*"]},
            {"Action": ["s3:GetObject", "s3:PutObject", "iam:*"]},
            {"Action": ["S3:getobject*"]},
            {"Action": "s3:GetObject"},
            {"Action": "ec2:*"},
            {"NotAction": ["iam:GetAccountPasswordPolicy", "iam:ChangePassword"]},
            {"NotAction": ["s3:Get*"]},
            {"NotAction": "sts:*"},
        ]
    ),
    st.sampled_from(
        [
            {"Resource": "*"},
            {"Resource": ["*"]},
            {"Resource": "arn:aws:s3:::*"},
            {"Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]},
            {"Resource": "arn:*:s3:::*/*"},
            {"Resource": "arn:aws:s3:*"},
            {"Resource": ["arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"]},
            {"Resource": [*objects(INFRA_IDS[0]), "arn:aws:s3:::other/*"]},
            {"Resource": objects(INFRA_IDS[1])[0]},
            {"NotResource": ["arn:aws:s3:::public/*"]},
            {"NotResource": objects(INFRA_IDS[0])[0]},
        ]
    ),
    plain_conditions(),
)

odd_denies = st.builds(
    lambda elements, condition: {"Effect": "Deny", "Action": "*", "Resource": "*", **elements, "Condition": condition},
    st.sampled_from(
        [
            {"Action": "s3:Get*"},
            {"Action": "s3:?etObject", "Resource": "arn:aws:s3:::*-bootstrap/*"},
            {"Action": ["s3:PutObject", "kms:Decrypt"]},
            {"Action": "kms:*"},
            {"Resource": [objects(INFRA_IDS[0])[0], "arn:aws:kms:*:*:key/*"]},
            {"Resource": "arn:aws:kms:*"},
            {"Action": "s3:*", "Resource": "arn:aws:*"},
        ]
    ),
    plain_conditions(),
)
"""Network denies that have no exact form without a fetch, so that they can only be lifted."""

bystanders = st.sampled_from(
    [
        {"Sid": "Work", "Effect": "Allow", "Action": ["ec2:*", "s3:*"], "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::audit-*"},
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        },
    ]
)


@st.composite
def documents(draw: st.DrawFn, denies: st.SearchStrategy[dict[str, Any]] = network_denies) -> str:
    """Policy texts with source-network denies and others, one statement or many, compact or not."""
    statements = draw(st.lists(st.one_of(denies, bystanders), min_size=1, max_size=3))
    sids: set[str] = set()
    for index, one in enumerate(statements):
        if one.get("Sid") in sids:  # IAM refuses a policy with one Sid twice
            statements[index] = {key: value for key, value in one.items() if key != "Sid"}
        sids.update([one["Sid"]] if "Sid" in one else [])
    statement: Any = statements[0] if len(statements) == 1 and draw(st.booleans()) else statements
    version = draw(st.sampled_from([{"Version": "2012-10-17"}, {"Version": "2008-10-17"}, {}]))
    document = {**version, "Statement": statement}
    return json.dumps(document, indent=draw(st.sampled_from([None, 2, 4])))
