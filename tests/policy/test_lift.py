"""Lifting by example: what is written, which statements it touches, and what stands beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from airlock.install.names import Era
from airlock.policy.catch import what_it_catches
from airlock.policy.clauses import CannotRenderError
from airlock.policy.document import parse_document, statements_of
from airlock.policy.drift import rebase
from airlock.policy.evaluate import Request
from airlock.policy.exemption import iso
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from tests.policy.strategies import (
    INFRA_IDS,
    NOW,
    OTHER_USER,
    PUBLIC,
    STRANGER,
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
OBJECT = objects(INFRA_IDS[0])[0]
LIFT = exemption(lift=True)
SOON, LATER = (NOW + timedelta(minutes=minutes) for minutes in (20, 90))


def policy(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def shaped(**elements: object) -> dict[str, Any]:
    """The usual deny with other elements; None takes one away."""
    return {key: value for key, value in {**DENY, **elements}.items() if value is not None}


def under(condition: dict[str, Any], statement: dict[str, Any] = DENY) -> dict[str, Any]:
    """A statement with one more condition."""
    return {**statement, "Condition": statement["Condition"] | condition}


def after(moment: datetime) -> dict[str, Any]:
    """The condition that a lift adds."""
    return {"DateGreaterThan": {"aws:CurrentTime": iso(moment)}}


def written(text: str) -> list[dict[str, Any]]:
    """A policy's statements without the airlock's Sids."""
    return [{key: value for key, value in one.items() if key != "Sid"} for one in statements_of(parse_document(text))]


def call(principal: str, at: datetime, *, action: str = "ec2:RunInstances", arn: str = "*") -> Request:
    """A call from outside the office."""
    request = Fetch(OBJECT, principal, at, complete=True).from_address(PUBLIC)
    return replace(request, action=action, resource=arn)


def test_a_lift_adds_its_time_and_nothing_else() -> None:
    """In a policy of one principal the deny is itself after the last lift, whatever network a lift names."""
    lifts = [replace(exemption(vpc=VPCS[0]), lift=True, not_after=SOON), LIFT]
    assert written(render(policy(DENY), lifts, NOW)) == [under(after(LIFT.not_after))]


def test_a_lift_holds_through_its_last_second() -> None:
    """Until not_after, inclusive, every call passes; a second later none does."""
    document = parse_document(render(policy(DENY), [LIFT], NOW))
    assert not is_denied(document, call(USER, LIFT.not_after))
    assert is_denied(document, call(USER, LIFT.not_after + timedelta(seconds=1)))


def test_a_shared_deny_goes_on_for_everybody_else() -> None:
    """It is said for who isn't lifted, for after the last lift, and for each whose lift ends earlier."""
    lifts = [LIFT, replace(LIFT, principal=OTHER_USER, not_after=SOON), replace(LIFT, not_after=SOON)]
    assert written(render(policy(DENY), lifts, NOW, shared=True)) == [
        under({"ArnNotEquals": {"aws:PrincipalArn": [USER, OTHER_USER]}}),
        under(after(LIFT.not_after)),
        under(after(SOON) | {"ArnEquals": {"aws:PrincipalArn": OTHER_USER}}),
    ]


def test_a_scoped_exemption_that_ends_with_the_lift_is_dropped() -> None:
    """It opens nothing more, even where the statement has no exact form for it; what lasts longer is kept."""
    scoped = exemption(INFRA_IDS[1])
    assert render(policy(DENY), [LIFT, scoped], NOW) == render(policy(DENY), [LIFT], NOW)
    odd = policy(shaped(Action="s3:Get*"))
    assert render(odd, [LIFT, scoped], NOW) == render(odd, [LIFT], NOW)
    with pytest.raises(CannotRenderError):
        render(odd, [LIFT, replace(scoped, not_after=LATER)], NOW)


