"""What the roles of the template let the functions and the schedule do; the doors have a file of their own."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from infra import permissions
from infra.code import CODE
from infra.configuration import parse
from tests.infra.builders import ACCOUNT, GROUP, HOME, POLICY, ROLE, USER, configuration
from tests.infra.template import Template, arn_of, of_kinds

BOTH = pytest.mark.parametrize("name", ["watcher", "sweeper"])
READS = ("*:Get*", "*:List*", "*:Describe*", "*:BatchGet*", "*:Query", "*:ConditionCheck*", "iam:Simulate*")
# How the adapters name an operation: self._iam.get_user, self._dynamodb.get_paginator("query"), or, of a client that is
# made when it is needed, self._kms().generate_mac, self._ec2_once(region).reboot_instances or kms.verify_mac.
CALL = re.compile(
    r"\b_?(iam|dynamodb|logs|sns|kms|ec2|events)(?:_once)?(?:\(\w*\))?\.(?!exceptions)(?:get_paginator\(\"(?=\w))?([a-z_]+)"
)


def _grants(statements: dict[str, dict[str, Any]], service: str) -> dict[str, set[str]]:
    """From each action of a service to the resources that it is allowed on, those in references left out."""
    found: dict[str, set[str]] = {}
    for statement in statements.values():
        for action in statement["Action"]:
            if action.startswith(f"{service}:"):
                found.setdefault(action, set()).update(one for one in statement["Resource"] if isinstance(one, str))
    return found


@BOTH
def test_iam_writes_reach_the_configured_arns_only(template: Template, name: str) -> None:
    """A function may write enrolled principals' inline policies, named groups' and named managed policies, no more."""
    writes = {
        action: resources
        for action, resources in _grants(template.function_statements(name), "iam").items()
        if not any(fnmatchcase(action, read) for read in READS)
    }
    assert writes == {
        "iam:PutUserPolicy": {USER},
        "iam:PutRolePolicy": {ROLE},
        "iam:PutGroupPolicy": {GROUP},
        "iam:CreatePolicyVersion": {POLICY},
        "iam:SetDefaultPolicyVersion": {POLICY},
        "iam:DeletePolicyVersion": {POLICY},
    }


@BOTH
def test_iam_reads_reach_what_a_diagnosis_needs(template: Template, name: str) -> None:
    """A function may read enrolled principals, and every group and managed policy, which may hold a deny."""
    reads = {
        action: resources
        for action, resources in _grants(template.function_statements(name), "iam").items()
        if any(fnmatchcase(action, read) for read in READS)
    }
    assert reads == {
        "iam:GetUser": {USER},
        "iam:GetUserPolicy": {USER},
        "iam:ListAttachedUserPolicies": {USER},
        "iam:ListGroupsForUser": {USER},
        "iam:ListUserPolicies": {USER},
        "iam:SimulatePrincipalPolicy": {USER, ROLE},
        "iam:GetRole": {ROLE},
        "iam:GetRolePolicy": {ROLE},
        "iam:ListAttachedRolePolicies": {ROLE},
        "iam:ListRolePolicies": {ROLE},
        "iam:GetGroupPolicy": {f"{HOME}:group/*"},
        "iam:ListAttachedGroupPolicies": {f"{HOME}:group/*"},
        "iam:ListGroupPolicies": {f"{HOME}:group/*"},
        "iam:GetPolicy": {f"{HOME}:policy/*", "arn:aws:iam::aws:policy/*"},
        "iam:GetPolicyVersion": {f"{HOME}:policy/*", "arn:aws:iam::aws:policy/*"},
        "iam:ListPolicyVersions": {f"{HOME}:policy/*"},
    }


def test_no_write_has_a_wildcard(template: Template) -> None:
    """No statement of any role that writes has a wildcard in its actions, nor in its resources but for the reboot's."""
    wide = set()
    for role in template.resources("AWS::IAM::Role"):
        for sid, statement in template.statements(role).items():
            assert not any("*" in action for action in statement["Action"]), sid
            if not all(any(fnmatchcase(action, read) for read in READS) for action in statement["Action"]):
                wide |= {sid} if "*" in json.dumps(statement["Resource"]) else set()
    assert wide == {"ConsoleByName", "ConsoleByMachineName"}


