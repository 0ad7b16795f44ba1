"""The deployed template, run by events and by its own schedule; what a person and an auditor see of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from airlock.adapters.clients import with_raw_documents
from airlock.install.names import Era
from airlock.policy.document import sha256_of
from demo.cloud import EmbeddedCloud, default_configuration, embedded_cloud
from tests.e2e.fence import BASELINE
from tests.events import Install

pytestmark = pytest.mark.e2e
ACCOUNT = "111122223333"
GROUP = "installers"
USERS = ("ocp-installer", "ocp-shared", "ocp-broken")


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """The stack with three enrolled users; the schedule is off unless a test switches it on."""
    group = f"arn:aws:iam::{ACCOUNT}:group/{GROUP}"
    principals: list[dict[str, Any]] = [{"arn": f"arn:aws:iam::{ACCOUNT}:user/{name}"} for name in USERS]
    principals[0]["timeout_minutes"] = 5
    principals[1]["groups"] = [group]
    with embedded_cloud(default_configuration(principals=principals)) as running:
        running.events.switch_schedules(on=False)
        iam = running.aws.client("iam")
        iam.create_group(GroupName=GROUP)
        for name in USERS:
            iam.create_user(UserName=name)
        iam.put_group_policy(GroupName=GROUP, PolicyName="fence", PolicyDocument=BASELINE)
        iam.add_user_to_group(GroupName=GROUP, UserName=USERS[1])
        iam.put_user_policy(UserName=USERS[0], PolicyName="fence", PolicyDocument=BASELINE)
        iam.put_user_policy(UserName=USERS[2], PolicyName="fence", PolicyDocument=BASELINE)
        yield running


@pytest.fixture(scope="module")
def notices(cloud: EmbeddedCloud) -> Callable[[], list[dict[str, str]]]:
    """Read the notices that have come since the last call, through a queue subscribed to the topic."""
    sqs = cloud.aws.client("sqs")
    url = sqs.create_queue(QueueName="reader")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = cloud.deployment.outputs["NoticesTopicArn"]
    cloud.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read() -> list[dict[str, str]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


def install(user: str, infra_id: str) -> Install:
    """An install by one of the users."""
    principal = f"arn:aws:iam::{ACCOUNT}:user/{user}"
    return Install(infra_id=infra_id, principal=principal, region="us-east-1", era=Era.CAPA)


def deliver(cloud: EmbeddedCloud, event: dict[str, Any]) -> list[Any]:
    """Bring an event to the functions and give what they returned; a failure is an error."""
    deliveries = cloud.events.deliver(event)
    for delivery in deliveries:
        delivery.raise_for_error()
    return [delivery.result for delivery in deliveries]


def user_policy(cloud: EmbeddedCloud, user: str) -> str:
    """A user's policy as text; MiniStack sends it URL-encoded, as IAM does."""
    iam = with_raw_documents(cloud.aws.client("iam"))
    document: Any = iam.get_user_policy(UserName=user, PolicyName="fence")["PolicyDocument"]
    return unquote(document)


def audit_lines(cloud: EmbeddedCloud, infra_id: str) -> list[dict[str, Any]]:
    """The audit trail's lines about an install, in order."""
    pages = (
        cloud.aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=cloud.deployment.outputs["AuditLogGroupName"])
    )
    lines = [json.loads(event["message"]) for page in pages for event in page["events"]]
    return [line for line in lines if infra_id in json.dumps(line)]


def test_the_schedule_closes_what_no_event_closes(
    cloud: EmbeddedCloud, notices: Callable[[], list[dict[str, str]]]
) -> None:
    """A grant whose time is over is closed by the schedule's own sweep, to the byte, audited, and told."""
    late = install(USERS[0], "late-7xk2q")
    # Five minutes of window, all but some seconds of it gone.
    event = late.create_vpc(datetime.now(UTC) - timedelta(minutes=5) + timedelta(seconds=6))
    (result,) = deliver(cloud, event)
    assert "open" in result["happened"]
    opened = user_policy(cloud, USERS[0])
    assert opened != BASELINE

    time.sleep(7)
    cloud.events.fire_schedules()
    deadline = time.monotonic() + 40
    while user_policy(cloud, USERS[0]) != BASELINE and time.monotonic() < deadline:
        time.sleep(0.5)
    assert user_policy(cloud, USERS[0]) == BASELINE

    time.sleep(1)
    lines = audit_lines(cloud, late.infra_id)
    assert [(line["kind"], line["outcome"]) for line in lines] == [
        ("policy-write", "written"),
        ("decision", "open"),
        ("policy-write", "restored"),
        ("decision", "closed"),
    ]
    assert lines[0]["signal_event_id"] == event["id"]
    assert lines[2]["signal_event_id"] is None
    assert (lines[0]["before_sha256"], lines[0]["after_sha256"]) == (sha256_of(BASELINE), sha256_of(opened))
    assert (lines[2]["before_sha256"], lines[2]["after_sha256"]) == (sha256_of(opened), sha256_of(BASELINE))
    assert lines[3]["reason"] == "timeout"
    subjects = [notice["Subject"] for notice in notices()]
    assert subjects == [
        f"Opened: OpenShift install late-7xk2q by {USERS[0]}",
        f"Closed: OpenShift install late-7xk2q by {USERS[0]}",
    ]


