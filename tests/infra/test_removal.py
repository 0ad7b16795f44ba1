"""In which order CloudFormation makes, changes and deletes what the template holds, and what it keeps."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from airlock.handlers.removal import ANSWER_TAKES, STATUS_PAUSES
from airlock.handlers.stack_request import ENROLMENT, GRANTS, read_request
from airlock.reconcile.leaving import ONE_TAKES
from tests.infra.builders import GROUP, POLICY, ROLE, USER
from tests.infra.template import Template, arn_of

EACH = pytest.mark.parametrize("which", ["template", "small_template", "full_template", "http_template"])
PAUSES = 60 + 120
"""Seconds between Lambda's three calls (AWS Lambda, page "How Lambda handles errors and retries")."""


def depends_on(template: Template, name: str) -> set[str]:
    """Everything that a resource depends on, at first or second hand: it is made after it, and deleted before it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = template.body["Resources"][waiting.pop()]
        named = set(re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(one)))
        listed = one.get("DependsOn", [])
        named |= {listed} if isinstance(listed, str) else set(listed)
        new = (named & set(template.body["Resources"])) - found
        found |= new
        waiting += new
    return found


def of_types(template: Template, *types: str) -> set[str]:
    """The logical IDs of all resources of these types."""
    return {name for kind in types for name in template.resources(kind)}


@EACH
def test_policies_are_put_back_before_anything_goes_that_could_do_it(
    request: pytest.FixtureRequest, which: str
) -> None:
    """Functions, what they are reached by, roles, schedule, ledger, audit log, topics and alarms stand until then."""
    template: Template = request.getfixturevalue(which)
    needed = depends_on(template, template.only(GRANTS))
    own = {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Scheduler::Schedule", "AWS::DynamoDB::Table"}
    told = {"AWS::Logs::LogGroup", "AWS::Logs::LogStream", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::KMS::Key"}
    reached = {f"AWS::ApiGatewayV2::{part}" for part in ("Api", "Integration", "Route", "Stage")} | {"AWS::Lambda::Url"}
    assert of_types(template, *own, *told, *reached, "AWS::CloudWatch::Alarm") <= needed


@EACH
def test_no_event_begins_anything_by_then(request: pytest.FixtureRequest, which: str) -> None:
    """Each rule is gone before the policies are put back, and comes after everything when the stack is made."""
    template: Template = request.getfixturevalue(which)
    rules = of_types(template, "AWS::Events::Rule")
    assert rules
    assert all(template.only(GRANTS) in depends_on(template, rule) for rule in rules)


@EACH
def test_a_role_that_writes_policies_is_changed_only_after_the_enrolment_was_asked(
    request: pytest.FixtureRequest, which: str
) -> None:
    """A deployment that is refused hasn't taken any right from the watcher or the sweeper, nor their variables."""
    template: Template = request.getfixturevalue(which)
    enrolment = template.only(ENROLMENT)
    for name in ("watcher", "sweeper"):
        assert enrolment in depends_on(template, template.role_of(name)["Fn::GetAtt"][0])
        assert enrolment in depends_on(template, template.function(name))
    assert enrolment not in depends_on(template, template.function("removal"))


def test_the_enrolment_tells_all_that_is_enrolled(template: Template) -> None:
    """Its properties change with the principals, groups and policies, and the function reads them as they stand."""
    properties = template.properties(template.only(ENROLMENT))
    event = {
        **dict.fromkeys(("StackId", "ResponseURL", "RequestId", "LogicalResourceId", "ResourceType"), "x"),
        "RequestType": "Update",
        "ResourceProperties": properties,
    }
    assert read_request(event).enrolled == {USER, ROLE, GROUP, POLICY}
    assert sorted(properties) == ["Groups", "Policies", "Principals", "ServiceTimeout", "ServiceToken"]


@pytest.mark.parametrize("kind", [ENROLMENT, GRANTS])
def test_cloudformation_waits_for_lambda_s_retries_too(template: Template, kind: str) -> None:
    """Where a call is cut off, the next one may still answer."""
    properties = template.properties(template.only(kind))
    assert properties["ServiceToken"] == arn_of(template.function("removal"))
    call = template.properties(template.function("removal"))["Timeout"]
    # A minute more, for Lambda's pauses are about that long.
    assert 3 * call + PAUSES + 60 <= int(properties["ServiceTimeout"]) <= 3600


def test_a_call_has_the_time_that_it_divides(template: Template) -> None:
    """For asking CloudFormation, 25 seconds and more of ending grants, the last one of them, and the answer."""
    asking = sum(pause or 0 for pause in STATUS_PAUSES)
    others = timedelta(seconds=asking + 25) + ONE_TAKES + ANSWER_TAKES
    assert others.total_seconds() <= template.properties(template.function("removal"))["Timeout"]


@EACH
def test_how_often_lambda_calls_again_holds_until_the_end(request: pytest.FixtureRequest, which: str) -> None:
    """The setting goes after the grants: without it, Lambda would call for six hours."""
    template: Template = request.getfixturevalue(which)
    needed = depends_on(template, template.only(GRANTS))
    settings = of_types(template, "AWS::Lambda::EventInvokeConfig")
    removal = arn_of(template.function("removal"))["Fn::GetAtt"][0]
    (own,) = (one for one in settings if template.properties(one)["FunctionName"] == {"Ref": removal})
    assert template.properties(own)["MaximumRetryAttempts"] == 2
    assert settings <= needed


@EACH
def test_what_has_to_outlive_the_stack_is_kept(request: pytest.FixtureRequest, which: str) -> None:
    """Ledger, audit log with its streams and trail's bucket are kept, deleted or replaced; the first two protected."""
    template: Template = request.getfixturevalue(which)
    streams = template.resources("AWS::Logs::LogStream")
    groups = {stream["Properties"]["LogGroupName"]["Ref"] for stream in streams.values()}
    kept = {*of_types(template, "AWS::DynamoDB::Table", "AWS::S3::Bucket"), *groups, *streams}
    resources: dict[str, Any] = template.body["Resources"]
    for name in kept:
        assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")
    for name in {*of_types(template, "AWS::DynamoDB::Table"), *groups}:
        assert template.properties(name)["DeletionProtectionEnabled"] is True
        # A name of its own would stop the next deployment, beside what is kept.
        assert not {"TableName", "LogGroupName"} & set(template.properties(name))
