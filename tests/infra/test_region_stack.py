"""What a forwarding stack hands on, and that the home region's rules take it up; what its role may do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from moto.events.models import EventPattern

from airlock.handlers.edits import EDITS
from infra import nag
from infra.configuration import parse
from infra.own_path import OWN_PATH
from infra.region_stack import RegionStack
from infra.stack import AirlockStack
from tests.infra.builders import (
    ACCOUNT,
    GROUP,
    HOME,
    POLICY,
    ROLE,
    THE_ENROLLED,
    USER,
    Event,
    call,
    configuration,
    instance_state,
    order,
    session_identity,
    user_identity,
)
from tests.infra.lint import complaints
from tests.infra.permissions_table import count_statements, table
from tests.infra.resolving import arn, resolved
from tests.infra.template import Template, as_list

HOME_REGION, WATCHED, IAM_REGION, OTHER = "eu-west-1", "eu-central-1", "us-east-1", "ap-northeast-1"
REGIONAL = [
    ("CreateVpc", "ec2"),
    ("CreateVpcEndpoint", "ec2"),
    ("CreateLoadBalancer", "elasticloadbalancing"),
    ("CreateBucket", "s3"),
    ("RunInstances", "ec2"),
    ("TerminateInstances", "ec2"),
    ("DeleteBucket", "s3"),
]
IDENTITIES = pytest.mark.parametrize(
    "identity", [user_identity(), session_identity()], ids=["user", "role with a path"]
)
OWN = f"{HOME}:role{OWN_PATH}bootstrap-airlock-WatcherRole3F0C6A5E-x"
NAMED = {
    "userName": USER.rpartition("/")[2],
    "roleName": ROLE.rpartition("/")[2],
    "groupName": GROUP.rpartition("/")[2],
    "policyArn": POLICY,
}
GOLDEN = Path(__file__).with_name("golden")


def _templates(out: Path, **changes: Any) -> dict[str, Template]:  # noqa: ANN401 - JSON of any shape
    """All templates of a deployment whose home is in Ireland, by their regions, checks included."""
    parsed = parse(configuration(home_region=HOME_REGION, **changes))
    app = App(outdir=str(out), builtin_cloud_formation_validation=False)
    nag.check(app)
    stacks = [AirlockStack(app, parsed), *(RegionStack(app, parsed, one) for one in parsed.forwarding_regions)]
    folder = Path(nag.synthesise(app).directory)
    paths = {stack.region: folder / stack.template_file for stack in stacks}
    return {region: Template(json.loads(path.read_text(encoding="utf-8")), path) for region, path in paths.items()}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """Frankfurt is watched; IAM's region isn't, and has a stack for IAM's calls alone."""
    return _templates(tmp_path_factory.mktemp("cdk.out"), watched_regions=[WATCHED])


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """IAM's region is watched too; nobody gets notices by mail."""
    return _templates(tmp_path_factory.mktemp("cdk.out"), watched_regions=[IAM_REGION], notice_emails=[])


def matches(template: Template, event: Event) -> bool:
    """Whether any rule of a template matches an event, its references resolved."""
    patterns = [resolved(template, one["Properties"]["EventPattern"]) for one in _rules(template)]
    # moto types its events narrowly; the matcher takes any JSON object.
    return any(EventPattern(json.dumps(one), one).matches_event(event) for one in patterns)  # type: ignore[arg-type]


def _rules(template: Template) -> list[dict[str, Any]]:
    return list(template.resources("AWS::Events::Rule").values())


def of(region: str, event: Event) -> Event:
    """The same event as another region tells it."""
    moved = {**event, "region": region, "detail": dict(event["detail"])}
    if "awsRegion" in moved["detail"]:
        moved["detail"]["awsRegion"] = region
    return moved


def edit(key: str, identity: dict[str, Any], name: str | None = None) -> Event:
    """A change of what is guarded, as IAM's region tells it."""
    event = call(name or EDITS[key][0], "iam", identity)
    event["detail"]["requestParameters"] = {key: NAMED[key]}
    return event


