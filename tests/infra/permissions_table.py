"""Every statement of a template as a text to read: whose it is, who may do what, on what, and on which condition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from tests.infra.resolving import resolved, short
from tests.infra.template import Resource, Template, as_list

Lines = Iterator[str]


def table(template: Template) -> str:
    """Write all of the template's permissions, a paragraph a resource.

    Raises:
        KeyError: the template has a resource of a type that nobody has said yet to hold permissions, or none.
    """
    paragraphs = []
    for name, resource in template.body["Resources"].items():
        show = _SHOWN[resource["Type"]]
        if show is not None:
            whole = {**resource, "Properties": resolved(template, resource["Properties"])}
            head = f"{resource['Type']} {short(name)}{_users_of(template, name)}"
            paragraphs.append("\n".join([head, *(f"  {line}" for line in show(whole))]))
    return "\n\n".join(sorted(paragraphs)) + "\n"


def count_statements(value: Any) -> int:  # noqa: ANN401 - JSON of any shape
    """Count everything in a template that looks like a statement, wherever it stands."""
    if isinstance(value, dict):
        return ("Effect" in value) + sum(count_statements(one) for one in value.values())
    return sum(count_statements(one) for one in value) if isinstance(value, list) else 0


def _users_of(template: Template, role: str) -> str:
    """Say whose a role is."""
    where: tuple[tuple[dict[str, Resource], Callable[[Resource], Any]], ...] = (
        (template.resources("AWS::Lambda::Function"), lambda one: one["Role"]),
        (template.resources("AWS::Scheduler::Schedule"), lambda one: one["Target"]["RoleArn"]),
    )
    users = [
        short(name)
        for found, role_of in where
        for name, one in found.items()
        if role_of(one["Properties"]) == {"Fn::GetAtt": [role, "Arn"]}
    ]
    return f", of {' and '.join(users)}" if users else ""


def _role(resource: Resource) -> Lines:
    role = resource["Properties"]
    unknown = set(role) - {"AssumeRolePolicyDocument", "Description", "Path", "PermissionsBoundary", "Policies", "Tags"}
    # Such as a managed policy, whose statements wouldn't be shown. A boundary allows nothing by itself.
    assert not unknown, unknown
    yield f"path {role['Path']}"
    if "PermissionsBoundary" in role:
        yield f"bounded by {role['PermissionsBoundary']}"
    yield "taken:"
    yield from _document(role["AssumeRolePolicyDocument"])
    for policy in role["Policies"]:
        yield f"inline policy {policy['PolicyName']}:"
        yield from _document(policy["PolicyDocument"])


def _key(resource: Resource) -> Lines:
    yield from _document(resource["Properties"]["KeyPolicy"])


def _table(resource: Resource) -> Lines:
    yield from _document(resource["Properties"]["ResourcePolicy"]["PolicyDocument"])


def _resource_policy(resource: Resource) -> Lines:
    properties = resource["Properties"]
    kept = (properties[key] for key in ("Topics", "Queues", "Bucket") if key in properties)
    yield f"of {', '.join(as_list(next(kept)))}"
    yield from _document(properties["PolicyDocument"])


def _flat(resource: Resource) -> Lines:
    for key, value in resource["Properties"].items():
        yield f"{key}: {value}"


def _document(document: dict[str, Any]) -> Lines:
    for statement in document["Statement"]:
        rest = dict(statement)
        sid = re.sub(r"[0-9A-F]{8,}$", "", rest.pop("Sid", "(no Sid)"))
        yield f"- {rest.pop('Effect')} {sid}"
        for key, word in (("Principal", "to"), ("Action", "may"), ("Resource", "on")):
            if key in rest:
                yield from _listed(word, rest.pop(key))
        for operator, keys in rest.pop("Condition", {}).items():
            for key, value in keys.items():
                yield from _listed(f"if {key} {operator}", value)
        # NotAction and the like are not to slip through unseen.
        assert not rest, rest


def _listed(word: str, value: Any) -> Lines:  # noqa: ANN401 - JSON of a statement
    if isinstance(value, dict):
        value = [f"{kind} {one}" for kind, some in value.items() for one in as_list(some)]
    for one in as_list(value):
        yield f"    {word} {one}"


# Each type of resource that a template may have: how its permissions are shown, or None where it can't hold any but by
# a property that would be counted (count_statements).
_SHOWN: Final[dict[str, Callable[[Resource], Lines] | None]] = {
    "AWS::ApiGatewayV2::Integration": _flat,
    "AWS::ApiGatewayV2::Route": _flat,
    "AWS::DynamoDB::Table": _table,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Permission": _flat,
    "AWS::Lambda::Url": _flat,
    "AWS::S3::BucketPolicy": _resource_policy,
    "AWS::SNS::TopicPolicy": _resource_policy,
    "AWS::SQS::QueuePolicy": _resource_policy,
    "AWS::ApiGatewayV2::Api": None,
    "AWS::ApiGatewayV2::Stage": None,
    "AWS::CloudTrail::Trail": None,
    "AWS::CloudWatch::Alarm": None,
    "AWS::CloudWatch::Dashboard": None,
    "AWS::Events::Rule": None,
    "AWS::Lambda::EventInvokeConfig": None,
    "AWS::Lambda::Function": None,
    "AWS::Logs::LogGroup": None,
    "AWS::Logs::LogStream": None,
    "AWS::Logs::QueryDefinition": None,
    "AWS::S3::Bucket": None,
    "AWS::SNS::Subscription": None,
    "AWS::SNS::Topic": None,
    "AWS::SQS::Queue": None,
    # What is done when CloudFormation calls is done by the function's role.
    "Custom::AirlockEnrolment": None,
    "Custom::AirlockGrants": None,
    "AWS::Scheduler::Schedule": None,
}
