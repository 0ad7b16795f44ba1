"""The dashboard: each number that it shows is one that the stack's functions print or AWS gives of its resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from airlock.handlers.measuring import IN_SECONDS, Metric
from infra.queries import LAST_DECISIONS, NOT_CLOSED
from tests.infra.template import Template

OWN = "BootstrapAirlock"
SERVICE = ("service", "bootstrap-airlock")
COLUMNS = 24
# Amazon CloudWatch API, PutDashboard: a body may have 500 metrics.
MOST_METRICS = 500

Series = tuple[str, str, tuple[tuple[str, str], ...]]


def _rendered(value: Any) -> str:  # noqa: ANN401 - a template's value
    """A template's text with each reference in angle brackets, as ``<Watcher>`` or ``<Queue.Arn>``."""
    match value:
        case str():
            return value
        case {"Ref": "AWS::Region"}:
            return "us-east-1"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(map(_rendered, parts))
    raise AssertionError(f"not a text: {value}")


def _widgets(template: Template) -> list[dict[str, Any]]:
    body = template.properties(template.only("AWS::CloudWatch::Dashboard"))["DashboardBody"]
    widgets: list[dict[str, Any]] = json.loads(_rendered(body))["widgets"]
    return widgets


def _titled(template: Template, title: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (one["properties"] for one in _widgets(template) if one["properties"].get("title", "") == title)
    return found


def _rows(template: Template) -> Iterator[list[Any]]:
    for widget in _widgets(template):
        yield from widget["properties"].get("metrics", ())


def _series(row: list[Any]) -> Series:
    """Namespace, name and dimensions of a row such as ``["AWS/Lambda", "Errors", "FunctionName", "x", {...}]``."""
    namespace, name, *rest = (one for one in row if isinstance(one, str))
    return namespace, name, tuple(zip(rest[::2], rest[1::2], strict=True))


def _named(template: Template) -> list[Series]:
    return [_series(row) for row in _rows(template) if "expression" not in row[0]]


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_each_own_metric_is_one_that_the_functions_print(request: pytest.FixtureRequest, which: str) -> None:
    """By a name in the list that they print from, and the one dimension that they print it with."""
    template: Template = request.getfixturevalue(which)
    own = [one for one in _named(template) if one[0] == OWN]
    assert {name for _, name, _ in own} <= set(Metric)
    assert {dimensions for _, _, dimensions in own} == {(SERVICE,)}
    assert len(own) <= MOST_METRICS


def test_what_is_asked_of_a_dashboard_is_on_it(template: Template) -> None:
    """Opened, closed, open now and for how long, refused, rescued, failures, seconds open and to open."""
    shown = {name for namespace, name, _ in _named(template) if namespace == OWN}
    assert shown >= {
        Metric.GRANTS_OPEN,
        Metric.LONGEST_OPEN_SECONDS,
        Metric.GRANTS_OVERDUE,
        Metric.GRANTS_OPENED,
        Metric.GRANTS_CLOSED,
        Metric.GRANTS_REFUSED,
        Metric.GRANTS_DOUBTED,
        Metric.NODES_RESCUED,
        Metric.CLOSINGS_FAILED,
        Metric.POLICY_WRITES_FAILED,
        Metric.RESCUES_FAILED,
        Metric.SECONDS_OPEN,
        Metric.SECONDS_TO_OPEN,
        Metric.SECONDS_FROM_ANSWER_TO_OPEN,
    }


def test_closings_are_searched_by_the_dimensions_that_the_functions_print(template: Template) -> None:
    """The search names the namespace, both dimensions, and a metric that is printed by reason."""
    (row,) = (row for row in _rows(template) if "expression" in row[0])
    found = re.fullmatch(
        r"SEARCH\('\{(\w+),(\w+),(\w+)\} MetricName=\"(\w+)\" service=\"([\w-]+)\"', 'Sum', 300\)",
        row[0]["expression"],
    )
    assert found
    assert found.groups() == (OWN, "reason", "service", Metric.GRANTS_CLOSED, SERVICE[1])
    assert row[0]["label"] == "${PROP('Dim.reason')}"


def test_durations_are_shown_by_median_95th_percentile_and_longest(template: Template) -> None:
    """A mean would hide the one install that waited."""
    statistics: dict[str, set[str]] = {}
    for row in _rows(template):
        if "expression" not in row[0] and _series(row)[1] in IN_SECONDS:
            statistics.setdefault(_series(row)[1], set()).add(row[-1]["stat"])
    three = {"p50", "p95", "Maximum"}
    assert statistics == {
        Metric.SECONDS_OPEN: three,
        Metric.SECONDS_TO_OPEN: three,
        Metric.SECONDS_FROM_ANSWER_TO_OPEN: three,
        Metric.LONGEST_OPEN_SECONDS: {"Maximum"},
    }


def test_what_is_open_now_is_the_newest_number_of_the_sweeps(template: Template) -> None:
    """Their numbers stand for a moment each, so none is a sum."""
    now = _titled(template, "Now")
    assert now["view"] == "singleValue"
    assert {(_series(row)[1], row[-1]["stat"], row[-1]["period"]) for row in now["metrics"]} == {
        (Metric.GRANTS_OPEN, "Maximum", 60),
        (Metric.LONGEST_OPEN_SECONDS, "Maximum", 60),
        (Metric.GRANTS_OVERDUE, "Maximum", 60),
    }


@pytest.mark.parametrize("which", ["template", "small_template"])
def test_errors_and_throttles_of_each_function_are_shown(request: pytest.FixtureRequest, which: str) -> None:
    """Of every function that the stack has, and of no other; and the dead letters of its queue."""
    template: Template = request.getfixturevalue(which)
    functions = {(("FunctionName", f"<{name}>"),) for name in template.resources("AWS::Lambda::Function")}
    for metric in ("Errors", "Throttles"):
        shown = [
            dimensions
            for namespace, name, dimensions in _named(template)
            if (namespace, name) == ("AWS/Lambda", metric)
        ]
        assert set(shown) == functions
        assert len(shown) == len(functions)
    queue = (("QueueName", f"<{template.only('AWS::SQS::Queue')}.QueueName>"),)
    assert ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue) in _named(template)
    assert {namespace for namespace, _, _ in _named(template)} == {OWN, "AWS/Lambda", "AWS/SQS"}


