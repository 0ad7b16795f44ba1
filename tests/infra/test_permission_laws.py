"""Laws that the roles of the template keep, whatever statements they get, asked of the airlock's own evaluator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from airlock.policy.context import Context
from airlock.policy.evaluate import Request, allowed, denied
from airlock.policy.truth import Truth
from tests.infra.builders import ACCOUNT, GROUP, HOME, POLICY, ROLE, USER
from tests.infra.resolving import arn, resolved
from tests.infra.template import Template, as_list

BOTH = pytest.mark.parametrize("which", ["template", "small_template", "full_template", "http_template"])
# Of the actions that any role has, those with the access level Read or List (Service Authorization Reference, the pages
# of EC2, DynamoDB and IAM). Every other one counts as a write, one that is new here too.
READS = {
    "cloudformation:DescribeStacks",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "ec2:DescribeInstances",
    "ec2:GetConsoleOutput",
    "iam:GetGroupPolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAttachedGroupPolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupPolicies",
    "iam:ListGroupsForUser",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListUserPolicies",
    "iam:SimulatePrincipalPolicy",
}
FUNCTIONS = ("watcher", "sweeper", "page", "operator", "removal")
STRANGERS = [
    f"{HOME}:user/somebody",
    f"{HOME}:role/Admin",
    f"{HOME}:group/admins",
    f"{HOME}:policy/other",
    "arn:aws:iam::aws:policy/AdministratorAccess",
]


def operations(service: str) -> list[str]:
    """Every operation of a service that botocore knows, as an action."""
    model = botocore.session.get_session().get_service_model(service)
    return [f"{service}:{name}" for name in model.operation_names]


def documents(template: Template) -> dict[str, dict[str, Any]]:
    """Each role's one inline policy, with its references resolved, by logical ID."""
    found = {}
    for role in template.resources("AWS::IAM::Role"):
        (policy,) = template.properties(role)["Policies"]
        found[role] = resolved(template, policy["PolicyDocument"])
    return found


def may(document: dict[str, Any], action: str, resource: str, **keys: str) -> bool:
    """Whether a role may, or might: anything but a sure no. The keys' colons are written as two underscores."""
    present = {key.replace("__", ":"): value for key, value in keys.items()}
    request = Request(action, resource, Context.of(present, complete=True))
    may_be = allowed(document, request).truth is not Truth.FALSE
    return may_be and denied(document, request).truth is not Truth.TRUE


def _writes(template: Template) -> Iterator[dict[str, Any]]:
    for document in documents(template).values():
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow" and not READS.issuperset(as_list(statement["Action"])):
                yield statement


@BOTH
def test_no_write_is_allowed_on_everything(request: pytest.FixtureRequest, which: str) -> None:
    """A write names its resource in full; a log group's streams and tagged instances are the only patterns."""
    for statement in _writes(request.getfixturevalue(which)):
        for resource in as_list(statement["Resource"]):
            stem = resource.removesuffix(":*") if statement["Sid"] == "OwnLog" else resource
            tagged = statement["Sid"] in {"ConsoleByName", "ConsoleByMachineName"}
            assert "*" not in stem or (tagged and stem == f"arn:aws:ec2:*:{ACCOUNT}:instance/*"), statement


