"""Whatever shape IAM accepts: versions, network keys, operators, conditions beside them, several denies at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.evaluate import Request
from airlock.policy.exemption import Exemption
from airlock.policy.matching import as_list
from airlock.policy.network_deny import is_source_network_deny
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from tests.policy.shapes import BESIDE, documents, every_deny
from tests.policy.strategies import (
    INFRA_IDS,
    NOW,
    OTHER_USER,
    PUBLIC,
    USER,
    VPCS,
    every_list,
    exemption,
    is_denied,
    objects,
)

NET = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
GUARD = {"Bool": {"aws:ViaAWSService": "false"}}
DENY: dict[str, Any] = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": NET | GUARD}
OBJECT = objects(INFRA_IDS[0])[0]
OTHER_OBJECT = "arn:aws:s3:::other/bootstrap.ign"


def policy(*statements: dict[str, Any], **elements: object) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", **elements, "Statement": list(statements)})


def opened(text: str, *exemptions: Exemption, shared: bool = False) -> dict[str, Any]:
    """The document that opens a policy, for the usual exemption if none is given."""
    return parse_document(render(text, exemptions or [exemption()], NOW, shared=shared))


def gets(address: str | None) -> tuple[Request, Request]:
    """GETs of the object and of another one: from an address, or else from a VPC that no policy here knows."""

    def get(arn: str) -> Request:
        fetch = Fetch(arn, USER, NOW, complete=True)
        if address is not None:
            return fetch.from_address(address)
        return fetch.from_vpc("vpc-new", endpoint_id="vpce-new", private_ip="172.16.0.9")

    return get(OBJECT), get(OTHER_OBJECT)


# Versions and other elements -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17", None])
def test_a_policy_of_either_version_or_none_opens_and_keeps_it(version: str | None) -> None:
    """A missing Version means 2008-10-17, so none may be written in its place; other elements stay too."""
    elements = {"Id": "office"} if version is None else {"Id": "office", "Version": version}
    text = json.dumps({**elements, "Statement": [DENY]})
    document = opened(text)
    wanted, other = gets(PUBLIC)
    assert is_denied(parse_document(text), wanted)
    assert not is_denied(document, wanted)
    assert is_denied(document, other)
    assert {key: value for key, value in document.items() if key != "Statement"} == elements
    assert render(text, [], NOW) == text


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_what_may_be_a_variable_is_never_guessed_in_either_version(version: str, element: str) -> None:
    """In 2008-10-17 "${aws:username}" is plain text; it is taken for what it would be later, which is the safe side."""
    others = {key: value for key, value in DENY.items() if key != "Resource"}
    text = policy({**others, element: "arn:aws:s3:::${aws:username}*/*"}, Version=version)
    with pytest.raises(CannotRenderError) as caught:
        opened(text)
    assert caught.value.reason == "resource-pattern"
    assert not is_denied(opened(text, exemption(lift=True)), gets(PUBLIC)[0])


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
def test_a_variable_in_a_condition_is_kept_letter_by_letter(version: str) -> None:
    """Whether it is one or plain text, each statement that is written asks what the deny asked."""
    line = {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    statements = statements_of(opened(policy({**DENY, "Condition": NET | line}, Version=version), shared=True))
    for one in statements:
        assert one["Condition"]["StringNotEquals"]["aws:ResourceAccount"] == "${aws:PrincipalAccount}"


# The network's keys and operators ------------------------------------------------------------------------------------

BY_ADDRESS = {
    "aws:SourceIp": ["203.0.113.0/24", "2001:db8:7::/48", ["203.0.113.0/24", "2001:db8:7::/48"]],
    "aws:VpcSourceIp": ["10.0.0.0/16", "fd00::/8", ["10.0.0.0/16", "fd00::/8"]],
}
BY_NAME = {"aws:SourceVpc": ["vpc-1", ["vpc-1", "vpc-2"]], "aws:SourceVpce": ["vpce-1", ["vpce-1", "vpce-2"]]}
BY_NAME_OPERATORS = ("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike")
PREFIXES, SUFFIXES = ("", "ForAnyValue:", "ForAllValues:"), ("", "IfExists")
LINES = [
    *((f"{prefix}NotIpAddress{suffix}", key) for prefix, suffix, key in product(PREFIXES, SUFFIXES, BY_ADDRESS)),
    *(
        (f"{prefix}{name}{suffix}", key)
        for prefix, name, suffix, key in product(PREFIXES, BY_NAME_OPERATORS, SUFFIXES, BY_NAME)
    ),
]


@pytest.mark.parametrize(("operator", "key"), LINES)
@pytest.mark.parametrize("spell", [str, str.upper])
def test_a_deny_by_any_network_key_and_negated_operator_opens(
    operator: str, key: str, spell: Callable[[str], str]
) -> None:
    """With and without IfExists and set operators, in any case, by IPv4, IPv6 and both: the object and no other."""
    addresses = (PUBLIC, "2001:db8:ffff::7") if key == "aws:SourceIp" else (None,)
    for values in (BY_ADDRESS | BY_NAME)[key]:
        text = policy({**DENY, "Condition": {spell(operator): {spell(key): values}}})
        for grant, address in product((exemption(), exemption(lift=True)), addresses):
            wanted, other = gets(address)
            document = opened(text, grant)
            assert is_denied(parse_document(text), wanted)
            assert not is_denied(document, wanted)
            assert is_denied(document, other) is not grant.lift


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
        {"ForAnyValue:StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringLikeIfExists": {"aws:SourceVpce": "vpce-*"}},
        {"Null": {"aws:SourceVpc": "true"}},
        {"StringNotEquals": {"aws:SourceAccount": "111122223333"}},
        {"NotIpAddress": {"s3:SomeIp": "10.0.0.0/8"}},
    ],
)
def test_a_deny_of_a_named_network_or_of_another_kind_stays(condition: dict[str, Any]) -> None:
    """Only "from anywhere but" is a source-network deny; what bars one network, or asks otherwise, was meant."""
    text = policy({**DENY, "Condition": condition})
    assert render(text, [exemption(), exemption(INFRA_IDS[1], lift=True)], NOW) == text


# Conditions beside it ------------------------------------------------------------------------------------------------

FORMS = {
    "narrowed": [exemption(vpc=VPCS[0])],
    "any action": [exemption(vpc=VPCS[0], any_action=True)],
    "two principals": [exemption(vpc=VPCS[0]), exemption(INFRA_IDS[1], principal=OTHER_USER, minutes=90)],
    "lifts": [exemption(lift=True), exemption(lift=True, principal=OTHER_USER, minutes=20)],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("line", BESIDE, ids=lambda line: f"{line[0]} {line[1]} {line[2]}")
def test_a_condition_beside_the_network_is_kept_in_every_statement(line: tuple[str, str, Any], form: str) -> None:
    """As it is spelt, with all its values: tags, MFA, ViaAWSService, principals, and dates on the key that ours need.

    Only a list of "none of these" may have ours joined to it.
    """
    operator, key, values = line
    statement = {**DENY, "Condition": NET | {operator: {key: values}}}
    written = statements_of(opened(policy(statement), *FORMS[form], shared=True))
    assert len(written) > 2
    for one in written:
        kept = one["Condition"][operator][key]
        joined = as_list(kept)[: len(as_list(values))] == as_list(values) and "not" in operator.lower()
        assert kept == values or joined
        assert one["Condition"]["NotIpAddress"]["aws:SourceIp"] == "203.0.113.0/24"


@given(documents(every_deny), every_list(USER, OTHER_USER), st.booleans())
@settings(deadline=None)
def test_an_operator_and_a_key_stand_once_in_whatever_case(
    text: str,
    exemptions: list[Exemption],
    shared: bool,  # noqa: FBT001 - Hypothesis passes its examples by position
) -> None:
    """To IAM "stringnotequals" is "StringNotEquals": said twice, nobody could tell what it means."""
    grants = exemptions if shared else [replace(one, principal=USER) for one in exemptions]
    try:
        document = opened(text, *grants, shared=shared)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis's own signature
    for condition in (one.get("Condition", {}) for one in statements_of(document)):
        for names in (condition, *condition.values()):
            assert len({name.lower() for name in names}) == len(names)


# Several statements --------------------------------------------------------------------------------------------------

SEVERAL: dict[str, dict[str, Any]] = {
    "all of S3, by address": {**DENY, "Sid": "Address", "Action": "s3:*", "Resource": "arn:aws:s3:::*"},
    "by VPC and endpoint, without a Sid": {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": ["*"],
        "Condition": {
            "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"},
            "StringNotEquals": {"aws:sourcevpce": "e"},
        },
    },
    "the object by name": {**DENY, "Sid": "Airlock1", "Action": "S3:GETOBJECT", "Resource": [OBJECT, OTHER_OBJECT]},
}
BYSTANDER = {"Sid": "Work", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}


def test_several_denies_in_one_document_all_open() -> None:
    """Any one that stayed would stop the fetch; each goes on for all else, and what isn't a deny by network stays."""
    text = policy(*SEVERAL.values(), BYSTANDER)
    document = opened(text)
    wanted, other = gets(PUBLIC)
    assert all(is_source_network_deny(one) and is_denied({"Statement": one}, wanted) for one in SEVERAL.values())
    assert not is_denied(document, wanted)
    assert is_denied(document, other)
    assert BYSTANDER in statements_of(document)
    sids = [one["Sid"] for one in statements_of(document)]
    assert len(sids) == len(set(sids))


def test_one_deny_without_an_exact_form_keeps_the_others_shut() -> None:
    """Half an opening serves nobody: where one deny can't be parted, nothing of the document is written."""
    with pytest.raises(CannotRenderError):
        opened(policy(*SEVERAL.values(), {**DENY, "Action": "s3:Get*"}))
