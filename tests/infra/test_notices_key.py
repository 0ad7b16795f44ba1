"""Who may use the key of the notices topic, statement by statement."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.builders import ACCOUNT, THE_ENROLLED
from tests.infra.template import Template, arn_of

ROOT = {"AWS": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{ACCOUNT}:root"]]}}
BY_SNS = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}


def _key(template: Template) -> str:
    return template.within("Notices", "AWS::KMS::Key")


def _statements(template: Template) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in template.properties(_key(template))["KeyPolicy"]["Statement"]}


def test_it_encrypts_the_notices_topic_and_nothing_else(template: Template) -> None:
    """The notices topic has the stack's own key, the approvals topic AWS's."""
    topics = {
        name: template.properties(template.within(name, "AWS::SNS::Topic"))["KmsMasterKeyId"]
        for name in ("Notices", "Approvals")
    }
    assert topics["Notices"] == arn_of(_key(template))
    assert topics["Approvals"]["Fn::Join"][1][-1].endswith(":alias/aws/sns")


def test_it_is_rotated_and_goes_with_the_stack(template: Template) -> None:
    """A symmetric key, rotated, that is deleted a week after the stack: it keeps nothing that outlives the topic."""
    resource = template.body["Resources"][_key(template)]
    key = resource["Properties"]
    assert key["EnableKeyRotation"] is True
    assert "KeySpec" not in key
    assert "KeyUsage" not in key
    assert (resource["DeletionPolicy"], key["PendingWindowInDays"]) == ("Delete", 7)


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_its_policy_has_four_statements_and_no_more(request: pytest.FixtureRequest, which: str) -> None:
    """Administration, denial of the enrolled, use by way of SNS, and the alarms; with links and without."""
    statements = _statements(request.getfixturevalue(which))
    assert list(statements) == ["Administer", "NotForTheEnrolled", "PublishWhereIamAllows", "Alarms"]


def test_administrators_don_t_use_it(template: Template) -> None:
    """The account's IAM policies decide who administers it; no call that uses the key, or lets others, is in that."""
    administer = _statements(template)["Administer"]
    assert administer["Principal"] == ROOT
    uses = ("Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "ReEncryptFrom", "Sign", "CreateGrant")
    for use in uses:
        assert not [action for action in administer["Action"] if fnmatchcase(f"kms:{use}", action)]


def test_the_enrolled_are_denied_it(template: Template) -> None:
    """Whatever their own policies allow: they can neither publish a notice, nor read one, nor change the key."""
    assert _statements(template)["NotForTheEnrolled"] == {
        "Sid": "NotForTheEnrolled",
        "Effect": "Deny",
        "Action": "kms:*",
        "Principal": {"AWS": "*"},
        "Resource": "*",
        "Condition": THE_ENROLLED,
    }


def test_iam_decides_who_publishes_by_way_of_sns_only(template: Template) -> None:
    """The two calls that SNS makes for a publisher, and only where SNS makes them."""
    assert _statements(template)["PublishWhereIamAllows"] == {
        "Sid": "PublishWhereIamAllows",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Principal": ROOT,
        "Resource": "*",
        "Condition": BY_SNS,
    }


def test_cloudwatch_uses_it_for_what_may_publish(template: Template) -> None:
    """Key and topic let in CloudWatch on the same conditions: the account, and this stack's alarms by name."""
    policy = template.properties(template.within("Notices", "AWS::SNS::TopicPolicy"))["PolicyDocument"]
    (publishing,) = (one for one in policy["Statement"] if one["Effect"] == "Allow")
    assert _statements(template)["Alarms"] == {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Resource": "*",
        "Condition": publishing["Condition"],
    }
    assert publishing["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert "*" not in str(publishing["Condition"]["ArnLike"])


def test_of_the_functions_those_that_write_policies_use_it(template: Template) -> None:
    """To publish, and so by way of SNS only. No other role has a right in KMS."""
    using = {}
    for role in template.resources("AWS::IAM::Role"):
        for sid, statement in template.statements(role).items():
            if any(action.startswith("kms:") for action in statement["Action"]):
                using[role] = (sid, statement["Action"], statement["Resource"], statement["Condition"])
    may = ("NoticesKey", ["kms:Decrypt", "kms:GenerateDataKey"], [arn_of(_key(template))], BY_SNS)
    roles = [template.role_of(name)["Fn::GetAtt"][0] for name in ("watcher", "sweeper", "removal")]
    assert using == dict.fromkeys(roles, may)
