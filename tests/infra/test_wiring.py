"""How the parts of the template hang together."""

from __future__ import annotations

import json

import pytest

from airlock.settings import LEASE_SECONDS
from tests.infra.builders import ACCOUNT, GROUP, POLICY, ROLE, USER
from tests.infra.template import Template, arn_of

BOTH = pytest.mark.parametrize("name", ["watcher", "sweeper"])
SECONDS = {"watcher": 60, "sweeper": 60, "removal": 80, "page": 15, "operator": 15}
WRITERS = pytest.mark.parametrize("name", ["watcher", "sweeper", "removal"])
ALL = pytest.mark.parametrize("name", ["watcher", "sweeper", "page", "operator", "removal"])


def _audit_group(template: Template) -> str:
    """The log group that holds the streams which the template makes."""
    (group,) = {
        stream["Properties"]["LogGroupName"]["Ref"] for stream in template.resources("AWS::Logs::LogStream").values()
    }
    return str(group)


@BOTH
def test_the_environment_refers_to_the_template_s_resources(template: Template, name: str) -> None:
    """A function finds table, topics, audit log, page and principals by variables that point at this stack's own."""
    variables = template.variables(name)
    assert json.loads(variables.pop("AIRLOCK_PRINCIPALS")) == {
        USER: {"groups": [GROUP], "policies": [POLICY], "timeout_minutes": 45},
        ROLE: {},
    }
    assert variables == {
        "AIRLOCK_ACCOUNT": ACCOUNT,
        "AIRLOCK_ANSWER_MINUTES": "30",
        "AIRLOCK_APPROVALS_TOPIC": {"Ref": template.within("Approvals", "AWS::SNS::Topic")},
        "AIRLOCK_AUDIT_LOG_GROUP": {"Ref": _audit_group(template)},
        "AIRLOCK_AUDIT_LOG_STREAM": name,
        "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
        "AIRLOCK_LANGUAGE": "en",
        "AIRLOCK_LINK_KEY": arn_of(template.within("Approvals", "AWS::KMS::Key")),
        "AIRLOCK_NOTICES_TOPIC": {"Ref": template.within("Notices", "AWS::SNS::Topic")},
        "AIRLOCK_PAGE_URL": {"Fn::GetAtt": [template.within("Page", "AWS::Lambda::Url"), "FunctionUrl"]},
        "AIRLOCK_PROPAGATION_SECONDS": "15",
        "AIRLOCK_TABLE": {"Ref": template.only("AWS::DynamoDB::Table")},
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": "BootstrapAirlock",
        "POWERTOOLS_SERVICE_NAME": "bootstrap-airlock",
    }


@ALL
def test_a_function_runs_on_the_pinned_runtime_and_layer(template: Template, name: str) -> None:
    """Runtime, architecture and layer are of one make; time and memory are bounded; no concurrency is reserved."""
    properties = template.properties(template.function(name))
    assert properties["Runtime"] == "python3.14"
    assert properties["Architectures"] == ["arm64"]
    assert properties["Layers"] == [
        "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:27"
    ]
    assert (properties["Timeout"], properties["MemorySize"]) == (SECONDS[name], 512)
    assert "ReservedConcurrentExecutions" not in properties
    assert "TracingConfig" not in properties


@WRITERS
def test_a_lease_outlives_the_function_that_took_it(template: Template, name: str) -> None:
    """Lambda has ended a writer for good before anybody else can take its lease."""
    assert template.properties(template.function(name))["Timeout"] < LEASE_SECONDS


@WRITERS
def test_a_function_logs_to_a_group_of_its_own_and_audits_apart(template: Template, name: str) -> None:
    """A function's own log group isn't the audit log's, and both are kept for the configured days."""
    own = template.properties(template.function(name))["LoggingConfig"]["LogGroup"]["Ref"]
    audit = _audit_group(template)
    assert own != audit
    assert template.properties(own)["RetentionInDays"] == 365
    assert template.properties(audit)["RetentionInDays"] == 365
    assert template.body["Resources"][audit]["DeletionPolicy"] == "Retain"
    assert template.properties(audit)["DeletionProtectionEnabled"] is True
    assert "DeletionProtectionEnabled" not in template.properties(own)
    for stream in template.resources("AWS::Logs::LogStream").values():
        assert stream["DeletionPolicy"] == "Retain"
    streams = [one["Properties"]["LogStreamName"] for one in template.resources("AWS::Logs::LogStream").values()]
    assert sorted(streams) == ["removal", "sweeper", "watcher"]


def test_every_rule_starts_the_watcher_and_loses_nothing(template: Template) -> None:
    """Each rule has the watcher as its one target, may invoke it, and sends what it can't deliver to the queue."""
    queue, watcher = template.only("AWS::SQS::Queue"), template.function("watcher")
    rules = template.resources("AWS::Events::Rule")
    invokers = {
        permission["Properties"]["SourceArn"]["Fn::GetAtt"][0]
        for permission in template.resources("AWS::Lambda::Permission").values()
        if permission["Properties"]["FunctionName"] == arn_of(watcher)
        and permission["Properties"]["Principal"] == "events.amazonaws.com"
    }
    (policy,) = template.resources("AWS::SQS::QueuePolicy").values()
    senders = {
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Action"] == "sqs:SendMessage"
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
    }
    assert invokers == senders == set(rules)
    for rule in rules.values():
        (target,) = rule["Properties"]["Targets"]
        assert target["Arn"] == arn_of(watcher)
        assert target["DeadLetterConfig"] == {"Arn": arn_of(queue)}
        assert "Input" not in target
        assert "InputTransformer" not in target