def test_the_state_of_each_alarm_is_shown(template: Template) -> None:
    """Every alarm of the stack, once."""
    (shown,) = (one["properties"]["alarms"] for one in _widgets(template) if one["type"] == "alarm")
    assert sorted(shown) == sorted(f"<{name}.Arn>" for name in template.resources("AWS::CloudWatch::Alarm"))


def test_the_tables_query_the_audit_log(template: Template) -> None:
    """The saved queries' own text, on the audit log group and no other."""
    group = f"<{template.within('Audit', 'AWS::Logs::LogGroup')}>"
    tables = [one["properties"] for one in _widgets(template) if one["type"] == "log"]
    queries = [one["query"].partition(" | ") for one in tables]
    assert {source for source, _, _ in queries} == {f"SOURCE '{group}'"}
    assert [text for _, _, text in queries] == [NOT_CLOSED.text, LAST_DECISIONS.text]
    assert {one["view"] for one in tables} == {"table"}


def test_the_widgets_fill_the_page_without_overlap(template: Template) -> None:
    """No two of them claim the same cell, and none stands out of the 24 columns."""
    taken: set[tuple[int, int]] = set()
    for one in _widgets(template):
        cells = {
            (x, y) for x in range(one["x"], one["x"] + one["width"]) for y in range(one["y"], one["y"] + one["height"])
        }
        assert not taken & cells
        assert max(x for x, _ in cells) < COLUMNS
        taken |= cells


def test_the_text_says_what_to_look_at_and_names_the_runbooks(template: Template) -> None:
    """Its words in stars are labels and titles that are on the dashboard."""
    (text,) = (one["properties"]["markdown"] for one in _widgets(template) if one["type"] == "text")
    assert "docs/operations.md" in text
    shown = {one["properties"].get("title", "").split(":")[0] for one in _widgets(template)}
    labels = {row[-1].get("label", "").removesuffix(" (s)") for row in _rows(template) if isinstance(row[-1], dict)}
    words = set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text))
    assert words == {"Open now", "Open for", "Overdue", "Not ended"}
    assert words <= shown | labels


def test_the_stack_tells_where_the_dashboard_is(template: Template) -> None:
    """An output has the console's address, and the dashboard the prefix's name."""
    properties = template.properties(template.only("AWS::CloudWatch::Dashboard"))
    assert properties["DashboardName"] == "bootstrap-airlock"
    assert template.body["Outputs"]["DashboardUrl"]["Value"] == (
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        "#dashboards/dashboard/bootstrap-airlock"
    )
