"""What a template's references come to: ARNs as they could be, so that statements can be read and evaluated."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.infra.builders import ACCOUNT
from tests.infra.template import Template

_PSEUDO: Final = {
    "AWS::Partition": "aws",
    "AWS::StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/bootstrap-airlock/1b2c3d4e",
    "AWS::URLSuffix": "amazonaws.com",
}
# ARNs by type: what stands before the name.
_ARNS: Final = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/",
    "AWS::Events::Rule": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/",
    "AWS::KMS::Key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/",
    "AWS::Lambda::Function": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:",
    "AWS::Logs::LogGroup": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:",
    "AWS::S3::Bucket": "arn:aws:s3:::",
    "AWS::SNS::Topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:",
    "AWS::SQS::Queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:",
}
_NAMES: Final = ("FunctionName", "LogGroupName")


def short(logical_id: str) -> str:
    """A logical ID without the hashes that CDK ends it with."""
    return re.sub(r"([0-9A-F]{8})+$", "", logical_id)


def resolved(template: Template, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """A template's value with each reference replaced by what it could come to.

    Raises:
        KeyError: a reference of a kind that isn't known here.
    """
    if isinstance(value, list):
        return [resolved(template, one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        name = value["Ref"]
        return _PSEUDO[name] if name in _PSEUDO else _ref(template, name)
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        return arn(template, name) if attribute == "Arn" else value[attribute]
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(resolved(template, parts))
    return {key: resolved(template, one) for key, one in value.items()}


def arn(template: Template, logical_id: str) -> str:
    """The ARN that a resource could get; of a log group the one that stands for its streams, as CloudFormation's."""
    resource = template.body["Resources"][logical_id]
    if resource["Type"] == "AWS::IAM::Role":
        return f"arn:aws:iam::{ACCOUNT}:role{resource['Properties'].get('Path', '/')}{short(logical_id)}"
    found = _ARNS[resource["Type"]] + _name(template, logical_id)
    return f"{found}:*" if resource["Type"] == "AWS::Logs::LogGroup" else found


def _ref(template: Template, logical_id: str) -> str:
    # A topic's reference is its ARN, that of most other resources their name.
    is_topic = template.body["Resources"][logical_id]["Type"] == "AWS::SNS::Topic"
    return arn(template, logical_id) if is_topic else _name(template, logical_id)


def _name(template: Template, logical_id: str) -> str:
    properties = template.body["Resources"][logical_id].get("Properties", {})
    return next((str(properties[key]) for key in _NAMES if key in properties), short(logical_id))