def test_roles_hold_nothing_but_what_is_written_out(template: Template) -> None:
    """No role has a managed policy, and CDK adds no policy of its own making."""
    assert not template.resources("AWS::IAM::Policy")
    assert not template.resources("AWS::IAM::ManagedPolicy")
    for role in template.resources("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]


@BOTH
def test_the_ledger_is_all_of_dynamodb_that_a_function_reaches(template: Template, name: str) -> None:
    """A function changes items of the table, adds answers, looks for approvals ahead, and queries the one index."""
    table = template.only("AWS::DynamoDB::Table")
    statements = {sid: one for sid, one in template.function_statements(name).items() if "dynamodb" in one["Action"][0]}
    assert {sid: (one["Action"], one["Resource"], one.get("Condition")) for sid, one in statements.items()} == {
        "Ledger": (["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], [arn_of(table)], None),
        "LedgerIndex": (["dynamodb:Query"], [{"Fn::Join": ["", [arn_of(table), "/index/open-grants"]]}], None),
        "LedgerAhead": (["dynamodb:Query"], [arn_of(table)], of_kinds("ahead#*")),
        "LedgerAnswers": (["dynamodb:PutItem"], [arn_of(table)], of_kinds("answer#*")),
    }


def test_the_link_key_signs_for_watcher_and_sweeper_and_checks_for_the_page(template: Template) -> None:
    """Its policy alone says so, by role: no IAM policy of the account lets anybody use it, nor grant its use."""
    policy = template.properties(template.within("Approvals", "AWS::KMS::Key"))["KeyPolicy"]["Statement"]
    administer, _, *uses = policy
    for use in ("kms:GenerateMac", "kms:VerifyMac", "kms:CreateGrant"):
        assert not [action for action in administer["Action"] if fnmatchcase(use, action)]
    assert {(one["Action"], json.dumps(one["Principal"]["AWS"])) for one in uses} == {
        ("kms:GenerateMac", json.dumps(template.role_of("watcher"))),
        ("kms:GenerateMac", json.dumps(template.role_of("sweeper"))),
        ("kms:VerifyMac", json.dumps(template.role_of("page"))),
    }
    for use in uses:
        assert use["Condition"] == {"StringEquals": {"kms:MacAlgorithm": "HMAC_SHA_256"}}
        assert use["Effect"] == "Allow"


@BOTH
def test_a_function_publishes_to_both_topics(template: Template, name: str) -> None:
    """Notices and requests for approval are all that a function may publish."""
    statements = template.function_statements(name)
    topics = {sid: one["Resource"] for sid, one in statements.items() if one["Action"] == ["sns:Publish"]}
    assert topics == {
        "Notices": [{"Ref": template.within("Notices", "AWS::SNS::Topic")}],
        "Approvals": [{"Ref": template.within("Approvals", "AWS::SNS::Topic")}],
    }


def test_only_the_sweeper_reads_consoles_and_reboots(template: Template) -> None:
    """It may look at all instances, but read the console of, and reboot, those tagged as a bootstrap node only."""
    instances = [f"arn:aws:ec2:*:{ACCOUNT}:instance/*"]
    calls = ["ec2:GetConsoleOutput", "ec2:RebootInstances"]
    found = {
        sid: (one["Action"], one["Resource"], one.get("Condition"))
        for sid, one in template.function_statements("sweeper").items()
        if "ec2:" in one["Action"][0]
    }
    assert found == {
        "DescribeInstances": (["ec2:DescribeInstances"], ["*"], None),
        "ConsoleByName": (calls, instances, {"StringLike": {"aws:ResourceTag/Name": "*-bootstrap"}}),
        "ConsoleByMachineName": (
            calls,
            instances,
            {"StringLike": {"aws:ResourceTag/MachineName": "openshift-cluster-api-guests/*-bootstrap"}},
        ),
    }
    for name in ("watcher", "page", "operator"):
        assert not _grants(template.function_statements(name), "ec2")


def test_without_rescue_nobody_reads_consoles_or_reboots(small_template: Template) -> None:
    """Where no console has to be read, the sweeper may look for instances, to find those that ended; nobody more."""
    assert _grants(small_template.function_statements("sweeper"), "ec2") == {"ec2:DescribeInstances": {"*"}}
    roles = small_template.resources("AWS::IAM::Role")
    assert sum(bool(_grants(small_template.statements(role), "ec2")) for role in roles) == 1


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"mode": "observe", "rescue": False}, []),
        ({"mode": "approval", "rescue": False}, ["DescribeInstances"]),
        ({"mode": "observe"}, ["DescribeInstances", "ConsoleByName", "ConsoleByMachineName"]),
    ],
)
def test_who_opens_nothing_needs_nothing_of_ec2(settings: dict[str, Any], expected: list[str]) -> None:
    """Of principals that are only observed nothing is open, so that no instance is looked for."""
    raw = configuration(principals=[{"arn": USER, **settings}])
    assert [statement.sid for statement in permissions.instance_statements(parse(raw))] == expected


def test_closing_on_the_fetch_needs_the_consoles_too() -> None:
    """A principal without rescue whose grants close once the fetch is seen has the sweeper read consoles."""
    raw = configuration(principals=[{"arn": USER, "rescue": False, "close_on": "fetched"}])
    sids = [statement.sid for statement in permissions.instance_statements(parse(raw))]
    assert sids == ["DescribeInstances", "ConsoleByName", "ConsoleByMachineName"]


