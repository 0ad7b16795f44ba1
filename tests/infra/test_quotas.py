"""The largest configurations that are accepted, held to AWS's quotas as they would be deployed.

One synthesis a mix. Each mix is enlarged until the next larger one is refused. Each limit names the page that it is of.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack

from infra import event_patterns, room
from infra.configuration import Configuration, ConfigurationError, parse
from infra.region_stack import RegionStack
from infra.stack import AirlockStack
from infra.stackset import for_any_account
from tests.infra.builders import ACCOUNT, HOME, KEY_ID, configuration
from tests.infra.physical import Physical
from tests.infra.template import Template

Raw = dict[str, Any]

LONG_PREFIX = "a" * 32
LONG_REGION = "ap-southeast-1"
# AWS IAM, page "IAM and AWS STS quotas": the quota of inline policies is without white space.
ROLE_INLINE, TRUST = 10_240, 2_048
# Amazon SQS, page "Amazon SQS policy quotas".
QUEUE_BYTES, QUEUE_STATEMENTS = 8_192, 20
# Amazon SNS, page "Amazon SNS API permissions: Actions and resources reference", "Policy quotas".
TOPIC_BYTES, TOPIC_STATEMENTS = 30_720, 100
# By type and property. AWS KMS, page "Quotas"; Amazon DynamoDB, page "Resource-based policy considerations", which
# says that white space counts; Amazon S3, page "Bucket policies for Amazon S3".
RESOURCE_POLICIES = {
    ("AWS::KMS::Key", "KeyPolicy"): 32_768,
    ("AWS::DynamoDB::Table", "ResourcePolicy"): 20_480,
    ("AWS::S3::BucketPolicy", "PolicyDocument"): 20_480,
}
# AWS Lambda, page "Lambda quotas": environment variables, resource-based policy.
ENVIRONMENT, FUNCTION_POLICY = 4_096, 20_480
# Amazon EventBridge, page "Amazon EventBridge quotas".
PATTERN = 2_048
# AWS CloudFormation, page "Understand CloudFormation quotas": template body in S3 ("1 MB"), resources, outputs.
TEMPLATE, RESOURCES, OUTPUTS = 1_000_000, 500, 200
# AWS's page on tagging of each service; IAM's, Lambda's, SNS's and SQS's all say 50.
TAGS = 50
# By type and property, characters; each is of the API reference's page of the call that makes the resource.
TEXTS = {
    ("AWS::ApiGatewayV2::Api", "Name"): 128,  # CreateApi
    ("AWS::CloudTrail::Trail", "TrailName"): 128,  # CreateTrail
    ("AWS::CloudWatch::Alarm", "AlarmDescription"): 1_024,  # PutMetricAlarm
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,  # PutDashboard
    ("AWS::Events::Rule", "Description"): 512,  # PutRule
    ("AWS::Events::Rule", "Name"): 64,
    ("AWS::IAM::Role", "Description"): 1_000,  # CreateRole
    ("AWS::IAM::Role", "RoleName"): 64,
    ("AWS::Lambda::Function", "FunctionName"): 64,  # CreateFunction
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,  # CreateLogGroup
    ("AWS::Logs::QueryDefinition", "Name"): 255,  # PutQueryDefinition
    ("AWS::SNS::Topic", "DisplayName"): 100,  # CreateTopic
    ("AWS::SQS::Queue", "QueueName"): 80,  # CreateQueue
    ("AWS::Scheduler::Schedule", "Description"): 512,  # CreateSchedule
    ("AWS::Scheduler::Schedule", "Name"): 64,
}


def _short_users(count: int) -> Raw:
    """Many ARNs, as short as they come."""
    return configuration(principals=[{"arn": f"{HOME}:user/u{number}"} for number in range(count)])


def _roles_with_paths(count: int) -> Raw:
    """Roles as a platform team names them, in a deployment with long names, of which IAM's region is watched too."""
    roles = [{"arn": f"{HOME}:role/platform/installers/OpenShiftInstaller-{number:04d}"} for number in range(count)]
    return configuration(
        principals=roles, prefix=LONG_PREFIX, home_region=LONG_REGION, watched_regions=["us-east-1"], trail="create"
    )