def test_the_schedule_starts_the_sweeper_each_minute(template: Template) -> None:
    """The sweep runs each minute, without retries, and what can't be started goes to the queue."""
    schedule = template.properties(template.only("AWS::Scheduler::Schedule"))
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["State"] == "ENABLED"
    target = schedule["Target"]
    assert target["Arn"] == arn_of(template.function("sweeper"))
    assert target["DeadLetterConfig"] == {"Arn": arn_of(template.only("AWS::SQS::Queue"))}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_events_that_fail_are_tried_again_by_the_watcher_only(template: Template) -> None:
    """The watcher has two more tries within the hour and then the queue; the sweeper just has its next minute."""
    configs = {
        config["Properties"]["FunctionName"]["Ref"]: config["Properties"]
        for config in template.resources("AWS::Lambda::EventInvokeConfig").values()
    }
    watcher, sweeper = configs[template.function("watcher")], configs[template.function("sweeper")]
    assert (watcher["MaximumRetryAttempts"], watcher["MaximumEventAgeInSeconds"]) == (2, 3600)
    queue = arn_of(template.only("AWS::SQS::Queue"))
    assert watcher["DestinationConfig"] == {"OnFailure": {"Destination": queue}}
    assert (sweeper["MaximumRetryAttempts"], sweeper["MaximumEventAgeInSeconds"]) == (0, 60)
    assert "DestinationConfig" not in sweeper


def test_the_ledger_keeps_its_records(template: Template) -> None:
    """The table is billed by use, can be put back to any second, expires items and outlives the stack."""
    name = template.only("AWS::DynamoDB::Table")
    resource = template.body["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    table = resource["Properties"]
    assert "TableName" not in table
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["KeySchema"] == _keys("pk", "sk")
    indexes = {one["IndexName"]: one for one in table["GlobalSecondaryIndexes"]}
    assert {name: index["KeySchema"] for name, index in indexes.items()} == {
        "open-grants": _keys("open", "not_after"),
        "grants-by-month": _keys("month", "requested_at"),
    }
    assert all(index["Projection"] == {"ProjectionType": "KEYS_ONLY"} for index in indexes.values())
    assert {(one["AttributeName"], one["AttributeType"]) for one in table["AttributeDefinitions"]} == {
        ("pk", "S"),
        ("sk", "S"),
        ("open", "S"),
        ("not_after", "S"),
        ("month", "S"),
        ("requested_at", "S"),
    }


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def test_queue_and_topics_are_encrypted_at_rest_and_on_the_way(template: Template) -> None:
    """The queue keeps messages for 14 days, encrypted; queue and topics refuse requests without TLS."""
    queue = template.properties(template.only("AWS::SQS::Queue"))
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    topics = template.resources("AWS::SNS::Topic")
    assert len(topics) == 2
    assert all(topic["Properties"]["KmsMasterKeyId"] for topic in topics.values())
    policies = template.resources("AWS::SNS::TopicPolicy") | template.resources("AWS::SQS::QueuePolicy")
    assert len(policies) == 3
    for policy in policies.values():
        assert any(
            one["Effect"] == "Deny" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for one in policy["Properties"]["PolicyDocument"]["Statement"]
        )


def test_mails_go_to_the_configured_addresses(template: Template) -> None:
    """Each address is subscribed by e-mail, those of the notices and those of the approvals each to their topic."""
    subscribed = {
        (one["Properties"]["Protocol"], one["Properties"]["Endpoint"], one["Properties"]["TopicArn"]["Ref"])
        for one in template.resources("AWS::SNS::Subscription").values()
    }
    assert subscribed == {
        ("email", "ops@example.com", template.within("Notices", "AWS::SNS::Topic")),
        ("email", "approvers@example.com", template.within("Approvals", "AWS::SNS::Topic")),
    }


def test_the_outputs_name_what_an_operator_needs(template: Template) -> None:
    """The stack's outputs lead to ledger, audit log, topics, queue, functions and dashboard, and to the two URLs."""
    outputs = {name: one["Value"] for name, one in template.body["Outputs"].items()}
    assert outputs.pop("DashboardUrl").endswith("#dashboards/dashboard/bootstrap-airlock")
    assert outputs == {
        "LedgerTableName": {"Ref": template.only("AWS::DynamoDB::Table")},
        "AuditLogGroupName": {"Ref": _audit_group(template)},
        "NoticesTopicArn": {"Ref": template.within("Notices", "AWS::SNS::Topic")},
        "ApprovalsTopicArn": {"Ref": template.within("Approvals", "AWS::SNS::Topic")},
        "DeadLetterQueueUrl": {"Ref": template.only("AWS::SQS::Queue")},
        "WatcherFunctionName": {"Ref": template.function("watcher")},
        "SweeperFunctionName": {"Ref": template.function("sweeper")},
        "RemovalFunctionName": {"Ref": template.function("removal")},
        "OperatorFunctionName": {"Ref": template.function("operator")},
        "OperatorFunctionUrl": {"Fn::GetAtt": [template.within("Operator", "AWS::Lambda::Url"), "FunctionUrl"]},
        "PageFunctionName": {"Ref": template.function("page")},
        "PageFunctionUrl": {"Fn::GetAtt": [template.within("Page", "AWS::Lambda::Url"), "FunctionUrl"]},
    }


def test_resources_carry_the_prefix_as_a_tag(template: Template) -> None:
    """The resources that people find in consoles and bills tell which deployment they belong to."""
    tag = {"Key": "Application", "Value": "bootstrap-airlock"}
    for kind in (
        "AWS::DynamoDB::Table",
        "AWS::Lambda::Function",
        "AWS::IAM::Role",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::KMS::Key",
    ):
        for resource in template.resources(kind).values():
            assert tag in resource["Properties"]["Tags"]
