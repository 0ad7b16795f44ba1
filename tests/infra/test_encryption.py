"""What the configured key encrypts, and that nobody lacks a right to it who needs one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from airlock.policy.context import Context
from airlock.policy.evaluate import Request, allowed
from airlock.policy.truth import Truth
from infra import encryption
from infra.configuration import parse
from tests.infra.builders import ACCOUNT, HOME, KEY_ID, configuration, everything
from tests.infra.resolving import arn, resolved, short
from tests.infra.template import Template, as_list

KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
ROOT = {"AWS": f"{HOME}:root"}
OWN_KEYS = {"Notices", "Approvals"}
"""The constructs whose keys stay the stack's own: docs/decisions tells why."""


@cache
def _policy() -> dict[str, Any]:
    return encryption.key_policy(parse(everything()))


def _key_lets(principal: dict[str, str], action: str, **keys: str) -> bool:
    """Whether the key's policy surely lets a principal make a call; the keys' colons are two underscores."""
    statements = [
        {key: value for key, value in statement.items() if key != "Principal"}
        for statement in _policy()["Statement"]
        if statement["Principal"] == principal
    ]
    present = {key.replace("__", ":"): value for key, value in keys.items()}
    request = Request(action, KEY, Context.of(present, complete=True))
    return allowed({"Version": "2012-10-17", "Statement": statements}, request).truth is Truth.TRUE


