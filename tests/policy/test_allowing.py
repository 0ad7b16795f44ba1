"""Allows by network: who allows the fetch, and which Allow leaves it out for its network alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.policy.allowing import BOUNDARY, IDENTITY, Allowance, allowances, fenced_allow, from_some_vpc
from airlock.policy.evaluate import Request, allowed
from airlock.policy.place import HeldPolicy, PolicyKind, PolicyPlace
from airlock.policy.requests import Fetch
from airlock.policy.truth import Truth
from tests.policy.shapes import every_deny
from tests.policy.strategies import INFRA_IDS, objects

USER = "arn:aws:iam::111122223333:user/ci/installer"
OBJECT = objects(INFRA_IDS[0])[0]
FETCH = Fetch(OBJECT, USER, datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
FROM_VPC = FETCH.from_vpc("vpc-new", endpoint_id="vpce-1", private_ip="10.0.0.9")
FROM_PUBLIC = FETCH.from_address("198.51.100.7")
WAYS = (from_some_vpc(FROM_VPC), FROM_PUBLIC)
INLINE = PolicyPlace(PolicyKind.USER_INLINE, USER, "work")
EDGE = PolicyPlace(PolicyKind.MANAGED, "arn:aws:iam::111122223333:policy/edge", "edge")

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
OFFICE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
FROM_OFFICE = {**ALL, "Sid": "Office", "Condition": OFFICE}
READS_ELSEWHERE = {**ALL, "Action": "ec2:*"}


def held(*statements: object, place: PolicyPlace = INLINE, boundary: bool = False, attached: bool = True) -> HeldPolicy:
    """A policy of these statements."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return HeldPolicy(place, text, boundary=boundary, attached=attached)


def edge(*statements: object, attached: bool = False) -> HeldPolicy:
    """A permissions boundary of these statements."""
    return held(*statements, place=EDGE, boundary=True, attached=attached)


def test_an_allow_for_the_office_is_named() -> None:
    """The sentence says where it stands and what of it doesn't hold."""
    assert fenced_allow([held(READS_ELSEWHERE, FROM_OFFICE)], WAYS) == (
        "no Allow in the principal's policies covers s3:GetObject from where the node is, and one does so elsewhere: "
        f"statement 1 (Office) of user-inline work of {USER}: "
        "aws:SourceIp is absent, so IpAddress 192.0.2.0/24 doesn't hold"
    )