def _everything(count: int) -> Raw:
    """Each kind of ARN, a key, the longest topics of somebody else's, APIs."""
    topics = [f"arn:aws:sns:{LONG_REGION}:444455556666:{letter * 256}" for letter in "na"]
    return {
        "home_region": LONG_REGION,
        "prefix": LONG_PREFIX,
        "principals": [
            {"arn": f"{HOME}:user/u", "groups": [f"{HOME}:group/g"], "policies": [f"{HOME}:policy/p"]},
            *({"arn": f"{HOME}:role/OpenShiftInstaller-{number:04d}"} for number in range(count)),
        ],
        "kms_key": f"arn:aws:kms:{LONG_REGION}:{ACCOUNT}:key/mrk-{'0' * 32}",
        "permissions_boundary": f"{HOME}:policy/boundaries/platform",
        "notices_topic": topics[0],
        "approvals": {"topic": topics[1], "answer_minutes": 720},
        "propagation_seconds": 45,
        "trail": "create",
        "endpoints": "http-api",
    }


def _many_rules(count: int) -> Raw:
    """Few principals with policies whose paths leave each event pattern room for few of them, and a key."""
    path = "p" * 380
    policies = [f"{HOME}:policy/{path}/office-only-{number}" for number in range(count)]
    user = {"arn": f"{HOME}:user/ocp-installer", "groups": [f"{HOME}:group/installers"], "policies": policies}
    return configuration(
        principals=[user, {"arn": f"{HOME}:role/r"}],
        prefix=LONG_PREFIX,
        home_region=LONG_REGION,
        watched_regions=["us-east-1"],
        kms_key=f"arn:aws:kms:{LONG_REGION}:{ACCOUNT}:key/{KEY_ID}",
    )


def _govcloud(count: int) -> Raw:
    """The longest partition, one topic given, the most addresses, and the most tags, as long as they may be."""
    home = f"arn:aws-us-gov:iam::{ACCOUNT}"
    roles = [{"arn": f"{home}:role/OpenShiftInstaller-{number:04d}", "mode": "approval"} for number in range(count)]
    addresses = [f"{'x' * 240}{number:03d}@example.com" for number in range(room.MOST_ADDRESSES)]
    each = room.MOST_TAGS // 40
    return {
        "home_region": "us-gov-west-1",
        "prefix": LONG_PREFIX,
        "principals": [
            {"arn": f"{home}:user/u", "groups": [f"{home}:group/g"], "policies": [f"{home}:policy/p"]},
            *roles,
        ],
        "permissions_boundary": f"{home}:policy/boundaries/platform",
        "notice_emails": addresses,
        "approvals": {"topic": f"arn:aws-us-gov:sns:us-gov-west-1:444455556666:{'a' * 30}"},
        "watched_regions": ["us-gov-east-1"],
        "tags": {f"{number:02d}{'k' * 98}": "v" * (each - 100) for number in range(40)},
    }


MIXES = [_short_users, _roles_with_paths, _everything, _many_rules, _govcloud]


@dataclass(frozen=True)
class Deployment:
    """A mix at its largest.

    Attributes:
        configuration: it.
        home: the home region's stack.
        all: that, and those of other regions.
    """

    configuration: Configuration
    home: Physical
    all: list[Physical]


@pytest.fixture(scope="module", params=MIXES, ids=lambda mix: mix.__name__.strip("_"))
def largest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The largest accepted configuration of a mix, synthesised."""
    told = parse(_largest(request.param))
    app = App(outdir=str(tmp_path_factory.mktemp("quotas")), builtin_cloud_formation_validation=False, auto_synth=False)
    stacks: list[Stack] = [AirlockStack(app, told)]
    stacks += [RegionStack(app, told, region) for region in told.forwarding_regions]
    folder = Path(app.synth().directory)
    found = []
    for stack in stacks:
        path = folder / stack.template_file
        template = Template(json.loads(path.read_text(encoding="utf-8")), path)
        found.append(Physical(template, told.partition, stack.region))
    return Deployment(told, found[0], found)


def _largest(mix: Callable[[int], Raw]) -> Raw:
    fits, refused = 1, 128
    parse(mix(fits))
    assert not _accepted(mix(refused))
    while refused - fits > 1:
        middle = (fits + refused) // 2
        fits, refused = (middle, refused) if _accepted(mix(middle)) else (fits, middle)
    return mix(fits)


def _accepted(raw: Raw) -> bool:
    try:
        parse(raw)
    except ConfigurationError:
        return False
    return True


def _compact(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _spaced(value: object) -> int:
    """Count with a space after each comma and colon: no shorter than what is sent, in whichever way."""
    return len(json.dumps(value))


def test_roles_inline_policies_fit(largest: Deployment) -> None:
    """Each role's inline policies fit together, and its trust policy does; the check has counted no less."""
    for physical in largest.all:
        for name, role in physical.resources("AWS::IAM::Role").items():
            inline = sum(_compact(policy["PolicyDocument"]) for policy in role["Policies"])
            assert inline <= room.role_characters(largest.configuration) <= ROLE_INLINE, name
            assert _compact(role["AssumeRolePolicyDocument"]) <= TRUST, name


