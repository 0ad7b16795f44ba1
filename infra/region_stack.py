"""The stack of another region: it hands that region's events on to the home region, and does nothing else.

Every watched region has one, and the partition's IAM region has one too, for IAM's calls reach no other region's bus.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aws_cdk import Acknowledgment, CfnOutput, Environment, Stack, Tags, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from airlock.install.cloudtrail import WATCHED_CALLS
from infra import event_patterns, permissions, throughout
from infra.configuration import Configuration
from infra.configuration_problems import OWN_TAG
from infra.dead_letters import DeadLetters
from infra.own_path import OWN_PATH
from infra.region_alarm import UndeliveredAlarm
from infra.rules import MAX_EVENT_AGE

Named = tuple[str, int, str, event_patterns.Pattern]

_DEFAULT_BUS: Final = "default"


class RegionStack(Stack):
    """Rules, the role by which they may reach the home region's bus, and a queue for what didn't get there.

    Nothing refers to another stack, so that each can be deployed, changed and removed by itself.
    """

    def __init__(self, scope: Construct, configuration: Configuration, region: str) -> None:
        name = f"{configuration.prefix}-{region}"
        super().__init__(
            scope,
            name,
            description=f"Bootstrap Airlock: hands what happens in {region} on to {configuration.home_region}",
            env=Environment(account=configuration.account, region=region),
        )
        self.configuration = configuration
        self.dead_letters = DeadLetters(self, "DeadLetters")
        named = list(_patterns(configuration, region))
        self.role = self._role(sorted({kind for kind, _, _, _ in named}))
        target = targets.EventBus(
            events.EventBus.from_event_bus_arn(self, "HomeBus", self._home_bus_arn),
            dead_letter_queue=self.dead_letters.queue,
            # The role is whole as written below: what CDK would add by itself is not taken.
            role=self.role.without_policy_updates(),
        )
        for kind, number, description, pattern in named:
            self._add(f"{kind}-{number}", description, pattern, target)
        UndeliveredAlarm(self, "Undelivered", configuration, self.dead_letters.queue)
        CfnOutput(self, "DeadLetterQueueUrl", value=self.dead_letters.queue.queue_url)
        Tags.of(self).add(OWN_TAG, configuration.prefix)
        throughout.apply(self, configuration)
        Validations.of(self.dead_letters.queue).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SQS3",
                reason="It is the dead-letter queue of the rules; the check knows only queues' own.",
            )
        )

    @property
    def _home_bus_arn(self) -> str:
        configuration = self.configuration
        place = f"arn:{configuration.partition}:events:{configuration.home_region}:{configuration.account}"
        return f"{place}:event-bus/{_DEFAULT_BUS}"

    def _role(self, kinds: list[str]) -> iam.Role:
        """Make the role that the rules take: events on the home region's bus, and nothing else.

        Its policy has no conditions. The documented ones on PutEvents are about the entries that a caller writes, which
        here is EventBridge with an event of AWS's; none is documented for events that a rule hands on.
        """
        configuration = self.configuration
        place = f"arn:{configuration.partition}:events:{self.region}:{configuration.account}"
        return iam.Role(
            self,
            "Role",
            # By the rules' ARNs, so they have names (Amazon EventBridge, page "Cross-service confused deputy
            # prevention": for a rule's targets, the source is the rule). Their numbers are left open: the ARNs of all
            # rules for many principals wouldn't fit into the 2,048 characters of a trust policy.
            assumed_by=iam.ServicePrincipal(
                "events.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": configuration.account},
                    "ArnLike": {"aws:SourceArn": [f"{place}:rule/{self.stack_name}-{kind}-*" for kind in kinds]},
                },
            ),
            description=f"Hands events of {self.region} on to {configuration.home_region}",
            path=OWN_PATH,
            inline_policies={
                "Forward": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            sid="Forward", actions=["events:PutEvents"], resources=[self._home_bus_arn]
                        ),
                        permissions.not_itself_statement(configuration),
                    ]
                )
            },
        )

    def _add(self, name: str, description: str, pattern: event_patterns.Pattern, target: events.IRuleTarget) -> None:
        rule = events.Rule(
            self,
            name.title().replace("-", ""),
            rule_name=f"{self.stack_name}-{name}",
            description=f"{description} ({self.stack_name})",
            event_pattern=events.EventPattern(
                source=pattern["source"],
                detail_type=pattern["detail-type"],
                detail=pattern["detail"],
                region=pattern["region"],
            ),
            targets=[target],
        )
        # CDK's target takes no age. An event that comes later than this is of no use at home either.
        resource = rule.node.default_child
        if not isinstance(resource, events.CfnRule):
            raise TypeError(f"{name}: the rule isn't made of a resource of its own")
        resource.add_property_override(
            "Targets.0.RetryPolicy", {"MaximumEventAgeInSeconds": MAX_EVENT_AGE.to_seconds()}
        )


def _patterns(configuration: Configuration, region: str) -> Iterator[Named]:
    """What is handed on: each rule's kind, number, description and pattern.

    A region that isn't watched, and has a stack only because IAM tells its calls there, hands on IAM's calls alone.
    """
    watched = region in configuration.watched_regions
    calls = WATCHED_CALLS if watched else event_patterns.GLOBAL_CALLS
    kinds: list[tuple[str, str, list[event_patterns.Pattern]]] = [
        (
            "user-calls",
            "Calls of an install by enrolled users",
            event_patterns.user_call_patterns(configuration.users, calls),
        ),
        (
            "role-calls",
            "Calls of an install by sessions of enrolled roles",
            event_patterns.role_call_patterns(configuration.roles, calls),
        ),
    ]
    if region == configuration.iam_region:
        own = event_patterns.under_own_path(configuration.partition, configuration.account)
        edits = event_patterns.edit_patterns(configuration, own)
        kinds.append(("edits", "Changes of guarded policies by others", edits))
    if watched:
        ends = [event_patterns.instance_end_pattern()]
        kinds.append(("instance-ends", "Instances that shut down or are gone", ends))
    for kind, description, patterns in kinds:
        for number, pattern in enumerate(patterns, start=1):
            yield kind, number, description, event_patterns.of_region(pattern, region)