def test_a_scoped_exemption_that_outlasts_the_lift_takes_over() -> None:
    """After the lift the deny is the scoped one's, and the part that is later still has one date."""
    scoped = replace(exemption(INFRA_IDS[1], era=Era.TERRAFORM), not_after=LATER)
    others, names, late = written(render(policy(DENY), [LIFT, scoped], NOW))
    assert others == under(after(LIFT.not_after), shaped(Action=None, NotAction="s3:GetObject"))
    assert names == under(after(LIFT.not_after), shaped(Resource=None, NotResource=scoped.objects[0]))
    assert late == under(after(LATER))


def test_a_lift_and_anothers_grant_may_name_the_same_objects() -> None:
    """A lift claims no objects: the grant beside it opens them for its own principal, and nothing else."""
    document = parse_document(render(policy(DENY), [LIFT, exemption(principal=OTHER_USER)], NOW, shared=True))
    get = {"action": "s3:GetObject", "arn": OBJECT}
    assert not is_denied(document, call(USER, NOW))
    assert not is_denied(document, call(OTHER_USER, NOW, **get))
    assert is_denied(document, call(OTHER_USER, NOW))
    assert is_denied(document, call(STRANGER, NOW, **get))


def test_after_an_earlier_lift_a_principal_has_its_own_grants_alone() -> None:
    """Between its lift's end and the last one's, it gets what its own scoped exemption opens and nobody else's."""
    early = replace(LIFT, principal=OTHER_USER, not_after=SOON)
    own, theirs = exemption(INFRA_IDS[1], principal=OTHER_USER), exemption(INFRA_IDS[2], principal=STRANGER)
    document = parse_document(render(policy(DENY), [LIFT, early, own, theirs], NOW, shared=True))
    then = SOON + timedelta(minutes=1)

    def opened(principal: str) -> list[bool]:
        gets = [call(principal, then, action="s3:GetObject", arn=one.objects[0]) for one in (LIFT, own, theirs)]
        return [not is_denied(document, get) for get in gets]

    assert opened(USER) == [True, True, True]
    assert opened(OTHER_USER) == [False, True, False]
    assert opened(STRANGER) == [False, False, True]


