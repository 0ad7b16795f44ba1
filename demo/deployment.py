"""Deploys the synthesised template to MiniStack as ``cdk deploy`` does to AWS: assets first, then CloudFormation.

And deletes the stack, as ``cdk destroy`` does.
"""

from __future__ import annotations

import contextlib
import copy
import json
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from demo.ministack import MiniStack
from demo.synthesis import Asset, Synthesis

DEPLOY_SECONDS: Final = 60.0
# MiniStack begins a moment after it has taken the call.
_BEFORE_A_DELETION: Final = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE")

# Types that MiniStack's CloudFormation refuses, and a whole template with them. The product's template keeps them.
LEFT_OUT: Final[Mapping[str, str]] = {
    "AWS::Logs::LogStream": "MiniStack's CloudFormation makes none; the streams are made by a call to CloudWatch Logs",
    "AWS::CloudTrail::Trail": "the events come from a stream file, not from a trail",
    "AWS::CloudWatch::CompositeAlarm": "nobody is alarmed here; the alarms that it is made of are there",
    "AWS::Events::Archive": "nothing is played back from it here",
    "AWS::Events::EventBusPolicy": "only one account, whose calls MiniStack doesn't authorise",
    "AWS::Logs::QueryDefinition": "a saved query, for people in the console",
    "AWS::ResourceGroups::Group": "a list of the resources, for people in the console",
}


class DeploymentError(RuntimeError):
    """The stack wasn't made, changed or deleted; the message holds CloudFormation's reasons."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed stack.

    Attributes:
        name: the stack's name.
        region: where it is.
        outputs: its outputs, by name.
        resources: physical names by logical ID.
        template: what was deployed, without the resources left out.
        left_out: why resources were left out, by logical ID.
    """

    name: str
    region: str
    outputs: dict[str, str]
    resources: dict[str, str]
    template: dict[str, Any]
    left_out: dict[str, str]

    def named(self, resource_type: str) -> dict[str, str]:
        """Look up physical names of all resources of a type, by logical ID."""
        declared: dict[str, dict[str, Any]] = self.template["Resources"]
        return {name: self.resources[name] for name, one in declared.items() if one["Type"] == resource_type}


def deploy(cloud: MiniStack, synthesis: Synthesis) -> Deployment:
    """Deploy one stack; one that is there already is changed.

    Args:
        cloud: where to.
        synthesis: the stack; its account must be the cloud's.

    Raises:
        DeploymentError: CloudFormation didn't make or change it, or not in time.
    """
    if synthesis.account != cloud.account:
        raise DeploymentError(f"the stack is for account {synthesis.account}, MiniStack runs as {cloud.account}")
    template, left_out = without_left_out(synthesis.template)
    _upload(cloud, synthesis)
    _announce_bootstrap(cloud, synthesis)
    cloudformation = cloud.client("cloudformation", region=synthesis.region)
    there = _is_there(cloudformation, synthesis.stack)
    (cloudformation.update_stack if there else cloudformation.create_stack)(
        StackName=synthesis.stack,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    stack = _wait(cloudformation, synthesis.stack, "UPDATE" if there else "CREATE")
    found = cloudformation.describe_stack_resources(StackName=synthesis.stack)["StackResources"]
    deployment = Deployment(
        name=synthesis.stack,
        region=synthesis.region,
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())},
        resources={one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found},
        template=template,
        left_out=left_out,
    )
    _make_log_streams(cloud, synthesis, deployment)
    return deployment


def destroy(cloud: MiniStack, deployment: Deployment) -> None:
    """Delete a stack.

    Raises:
        DeploymentError: CloudFormation didn't delete all that isn't to be kept, or not in time.
    """
    cloudformation = cloud.client("cloudformation", region=deployment.region)
    # Once it is deleted, its name finds it no more.
    stack_id = cloudformation.describe_stacks(StackName=deployment.name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=deployment.name)
    _wait(cloudformation, stack_id, "DELETE")


