"""Tests of the translation: what a policy of IAM's means for the few callers that the gate has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from demo.translation import Translation, TranslationError, for_gate

USER = "arn:aws:iam::111122223333:user/ocp-installer"
VPC = "vpc-0a1b2c3d4e5f60718"
OFFICE = ["192.0.2.0/24", "203.0.113.0/24"]
OUTSIDE = {"NotIpAddress": {"aws:SourceIp": OFFICE}}
NOT_OFFICE = {"NotIpAddress": {"aws:SourceIp": ["127.0.0.1/32"]}}
NOT_OFFICE_NOR_NODE = {"NotIpAddress": {"aws:SourceIp": ["127.0.0.1/32", "127.0.0.2/32"]}}
OFFICE_AND_NODE = {"IpAddress": {"aws:SourceIp": ["127.0.0.1/32", "127.0.0.2/32"]}}
NODE_ALONE = {"IpAddress": {"aws:SourceIp": ["127.0.0.2/32"]}}
NOBODY: dict[str, Any] = {}


def translate(*statements: dict[str, Any], node: str = VPC, principal: str = USER) -> Translation:
    """Carry statements over to a world with the office and one node."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return for_gate(document, office=OFFICE, node={node: "127.0.0.2"}, principal=principal)


def deny(condition: dict[str, Any], **elements: object) -> dict[str, Any]:
    """Write a Deny of everything, with a condition."""
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition, **elements}


def condition_of(condition: dict[str, Any], **world: str) -> object:
    """Translate a Deny with this condition; its condition then, or None if the statement is left out."""
    statements = translate(deny(condition), **world).document["Statement"]
    return statements[0].get("Condition", NOBODY) if statements else None


