"""The alarms: what they watch is what the functions print, and what their mails name exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import ACCOUNT, configuration
from tests.infra.template import Template

REPOSITORY = Path(__file__).parents[2]
RUNBOOKS = REPOSITORY / "docs" / "operations.md"
PREFIX = "bootstrap-airlock-"
# CloudFormation user guide, AWS::CloudWatch::Alarm, AlarmDescription.
LONGEST_DESCRIPTION = 1024
AT_LEAST, LESS = "GreaterThanOrEqualToThreshold", "LessThanThreshold"
OWN = "BootstrapAirlock"


def _alarms(template: Template) -> dict[str, dict[str, Any]]:
    """The alarms' properties, by name without the prefix."""
    found = [one["Properties"] for one in template.resources("AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmName"].removeprefix(PREFIX): alarm for alarm in found}


def test_each_alarm_watches_its_metric_and_rings_at_its_threshold(template: Template) -> None:
    """Metric, statistic, seconds, how many of how many periods, from which number on, and what no number means."""
    assert {
        name: (
            alarm["Namespace"],
            alarm["MetricName"],
            alarm["Statistic"],
            alarm["Period"],
            (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]),
            alarm["ComparisonOperator"],
            alarm["Threshold"],
            alarm["TreatMissingData"],
        )
        for name, alarm in _alarms(template).items()
    } == {
        "grant-overdue": (OWN, "GrantsOverdue", "Maximum", 60, (1, 1), AT_LEAST, 1, "ignore"),
        "closing-failed": (OWN, "ClosingsFailed", "Sum", 300, (1, 1), AT_LEAST, 1, "notBreaching"),
        "policy-writes-failing": (OWN, "PolicyWritesFailed", "Sum", 60, (3, 5), AT_LEAST, 1, "notBreaching"),
        "grant-refused": (OWN, "GrantsRefused", "Sum", 300, (1, 1), AT_LEAST, 1, "notBreaching"),
        "grant-doubted": (OWN, "GrantsDoubted", "Sum", 300, (1, 1), AT_LEAST, 1, "notBreaching"),
        "policy-edited": (OWN, "PoliciesEditedByOthers", "Sum", 300, (1, 1), AT_LEAST, 1, "notBreaching"),
        "sweep-not-running": (OWN, "Sweeps", "Sum", 60, (5, 5), LESS, 1, "breaching"),
        "sweep-failing": ("AWS/Lambda", "Errors", "Sum", 60, (3, 5), AT_LEAST, 1, "notBreaching"),
        "watcher-failing": ("AWS/Lambda", "Errors", "Sum", 300, (1, 1), AT_LEAST, 3, "notBreaching"),
        "watcher-throttled": ("AWS/Lambda", "Throttles", "Sum", 300, (1, 1), AT_LEAST, 1, "notBreaching"),
        "dead-letters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 60, (1, 1), AT_LEAST, 1, "ignore"),
    }
    assert not any("Metrics" in alarm or "Unit" in alarm for alarm in _alarms(template).values())


def test_alarms_on_aws_s_metrics_are_about_this_stack_s_own(template: Template) -> None:
    """Errors of the sweeper, errors and throttles of the watcher, messages of the one queue."""
    sweeper, watcher = ({"Ref": template.function(name)} for name in ("sweeper", "watcher"))
    queue = {"Fn::GetAtt": [template.only("AWS::SQS::Queue"), "QueueName"]}
    assert {
        name: [(one["Name"], one["Value"]) for one in alarm["Dimensions"]]
        for name, alarm in _alarms(template).items()
        if alarm["Namespace"] != OWN
    } == {
        "sweep-failing": [("FunctionName", sweeper)],
        "watcher-failing": [("FunctionName", watcher)],
        "watcher-throttled": [("FunctionName", watcher)],
        "dead-letters": [("QueueName", queue)],
    }


