"""The EventBridge rules on the default bus that start the watcher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import event_patterns
from infra.configuration import Configuration

# An install that waits for an event older than this has failed already: the presigned URL lives for an hour.
MAX_EVENT_AGE: Final = Duration.hours(1)


def watched_by(watcher: lambda_.IFunction, dead_letters: sqs.IQueue) -> events.IRuleTarget:
    """The watcher as the target of the rules; what it never gets goes to the dead letters."""
    return targets.LambdaFunction(watcher, dead_letter_queue=dead_letters, max_event_age=MAX_EVENT_AGE)


class Rules(Construct):
    """The rules for users' calls, roles' calls, others' edits, instances that end, and decisions by people."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        configuration: Configuration,
        target: events.IRuleTarget,
        own_roles: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._target = target
        for number, pattern in enumerate(event_patterns.user_call_patterns(configuration.users), start=1):
            self._add(f"UserCalls{number}", "Calls of an install by enrolled users", pattern)
        for number, pattern in enumerate(event_patterns.role_call_patterns(configuration.roles), start=1):
            self._add(f"RoleCalls{number}", "Calls of an install by sessions of enrolled roles", pattern)
        for number, pattern in enumerate(event_patterns.edit_patterns(configuration, own_roles), start=1):
            self._add(f"Edits{number}", "Changes of guarded policies by others", pattern)
        self._add("InstanceEnds", "Instances that shut down or are gone", event_patterns.instance_end_pattern())
        self._add("Orders", "Decisions by people", event_patterns.order_pattern(configuration.prefix))

    def _add(self, construct_id: str, description: str, pattern: event_patterns.Pattern) -> None:
        events.Rule(
            self,
            construct_id,
            description=f"{description} ({Stack.of(self).stack_name})",
            event_pattern=events.EventPattern(
                source=pattern["source"], detail_type=pattern["detail-type"], detail=pattern.get("detail")
            ),
            targets=[self._target],
        )