@pytest.mark.parametrize(
    "condition",
    [
        OUTSIDE,
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
        {"notipaddress": {"AWS:sourceip": OFFICE}},
        {"NotIpAddress": {"aws:SourceIp": [*OFFICE, "198.51.100.0/24"]}},
    ],
)
def test_outside_the_office_is_everybody_but_its_local_address(condition: dict[str, Any]) -> None:
    """A deny outside the office's networks holds for the node and everybody else, however it is spelt."""
    assert condition_of(condition) == NOT_OFFICE


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringNotEquals": {"aws:SourceVpc": [VPC]}}, {"NotIpAddress": {"aws:SourceIp": ["127.0.0.2/32"]}}),
        ({"StringNotEqualsIfExists": {"aws:SourceVpc": VPC}}, {"NotIpAddress": {"aws:SourceIp": ["127.0.0.2/32"]}}),
        ({**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": [VPC]}}, NOT_OFFICE_NOR_NODE),
        ({**OUTSIDE, "StringNotEquals": {"aws:sourcevpc": ["vpc-0corp", VPC]}}, NOT_OFFICE_NOR_NODE),
        ({**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": ["vpc-0corp"]}}, NOT_OFFICE),
        ({"StringEquals": {"aws:SourceVpc": VPC}}, NODE_ALONE),
        ({"StringLike": {"aws:SourceVpc": "vpc-0a1b*"}}, NODE_ALONE),
        ({"StringEqualsIfExists": {"aws:SourceVpc": VPC}}, NOBODY),
        ({"Null": {"aws:SourceVpc": "false"}}, NODE_ALONE),
        ({"Null": {"aws:SourceIp": "true"}}, NODE_ALONE),
        ({"IpAddress": {"aws:SourceIp": OFFICE}}, {"IpAddress": {"aws:SourceIp": ["127.0.0.1/32"]}}),
        ({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}, OFFICE_AND_NODE),
        ({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, NODE_ALONE),
    ],
)
def test_a_node_behind_an_endpoint_is_known_by_its_vpc(condition: dict[str, Any], expected: dict[str, Any]) -> None:
    """The node's requests carry its VPC and no address, and each operator holds as IAM says of a missing key."""
    assert condition_of(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (OUTSIDE, NOT_OFFICE),
        ({"NotIpAddress": {"aws:SourceIp": [*OFFICE, "198.51.100.7/32"]}}, NOT_OFFICE_NOR_NODE),
        ({**OUTSIDE, "StringNotEquals": {"aws:SourceVpc": [VPC]}}, NOT_OFFICE),
        ({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, None),
    ],
)
def test_a_node_without_an_endpoint_is_known_by_its_address(condition: dict[str, Any], expected: object) -> None:
    """A node named by its public address carries that address and no VPC."""
    assert condition_of(condition, node="198.51.100.7") == expected


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Bool": {"aws:ViaAWSService": "false"}}, True),
        ({"BoolIfExists": {"AWS:viaawsservice": ["False"]}}, True),
        ({"Bool": {"aws:ViaAWSService": False}}, True),
        ({"Bool": {"aws:ViaAWSService": "true"}}, False),
        ({"ArnNotEquals": {"aws:PrincipalArn": [USER]}}, False),
        ({"ArnNotEqualsIfExists": {"aws:principalarn": USER}}, False),
        ({"arnnotlike": {"aws:PrincipalArn": ["arn:aws:iam::*:user/ocp-*"]}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:*:user/ocp-installer"]}}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:user/other"]}}, True),
        ({"StringEquals": {"aws:PrincipalArn": USER}}, True),
        ({"StringEqualsIgnoreCase": {"aws:PrincipalArn": USER.upper()}}, True),
        ({"StringNotEqualsIfExists": {"aws:PrincipalTag/network-exempt": "true"}}, True),
        ({"StringEquals": {"aws:PrincipalTag/team": "a"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Null": {"aws:PrincipalTag/team": "true"}}, True),
        ({"StringNotEquals": {"kms:ViaService": "s3.us-east-2.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::lab/bootstrap.ign"}}, False),
    ],
)
def test_what_is_the_same_for_every_request_here_is_decided(condition: dict[str, Any], *, holds: bool) -> None:
    """A condition that always holds here is dropped; one that never holds takes its statement with it."""
    assert condition_of({**OUTSIDE, **condition}) == (NOT_OFFICE if holds else None)


def test_the_time_stays_for_the_server_to_enforce() -> None:
    """Conditions on the time are kept, with the spelling that SeaweedFS knows."""
    condition = {**OUTSIDE, "dategreaterthanIfExists": {"AWS:CurrentTime": "2026-11-24T03:00:00Z"}}
    expected = {**NOT_OFFICE, "DateGreaterThan": {"aws:CurrentTime": "2026-11-24T03:00:00Z"}}
    assert condition_of(condition) == expected


@pytest.mark.parametrize("action", ["*", "s3:*", "s3:GetObject", ["ec2:*", "s3:Get*"]])
def test_actions_that_cover_the_fetch_stay_as_they_are(action: object) -> None:
    """An Action that SeaweedFS reads as IAM does isn't touched."""
    assert translate(deny(OUTSIDE, Action=action)).document["Statement"][0]["Action"] == action


def test_an_action_in_another_case_is_spelt_as_seaweedfs_knows_it() -> None:
    """IAM matches actions without regard to case; SeaweedFS gets the spelling that it matches."""
    assert translate(deny(OUTSIDE, Action="S3:getobject")).document["Statement"][0]["Action"] == "s3:GetObject"


def test_not_action_without_the_fetch_denies_the_fetch() -> None:
    """NotAction, which SeaweedFS never matches, becomes an Action where it covers the fetch."""
    statement = deny(OUTSIDE, NotAction=["iam:ChangePassword"])
    del statement["Action"]
    result = translate(statement)
    assert result.document["Statement"] == [
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": NOT_OFFICE}
    ]
    assert any("NotAction" in note for note in result.notes)


@pytest.mark.parametrize("element", [{"Action": ["kms:Decrypt"]}, {"NotAction": ["s3:getobject"]}])
def test_a_statement_about_other_calls_is_left_out(element: dict[str, Any]) -> None:
    """A statement that doesn't cover the fetch isn't needed, and what it depends on needs no answer."""
    statement = deny({"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}, **element)
    if "NotAction" in element:
        del statement["Action"]
    result = translate(statement)
    assert result.document["Statement"] == []
    assert result.notes == ("statement 1: left out, since it says nothing about s3:GetObject, the only call made here",)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Action": "*"}, "*"),
        ({"Action": ["ec2:*", "s3:*Object"]}, ["ec2:*", "s3:*Object"]),
        ({"Action": "S3:*"}, ["s3:GetObject", "s3:PutObject"]),
        ({"Action": ["s3:GetObject", "s3:putobject"]}, ["s3:GetObject", "s3:PutObject"]),
        ({"Action": ["s3:Get*", "s3:delete*"]}, ["s3:Get*", "s3:delete*"]),
        ({"Action": "s3:putobject"}, "s3:PutObject"),
        ({"NotAction": "s3:GetObject"}, "s3:PutObject"),
        ({"NotAction": ["iam:ChangePassword", "s3:PutObject*"]}, "s3:GetObject"),
        ({"NotAction": "iam:*"}, ["s3:GetObject", "s3:PutObject"]),
        ({"NotAction": ["s3:*"]}, None),
        ({"Action": "s3:GetObject?*"}, None),
    ],
)
def test_of_several_actions_each_is_carried_over(element: dict[str, Any], expected: object) -> None:
    """Where other calls are made too, a statement covers those of them that it covers in IAM."""
    statement = {"Effect": "Deny", "Resource": "*", **element}
    result = for_gate(
        {"Version": "2012-10-17", "Statement": statement},
        office=OFFICE,
        node={VPC: "127.0.0.2"},
        principal=USER,
        actions=("s3:GetObject", "s3:PutObject"),
    )
    if expected is None:
        assert result.document["Statement"] == []
        assert result.notes[-1].endswith("nothing about s3:GetObject or s3:PutObject, the only calls made here")
    else:
        assert result.document["Statement"] == [{"Effect": "Deny", "Resource": "*", "Action": expected}]


COLLEAGUE = "arn:aws:iam::111122223333:user/colleague"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"ArnNotEquals": {"aws:PrincipalArn": USER}}, {"StringNotEquals": {"aws:username": ["one"]}}),
        ({"ArnEquals": {"aws:PrincipalArn": [USER]}}, {"StringNotEquals": {"aws:username": ["two"]}}),
        ({"StringLike": {"AWS:principalarn": "*:user/*"}}, NOBODY),
        ({"ArnNotEquals": {"aws:PrincipalArn": [USER, COLLEAGUE]}}, None),
        ({"ArnLike": {"aws:PrincipalArn": USER}, "ArnNotLike": {"aws:PrincipalArn": USER}}, None),
        (
            {**OUTSIDE, "ArnNotEquals": {"aws:PrincipalArn": [USER]}},
            {**NOT_OFFICE, "StringNotEquals": {"aws:username": ["one"]}},
        ),
    ],
)
def test_those_who_share_a_policy_are_told_apart_by_their_names(condition: dict[str, Any], expected: object) -> None:
    """SeaweedFS knows no ARN of the caller's, but its name."""
    result = for_gate(
        {"Version": "2012-10-17", "Statement": deny(condition)},
        office=OFFICE,
        node={VPC: "127.0.0.2"},
        principal={USER: "one", COLLEAGUE: "two"},
    )
    statements = result.document["Statement"]
    assert (statements[0].get("Condition", NOBODY) if statements else None) == expected
    assert any("it became aws:username, since SeaweedFS knows no" in note for note in result.notes)