@BOTH
def test_nothing_is_allowed_by_pattern_or_by_exception(request: pytest.FixtureRequest, which: str) -> None:
    """Each Allow of a role lists its actions in full; none says what it isn't about."""
    for document in documents(request.getfixturevalue(which)).values():
        for statement in document["Statement"]:
            assert not {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
            if statement["Effect"] == "Allow":
                assert "*" not in json.dumps(statement["Action"])


@BOTH
def test_each_function_has_a_role_of_its_own(request: pytest.FixtureRequest, which: str) -> None:
    """Functions and schedule each take another role, none is left over, and only its service may take it."""
    template: Template = request.getfixturevalue(which)
    users = [one["Properties"]["Role"] for one in template.resources("AWS::Lambda::Function").values()]
    users += [one["Properties"]["Target"]["RoleArn"] for one in template.resources("AWS::Scheduler::Schedule").values()]
    roles = [role["Fn::GetAtt"][0] for role in users]
    assert sorted(roles) == sorted(template.resources("AWS::IAM::Role"))
    assert len(set(roles)) == len(roles)
    for role in roles:
        (trust,) = template.properties(role)["AssumeRolePolicyDocument"]["Statement"]
        assert (trust["Effect"], trust["Action"]) == ("Allow", "sts:AssumeRole")
        assert trust["Principal"]["Service"] in {"lambda.amazonaws.com", "scheduler.amazonaws.com"}


def test_iam_is_written_on_the_enrolled_and_named_only(template: Template) -> None:
    """Of all calls of IAM, these six by those who write policies change something, each on what is configured."""
    expected = {
        ("iam:PutUserPolicy", USER),
        ("iam:PutRolePolicy", ROLE),
        ("iam:PutGroupPolicy", GROUP),
        ("iam:CreatePolicyVersion", POLICY),
        ("iam:SetDefaultPolicyVersion", POLICY),
        ("iam:DeletePolicyVersion", POLICY),
    }
    own = [arn(template, role) for role in template.resources("AWS::IAM::Role")]
    writers = {template.role_of(name)["Fn::GetAtt"][0] for name in ("watcher", "sweeper", "removal")}
    for role, document in documents(template).items():
        found = {
            (action, resource)
            for action in [*operations("iam"), "iam:PassRole"]
            if action not in READS
            for resource in (USER, ROLE, GROUP, POLICY, *STRANGERS, *own)
            if may(document, action, resource)
        }
        assert found == (expected if role in writers else set()), role


def test_a_reboot_needs_the_tag_of_a_bootstrap_node(template: Template) -> None:
    """The sweeper reboots, and reads consoles, by either tag; without, by another, or in another account it doesn't."""
    instance = f"arn:aws:ec2:us-west-2:{ACCOUNT}:instance/i-0123456789abcdef0"
    for role, document in documents(template).items():
        is_sweeper = role == template.role_of("sweeper")["Fn::GetAtt"][0]
        for call in ("ec2:RebootInstances", "ec2:GetConsoleOutput"):
            for name in ("demo-x2x2x-bootstrap", "demo-x2x2x-master-0", "-bootstrap-not"):
                tagged = {"aws__ResourceTag/Name": name}
                assert may(document, call, instance, **tagged) == (is_sweeper and name.endswith("-bootstrap"))
            by_machine = {"aws__ResourceTag/MachineName": "openshift-cluster-api-guests/demo-x2x2x-bootstrap"}
            assert may(document, call, instance, **by_machine) == is_sweeper
            assert not may(document, call, instance)
            assert not may(document, call, instance.replace(ACCOUNT, "999999999999"), **by_machine)
        changes = [call for call in operations("ec2") if may(document, call, instance, **by_machine)]
        assert set(changes) <= {"ec2:DescribeInstances", "ec2:GetConsoleOutput", "ec2:RebootInstances"}


@BOTH
def test_the_audit_log_only_grows(request: pytest.FixtureRequest, which: str) -> None:
    """Of all calls of CloudWatch Logs each writer may append to its own stream, and nobody may do anything else.

    So no function deletes or shortens the log, opens a stream, filters or subscribes, or changes how long it is kept.
    """
    template: Template = request.getfixturevalue(which)
    streams = template.resources("AWS::Logs::LogStream").values()
    (group,) = {stream["Properties"]["LogGroupName"]["Ref"] for stream in streams}
    group_arn = arn(template, group).removesuffix(":*")
    resources = [group_arn, f"{group_arn}:*", *(f"{group_arn}:log-stream:{name}" for name in (*FUNCTIONS, "restore"))]
    roles = {template.role_of(name)["Fn::GetAtt"][0]: name for name in ("watcher", "sweeper", "removal")}
    for role, document in documents(template).items():
        found = {
            (action, resource)
            for action in operations("logs")
            for resource in resources
            if may(document, action, resource)
        }
        own = {("logs:PutLogEvents", f"{group_arn}:log-stream:{roles[role]}")} if role in roles else set()
        assert found == own


def test_nobody_deletes_from_the_ledger_or_changes_the_table(template: Template) -> None:
    """Of all calls of DynamoDB on the table these are allowed, by kinds of items; no deletion, scan or setting."""
    table = arn(template, template.only("AWS::DynamoDB::Table"))
    kinds = ("grant", "answer", "order", "ahead", "scope", "instance")
    found = {
        name: {
            (action.removeprefix("dynamodb:"), kind)
            for action in operations("dynamodb")
            for kind in kinds
            if may(
                documents(template)[template.role_of(name)["Fn::GetAtt"][0]],
                action,
                table,
                dynamodb__LeadingKeys=f"{kind}#one",
            )
        }
        for name in FUNCTIONS
    }
    any_kind = {(call, kind) for call in ("BatchGetItem", "GetItem", "UpdateItem") for kind in kinds}
    reconciling = any_kind | {("Query", "ahead"), ("PutItem", "answer")}
    assert found == {
        "watcher": reconciling,
        "sweeper": reconciling,
        "removal": any_kind | {("PutItem", "order")},
        "page": {(call, kind) for call in ("BatchGetItem", "GetItem") for kind in ("grant", "answer", "order")}
        | {("PutItem", "answer")},
        "operator": {
            (call, kind)
            for call in ("BatchGetItem", "GetItem", "Query")
            for kind in ("grant", "answer", "order", "ahead")
        }
        | {("PutItem", kind) for kind in ("answer", "order", "ahead")}
        | {("UpdateItem", "ahead")},
    }


def test_the_removal_reads_nothing_of_iam_but_what_it_may_put_back(template: Template) -> None:
    """It looks at no principal, group or policy that isn't enrolled or named, and at no stack but its own."""
    document = documents(template)[template.role_of("removal")["Fn::GetAtt"][0]]
    assert not [call for call in operations("iam") for other in STRANGERS if may(document, call, other)]
    stack = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack"
    assert may(document, "cloudformation:DescribeStacks", f"{stack}/bootstrap-airlock/1b2c3d4e")
    assert not may(document, "cloudformation:DescribeStacks", f"{stack}/another/1b2c3d4e")
    assert not [call for call in operations("ec2") if may(document, call, "*")]


def test_the_reads_are_those_that_some_role_has(template: Template) -> None:
    """The list of reads above holds nothing that nobody has, so that it can be read in full."""
    used = {
        action
        for document in documents(template).values()
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }
    assert used >= READS
