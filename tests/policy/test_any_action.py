"""Opening every action on the objects, by example: what is written, what it rescues, and where it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.evaluate import Request
from airlock.policy.exemption import Address, Exemption, iso
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from tests.policy.strategies import (
    INFRA_IDS,
    NOW,
    OTHER_USER,
    PUBLIC,
    REGION,
    USER,
    VPCS,
    exemption,
    is_denied,
    objects,
    sample_texts,
)

NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
GUARD = {"Bool": {"aws:ViaAWSService": "false"}}
DENY: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NET | GUARD}
OLD, NEW = objects(INFRA_IDS[0])
WIDE = exemption(any_action=True)
(ENCRYPTED,) = WIDE.encrypted
ABOUT = "kms:EncryptionContext:aws:s3:arn"
LATE = {"DateGreaterThan": {"aws:CurrentTime": iso(WIDE.not_after)}}


def policy(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def shaped(**elements: object) -> dict[str, Any]:
    """The usual deny with other elements; None takes one away."""
    return {key: value for key, value in {**DENY, **elements}.items() if value is not None}


def written(statement: dict[str, Any], *exemptions: Exemption, shared: bool = False) -> list[dict[str, Any]]:
    """What stands in a statement's place, without the airlock's Sids."""
    document = parse_document(render(policy(statement), exemptions or [WIDE], NOW, shared=shared))
    return [{key: value for key, value in one.items() if key != "Sid"} for one in statements_of(document)]


def is_let_through(statement: dict[str, Any], request: Request, *exemptions: Exemption) -> bool:
    """Whether a request that the statement denies isn't denied any more."""
    assert is_denied(parse_document(policy(statement)), request)
    return not is_denied({"Statement": written(statement, *exemptions)}, request)


def call(action: str, arn: str = OLD) -> Request:
    """A call about an object from outside the office."""
    return replace(Fetch(arn, USER, NOW, complete=True).from_address(PUBLIC), action=action)


def kms(action: str, arn: str = ENCRYPTED, region: str = REGION) -> Request:
    """S3's call to KMS about an object."""
    return Fetch(arn, USER, NOW, complete=True).kms_call(region, action=action)


def test_the_other_actions_are_left_out() -> None:
    """Two statements are left: the deny for other objects, and the deny after the end."""
    others = {key: value for key, value in DENY.items() if key != "Resource"}
    assert written(DENY) == [
        {**others, "NotResource": list(WIDE.objects)},
        {**DENY, "Condition": DENY["Condition"] | LATE},
    ]