IN_THE_WAY: dict[str, dict[str, Any]] = {
    "an action pattern": shaped(Action="s3:Get*"),
    "some buckets": shaped(Resource="arn:aws:s3:::*-bootstrap/*"),
    "a variable in Resource": shaped(Resource="arn:aws:s3:::${aws:username}*/*"),
    "a variable in NotResource": shaped(Resource=None, NotResource="arn:aws:s3:::${aws:username}*/*"),
    "a variable in NotAction": shaped(Action=None, NotAction="s3:${aws:username}Object"),
    "a wildcard within a segment": shaped(Resource="arn:aws:s*3:::test-l8dh4-bootstrap/*"),
    "one of two objects": shaped(Resource=objects(INFRA_IDS[0])[1]),
    "one KMS action": shaped(Action="kms:Decrypt", Condition=NET),
    "one KMS action left out": shaped(Action=None, NotAction=["s3:*", "kms:Decrypt"], Condition=NET),
    "all of KMS": shaped(Action="kms:*", Condition=NET),
    "KMS keys beside objects": shaped(Resource=[OBJECT, "arn:aws:kms:*:*:key/*"], Condition=NET),
    "all but one key": shaped(
        Action="kms:*", Resource=None, NotResource="arn:aws:kms:us-east-2:1:key/2", Condition=NET
    ),
    "all but keys of some length": shaped(
        Action="kms:*", Resource=None, NotResource="arn:aws:kms:*:*:key/?", Condition=NET
    ),
    "no action at all": shaped(Action=None),
    "two ways to name actions": shaped(NotAction="*"),
    "a resource that is no string": shaped(Resource=[7]),
}
OUT_OF_THE_WAY: dict[str, dict[str, Any]] = {
    "machines": shaped(Action="ec2:*"),
    "all but S3": shaped(Action=None, NotAction=["s3:*", "kms:*"]),
    "other objects": shaped(Resource="arn:aws:s3:::other/*"),
    "all but the bucket": shaped(Resource=None, NotResource=[f"{arn.split('/')[0]}*" for arn in LIFT.objects]),
    "KMS but not for services": shaped(Action="kms:*"),
    "keys spared by name": shaped(
        Resource=None, NotResource=["arn:aws:s3:::*", "arn:aws:kms:*:*:key/*"], Condition=NET
    ),
    "no deny by network": shaped(Condition=GUARD),
    "an Allow": shaped(Effect="Allow"),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
@pytest.mark.parametrize("shared", [False, True])
def test_what_may_stand_in_the_way_is_lifted(name: str, shared: bool) -> None:  # noqa: FBT001 - pytest passes by name
    """A statement that a scoped exemption can't part, or that can't be told to be harmless, is lifted as a whole."""
    statement = IN_THE_WAY[name]
    assert what_it_catches(statement, [LIFT]).lifted == (LIFT,)
    others = [under({"ArnNotEquals": {"aws:PrincipalArn": USER}}, statement)] if shared else []
    assert written(render(policy(statement), [LIFT], NOW, shared=shared)) == [
        *others,
        under(after(LIFT.not_after), statement),
    ]


@pytest.mark.parametrize("name", OUT_OF_THE_WAY)
def test_what_surely_leaves_the_fetch_alone_stays(name: str) -> None:
    """The text is the baseline to the byte, and nothing counts as caught."""
    text = policy(OUT_OF_THE_WAY[name])
    assert not what_it_catches(OUT_OF_THE_WAY[name], [LIFT])
    assert render(text, [LIFT], NOW) == text


def test_only_statements_in_the_way_are_lifted() -> None:
    """A network deny of machines beside the one that stops the fetch is untouched."""
    machines = OUT_OF_THE_WAY["machines"]
    assert written(render(policy(machines, DENY), [LIFT], NOW)) == [machines, under(after(LIFT.not_after))]


def test_a_lift_needs_an_operator_for_its_date() -> None:
    """With one date of its own the deny gets another operator; with two there is none left."""
    first = {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}
    second = {"DateGreaterThanIfExists": {"aws:CurrentTime": iso(LIFT.not_after)}}
    assert written(render(policy(under(first)), [LIFT], NOW)) == [under(first | second)]
    with pytest.raises(CannotRenderError) as caught:
        render(policy(under(first | second)), [LIFT], NOW)
    assert caught.value.reason == "condition-taken"


def test_a_deny_of_some_principals_is_lifted_too() -> None:
    """Where the deny has ArnEquals for itself, another operator of the same meaning names the principal."""
    statement = under({"ArnEquals": {"aws:PrincipalArn": [USER, OTHER_USER]}})
    lifts = [LIFT, replace(LIFT, principal=OTHER_USER, not_after=SOON)]
    document = parse_document(render(policy(statement), lifts, NOW, shared=True))
    then = SOON + timedelta(minutes=1)
    assert [is_denied(document, call(who, then)) for who in (USER, OTHER_USER, STRANGER)] == [False, True, False]


def test_a_lift_for_fewer_objects_is_still_a_lift() -> None:
    """Cutting an exemption to some of its objects keeps the rest of it."""
    assert LIFT.only((OBJECT,)) == replace(LIFT, objects=(OBJECT,), encrypted=())


def test_an_edit_beside_a_lifted_deny_is_kept() -> None:
    """What is taken out when it closes is the airlock's statement alone, known by its Sid."""
    lifted = render(policy({"Sid": "Net", **DENY}), [LIFT], NOW)
    by_human = {"Sid": "ByHuman", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    edited = policy(*statements_of(parse_document(lifted)), by_human)
    merged = rebase(policy({"Sid": "Net", **DENY}), lifted, edited)
    assert merged.intact
    assert statements_of(parse_document(merged.text)) == [{"Sid": "Net", **DENY}, by_human]


@pytest.mark.parametrize("text", sample_texts())
def test_iam_takes_what_is_written(text: str) -> None:
    """IAM's rules for documents, as moto has copied them, hold for lifts alone and beside grants."""
    two = [LIFT, replace(LIFT, principal=OTHER_USER, not_after=SOON)]
    for exemptions in (two, [*two, replace(exemption(INFRA_IDS[1]), not_after=LATER)]):
        for shared in (False, True):
            IAMPolicyDocumentValidator(render(text, exemptions, NOW, shared=shared)).validate()