def _printed(template: Template, function: str) -> dict[tuple[str, str, str], float]:
    """What a function prints with its own variables: namespace, dimensions and name of each metric, and their sum."""
    variables = template.variables(function)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POWERTOOLS_")}
    result = subprocess.run(
        [sys.executable, "-m", "tests.infra.printing", function],
        cwd=REPOSITORY,
        env={**kept, **{name: one for name, one in variables.items() if name.startswith("POWERTOOLS_")}},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    found = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            for names in directive["Dimensions"]:
                dimensions = json.dumps({name: line[name] for name in names})
                for metric in directive["Metrics"]:
                    found[directive["Namespace"], dimensions, metric["Name"]] = sum(line[metric["Name"]])
    return found


def _watched(template: Template) -> dict[str, tuple[str, str, str]]:
    """Namespace, dimensions and name of each of the functions' own metrics that an alarm watches."""
    return {
        alarm["MetricName"]: (
            alarm["Namespace"],
            json.dumps({one["Name"]: one["Value"] for one in alarm["Dimensions"]}),
            alarm["MetricName"],
        )
        for alarm in _alarms(template).values()
        if alarm["Namespace"] == OWN
    }


def test_the_functions_print_the_very_metrics_that_alarms_watch(template: Template) -> None:
    """The same namespace, dimensions and names, by the entry points, Powertools and the variables of the template."""
    sweeper, watcher, watched = _printed(template, "sweeper"), _printed(template, "watcher"), _watched(template)
    both = {
        "ClosingsFailed": 1,
        "PolicyWritesFailed": 1,
        "GrantsRefused": 1,
        "GrantsDoubted": 2,
        "PoliciesEditedByOthers": 1,
    }
    assert {name: sweeper.get(metric) for name, metric in watched.items()} == {"GrantsOverdue": 2, "Sweeps": 1, **both}
    # What either may meet is one series, whoever meets it.
    assert {name: watcher.get(watched[name]) for name in both} == both
    service = {"service": "bootstrap-airlock"}
    closed = (OWN, json.dumps({**service, "reason": "timeout"}), "GrantsClosed")
    assert (sweeper[closed], watcher[closed]) == (1, 1)
    assert {dimensions for _, dimensions, _ in {*sweeper, *watcher} - {closed}} == {json.dumps(service)}


def test_a_second_deployment_watches_itself_alone(tmp_path: Path) -> None:
    """Its alarms have its prefix, its metrics its service, and topic and key let in its alarms and no others."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    stack = AirlockStack(app, parse(configuration(prefix="lab", approvals={"links": False})))
    path = Path(app.synth().directory, stack.template_file)
    other = Template(json.loads(path.read_text(encoding="utf-8")), path)
    alarms = [one["Properties"] for one in other.resources("AWS::CloudWatch::Alarm").values()]
    assert all(alarm["AlarmName"].startswith("lab-") for alarm in alarms)
    own = [alarm["Dimensions"] for alarm in alarms if alarm["Namespace"] == OWN]
    assert own == [[{"Name": "service", "Value": "lab"}]] * 7
    for kind in ("AWS::KMS::Key", "AWS::SNS::TopicPolicy"):
        text = json.dumps(other.properties(other.within("Notices", kind)))
        assert ":alarm:lab-grant-overdue" in text
        assert ":alarm:bootstrap-airlock-" not in text


def test_each_alarm_tells_the_notices_topic(template: Template) -> None:
    """When it rings; and when it is over, but for those that are about an event."""
    topic = [{"Ref": template.within("Notices", "AWS::SNS::Topic")}]
    alarms = _alarms(template)
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == topic
        assert alarm.get("OKActions", topic) == topic
        assert "InsufficientDataActions" not in alarm
        assert alarm.get("ActionsEnabled", True)
    silent = {name for name, alarm in alarms.items() if "OKActions" not in alarm}
    assert silent == {"closing-failed", "grant-refused", "grant-doubted", "policy-edited"}


def _runbooks() -> str:
    _, _, runbooks = RUNBOOKS.read_text(encoding="utf-8").partition("\n## Runbooks\n")
    return runbooks.partition("\n## ")[0]


def _sections() -> list[str]:
    """The anchors of the runbooks' sections, as GitHub makes them of headings."""
    headings = re.findall(r"^### (.+)$", _runbooks(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_each_alarm_names_its_section_of_the_runbooks(template: Template) -> None:
    """The section exists, and there is none without an alarm; one is of the other regions' stacks."""
    named = []
    for name, alarm in _alarms(template).items():
        (anchor,) = re.findall(r" Runbook: docs/operations\.md#(\S+)$", alarm["AlarmDescription"])
        assert anchor == name
        named.append(anchor)
    assert sorted([*named, "undelivered"]) == sorted(_sections())


def test_each_alarm_says_what_happened_what_it_means_and_what_to_do(template: Template) -> None:
    """A severity and at least three sentences, in a mail's length."""
    severities = {}
    for name, alarm in _alarms(template).items():
        description = alarm["AlarmDescription"]
        (severity,) = re.findall(r"^\[(high|medium|low)\] [A-Z]", description)
        severities[name] = severity
        assert len(re.findall(r"\. ", description)) >= 3
        assert len(description) <= LONGEST_DESCRIPTION
        # What CloudWatch puts into a mail's subject is the name.
        assert len(alarm["AlarmName"]) <= 64
    assert {name for name, severity in severities.items() if severity == "high"} == {
        "grant-overdue",
        "closing-failed",
        "grant-doubted",
        "sweep-not-running",
    }
    assert severities["grant-refused"] == "low"


def test_the_runbooks_table_says_what_the_template_does(template: Template) -> None:
    """Each alarm has a row with its severity, its metric, and whether it tells when it is over."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", _runbooks(), re.MULTILINE))
    alarms = _alarms(template)
    assert alarms.keys() == rows.keys()
    for name, alarm in alarms.items():
        severity, watches, _, over = rows[name].split(" | ")
        assert alarm["AlarmDescription"].startswith(f"[{severity}] ")
        assert over.startswith("yes") == ("OKActions" in alarm)
        if alarm["Namespace"] == OWN:
            assert f"`{alarm['MetricName']}`" in watches


def _alarm_arns(template: Template) -> list[dict[str, Any]]:
    start = f":cloudwatch:us-east-1:{ACCOUNT}:alarm:{PREFIX}"
    return [{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f"{start}{name}"]]} for name in _alarms(template)]


def test_cloudwatch_publishes_for_this_stack_s_alarms_only(template: Template) -> None:
    """The topic's policy lets CloudWatch publish, in the name of the account's alarms of these names."""
    topic = {"Ref": template.within("Notices", "AWS::SNS::Topic")}
    policy = template.properties(template.within("Notices", "AWS::SNS::TopicPolicy"))
    assert policy["Topics"] == [topic]
    tls, _, alarms = policy["PolicyDocument"]["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert alarms == {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Action": "sns:Publish",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Resource": topic,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": _alarm_arns(template)},
        },
    }