def test_the_network_is_one_statement_more() -> None:
    """From another network the whole deny holds, as for every form."""
    _, elsewhere, _ = written(DENY, replace(WIDE, network=Address("192.0.2.0/24")))
    assert elsewhere == shaped(Condition={"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "192.0.2.0/24"]}} | GUARD)


def test_kms_calls_are_held_to_the_objects_and_to_s3() -> None:
    """Without the guard: other objects and contexts, other services for those contexts, and after the end."""
    statements = written(shaped(Condition=NET))
    assert [one["Condition"].get("StringNotEquals") for one in statements] == [
        {ABOUT: ENCRYPTED},
        {"kms:ViaService": f"s3.{REGION}.amazonaws.com"},
        None,
    ]
    assert statements[1]["Condition"]["StringEquals"] == {ABOUT: ENCRYPTED}


RESCUED: dict[str, dict[str, Any]] = {
    "s3:Get*": {"Action": "s3:Get*"},
    "s3:*Object": {"Action": ["ec2:*", "s3:*Object"]},
    "a list of patterns": {"Action": ["s3:Get*", "s3:List*", "s3:Put*"]},
    "patterns and NotResource": {"Action": "s3:Get*", "Resource": None, "NotResource": "arn:aws:s3:::public/*"},
    "patterns on the objects by name": {"Action": "s3:?et*", "Resource": [OLD, NEW]},
    "NotAction": {"Action": None, "NotAction": ["iam:*", "s3:List*"]},
    "everything": {},
}


@pytest.mark.parametrize("shape", RESCUED)
def test_any_list_of_actions_opens(shape: str) -> None:
    """The fetch passes, another action on the object too; another object's fetch doesn't."""
    statement = shaped(**RESCUED[shape])
    assert is_let_through(statement, call("s3:GetObject"))
    if is_denied(parse_document(policy(statement)), call("s3:GetObjectAcl")):
        assert is_let_through(statement, call("s3:GetObjectAcl"))
    other = call("s3:GetObject", "arn:aws:s3:::other/key")
    assert is_denied({"Statement": written(statement)}, other) == is_denied(parse_document(policy(statement)), other)


@pytest.mark.parametrize("actions", ["kms:Gen*", "kms:*", ["kms:GenerateDataKey", "kms:Encrypt"]])
def test_any_list_of_kms_actions_opens(actions: str | list[str]) -> None:
    """S3's calls about the encrypted object pass, whatever the statement names; others' don't."""
    statement = shaped(Action=actions, Condition=NET)
    assert is_let_through(statement, kms("kms:GenerateDataKey"))
    if actions != "kms:Gen*":
        assert is_let_through(statement, kms("kms:Encrypt"))
    assert not is_let_through(statement, kms("kms:GenerateDataKey", "arn:aws:s3:::other/key"))
    assert not is_let_through(statement, kms("kms:GenerateDataKey", region="eu-west-1"))


@pytest.mark.parametrize(
    "elements",
    [
        {"Action": "s3:PutObject"},
        {"Action": ["s3:Put*", "ec2:*"], "Resource": "arn:aws:s3:::*"},
        {"Action": None, "NotAction": ["s3:Get*", "kms:*"]},
        {"Action": ["kms:Encrypt", "kms:DescribeKey"], "Condition": NET},
    ],
)
def test_a_statement_that_leaves_the_fetch_alone_stays(elements: dict[str, Any]) -> None:
    """It isn't in the way, so nobody needs it opened: the text is the baseline to the byte."""
    text = policy(shaped(**elements))
    assert render(text, [WIDE], NOW) == text


def test_where_nothing_else_is_denied_it_says_what_the_exact_form_says() -> None:
    """So it is to be had for all of S3 by a pattern too."""
    statement = shaped(Action=["s3:GetObject", "ec2:*"], Resource="arn:aws:s3:::*")
    assert written(statement) == written(statement, exemption())


@pytest.mark.parametrize("resource", ["arn:aws:s3:::*", "arn:aws:s3:*", "arn:aws:s3:::*-bootstrap/*"])
def test_of_a_pattern_other_actions_cant_be_taken(resource: str) -> None:
    """No list leaves the objects out of the pattern, and NotResource would take in what other actions act on."""
    with pytest.raises(CannotRenderError) as caught:
        written(shaped(Action="s3:*", Resource=resource))
    assert caught.value.reason == "resource-pattern"


def test_a_grant_beside_it_keeps_its_own_first_part() -> None:
    """Every action on one install's objects, and the reading alone of another's."""
    theirs = exemption(INFRA_IDS[1])
    pair = (WIDE, theirs)
    assert is_let_through(DENY, call("s3:PutObject"), *pair)
    assert is_let_through(DENY, call("s3:GetObject", theirs.objects[0]), *pair)
    assert not is_let_through(DENY, call("s3:PutObject", theirs.objects[0]), *pair)


def test_it_ends_at_its_own_time_and_is_for_its_own_principal() -> None:
    """A second later every action is denied again; in a shared policy nobody else has any of it."""
    theirs = exemption(INFRA_IDS[1], principal=OTHER_USER, minutes=90)
    document = {"Statement": written(DENY, WIDE, theirs, shared=True)}
    for at, denied in ((WIDE.not_after, False), (WIDE.not_after + timedelta(seconds=1), True)):
        request = replace(Fetch(OLD, USER, at, complete=True).from_address(PUBLIC), action="s3:PutObject")
        assert is_denied(document, request) is denied
    assert is_denied(document, Fetch(OLD, OTHER_USER, NOW, complete=True).from_address(PUBLIC))


def test_it_is_another_opening() -> None:
    """People who agreed to the exact form haven't agreed to this one; fewer objects keep the rest of it."""
    assert WIDE.is_told_apart(exemption())
    assert WIDE.only((OLD,)).any_action


@pytest.mark.parametrize("text", [text for text in sample_texts() if "arn:aws:s3:::*" not in text])
def test_iam_takes_what_is_written(text: str) -> None:
    """IAM's rules for documents, as moto has copied them, hold alone and beside a narrowed grant."""
    for exemptions in ([WIDE], [WIDE, exemption(INFRA_IDS[1], vpc=VPCS[0])]):
        for shared in (False, True):
            IAMPolicyDocumentValidator(render(text, exemptions, NOW, shared=shared)).validate()
