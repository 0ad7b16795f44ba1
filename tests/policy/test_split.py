"""Taking objects out of a statement that names all of S3 by a pattern."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from airlock.policy.clauses import CannotRenderError
from airlock.policy.evaluate import Request
from airlock.policy.render import render
from airlock.policy.requests import Fetch
from tests.policy.strategies import INFRA_IDS, NOW, PUBLIC, USER, exemption, is_denied, objects, sample_texts

ALL_OF_S3 = ["arn:aws:s3:::*", "arn:aws:s3:::*/*", ["arn:aws:s3:::*", "arn:aws:s3:::*/*"], "arn:*:s3:::*"]
"""The forms of Resource that name every object and no access point."""


def fence(resource: object, action: object = "s3:*") -> str:
    """A source-network deny of these resources."""
    condition = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:ViaAWSService": "false"}}
    statement = {"Effect": "Deny", "Action": action, "Resource": resource, "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def get(arn: str) -> Request:
    """A GET of an object from outside."""
    return Fetch(arn, USER, NOW, complete=True).from_address(PUBLIC)


@pytest.mark.parametrize("resource", ALL_OF_S3)
@pytest.mark.parametrize(
    ("arn", "stays_denied"),
    [
        ("arn:aws:s3:::other/key", True),
        ("arn:aws:s3:::accesspoint/key", True),
        ("arn:aws:s3:::accesspoint/a:b/c", True),
        ("arn:aws:s3:::other/a:b:accesspoint/c", True),
        ("arn:aws:s3:::other/:accesspoint/c", True),
        ("arn:aws:s3:us-east-2:111122223333:accesspoint/name/object/key", False),
        ("arn:aws:s3::111122223333:accesspoint/alias.mrap/object/key", False),
        (objects(INFRA_IDS[0])[0], False),
        (objects(INFRA_IDS[0])[1], False),
    ],
)
def test_only_the_objects_are_taken_out_of_all_of_s3(resource: object, arn: str, stays_denied: bool) -> None:  # noqa: FBT001 - pytest passes by name
    """Look-alikes of an access point stay denied, and access points, which weren't denied, stay as they were."""
    text = render(fence(resource), [exemption()], NOW)
    assert is_denied(json.loads(text), get(arn)) is stays_denied


@pytest.mark.parametrize("action", ["s3:*", "s3:GetObject", "*", ["s3:*", "ec2:*"]])
def test_a_key_behind_an_access_point_that_any_partition_runs_into_stays_denied(action: object) -> None:
    """In arn:*:s3:::*/* the first wildcard takes in whatever comes before ":s3:::", another key's beginning too."""
    document = json.loads(render(fence("arn:*:s3:::*/*", action), [exemption()], NOW))
    access_point = "arn:aws:s3:us-east-2:111122223333:accesspoint/name/object"
    assert is_denied(document, get(f"{access_point}/a:s3:::b/c"))
    assert not is_denied(document, get(f"{access_point}/a:s3:::b"))
    put = replace(get(f"{access_point}/a:s3:::b/c"), action="s3:PutObject")
    assert is_denied(document, put) == (action != "s3:GetObject")


@pytest.mark.parametrize(
    ("resource", "arn"),
    [
        ("arn:*:s3:*", "arn:aws:lambda:us-east-2:111122223333:function:s3:1"),
        ("arn:*:s3:::*", "arn:aws:ec2:us-east-2:111122223333:odd/a:s3:::b"),
    ],
)
@pytest.mark.parametrize("actions", ["s3:*", ["s3:*", "ec2:*"]])
def test_nothing_is_denied_to_other_services_that_any_partition_runs_into(
    actions: list[str], resource: str, arn: str
) -> None:
    """A deny of s3:* stays one of S3's actions, and one of EC2's beside it goes on for what it named."""
    before = fence(resource, actions)
    after = render(before, [exemption()], NOW)
    for action in ("lambda:InvokeFunction", "ec2:RunInstances"):
        call = replace(get(arn), action=action)
        assert is_denied(json.loads(after), call) == is_denied(json.loads(before), call)


@pytest.mark.parametrize("beside", ["arn:aws:s3:*:*:*", "arn:aws:s3*", "arn:aws:*:*:*:*"])
def test_a_pattern_beside_all_of_s3_that_takes_in_access_points_is_refused(beside: str) -> None:
    """Access points would be let through, for they are left out of what is written for all of S3."""
    with pytest.raises(CannotRenderError) as caught:
        render(fence(["arn:aws:s3:::*", beside], "s3:GetObject"), [exemption()], NOW)
    assert (caught.value.reason, repr(beside) in caught.value.detail) == ("resource-pattern", True)


@pytest.mark.parametrize("text", [*sample_texts(), *(fence(resource) for resource in ALL_OF_S3)])
def test_iam_takes_what_is_written(text: str) -> None:
    """IAM's rules for documents, as moto has copied them, hold for every opened policy."""
    for exemptions in ([exemption()], [exemption(), exemption(INFRA_IDS[1], vpc="vpc-0aaaaaaaaaaaaaaa1")]):
        for shared in (False, True):
            IAMPolicyDocumentValidator(render(text, exemptions, NOW, shared=shared)).validate()
