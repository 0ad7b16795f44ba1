"""The second opinion: silent on what the renderer writes, and loud on every rewrite that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings

from airlock.policy.check import check, opens
from airlock.policy.clauses import CannotRenderError
from airlock.policy.exemption import Address, Exemption, iso
from airlock.policy.render import render
from tests.policy.shapes import documents
from tests.policy.strategies import (
    INFRA_IDS,
    NOW,
    OTHER_USER,
    USER,
    VPCS,
    exemption,
    is_exempt,
    mixed_lists,
    objects,
    requests,
    sample_texts,
)

EXAMPLE = sample_texts()[0]
NARROWED = exemption(INFRA_IDS[1], vpc=VPCS[0])
Statement = dict[str, Any]


def finding(before: str, after: str, exemptions: list[Exemption], *, shared: bool = False) -> object:
    """What the check says of a rewrite."""
    return check(json.loads(before), json.loads(after), exemptions, NOW, shared=shared)


@pytest.mark.parametrize("text", sample_texts())
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    "exemptions",
    [
        [exemption(INFRA_IDS[1])],
        [NARROWED],
        [NARROWED, exemption(INFRA_IDS[0], minutes=30, region=None)],
        [exemption(INFRA_IDS[1], lift=True)],
        [exemption(INFRA_IDS[1], lift=True, minutes=20), exemption(INFRA_IDS[0], principal=OTHER_USER)],
        [],
    ],
)
def test_what_is_rendered_of_the_samples_is_right(text: str, shared: bool, exemptions: list[Exemption]) -> None:  # noqa: FBT001 - a parameter of the test
    """Scoped, narrowed, several, lifted: the check finds nothing."""
    if not shared:
        exemptions = [one for one in exemptions if one.principal == USER]
    assert finding(text, render(text, exemptions, NOW, shared=shared), exemptions, shared=shared) is None


@settings(deadline=None)
@given(documents(), mixed_lists(USER, OTHER_USER))
def test_what_is_rendered_is_right(text: str, exemptions: list[Exemption]) -> None:
    """Of any document and any set of exemptions of several principals, the check finds nothing."""
    try:
        after = render(text, exemptions, NOW, shared=True)
    except CannotRenderError:
        assume(False)  # noqa: FBT003 - Hypothesis' way to draw another example
    assert finding(text, after, exemptions, shared=True) is None


@pytest.mark.parametrize("value", ["office", "203.0.113.0/33", "${aws:SourceIp}"])
def test_an_address_that_is_none_is_named(value: str) -> None:
    """What a deny with such a value means can't be told, so nothing is said to be right."""
    text = EXAMPLE.replace("192.0.2.0/24", value)
    with pytest.raises(CannotRenderError, match="no range of addresses"):
        finding(text, render(text, [NARROWED], NOW), [NARROWED])


