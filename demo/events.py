"""Brings events to the functions as EventBridge would, by the rules and targets that the template deployed.

PutEvents takes no event whose source starts with ``aws.``, on AWS as on MiniStack. So each rule is asked by
TestEventPattern whether it matches, and its targets are invoked here.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from demo.deployment import Deployment
from demo.ministack import MiniStack

# What GetSchedule tells beyond what UpdateSchedule takes.
_READ_ONLY: Final = frozenset({"Arn", "CreationDate", "LastModificationDate", "ResponseMetadata"})

_FUNCTION, _BUS = ":function:", ":event-bus/"


class DeliveryError(RuntimeError):
    """A function failed, or a target isn't of a kind that this driver knows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A deployed rule.

    Attributes:
        name: the rule's physical name.
        pattern: its event pattern, as JSON text.
        functions: ARNs of the functions it starts.
        buses: ARNs of the event buses that it hands events on to, in whichever region.
    """

    name: str
    pattern: str
    functions: tuple[str, ...]
    buses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call of a function.

    Attributes:
        source: the rule's or schedule's name.
        function: the function's name.
        result: what the function returned, as parsed JSON; the error object if it failed.
        error: the error's type and message if it failed, else None.
        log: the end of what the function logged (at most 4 KB).
        seconds: how long the call took.
    """

    source: str
    function: str
    result: Any
    error: str | None
    log: str
    seconds: float

    def raise_for_error(self) -> None:
        """Raise if the function failed.

        Raises:
            DeliveryError: with the function's error and log.
        """
        if self.error is not None:
            raise DeliveryError(f"{self.function} failed on {self.source}: {self.error}\n{self.log}")


def stamped(event: Mapping[str, Any], moment: dt.datetime) -> dict[str, Any]:
    """Copy an event as if it had happened at another moment.

    A stream tells of some day gone by, and what an event of that day opens would be over by now.

    Args:
        event: the EventBridge envelope.
        moment: the new time; it needs a time zone.
    """
    copied: dict[str, Any] = copy.deepcopy(dict(event))
    # EventBridge and CloudTrail both write whole seconds of UTC.
    text = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    copied["time"] = text
    if "eventTime" in copied.get("detail", {}):
        copied["detail"]["eventTime"] = text
    return copied


class Events:
    """The rules and schedules of one deployed stack."""

    def __init__(self, cloud: MiniStack, deployment: Deployment) -> None:
        self._events = cloud.client("events", region=deployment.region)
        self._lambda = cloud.client("lambda", region=deployment.region)
        self._scheduler = cloud.client("scheduler", region=deployment.region)
        self.rules = tuple(self._rules(deployment))
        # CloudFormation's name of a schedule is its own name.
        self._schedules = tuple(deployment.named("AWS::Scheduler::Schedule").values())

    def matching(self, event: Mapping[str, Any]) -> list[Rule]:
        """Ask each rule whether it matches an event."""
        text = json.dumps(event)
        return [
            rule
            for rule in self.rules
            if self._events.test_event_pattern(EventPattern=rule.pattern, Event=text)["Result"]
        ]

    def deliver(self, event: Mapping[str, Any]) -> list[Delivery]:
        """Bring an event to each function that a rule names for it, one after the other, and wait for each.

        Args:
            event: the EventBridge envelope.

        Returns:
            One delivery for each matching rule's target; none if no rule matches. Look at ``error``.
        """
        payload = json.dumps(event)
        return [
            self._invoke(rule.name, function, payload) for rule in self.matching(event) for function in rule.functions
        ]

    def post(self, event: Mapping[str, Any]) -> list[str]:
        """Hand an event over without waiting, as EventBridge does: a failure is retried, then a dead letter.

        Args:
            event: the EventBridge envelope.

        Returns:
            ARNs of the functions that got it.
        """
        functions = [function for rule in self.matching(event) for function in rule.functions]
        for function in functions:
            self._lambda.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))
        return functions

    def sweep(self) -> list[Delivery]:
        """Start what the schedules start, now, and wait for it."""
        return [
            self._invoke(name, target["Arn"], target.get("Input", "{}"))
            for name in self._schedules
            for target in [self._scheduler.get_schedule(Name=name)["Target"]]
        ]

    def switch_schedules(self, *, on: bool) -> None:
        """Switch the stack's schedules on or off.

        MiniStack fires them as AWS does, by its own clock and up to 10 s late. A demonstration in compressed time wants
        its sweeps where it asks for them. Switched on again, a schedule that is overdue fires at the next tick.

        Args:
            on: whether they fire.
        """
        for name in self._schedules:
            self._scheduler.update_schedule(**{**self._settings(name), "State": "ENABLED" if on else "DISABLED"})

    def fire_schedules(self) -> None:
        """Let MiniStack itself fire what the schedules fire, within its next tick of 10 s.

        Each schedule gets a twin with the same target, due now, that goes away once it has fired.
        """
        for name in self._schedules:
            schedule = self._settings(name)
            schedule["Name"] = f"once-{time.time_ns()}"
            schedule["State"] = "ENABLED"
            schedule["ScheduleExpression"] = "at(2020-01-01T00:00:00)"
            schedule["ActionAfterCompletion"] = "DELETE"
            self._scheduler.create_schedule(**schedule)

    def _settings(self, schedule: str) -> dict[str, Any]:
        """Read a schedule in the form in which it can be written again: an update replaces all of it."""
        found = self._scheduler.get_schedule(Name=schedule)
        return {key: value for key, value in found.items() if key not in _READ_ONLY}

    def _rules(self, deployment: Deployment) -> Iterator[Rule]:
        for name in deployment.named("AWS::Events::Rule").values():
            # CloudFormation's name of a rule on another bus than the default one is "bus|rule".
            rule = self._events.describe_rule(Name=name)
            if rule["State"] != "ENABLED" or "EventPattern" not in rule:
                continue
            targets = self._events.list_targets_by_rule(Rule=name)["Targets"]
            for target in targets:
                known = any(kind in target["Arn"] for kind in (_FUNCTION, _BUS))
                if not known or {"Input", "InputPath", "InputTransformer"} & set(target):
                    raise DeliveryError(f"rule {name}: this driver can't deliver to {json.dumps(target)}")
            functions, buses = (
                tuple(target["Arn"] for target in targets if kind in target["Arn"]) for kind in (_FUNCTION, _BUS)
            )
            yield Rule(name, rule["EventPattern"], functions, buses)

    def _invoke(self, source: str, function: str, payload: str) -> Delivery:
        start = time.monotonic()
        # Not asynchronously, as EventBridge does: the result is to be seen in order, and a failure at once.
        answer = self._lambda.invoke(FunctionName=function, Payload=payload, LogType="Tail")
        seconds = time.monotonic() - start
        result = json.loads(answer["Payload"].read() or "null")
        error = None
        if "FunctionError" in answer:
            told = result if isinstance(result, dict) else {}
            error = f"{told.get('errorType', answer['FunctionError'])}: {told.get('errorMessage', result)}"
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return Delivery(source, function.rsplit(":", 1)[1], result, error, log, seconds)