@pytest.mark.parametrize(
    "allow",
    [
        {**ALL, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-corp"}}},
        {**ALL, "Condition": {"StringLike": {"AWS:sourceVPC": ["vpc-corp*"]}}},
        {**ALL, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-corp", "aws:PrincipalAccount": "111122223333"}}},
        {**ALL, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-corp", "aws:PrincipalTag/team": "ocp"}}},
        {**ALL, "Condition": {**OFFICE, "Bool": {"aws:SecureTransport": "true"}}},
        {**ALL, "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}}},
        {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:iam::*", "Condition": OFFICE},
        {**ALL, "Action": "s3:Get*", "Resource": "arn:aws:s3:::*-bootstrap/*", "Condition": OFFICE},
    ],
)
def test_allows_that_leave_the_fetch_out_for_its_network_alone(allow: dict[str, Any]) -> None:
    """By any network key, with other conditions beside it that hold or may, and by any form of the lists."""
    assert fenced_allow([held(allow)], [FROM_VPC, FROM_PUBLIC]) is not None


@pytest.mark.parametrize(
    "allow",
    [
        READS_ELSEWHERE,
        {**FROM_OFFICE, "Action": "ec2:*"},
        {**FROM_OFFICE, "Resource": "arn:aws:s3:::other/*"},
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*", "Condition": OFFICE},
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*", "Condition": OFFICE},
        {**ALL, "Condition": {**OFFICE, "Bool": {"aws:SecureTransport": "false"}}},
        {**ALL, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "StringEquals": {"aws:username": "kim"}}},
        {**ALL, "Condition": {"StringEquals": {"aws:SourceIp": "192.0.2.7", "aws:PrincipalAccount": "444455556666"}}},
    ],
)
def test_an_allow_of_something_else_is_no_reason(allow: dict[str, Any]) -> None:
    """Where no Allow is near, the bucket's policy may be meant to allow the fetch, and nobody knows."""
    assert fenced_allow([held(allow)], WAYS) is None


@pytest.mark.parametrize(
    "allow",
    [
        ALL,
        {**ALL, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ocp"}}},
        {**ALL, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-corp"}}},
        {**ALL, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-corp"}}},
        {**ALL, "Condition": {"IpAddress": {"aws:SourceIp": "office"}}},
        {**ALL, "Condition": {"IpAddress": {"aws:SourceIp": {}}}},
        {**ALL, "Resource": "arn:aws:s3:::${aws:PrincipalTag/cluster}-bootstrap/*"},
        {**ALL, "Principal": "*"},
        {"Effect": "Allow", "Action": "s3:*"},
        {**ALL, "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {**ALL, "Condition": {"IpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"}}},
    ],
)
def test_what_allows_the_fetch_or_may_by_one_way_is_no_reason(allow: dict[str, Any]) -> None:
    """An unknown tag, VPC or variable, what IAM wouldn't take, and one way that is allowed: each speaks against it."""
    assert fenced_allow([held(FROM_OFFICE, allow)], WAYS) is None


def test_a_policy_that_cant_be_read_may_allow_it() -> None:
    """Then nothing is said."""
    odd = HeldPolicy(PolicyPlace(PolicyKind.USER_INLINE, USER, "odd"), "{")
    assert fenced_allow([held(FROM_OFFICE), odd], WAYS) is None
    assert allowances([odd], FROM_PUBLIC) == [Allowance(IDENTITY, Truth.UNKNOWN)]


def test_without_a_fetch_nothing_is_said() -> None:
    """Calls to KMS are AWS's key's own matter."""
    assert fenced_allow([held(FROM_OFFICE)], []) is None
    assert fenced_allow([held(FROM_OFFICE)], [FETCH.kms_call("us-east-2")]) is None


@pytest.mark.parametrize(
    ("policies", "by"),
    [
        ([held(ALL), edge(FROM_OFFICE)], BOUNDARY),
        ([held(FROM_OFFICE), edge(ALL)], IDENTITY),
        ([edge(FROM_OFFICE, attached=True)], IDENTITY),
        ([held(ALL), edge(ALL)], None),
        ([held(ALL), edge(READS_ELSEWHERE)], None),
        ([edge(ALL)], None),
        ([held(FROM_OFFICE), edge(READS_ELSEWHERE)], IDENTITY),
    ],
)
def test_identity_policies_and_boundary_each_have_to_allow_it(policies: list[HeldPolicy], by: str | None) -> None:
    """A boundary's Allows don't count as the principal's own, unless it is attached as well."""
    told = fenced_allow(policies, WAYS)
    assert (told is None) if by is None else f"no Allow in {by} covers" in str(told)


def test_each_way_may_be_stopped_by_another() -> None:
    """Here the identity policies leave the VPC out and the boundary the public address."""
    by_address = {**ALL, "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}
    by_vpc = {**ALL, "Condition": {"Null": {"aws:SourceVpc": "false"}}}
    assert fenced_allow([held(by_address), edge(by_vpc)], WAYS) is not None
    assert fenced_allow([held(by_address), edge(ALL)], WAYS) is None


def test_a_deny_is_no_allow() -> None:
    """However it is conditioned."""
    assert fenced_allow([held({**FROM_OFFICE, "Effect": "Deny"})], WAYS) is None


@given(first=every_deny, second=every_deny, request_=st.sampled_from([FROM_VPC, *WAYS]))
def test_it_agrees_with_the_evaluator(first: dict[str, Any], second: dict[str, Any], request_: Request) -> None:
    """Over many statements, an allowance is the evaluator's verdict, and something near is said where that is no."""
    policy = held({**first, "Effect": "Allow"}, {**second, "Effect": "Allow"})
    (found,) = allowances([policy], request_)
    assert found.truth is allowed(json.loads(policy.text), request_).truth
    assert not (found.near and found.truth is not Truth.FALSE)
    assert (fenced_allow([policy], [request_]) is not None) == bool(found.near)
