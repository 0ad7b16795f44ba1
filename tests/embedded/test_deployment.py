"""Tests of what is taken out of a template before MiniStack gets it, and of moving events in time."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from demo.deployment import LEFT_OUT, DeploymentError, without_left_out
from demo.events import stamped

STREAM = {"Type": "AWS::Logs::LogStream", "Properties": {}}
FUNCTION: dict[str, Any] = {"Type": "AWS::Lambda::Function", "Properties": {}}


def test_unknown_types_are_left_out_with_their_reason() -> None:
    """A resource of a listed type goes, with its reason told; the others stay as they are."""
    template = {"Resources": {"Stream": STREAM, "Function": FUNCTION}}
    before = copy.deepcopy(template)
    smaller, left_out = without_left_out(template)
    assert smaller == {"Resources": {"Function": FUNCTION}}
    assert left_out == {"Stream": LEFT_OUT["AWS::Logs::LogStream"]}
    assert template == before


@pytest.mark.parametrize(
    ("before", "after"), [("Stream", []), (["Stream", "Role"], ["Role"]), ("Role", "Role"), (["Role"], ["Role"])]
)
def test_nothing_waits_for_what_was_left_out(before: object, after: object) -> None:
    """Dependencies on a resource left out go with it, and others stay."""
    template = {"Resources": {"Stream": STREAM, "Role": {"Type": "X"}, "Function": {**FUNCTION, "DependsOn": before}}}
    smaller, _ = without_left_out(template)
    assert smaller["Resources"]["Function"]["DependsOn"] == after


@pytest.mark.parametrize("reference", [{"Ref": "Stream"}, {"Fn::GetAtt": ["Stream", "Arn"]}, {"Fn::Sub": "x${Stream}"}])
@pytest.mark.parametrize("place", ["Resources", "Outputs"])
def test_what_is_referred_to_is_not_left_out(reference: dict[str, Any], place: str) -> None:
    """A resource that another or an output refers to can't be left out: the error names it."""
    template: dict[str, Any] = {"Resources": {"Stream": STREAM, "Function": FUNCTION}, "Outputs": {}}
    template[place] = {**template[place], "User": {"Type": "X", "Value": reference}}
    with pytest.raises(DeploymentError, match="Stream can't be left out"):
        without_left_out(template)


def test_a_stamped_event_tells_the_new_time_everywhere_and_nothing_else_new() -> None:
    """Both times of an API call become the moment, in UTC and whole seconds; the event given isn't changed."""
    event = {"id": "1", "time": "2026-01-01T00:00:00Z", "detail": {"eventTime": "2026-01-01T00:00:00Z", "a": 1}}
    before = copy.deepcopy(event)
    moment = dt.datetime(2026, 11, 24, 3, 0, 0, 999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    time = "2026-11-24T02:00:00Z"
    assert stamped(event, moment) == {"id": "1", "time": time, "detail": {"eventTime": time, "a": 1}}
    assert event == before


def test_a_stamped_notification_gets_no_call_time() -> None:
    """EC2's own notifications tell no eventTime, and get none."""
    moment = dt.datetime(2026, 11, 24, 2, 0, 0, tzinfo=dt.UTC)
    assert stamped({"time": "x", "detail": {"state": "terminated"}}, moment)["detail"] == {"state": "terminated"}
