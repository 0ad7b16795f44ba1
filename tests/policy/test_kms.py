"""KMS, by example: which of S3's calls for the reader and the uploader open, for whom, and never by network."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airlock.policy.document import parse_document, statements_of
from airlock.policy.evaluate import Request
from airlock.policy.exemption import KMS_ACTIONS, Address, Exemption, Vpc
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from tests.policy.strategies import INFRA_IDS, NOW, OTHER_USER, REGION, USER, VPCS, exemption, is_denied

NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
ABOUT, THROUGH = "kms:EncryptionContext:aws:s3:arn", "kms:ViaService"
GRANT = exemption()
(ENCRYPTED,) = GRANT.encrypted
(UNENCRYPTED,) = set(GRANT.objects) - set(GRANT.encrypted)
OTHER_OBJECT = "arn:aws:s3:::other/key"


def deny(actions: dict[str, Any], **condition: dict[str, Any]) -> str:
    """A policy with a source-network deny of these actions, with other conditions beside the network's."""
    statement = {"Effect": "Deny", **actions, "Resource": "*", "Condition": NET | condition}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def call(action: str, arn: str = ENCRYPTED, *, region: str = REGION, principal: str = USER) -> Request:
    """S3's call to KMS about an object: it is made for the principal, and tells nothing of its network."""
    return Fetch(arn, principal, NOW, complete=True).kms_call(region, action=action)


def is_open(text: str, request: Request, grant: Exemption = GRANT, *, shared: bool = False) -> bool:
    """Whether a call that the policy denies passes once the policy is opened."""
    assert is_denied(parse_document(text), request)
    return not is_denied(parse_document(render(text, [grant], NOW, shared=shared)), request)


COVERING: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "both": ({"Action": ["s3:*", "kms:Decrypt", "kms:GenerateDataKey"]}, KMS_ACTIONS),
    "both, by everything": ({"Action": "*"}, KMS_ACTIONS),
    "both, by a pattern": ({"Action": ["s3:GetObject", "kms:*"]}, KMS_ACTIONS),
    "both, and no fetch": ({"Action": ["KMS:DECRYPT", "kms:generatedatakey"]}, KMS_ACTIONS),
    "the reader's": ({"Action": ["s3:GetObject", "kms:Decrypt"]}, ("kms:Decrypt",)),
    "the uploader's": ({"Action": ["s3:PutObject", "kms:GenerateDataKey"]}, ("kms:GenerateDataKey",)),
    "the uploader's, by a pattern": ({"Action": ["kms:GenerateDataKey*"]}, ("kms:GenerateDataKey",)),
    "all but the reader's": ({"NotAction": ["kms:Decrypt", "s3:Get*"]}, ("kms:GenerateDataKey",)),
}
NOT_COVERING: dict[str, dict[str, Any]] = {
    "S3 alone": {"Action": "s3:*"},
    "other calls to KMS": {"Action": ["s3:GetObject", "kms:DescribeKey", "kms:Encrypt"]},
    "all but KMS": {"NotAction": ["kms:*", "iam:*"]},
    "all but the two": {"NotAction": ["kms:Decrypt", "kms:GenerateDataKey"]},
}
GUARDS: dict[str, dict[str, Any]] = {
    "as AWS has it": {"Bool": {"aws:ViaAWSService": "false"}},
    "IfExists": {"BoolIfExists": {"aws:ViaAWSService": ["false"]}},
    "in odd case": {"bool": {"AWS:viaawsservice": "False"}},
    "as a boolean": {"Bool": {"aws:ViaAWSService": False}},
}


@pytest.mark.parametrize("name", COVERING)
def test_those_of_the_two_calls_that_are_denied_open(name: str) -> None:
    """The reader's kms:Decrypt and the uploader's kms:GenerateDataKey, about the encrypted object and no other."""
    actions, covered = COVERING[name]
    text = deny(actions)
    for action in KMS_ACTIONS:
        if action in covered:
            assert is_open(text, call(action))
            for other in (OTHER_OBJECT, UNENCRYPTED):
                assert not is_open(text, call(action, other))
        else:
            assert not is_denied(parse_document(render(text, [GRANT], NOW)), call(action))


@pytest.mark.parametrize("name", COVERING)
@pytest.mark.parametrize("action", ["kms:Encrypt", "kms:DescribeKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom"])
def test_no_other_call_to_kms_opens(name: str, action: str) -> None:
    """What the fetch and the upload don't need is denied as before, even through S3 and about the object."""
    text = deny(COVERING[name][0])
    opened = parse_document(render(text, [GRANT], NOW))
    assert is_denied(opened, call(action)) == is_denied(parse_document(text), call(action))


