"""A template's references as the longest that they can come to: what AWS's quotas are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.infra.builders import ACCOUNT, KEY_ID
from tests.infra.template import Template

LONGEST_STACK: Final = "S" * 128
"""A stack's name as of a StackSet that somebody gave a long one: "StackSet-", that name, and an ID. 128 characters are
the most (AWS CloudFormation API reference, page "CreateStack"); the CDK names it after the prefix, which has 32."""
_SUFFIX: Final = "-ABCDEF123456"
_API: Final = "a1b2c3d4e5"
# Characters of a name; CloudFormation cuts stack's name and logical ID so that it fits.
_LONGEST: Final = {
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Role": 64,
    "AWS::Logs::LogGroup": 512,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
}
# What stands in an ARN after the partition and before the name.
_PLACES: Final = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/",
    "AWS::Events::Rule": "events:{region}:{account}:rule/",
    "AWS::IAM::Role": "iam::{account}:role",
    "AWS::KMS::Key": "kms:{region}:{account}:key/",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:",
    "AWS::S3::Bucket": "s3:::",
    "AWS::SNS::Topic": "sns:{region}:{account}:",
    "AWS::SQS::Queue": "sqs:{region}:{account}:",
}
_NAMES: Final = ("FunctionName", "LogGroupName", "Name")


@dataclass(frozen=True)
class Physical:
    """A template as it is deployed.

    Attributes:
        template: what was synthesised.
        partition: where it is deployed.
        region: the same.
    """

    template: Template
    partition: str
    region: str

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of a type, by logical ID, with references resolved."""
        found = self.template.resources(kind)
        return {name: self.resolved(one.get("Properties", {})) for name, one in found.items()}

    def resolved(self, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
        """A value with each reference replaced by the longest that it can come to.

        Raises:
            KeyError: a reference to a resource whose longest name isn't known here.
        """
        if isinstance(value, list):
            return [self.resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return self._ref(value["Ref"])
        if "Fn::GetAtt" in value:
            name, attribute = value["Fn::GetAtt"]
            return self._attribute(name, attribute)
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return separator.join(self.resolved(parts))
        return {key: self.resolved(one) for key, one in value.items()}

    def arn(self, logical_id: str) -> str:
        """The longest ARN that a resource can get; of a log group the one that stands for its streams."""
        kind = self.template.body["Resources"][logical_id]["Type"]
        place = _PLACES[kind].format(region=self.region, account=ACCOUNT)
        if kind == "AWS::IAM::Role":
            place += self.template.properties(logical_id).get("Path", "/")
        found = f"arn:{self.partition}:{place}{self._name(logical_id)}"
        return f"{found}:*" if kind == "AWS::Logs::LogGroup" else found

    def _ref(self, name: str) -> str:
        place = f"{self.region}:{ACCOUNT}"
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{place}:stack/{LONGEST_STACK}/{KEY_ID}",
            "AWS::URLSuffix": "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        # A topic's reference is its ARN, that of most other resources their name.
        is_topic = self.template.body["Resources"][name]["Type"] == "AWS::SNS::Topic"
        return self.arn(name) if is_topic else self._name(name)

    def _name(self, logical_id: str) -> str:
        resource = self.template.body["Resources"][logical_id]
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::KMS::Key":
            return KEY_ID
        if kind == "AWS::ApiGatewayV2::Api":
            return _API
        given = next((str(properties[key]) for key in _NAMES if key in properties), None)
        return given or f"{LONGEST_STACK}-{logical_id}"[: _LONGEST[kind] - len(_SUFFIX)] + _SUFFIX

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute == "Arn":
            return self.arn(logical_id)
        longest = {
            "ApiEndpoint": f"https://{_API}.execute-api.{self.region}.amazonaws.com.cn",
            "FunctionUrl": f"https://{'u' * 32}.lambda-url.{self.region}.on.aws/",
        }
        return longest[attribute] if attribute in longest else self._name(logical_id)