def test_each_region_has_the_stack_that_it_needs(apart: dict[str, Template], together: dict[str, Template]) -> None:
    """The watched ones and IAM's, each once; home has no second one, and alone in IAM's region there is none."""
    assert list(apart) == [HOME_REGION, WATCHED, IAM_REGION]
    assert list(together) == [HOME_REGION, IAM_REGION]
    assert parse(configuration()).forwarding_regions == ()


@pytest.mark.parametrize(("name", "service"), REGIONAL)
@IDENTITIES
def test_a_watched_regions_calls_are_handed_on_and_taken_up(
    apart: dict[str, Template], together: dict[str, Template], name: str, service: str, identity: dict[str, Any]
) -> None:
    """Each regional call of an install, by a user and by a role: the region forwards it, and home's rules match it."""
    for templates, region in ((apart, WATCHED), (together, IAM_REGION)):
        event = of(region, call(name, service, identity))
        assert matches(templates[region], event)
        assert matches(templates[HOME_REGION], event)
    assert not matches(apart[IAM_REGION], of(IAM_REGION, call(name, service, identity)))


@IDENTITIES
def test_iams_region_hands_on_what_only_it_is_told(
    apart: dict[str, Template], together: dict[str, Template], identity: dict[str, Any]
) -> None:
    """CreateRole, whether or not the region is watched."""
    event = of(IAM_REGION, call("CreateRole", "iam", identity))
    for templates in (apart, together):
        assert matches(templates[IAM_REGION], event)
        assert matches(templates[HOME_REGION], event)


@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
def test_ends_of_instances_are_handed_on_from_watched_regions_alone(
    apart: dict[str, Template], together: dict[str, Template], state: str
) -> None:
    """They come in numbers, so a region that isn't watched sends none."""
    for templates, region in ((apart, WATCHED), (together, IAM_REGION)):
        assert matches(templates[region], of(region, instance_state(state)))
        assert matches(templates[HOME_REGION], of(region, instance_state(state)))
    assert not matches(apart[IAM_REGION], of(IAM_REGION, instance_state(state)))
    assert not matches(apart[WATCHED], of(WATCHED, instance_state("running")))


@pytest.mark.parametrize(("key", "name"), [(key, name) for key, names in EDITS.items() for name in names])
@pytest.mark.parametrize(
    "identity",
    [user_identity(f"{HOME}:user/admin"), session_identity(f"{HOME}:role/Admin"), {"type": "Root"}],
    ids=["user", "session", "root"],
)
def test_an_edit_is_handed_on_from_iams_region(
    apart: dict[str, Template], key: str, name: str, identity: dict[str, Any]
) -> None:
    """Whoever edits what is guarded, by whichever call, home is told."""
    event = of(IAM_REGION, edit(key, identity, name))
    assert matches(apart[IAM_REGION], event)
    assert matches(apart[HOME_REGION], event)
    assert not matches(apart[WATCHED], of(WATCHED, edit(key, identity, name)))


@pytest.mark.parametrize("key", EDITS)
def test_the_airlocks_own_writes_are_not_handed_on(apart: dict[str, Template], key: str) -> None:
    """The path of its roles tells them; a role of the same name elsewhere, or of a path like it, is somebody else."""
    assert not matches(apart[IAM_REGION], of(IAM_REGION, edit(key, session_identity(OWN))))
    for other in (f"{HOME}:role/{OWN.rpartition('/')[2]}", f"{HOME}:role/bootstrap-airlock-2/x"):
        assert matches(apart[IAM_REGION], of(IAM_REGION, edit(key, session_identity(other))))