@pytest.mark.parametrize("action", ["*", ["s3:Get*", "kms:*"], ["s3:*", "kms:Decrypt"], ["s3:GetObject", "kms:De*"]])
@pytest.mark.parametrize("shared", [False, True])
def test_an_opening_of_every_action_is_right(action: object, shared: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Its meaning takes in every action on the objects, and every call of S3's to KMS about them."""
    deny = {
        "Effect": "Deny",
        "Action": action,
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    wide = replace(NARROWED, any_action=True)
    assert finding(text, render(text, [wide], NOW, shared=shared), [wide], shared=shared) is None


def without(part: Callable[[Statement], bool]) -> Callable[[list[Statement]], list[Statement]]:
    """A rewrite that has lost the statements that a test names."""
    return lambda statements: [one for one in statements if not part(one)]


def replaced(old: str, new: str) -> Callable[[list[Statement]], list[Statement]]:
    """A rewrite with one text in place of another."""
    return lambda statements: json.loads(json.dumps(statements).replace(old, new))


LATER = iso(NARROWED.not_after + timedelta(seconds=1))
EARLIER = iso(NARROWED.not_after - timedelta(seconds=1))
WRONG: dict[str, Callable[[list[Statement]], list[Statement]]] = {
    "no-end": without(lambda one: "DateGreaterThan" in one["Condition"]),
    "other-actions-open": without(lambda one: "NotAction" in one),
    "other-objects-open": without(lambda one: "NotResource" in one),
    "other-networks-open": without(lambda one: "StringNotEquals" in one["Condition"]),
    "strangers-open": without(lambda one: "ArnNotEquals" in one["Condition"]),
    "a-second-longer": replaced(iso(NARROWED.not_after), LATER),
    "a-second-shorter": replaced(iso(NARROWED.not_after), EARLIER),
    "the-other-way-round": replaced("StringNotEquals", "StringEquals"),
    "a-wildcard": replaced("/control-plane/", "*/control-plane/"),
    "another-vpc": replaced(VPCS[0], VPCS[1]),
    "another-principal": replaced(USER, OTHER_USER),
    "nothing-opened": lambda _: json.loads(EXAMPLE)["Statement"],
    "everything-opened": lambda _: [],
    "denied-beyond": lambda statements: [
        *statements,
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
    ],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rewrite_is_found(name: str) -> None:
    """Whatever is lost, widened, moved or added, there is a request that shows it, told in words."""
    document = json.loads(render(EXAMPLE, [NARROWED], NOW, shared=True))
    wrong = {**document, "Statement": WRONG[name](document["Statement"])}
    assert wrong != document
    found = check(json.loads(EXAMPLE), wrong, [NARROWED], NOW, shared=True)
    assert found is not None
    assert found.request.action in str(found)
    assert found.request.resource in str(found)


@pytest.mark.parametrize(("own", "other"), [*permutations(range(3), 2)])
def test_an_opening_from_another_grants_network_is_found(own: int, other: int) -> None:
    """Each grant's network is its own: whichever two are mixed up, a request shows it."""
    grants = [exemption(INFRA_IDS[index], vpc=VPCS[index], minutes=60 + index) for index in range(3)]
    document = json.loads(render(EXAMPLE, grants, NOW))
    for one in document["Statement"]:
        if one["Condition"].get("StringNotEquals", {}).get("aws:SourceVpc") == VPCS[own]:
            one["Condition"]["StringNotEquals"]["aws:SourceVpc"] = [VPCS[own], VPCS[other]]
    found = check(json.loads(EXAMPLE), document, grants, NOW)
    assert found is not None
    assert found.request.resource in grants[own].objects
    assert found.request.context.values_of("aws:SourceVpc") == (VPCS[other],)


@pytest.mark.parametrize("resource", [NARROWED.objects[0], "arn:aws:s3:::${aws:PrincipalTag/bucket}/bootstrap.ign"])
def test_a_bystander_that_is_lost_is_found(resource: str) -> None:
    """A deny by something else that names the object, or may name it, has to stand after as before."""
    bystander = {"Effect": "Deny", "Action": "s3:*", "Resource": resource}
    before = {**json.loads(EXAMPLE), "Statement": [*json.loads(EXAMPLE)["Statement"], bystander]}
    after = json.loads(render(json.dumps(before), [NARROWED], NOW))
    assert check(before, after, [NARROWED], NOW) is None
    after["Statement"].remove(bystander)
    assert check(before, after, [NARROWED], NOW) is not None


def test_a_lift_that_lasts_too_long_is_found() -> None:
    """The deny is back in the second after the lift's last."""
    lift = exemption(INFRA_IDS[1], lift=True)
    after = render(EXAMPLE, [lift], NOW).replace(iso(lift.not_after), iso(lift.not_after + timedelta(seconds=1)))
    assert finding(EXAMPLE, after, [lift]) is not None


def test_an_exemption_that_is_over_opens_nothing() -> None:
    """Its baseline is right, and its opened text wrong: denied from now on."""
    over = exemption(INFRA_IDS[1], minutes=-1)
    assert finding(EXAMPLE, EXAMPLE, [over]) is None


@pytest.mark.parametrize("infra_id", INFRA_IDS[:2])
@pytest.mark.parametrize("vpc", [None, VPCS[0]])
def test_its_meaning_of_an_exemption_is_the_tests_own(infra_id: str, vpc: str | None) -> None:
    """Said twice, by two hands: both take in the same requests."""
    one = exemption(infra_id, vpc=vpc)
    for request, moment in requests((USER, OTHER_USER)):
        assert opens(one, request, moment) == is_exempt(request, moment, [one])


@pytest.mark.parametrize("cidrs", [["192.0.2.0/24"], ["2001:db8:1::/48"], ["2001:db8:1::/48", "192.0.2.7/32"]])
def test_an_address_is_opened_as_a_range(cidrs: list[str]) -> None:
    """A request from inside the range is in it, one from outside isn't, nor one of the other IP version."""
    grants = [
        Exemption(
            principal=USER,
            objects=objects(INFRA_IDS[index]),
            not_after=NOW + timedelta(hours=1),
            network=Address(cidr),
        )
        for index, cidr in enumerate(cidrs)
    ]
    after = render(EXAMPLE, grants, NOW)
    assert finding(EXAMPLE, after, grants) is None
    assert finding(EXAMPLE, after.replace(cidrs[0], "198.51.100.0/24"), grants) is not None