def test_resources_keep_their_text_but_for_the_partition() -> None:
    """Resource and NotResource are the server's to match; only the partition becomes the gate's own."""
    objects = ["arn:aws:s3:::lab-bootstrap/bootstrap.ign", "arn:aws:s3:::*:*"]
    assert translate(deny(OUTSIDE, NotResource=objects)).document["Statement"][0]["NotResource"] == objects
    gov = translate(deny(OUTSIDE, Resource="arn:aws-us-gov:s3:::lab/*"))
    assert gov.document["Statement"][0]["Resource"] == ["arn:aws:s3:::lab/*"]


def test_the_shape_of_the_document_may_be_any_that_iam_takes() -> None:
    """One statement without a list and an older version mean the same and come out in the form SeaweedFS enforces."""
    result = for_gate({"Statement": deny(OUTSIDE)}, office=OFFICE, node={VPC: "127.0.0.2"}, principal=USER)
    assert result.document == {"Version": "2012-10-17", "Statement": [deny(NOT_OFFICE)]}
    assert result.notes[0].startswith("Version is 2012-10-17")


def test_the_document_given_stays_as_it_was() -> None:
    """Translating changes nothing in the document that it reads."""
    document = {"Version": "2012-10-17", "Statement": [deny({**OUTSIDE, "Bool": {"aws:ViaAWSService": "false"}})]}
    before = copy.deepcopy(document)
    for_gate(document, office=OFFICE, node={VPC: "127.0.0.2"}, principal=USER)
    assert document == before