def _users(value: Any, found: list[str], path: str = "") -> list[str]:  # noqa: ANN401 - JSON of any shape
    """Every property that names the key."""
    if isinstance(value, dict):
        for key, one in value.items():
            _users(one, found, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for one in value:
            _users(one, found, path)
    elif value == KEY:
        found.append(path)
    return found


def _encrypted(template: Template) -> dict[str, str]:
    """Each resource that the key encrypts, by logical ID, and the property that says so."""
    found = {}
    for name, resource in template.body["Resources"].items():
        for path in _users(resource["Properties"], []):
            if "PolicyDocument" not in path:
                found[name] = path
    return found


def test_it_encrypts_all_that_keeps_anything(full_template: Template) -> None:
    """Ledger, every log group, dead letters, requests, variables and trail; each resource of these kinds."""
    kinds = {
        "AWS::CloudTrail::Trail": "KMSKeyId",
        "AWS::DynamoDB::Table": "SSESpecification.KMSMasterKeyId",
        "AWS::Lambda::Function": "KmsKeyArn",
        "AWS::Logs::LogGroup": "KmsKeyId",
        "AWS::SQS::Queue": "KmsMasterKeyId",
    }
    expected = {name: path for kind, path in kinds.items() for name in full_template.resources(kind)}
    expected[full_template.within("Approvals", "AWS::SNS::Topic")] = "KmsMasterKeyId"
    assert _encrypted(full_template) == expected


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_without_one_nothing_asks_for_a_key(request: pytest.FixtureRequest, which: str) -> None:
    """The keys stay AWS's own, and no role has a right for a key that isn't there."""
    template: Template = request.getfixturevalue(which)
    text = json.dumps(template.body)
    assert KEY_ID not in text
    assert "GivenKey" not in text
    sids = {sid for role in template.resources("AWS::IAM::Role") for sid in template.statements(role)}
    assert not sids & {"LedgerKey", "DeadLettersKey", "ApprovalsKey"}


def _rights(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for role in template.resources("AWS::IAM::Role"):
        for sid, statement in template.statements(role).items():
            if KEY in statement["Resource"]:
                yield sid, statement


def test_no_role_uses_it_but_by_way_of_one_service(full_template: Template) -> None:
    """Each statement on the key lists its calls, none of which makes grants, and names the one service."""
    services = {"LedgerKey": "dynamodb", "DeadLettersKey": "sqs", "ApprovalsKey": "sns"}
    seen = set()
    for sid, statement in _rights(full_template):
        seen.add(sid)
        assert statement["Resource"] == [KEY]
        assert set(statement["Action"]) <= {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
        assert statement["Condition"] == {
            "StringEquals": {"kms:ViaService": f"{services[sid]}.us-east-1.amazonaws.com"},
        }
    assert seen == set(services)


def test_whoever_reaches_an_encrypted_resource_may_use_its_key(full_template: Template) -> None:
    """A role that calls the ledger, the queue or the topic of the requests has the key's right of that service."""
    resources = {
        arn(full_template, full_template.only("AWS::DynamoDB::Table")): "LedgerKey",
        arn(full_template, full_template.only("AWS::SQS::Queue")): "DeadLettersKey",
        arn(full_template, full_template.within("Approvals", "AWS::SNS::Topic")): "ApprovalsKey",
    }
    met = set()
    for role in full_template.resources("AWS::IAM::Role"):
        statements = full_template.statements(role)
        for statement in list(statements.values()):
            for one in as_list(resolved(full_template, statement["Resource"])):
                if one in resources:
                    met.add(resources[one])
                    assert resources[one] in statements, (role, one)
    assert met == set(resources.values())


def test_the_key_s_policy_lets_every_role_do_what_its_own_policy_says(full_template: Template) -> None:
    """Within an account both count together: what a role may by its policy, the key leaves to IAM for that service."""
    asked = 0
    for _, statement in _rights(full_template):
        service = statement["Condition"]["StringEquals"]["kms:ViaService"]
        for action in statement["Action"]:
            asked += 1
            assert _key_lets(ROOT, action, kms__ViaService=service), (action, service)
            assert not _key_lets(ROOT, action)
    assert asked >= 10


@pytest.mark.parametrize("which", ["full_template", "http_template"])
def test_the_key_s_policy_lets_cloudwatch_logs_in_for_each_log_group(
    request: pytest.FixtureRequest, which: str
) -> None:
    """By URLs and by APIs, whose logs have a place of their own; for no other log group."""
    template: Template = request.getfixturevalue(which)
    logs = {"Service": "logs.us-east-1.amazonaws.com"}
    group_arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
    for name in template.resources("AWS::Logs::LogGroup"):
        # A group without a name gets the stack's, the logical ID and more.
        own = template.properties(name).get("LogGroupName", f"bootstrap-airlock-{name}-AbCdEf")
        for action in ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"):
            context = {"kms__EncryptionContext:aws:logs:arn": f"{group_arn}{own}"}
            assert _key_lets(logs, action, **context), (name, action)
    assert not _key_lets(logs, "kms:Decrypt", **{"kms__EncryptionContext:aws:logs:arn": f"{group_arn}another"})


def test_the_key_s_policy_lets_other_services_in_for_this_account_or_trail_alone(full_template: Template) -> None:
    """EventBridge for rules of the account, CloudTrail for the trail; for no others."""
    events = {"Service": "events.amazonaws.com"}
    for action in encryption.SENDING:
        assert _key_lets(events, action, aws__SourceAccount=ACCOUNT)
        assert not _key_lets(events, action, aws__SourceAccount="444455556666")
        assert not _key_lets(events, action)

    name = full_template.properties(full_template.only("AWS::CloudTrail::Trail"))["TrailName"]
    cloudtrail, trail = {"Service": "cloudtrail.amazonaws.com"}, f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/{name}"
    context = {"kms__EncryptionContext:aws:cloudtrail:arn": trail}
    assert _key_lets(cloudtrail, "kms:GenerateDataKey", aws__SourceArn=trail, **context)
    assert _key_lets(cloudtrail, "kms:DescribeKey", aws__SourceArn=trail)
    assert not _key_lets(cloudtrail, "kms:GenerateDataKey", aws__SourceArn=f"{trail}-2", **context)


def test_who_deploys_may_make_grants_for_services_alone() -> None:
    """Table and functions need a grant when they are made; nobody can give themselves one."""
    for service in ("dynamodb", "lambda"):
        via = {"kms__ViaService": f"{service}.us-east-1.amazonaws.com"}
        assert _key_lets(ROOT, "kms:CreateGrant", kms__GrantIsForAWSResource="true", **via)
        assert not _key_lets(ROOT, "kms:CreateGrant", kms__GrantIsForAWSResource="false", **via)
    assert not _key_lets(ROOT, "kms:CreateGrant", kms__GrantIsForAWSResource="true")


def test_each_statement_of_the_key_s_policy_is_for_something_in_the_template(full_template: Template) -> None:
    """No service is let in that encrypts nothing here, and the trail's statements come with the trail alone."""
    named = {
        service
        for statement in _policy()["Statement"]
        for service in as_list(statement["Condition"].get("StringEquals", {}).get("kms:ViaService", []))
    }
    kinds = {full_template.body["Resources"][name]["Type"].split("::")[1].lower() for name in _encrypted(full_template)}
    assert {service.split(".")[0] for service in named} == kinds - {"cloudtrail", "logs"}
    without = encryption.key_policy(parse(configuration(kms_key=KEY)))
    assert "cloudtrail" not in json.dumps(without)
    assert "cloudtrail" in json.dumps(_policy())


def test_the_stack_s_own_keys_stay(full_template: Template) -> None:
    """CloudWatch's alarms and the links to the page need policies that only a key of the stack's own can have."""
    keys = {short(name) for name in full_template.resources("AWS::KMS::Key")}
    assert {next(own for own in OWN_KEYS if key.startswith(own)) for key in keys} == OWN_KEYS


def test_in_china_the_services_are_called_as_there() -> None:
    """Names of aws-cn end otherwise, in the roles' conditions as either source has them, and in the key's policy."""
    raw = everything("aws-cn", "cn-north-1")
    via = encryption.by_way_of(parse(raw), "dynamodb")
    names = ["dynamodb.cn-north-1.amazonaws.com", "dynamodb.cn-north-1.amazonaws.com.cn"]
    assert via == {"StringEquals": {"kms:ViaService": names}}
    text = json.dumps(encryption.key_policy(parse(raw)))
    assert "arn:aws:" not in text
    assert '"logs.cn-north-1.amazonaws.com.cn"' in text