@BOTH
def test_a_function_writes_its_own_log_and_its_own_audit_stream(template: Template, name: str) -> None:
    """A function makes streams in its own log group only, and can't write the other function's audit stream."""
    statements = template.function_statements(name)
    own_log = template.properties(template.function(name))["LoggingConfig"]["LogGroup"]["Ref"]
    assert {sid for sid, one in statements.items() if "logs" in one["Action"][0]} == {"OwnLog", "AuditLog"}
    assert statements["OwnLog"]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statements["OwnLog"]["Resource"] == [arn_of(own_log)]
    assert statements["AuditLog"]["Action"] == ["logs:PutLogEvents"]
    (audit,) = statements["AuditLog"]["Resource"]
    assert audit["Fn::Join"][1][-1] == f":log-stream:{name}"
    assert f":logs:us-east-1:{ACCOUNT}:log-group:" in audit["Fn::Join"][1]


def test_only_the_watcher_sends_to_the_dead_letter_queue(template: Template) -> None:
    """The watcher's role lets Lambda send what failed to the queue; the sweeper's has no such right."""
    queue = arn_of(template.only("AWS::SQS::Queue"))
    dead_letters = template.function_statements("watcher")["DeadLetters"]
    assert (dead_letters["Action"], dead_letters["Resource"]) == (["sqs:SendMessage"], [queue])
    assert not _grants(template.function_statements("sweeper"), "sqs")


def test_the_schedule_may_start_the_sweeper_only(template: Template) -> None:
    """The schedule's role invokes the sweeper and sends to the queue, and only this account's schedules may take it."""
    schedule = template.properties(template.only("AWS::Scheduler::Schedule"))
    role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
    statements = template.statements(role)
    assert statements["Invoke"]["Action"] == ["lambda:InvokeFunction"]
    assert statements["Invoke"]["Resource"] == [arn_of(template.function("sweeper"))]
    assert statements["DeadLetters"]["Action"] == ["sqs:SendMessage"]
    assert set(statements) == {"Invoke", "DeadLetters"}
    (trust,) = template.properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == ACCOUNT


@BOTH
@pytest.mark.parametrize("adapter", ["audit", "iam", "leases", "ledger", "notices", "simulator"])
def test_every_aws_call_of_the_core_is_allowed(template: Template, name: str, adapter: str) -> None:
    """Each operation that an adapter of watcher and sweeper calls, by method or paginator, is allowed to both."""
    called = _called(CODE / "airlock" / "adapters" / f"{adapter}.py")
    assert called
    assert called <= _allowed(template, name)


def test_every_aws_call_of_the_code_is_allowed_to_somebody(template: Template) -> None:
    """No adapter, whosever it is, calls what no function may do."""
    # clients.py makes the clients and calls nothing.
    adapters = [file for file in (CODE / "airlock" / "adapters").rglob("*.py") if file.name != "clients.py"]
    called = {call for file in adapters for call in _called(file)}
    assert {"iam:PutUserPolicy", "dynamodb:Query", "kms:VerifyMac", "ec2:RebootInstances"} <= called
    functions = ("watcher", "sweeper", "page", "operator")
    link_key = template.properties(template.within("Approvals", "AWS::KMS::Key"))
    by_key = {one["Action"] for one in link_key["KeyPolicy"]["Statement"][2:]}
    assert called <= {action for name in functions for action in _allowed(template, name)} | by_key


def _called(source: Path) -> set[str]:
    calls = CALL.findall(source.read_text(encoding="utf-8"))
    # A transaction is authorised as the calls that it holds.
    return {_action(service, method) for service, method in calls} - {"dynamodb:TransactWriteItems"}


def _allowed(template: Template, name: str) -> set[str]:
    return {action for one in template.function_statements(name).values() for action in one["Action"]}


def _action(service: str, method: str) -> str:
    """The IAM action of a boto3 client's method; for these services it is named after the operation."""
    operations = botocore.session.get_session().get_service_model(service).operation_names
    (operation,) = (one for one in operations if xform_name(one) == method)
    return f"{service}:{operation}"


def test_a_statement_without_a_resource_is_left_out() -> None:
    """With a user alone there is no statement on roles, named groups or named policies."""
    alone = parse(configuration(principals=[{"arn": USER}]))
    assert {statement.sid for statement in permissions.iam_statements(alone)} == {
        "ReadUsers",
        "WriteUsers",
        "ReadGroups",
        "ReadPolicies",
        "ReadAwsPolicies",
    }


def test_arns_follow_the_partition() -> None:
    """In GovCloud every ARN pattern is of GovCloud's partition."""
    arn = f"arn:aws-us-gov:iam::{ACCOUNT}:user/installer"
    gov = parse(configuration(home_region="us-gov-west-1", principals=[{"arn": arn}]))
    resources = {one for statement in permissions.iam_statements(gov) for one in statement.resources}
    assert resources == {
        arn,
        f"arn:aws-us-gov:iam::{ACCOUNT}:group/*",
        f"arn:aws-us-gov:iam::{ACCOUNT}:policy/*",
        "arn:aws-us-gov:iam::aws:policy/*",
    }