def test_a_group_policy_is_opened_for_the_enrolled_user_alone(cloud: EmbeddedCloud) -> None:
    """The group's policy keeps denying everybody else, and is back to the byte when the instance ends."""
    shared = install(USERS[1], "shared-9mz4c")
    iam = with_raw_documents(cloud.aws.client("iam"))

    def held() -> str:
        document: Any = iam.get_group_policy(GroupName=GROUP, PolicyName="fence")["PolicyDocument"]
        return unquote(document)

    deliver(cloud, shared.create_vpc(datetime.now(UTC)))
    statements = json.loads(held())["Statement"]
    others = [one for one in statements if "ArnNotEquals" in one["Condition"]]
    assert [one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] for one in others] == [shared.principal]
    deliver(cloud, shared.run_instances(datetime.now(UTC)))
    deliver(cloud, shared.state(datetime.now(UTC), "shutting-down"))
    assert held() == BASELINE


def test_what_cannot_be_handled_is_in_the_dead_letter_queue_with_its_reason(cloud: EmbeddedCloud) -> None:
    """An event whose audit line can't be kept fails three times; then event and error wait in the queue."""
    logs = cloud.aws.client("logs")
    group = cloud.deployment.outputs["AuditLogGroupName"]
    logs.delete_log_stream(logGroupName=group, logStreamName="watcher")
    try:
        broken = install(USERS[2], "broken-2hd6t")
        cloud.events.post(broken.create_vpc(datetime.now(UTC)))
        sqs = cloud.aws.client("sqs")
        url = cloud.deployment.outputs["DeadLetterQueueUrl"]
        deadline = time.monotonic() + 60
        messages: list[Any] = []
        while not messages and time.monotonic() < deadline:
            messages = list(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []))
        letter = json.loads(messages[0]["Body"])
        assert broken.infra_id in json.dumps(letter["requestPayload"])
        assert "log stream does not exist" in letter["responsePayload"]["errorMessage"]
    finally:
        logs.create_log_stream(logGroupName=group, logStreamName="watcher")
    # Nothing is lost: the ledger has the intent, and the next sweep audits what it finds and goes on.
    for delivery in cloud.events.sweep():
        delivery.raise_for_error()
    assert ("policy-write", "found-written") in [
        (line["kind"], line["outcome"]) for line in audit_lines(cloud, broken.infra_id)
    ]
    deliver(cloud, broken.delete_bucket(datetime.now(UTC)))
    assert user_policy(cloud, USERS[2]) == BASELINE


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"detail-type": "AWS API Call via CloudTrail", "detail": None},
        {"detail-type": "Something Else", "source": "aws.ec2", "detail": {}},
        {"detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": ["shutting-down"]},
    ],
)
def test_a_malformed_event_is_skipped_with_a_reason(cloud: EmbeddedCloud, event: object) -> None:
    """Whatever reaches the watcher, it answers with why it left the event alone; it doesn't fail."""
    function = cloud.deployment.outputs["WatcherFunctionName"]
    answer = cloud.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["skipped"]


def test_other_peoples_calls_start_no_function(cloud: EmbeddedCloud) -> None:
    """No rule of the template matches a call by somebody who isn't enrolled."""
    stranger = install("somebody-else", "other-4bq7w")
    assert cloud.events.matching(stranger.create_vpc(datetime.now(UTC))) == []
    enrolled = install(USERS[0], "other-4bq7w")
    assert len(cloud.events.matching(enrolled.create_vpc(datetime.now(UTC)))) == 1


def test_what_a_sweep_prints_rings_the_alarm_at_those_who_read_the_notices(
    cloud: EmbeddedCloud, notices: Callable[[], list[dict[str, str]]]
) -> None:
    """The test plays CloudWatch Logs, which makes metrics of printed lines; one grant more is overdue then."""
    for delivery in cloud.events.sweep():
        delivery.raise_for_error()
    directive, values = _newest_metrics(cloud, cloud.deployment.outputs["SweeperFunctionName"])
    assert values["Sweeps"] == [1.0]
    cloudwatch = cloud.aws.client("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace=directive["Namespace"],
        MetricData=[
            {
                "MetricName": "GrantsOverdue",
                "Dimensions": [{"Name": name, "Value": values[name]} for name in directive["Dimensions"][0]],
                "Value": values["GrantsOverdue"][0] + 1,
            }
        ],
    )
    states = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert len(states) == 11
    assert states["bootstrap-airlock-grant-overdue"]["StateValue"] == "ALARM"
    mails = {notice["Subject"]: json.loads(notice["Message"]) for notice in notices() if "Subject" in notice}
    mail = mails['ALARM: "bootstrap-airlock-grant-overdue" in us-east-1']
    assert mail["AlarmDescription"].endswith(" Runbook: docs/operations.md#grant-overdue")


def _newest_metrics(cloud: EmbeddedCloud, function: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last line that a function printed for CloudWatch: its directive, and the whole of it."""
    pages = cloud.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
    lines = [event["message"] for page in pages for event in page["events"] if '"_aws"' in event["message"]]
    printed: dict[str, Any] = json.loads(lines[-1])
    return printed["_aws"]["CloudWatchMetrics"][0], printed


def test_the_dashboard_names_what_was_deployed(cloud: EmbeddedCloud) -> None:
    """CloudWatch holds it with every reference resolved: the functions, the alarms and the audit log as they exist."""
    cloudwatch, outputs = cloud.aws.client("cloudwatch"), cloud.deployment.outputs
    name = outputs["DashboardUrl"].rpartition("/")[2]
    widgets = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])["widgets"]
    shown = [one["properties"] for one in widgets]
    rows = [row for one in shown for row in one.get("metrics", ()) if "FunctionName" in row]
    assert {row[3] for row in rows} == set(cloud.deployment.named("AWS::Lambda::Function").values())
    alarms = {alarm["AlarmArn"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    (of_the_stack,) = (set(one["alarms"]) for one in shown if "alarms" in one)
    assert of_the_stack == alarms
    sources = {one["query"].partition(" | ")[0] for one in shown if "query" in one}
    assert sources == {f"SOURCE '{outputs['AuditLogGroupName']}'"}