def test_queues_policies_fit(largest: Deployment) -> None:
    """The dead-letter queues' policies fit, with a statement for each rule; the check has counted no less."""
    for physical in largest.all:
        assert len(physical.resources("AWS::Events::Rule")) <= room.count_rules(largest.configuration)
        (policy,) = (one["PolicyDocument"] for one in physical.resources("AWS::SQS::QueuePolicy").values())
        assert len(policy["Statement"]) <= QUEUE_STATEMENTS
        assert _spaced(policy) <= room.queue_bytes(largest.configuration) <= QUEUE_BYTES


def test_topics_policies_fit(largest: Deployment) -> None:
    """The topics' policies, which name all of the enrolled, have room for them."""
    for physical in largest.all:
        for name, policy in physical.resources("AWS::SNS::TopicPolicy").items():
            assert _spaced(policy["PolicyDocument"]) <= TOPIC_BYTES, name
            assert len(policy["PolicyDocument"]["Statement"]) <= TOPIC_STATEMENTS, name


def test_policies_of_keys_table_and_bucket_fit(largest: Deployment) -> None:
    """So do those of the keys, of the ledger's table and of the trail's bucket."""
    for (kind, name), limit in RESOURCE_POLICIES.items():
        for physical in largest.all:
            for logical_id, properties in physical.resources(kind).items():
                assert _spaced(properties.get(name)) <= limit, logical_id


def test_functions_policies_fit(largest: Deployment) -> None:
    """The permissions that let rules, URLs and APIs invoke a function fit its policy."""
    taken: dict[str, int] = {}
    for name, permission in largest.home.resources("AWS::Lambda::Permission").items():
        # As Lambda writes it: the name is of CloudFormation's making (AWS Lambda, page "AddPermission").
        statement = {
            "Sid": "s" * 100,
            "Effect": "Allow",
            "Principal": {"Service": permission["Principal"]},
            "Action": permission["Action"],
            "Resource": permission["FunctionName"],
            "Condition": {
                "ArnLike": {"AWS:SourceArn": permission.get("SourceArn")},
                "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM", "AWS:SourceAccount": ACCOUNT},
            },
        }
        assert permission["Action"].startswith("lambda:Invoke"), name
        taken[permission["FunctionName"]] = taken.get(permission["FunctionName"], 100) + _spaced(statement)
    assert taken
    assert max(taken.values()) <= FUNCTION_POLICY


def test_environments_fit(largest: Deployment) -> None:
    """Each function's variables fit; besides the principals they take no more than the check sets aside."""
    for name, function in largest.home.resources("AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        taken = sum(len(key.encode()) + len(value.encode()) for key, value in variables.items())
        assert taken <= ENVIRONMENT, name
        others = taken - len(variables.get("AIRLOCK_PRINCIPALS", ""))
        assert others <= room.ENVIRONMENT_LIMIT - room.free_environment(largest.configuration), name


def test_event_patterns_fit(largest: Deployment) -> None:
    """Each rule's pattern fits with the ARNs of the airlock's own roles in it."""
    for physical in largest.all:
        for name, rule in physical.resources("AWS::Events::Rule").items():
            assert event_patterns.size(rule["EventPattern"]) <= PATTERN, name


def test_templates_fit(largest: Deployment) -> None:
    """Each template has few enough bytes, resources and outputs, as the CDK sends it and as a StackSet takes it."""
    for physical in largest.all:
        template = physical.template
        for_stackset = json.dumps(for_any_account(template.body, ACCOUNT), indent=1)
        assert max(template.path.stat().st_size, len(for_stackset)) <= TEMPLATE
        assert len(template.body["Resources"]) <= RESOURCES
        assert len(template.body["Outputs"]) <= OUTPUTS


def test_names_descriptions_and_tags_fit(largest: Deployment) -> None:
    """No text that the stacks give a resource is too long for it, and no resource has too many tags."""
    for physical in largest.all:
        for name, resource in physical.template.body["Resources"].items():
            properties = resource.get("Properties", {})
            assert len(properties.get("Tags", ())) <= TAGS, name
            for key, text in properties.items():
                limit = TEXTS.get((resource["Type"], key))
                assert limit is None or len(physical.resolved(text)) <= limit, f"{name}.{key}"


def test_little_room_is_wasted(largest: Deployment) -> None:
    """A configuration is refused only near a quota: at the largest, one of the three is all but used up."""
    told = largest.configuration
    used = [
        len(told.principals_variable()) / room.free_environment(told),
        room.role_characters(told) / ROLE_INLINE,
        room.count_rules(told) / room.free_rules(told),
    ]
    assert max(used) > 0.9