@pytest.mark.parametrize("guard", GUARDS)
def test_a_deny_that_spares_service_calls_gets_nothing_of_it(guard: str) -> None:
    """It never stops S3's call, so what is written is what would be for an object without encryption."""
    text = deny({"Action": "*"}, **GUARDS[guard])
    rendered = render(text, [GRANT], NOW)
    assert rendered == render(text, [replace(GRANT, encrypted=())], NOW)
    assert "kms:" not in rendered
    assert not is_denied(parse_document(rendered), call("kms:Decrypt"))


@pytest.mark.parametrize(
    "guard", [{"Bool": {"aws:ViaAWSService": "true"}}, {"Bool": {"aws:ViaAWSService": ["true", "false"]}}]
)
def test_what_looks_like_a_guard_and_lets_service_calls_be_denied_is_none(guard: dict[str, Any]) -> None:
    """S3's call carries "true"; a deny that names "true", alone or beside "false", catches it."""
    assert is_open(deny({"Action": "*"}, **guard), call("kms:Decrypt"))


@pytest.mark.parametrize("name", NOT_COVERING)
def test_a_deny_of_neither_call_gets_nothing_of_it(name: str) -> None:
    """Without the two actions there is nothing to open: the text is that for an object without encryption."""
    text = deny(NOT_COVERING[name])
    assert render(text, [GRANT], NOW) == render(text, [replace(GRANT, encrypted=())], NOW)


@pytest.mark.parametrize("action", KMS_ACTIONS)
def test_a_known_region_is_the_only_one(action: str) -> None:
    """The bucket's region is the key's; a call from another region's S3 isn't about this object."""
    text = deny({"Action": "*"})
    assert is_open(text, call(action))
    assert not is_open(text, call(action, region="eu-west-1"))


@pytest.mark.parametrize("action", KMS_ACTIONS)
def test_while_the_region_is_unknown_it_is_s3_of_any(action: str) -> None:
    """And still S3's alone: another service with the same words for a context stays denied."""
    text, anywhere = deny({"Action": "*"}), replace(GRANT, region=None)
    assert is_open(text, call(action), anywhere)
    assert is_open(text, call(action, region="eu-west-1"), anywhere)
    ec2 = call(action)
    ec2 = replace(ec2, context=ec2.context.having({THROUGH: f"ec2.{REGION}.amazonaws.com"}))
    directly = replace(ec2, context=ec2.context.having({"aws:ViaAWSService": "false"}, absent=[THROUGH]))
    assert not is_open(text, ec2, anywhere)
    assert not is_open(text, directly, anywhere)


@pytest.mark.parametrize("network", [Vpc(VPCS[0]), Address("198.51.100.0/24")])
@pytest.mark.parametrize("name", COVERING)
def test_it_is_never_narrowed_by_network(name: str, network: Vpc | Address) -> None:
    """S3's call carries no network: told apart by the fetch's, it would be denied to the very node that fetches."""
    actions, covered = COVERING[name]
    text, narrowed = deny(actions), replace(GRANT, network=network)
    for action in covered:
        assert is_open(text, call(action), narrowed)
    value = network.vpc_id if isinstance(network, Vpc) else network.cidr
    for one in statements_of(parse_document(render(text, [narrowed], NOW))):
        condition = json.dumps(one["Condition"])
        assert value not in condition or not (ABOUT in condition or THROUGH in condition)


def test_it_is_for_one_principal_and_ends_with_the_fetch() -> None:
    """In a shared policy nobody else's calls open, and a second after its time the principal's own don't either."""
    text = deny({"Action": "*"})
    assert is_open(text, call("kms:Decrypt"), shared=True)
    assert not is_open(text, call("kms:Decrypt", principal=OTHER_USER), shared=True)
    opened = parse_document(render(text, [GRANT], NOW))
    for at, denied in ((GRANT.not_after, False), (GRANT.not_after + timedelta(seconds=1), True)):
        assert is_denied(opened, Fetch(ENCRYPTED, USER, at, complete=True).kms_call(REGION)) is denied


def test_two_grants_calls_keep_their_own_regions() -> None:
    """One object's calls come from its own bucket's region, not from the other's."""
    theirs = exemption(INFRA_IDS[1], region="eu-west-1")
    document = parse_document(render(deny({"Action": "*"}), [GRANT, theirs], NOW))
    passing = {
        (arn, region)
        for arn in (ENCRYPTED, theirs.encrypted[0])
        for region in (REGION, "eu-west-1")
        if not is_denied(document, call("kms:Decrypt", arn, region=region))
    }
    assert passing == {(ENCRYPTED, REGION), (theirs.encrypted[0], "eu-west-1")}