def test_only_a_regions_own_events_are_handed_on(apart: dict[str, Template], together: dict[str, Template]) -> None:
    """What came from another region's bus stays where it is, so that nothing goes round, whoever else forwards."""
    assert not matches(apart[WATCHED], of(OTHER, call()))
    assert not matches(together[IAM_REGION], of(HOME_REGION, call()))
    assert not matches(together[IAM_REGION], of(WATCHED, instance_state("terminated")))


def test_strangers_failures_and_orders_are_not_handed_on(together: dict[str, Template]) -> None:
    """The same narrow patterns as at home; decisions are made at home."""
    region = IAM_REGION
    for event in (
        call(identity=user_identity(f"{HOME}:user/somebody")),
        call(error="AccessDenied"),
        call("DescribeInstances"),
        order(),
    ):
        assert not matches(together[region], of(region, event))


def test_home_hands_nothing_on(apart: dict[str, Template]) -> None:
    """Its rules start functions only, so that what is handed to it ends there."""
    targets = [target for rule in _rules(apart[HOME_REGION]) for target in rule["Properties"]["Targets"]]
    watcher = apart[HOME_REGION].function("watcher")
    assert {json.dumps(one["Arn"]) for one in targets} == {json.dumps({"Fn::GetAtt": [watcher, "Arn"]})}
    assert not any("RoleArn" in one for one in targets)


def test_each_rules_one_target_is_the_home_bus(apart: dict[str, Template]) -> None:
    """By the stack's role, for an hour, and then to the queue; the rule's ARN is one that the role trusts."""
    for region in (WATCHED, IAM_REGION):
        template = apart[region]
        (trust,) = template.properties(template.only("AWS::IAM::Role"))["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "events.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
        trusted = trust["Condition"]["ArnLike"]["aws:SourceArn"]
        for rule in _rules(template):
            (target,) = rule["Properties"]["Targets"]
            assert target["Arn"] == f"arn:aws:events:{HOME_REGION}:{ACCOUNT}:event-bus/default"
            assert target["RoleArn"] == {"Fn::GetAtt": [template.only("AWS::IAM::Role"), "Arn"]}
            assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600}
            assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": [template.only("AWS::SQS::Queue"), "Arn"]}
            assert not {"Input", "InputPath", "InputTransformer"} & set(target)
            own = f"arn:aws:events:{region}:{ACCOUNT}:rule/{rule['Properties']['Name']}"
            assert [one for one in trusted if own.startswith(one.removesuffix("*"))]
        prefix = f"arn:aws:events:{region}:{ACCOUNT}:rule/bootstrap-airlock-{region}-"
        assert all(one.startswith(prefix) for one in trusted)