def test_each_change_is_told() -> None:
    """The notes name the statement, the condition and for whom it holds."""
    result = translate(deny({**OUTSIDE, "Bool": {"aws:ViaAWSService": "false"}}, Sid="Net"))
    whom = f"the node in {VPC} (127.0.0.2), everybody else"
    assert result.notes == (
        f'statement 1 (Net): NotIpAddress aws:SourceIp ["192.0.2.0/24", "203.0.113.0/24"] is true for {whom}',
        'statement 1 (Net): Bool aws:ViaAWSService "false" is always true here',
    )


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (deny({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), "statement 1: the condition key aws:SourceVpce"),
        (deny({"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}), "aws:VpcSourceIp"),
        (deny({"ForAllValues:StringEquals": {"aws:PrincipalArn": USER}}), "forallvalues:stringequals"),
        (deny({"NumericEquals": {"aws:SourceIp": "1"}}), "numericequals isn't an operator for addresses"),
        (deny({"StringEquals": {"aws:CurrentTime": "x"}}), "isn't an operator for aws:CurrentTime"),
        (deny({"DateLessThan": {"aws:EpochTime": "0"}}), "aws:EpochTime"),
        (deny({"DateLessThan": {"aws:CurrentTime": "a"}, "datelessthan": {"aws:CurrentTime": "b"}}), "twice"),
        (deny({"NotIpAddress": {"aws:SourceIp": "office"}}), "'office' is no network"),
        (deny({"NotIpAddress": {"aws:SourceIp": 7}}), "7 is neither a string nor true or false"),
        (deny({"NotIpAddress": {"aws:SourceIp": "203.0.113.24/32"}}), "is a part of 203.0.113.0/24"),
        (deny(OUTSIDE, Resource="arn:aws:s3:::${aws:username}/*"), "holds a variable"),
        (deny(OUTSIDE, Principal="*"), "no element of an identity policy: Principal"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(statement: dict[str, Any], reason: str) -> None:
    """Whatever the local world can't answer is an error that names the place and the part."""
    with pytest.raises(TranslationError, match=r".") as caught:
        translate(statement)
    assert reason in str(caught.value)


def test_callers_need_addresses_of_their_own() -> None:
    """A world in which nothing tells a node from the office is refused."""
    with pytest.raises(ValueError, match="addresses of their own"):
        for_gate({"Statement": []}, office=OFFICE, node={VPC: "127.0.0.1"}, principal=USER)