def without_left_out(template: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Take the resources out that MiniStack doesn't know.

    Returns:
        The template without them, and the reason for each by logical ID.

    Raises:
        DeploymentError: something that stays refers to one of them.
    """
    smaller = copy.deepcopy(dict(template))
    resources: dict[str, dict[str, Any]] = smaller["Resources"]
    left_out = {name: LEFT_OUT[one["Type"]] for name, one in resources.items() if one["Type"] in LEFT_OUT}
    for name in left_out:
        del resources[name]
    for resource in resources.values():
        needed = resource.get("DependsOn", [])
        needed = [needed] if isinstance(needed, str) else needed
        if set(needed) & set(left_out):
            resource["DependsOn"] = [name for name in needed if name not in left_out]
    text = json.dumps([resources, smaller.get("Outputs", {})])
    for name in left_out:
        if any(reference in text for reference in (f'{{"Ref": "{name}"}}', f'"Fn::GetAtt": ["{name}"', f"${{{name}")):
            raise DeploymentError(f"{name} can't be left out: another resource refers to it")
    return smaller, left_out


def _upload(cloud: MiniStack, synthesis: Synthesis) -> None:
    s3 = cloud.client("s3", region=synthesis.region)
    for bucket in {asset.bucket for asset in synthesis.assets}:
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            # S3 takes no constraint for us-east-1, and wants one for every other region.
            place = {"LocationConstraint": synthesis.region}
            s3.create_bucket(
                Bucket=bucket, **({} if synthesis.region == "us-east-1" else {"CreateBucketConfiguration": place})
            )
    for asset in synthesis.assets:
        with tempfile.TemporaryFile() as archive:
            if asset.is_folder:
                _zip(asset, archive)
            else:
                archive.write(asset.path.read_bytes())
            archive.seek(0)
            s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=archive)


def _zip(asset: Asset, archive: Any) -> None:  # noqa: ANN401 - tempfile's files have no public type
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as folder:
        for path in sorted(asset.path.rglob("*")):
            if path.is_file():
                folder.write(path, path.relative_to(asset.path))


def _announce_bootstrap(cloud: MiniStack, synthesis: Synthesis) -> None:
    """Say, as ``cdk bootstrap`` does, that the account is ready for CDK's templates."""
    ssm = cloud.client("ssm", region=synthesis.region)
    for parameter in synthesis.template.get("Parameters", {}).values():
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value") and "bootstrap" in parameter["Default"]:
            # Any version not below the one that the template asks for (6 by now).
            ssm.put_parameter(Name=parameter["Default"], Value="30", Type="String", Overwrite=True)


def _is_there(cloudformation: Any, name: str) -> bool:  # noqa: ANN401 - the client's type is boto3's
    return name in {stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]}


def _wait(cloudformation: Any, name: str, verb: str) -> dict[str, Any]:  # noqa: ANN401 - the same
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        status = stack["StackStatus"]
        if status == f"{verb}_COMPLETE":
            return stack
        # A failed update is under way until it is taken back.
        under_way = status.endswith("_IN_PROGRESS") or (verb == "DELETE" and status.endswith(_BEFORE_A_DELETION))
        if not under_way or time.monotonic() > deadline:
            events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
            reasons = [
                f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
                for event in events
                if event.get("ResourceStatusReason")
            ]
            raise DeploymentError("\n".join([f"stack {name} is {status}: {stack.get('StackStatusReason')}", *reasons]))
        time.sleep(0.1)


def _make_log_streams(cloud: MiniStack, synthesis: Synthesis, deployment: Deployment) -> None:
    logs = cloud.client("logs", region=synthesis.region)
    for resource in synthesis.template["Resources"].values():
        if resource["Type"] == "AWS::Logs::LogStream":
            group = resource["Properties"]["LogGroupName"]
            name = deployment.resources[group["Ref"]] if isinstance(group, dict) else group
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(logGroupName=name, logStreamName=resource["Properties"]["LogStreamName"])