def test_the_queue_takes_each_rules_events_and_nobody_elses(apart: dict[str, Template]) -> None:
    """EventBridge may send there for these rules alone."""
    template = apart[IAM_REGION]
    statements = template.properties(template.only("AWS::SQS::QueuePolicy"))["PolicyDocument"]["Statement"]
    sources = [
        one["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
        for one in statements
        if one["Effect"] == "Allow"
    ]
    assert sorted(sources) == sorted(template.resources("AWS::Events::Rule"))


def test_what_is_not_delivered_is_told_by_mail_where_there_are_addresses(
    apart: dict[str, Template], together: dict[str, Template]
) -> None:
    """The alarm watches the queue; its topic lets that alarm publish, and exists only where somebody is to read it."""
    for template in (apart[WATCHED], together[IAM_REGION]):
        (alarm,) = (one["Properties"] for one in template.resources("AWS::CloudWatch::Alarm").values())
        assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": [template.only("AWS::SQS::Queue"), "QueueName"]}
    template = apart[WATCHED]
    (alarm,) = (one["Properties"] for one in template.resources("AWS::CloudWatch::Alarm").values())
    assert alarm["AlarmActions"] == [{"Ref": template.only("AWS::SNS::Topic")}]
    statements = template.properties(template.only("AWS::SNS::TopicPolicy"))["PolicyDocument"]["Statement"]
    assert [one["Condition"] for one in statements if one.get("Sid") == "NotForTheEnrolled"] == [THE_ENROLLED]
    (publish,) = (resolved(template, one) for one in statements if one["Effect"] == "Allow")
    assert publish["Condition"]["ArnLike"]["aws:SourceArn"] == (
        f"arn:aws:cloudwatch:{WATCHED}:{ACCOUNT}:alarm:{alarm['AlarmName']}"
    )
    assert [one["Properties"]["Endpoint"] for one in template.resources("AWS::SNS::Subscription").values()] == [
        "ops@example.com"
    ]
    assert not together[IAM_REGION].resources("AWS::SNS::Topic")


def test_each_statement_is_one_that_was_reviewed(apart: dict[str, Template]) -> None:
    """Role, queue and topic hold what tests/infra/golden lists, and no more; no statement is left out of the list."""
    template = apart[IAM_REGION]
    text = table(template)
    stored = GOLDEN / "permissions-region.txt"
    if os.environ.get("AIRLOCK_RENEW_GOLDEN") == "1":
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")
    assert count_statements(template.body) == len([line for line in text.splitlines() if line.startswith("  - ")])


def test_the_role_writes_to_one_bus_and_is_under_the_path_of_the_airlocks_own(apart: dict[str, Template]) -> None:
    """So that no deployment's role can change it, and its own writes, if it had any, would be known."""
    for region in (WATCHED, IAM_REGION):
        template = apart[region]
        role = template.only("AWS::IAM::Role")
        allowed = template.statements(role)
        assert list(allowed) == ["Forward"]
        assert allowed["Forward"]["Action"] == ["events:PutEvents"]
        assert as_list(allowed["Forward"]["Resource"]) == [f"arn:aws:events:{HOME_REGION}:{ACCOUNT}:event-bus/default"]
        assert list(template.denials(role)) == ["NotItself"]
        assert arn(template, role).startswith(f"{HOME}:role{OWN_PATH}")


def test_cfn_lint_has_nothing_to_say(apart: dict[str, Template], together: dict[str, Template]) -> None:
    """Each template is sound CloudFormation for its region."""
    for templates in (apart, together):
        for region, template in templates.items():
            assert complaints(template.path, region) == set()


def test_the_trust_policy_and_names_fit_the_longest_configuration(tmp_path: Path) -> None:
    """With as many principals as a deployment takes and the longest prefix: 2,048 characters, names of 64."""
    users = [{"arn": f"{HOME}:user/{'x' * 20}-{number:02}"} for number in range(40)]
    raw = configuration(home_region=HOME_REGION, prefix="x" * 32, watched_regions=[IAM_REGION], principals=users)
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    stack = RegionStack(app, parse(raw), IAM_REGION)
    path = Path(app.synth().directory, stack.template_file)
    template = Template(json.loads(path.read_text(encoding="utf-8")), path)
    trust = template.properties(template.only("AWS::IAM::Role"))["AssumeRolePolicyDocument"]
    assert len(json.dumps(trust, separators=(",", ":"))) <= 2048
    assert max(len(rule["Properties"]["Name"]) for rule in _rules(template)) <= 64
    assert all(len(json.dumps(rule["Properties"]["EventPattern"])) <= 2048 for rule in _rules(template))


def test_all_templates_come_of_one_synthesis(tmp_path: Path) -> None:
    """``python app.py`` writes the home stack's and each region's, named after prefix and region."""
    raw = configuration(home_region=HOME_REGION, watched_regions=[WATCHED])
    result = subprocess.run(
        [sys.executable, "app.py"],
        cwd=Path(__file__).parents[2],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "CDK_OUTDIR": str(tmp_path),
            "CDK_CONTEXT_JSON": json.dumps({"airlock": raw}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.glob("*.template.json")} == {
        "bootstrap-airlock.template.json",
        f"bootstrap-airlock-{WATCHED}.template.json",
        f"bootstrap-airlock-{IAM_REGION}.template.json",
    }
