"""The alarms by which the stack watches itself: what each watches, when it tells, and what its mail says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from airlock.handlers.measuring import Metric
from infra.configuration import Configuration
from infra.own_metrics import own_metric

RUNBOOKS: Final = "docs/operations.md"
_MINUTE: Final = Duration.minutes(1)
_FIVE_MINUTES: Final = Duration.minutes(5)
_BREACHING: Final = cloudwatch.TreatMissingData.BREACHING
_NOT_BREACHING: Final = cloudwatch.TreatMissingData.NOT_BREACHING
# The state stays as it was until there is a number again.
_IGNORE: Final = cloudwatch.TreatMissingData.IGNORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What an alarm's mail says, and when it is sent.

    Attributes:
        severity: ``high`` (look now), ``medium`` (look today) or ``low`` (an install wants help).
        what: what happened.
        means: what that means.
        do: what to do first.
        over: whether a mail also tells that it is over. Not where the alarm is about something that happened: that
            nothing of it has happened since doesn't mean that all is well.
    """

    severity: str
    what: str
    means: str
    do: str
    over: bool = True

    def description(self, runbook: str) -> str:
        """The alarm's description, which its mails carry."""
        return f"[{self.severity}] {self.what} {self.means} {self.do} Runbook: {RUNBOOKS}#{runbook}"


@dataclass(frozen=True, slots=True)
class Watched:
    """What the alarms are about, besides the functions' own metrics."""

    watcher: lambda_.IFunction
    sweeper: lambda_.IFunction
    dead_letters: sqs.IQueue


class Alarms(Construct):
    """CloudWatch's alarms on the notices topic. An alarm, and its section in the runbooks, are named alike.

    Each watches one metric, no expression. An alarm's name begins with the stack's, so its ARN is known beforehand:
    the policies of topic and key name the alarms.

    Attributes:
        alarms: all of them.
        arns: their ARNs, without references.
    """

    def __init__(
        self, scope: Construct, construct_id: str, configuration: Configuration, topic: sns.ITopic, watched: Watched
    ) -> None:
        super().__init__(scope, construct_id)
        self._configuration = configuration
        self._action = actions.SnsAction(topic)
        self.alarms: list[cloudwatch.Alarm] = []
        self.arns: list[str] = []
        self._about_grants()
        self._about_the_sweeper(watched.sweeper)
        self._about_the_watcher(watched.watcher, watched.dead_letters)

    def _about_grants(self) -> None:
        self._add(
            "grant-overdue",
            # The sweeper counts a grant once two sweeps have had time to close it, so one number is enough.
            self._own(Metric.GRANTS_OVERDUE, _MINUTE, "Maximum"),
            Telling(
                severity="high",
                what="The time of a grant ran out two minutes ago or more, and the airlock hasn't finished it.",
                means="IAM itself has denied again since then, but the airlock's text may still stand in a policy.",
                do="Find out why the sweeper can't put it back, or put it back by hand with `airlock restore`.",
            ),
            missing=_IGNORE,
        )
        self._add(
            "closing-failed",
            self._own(Metric.CLOSINGS_FAILED, _FIVE_MINUTES),
            Telling(
                severity="high",
                what="The airlock tried twice to put the policies of a grant back, and couldn't.",
                means="What the grant opened stays open until its not-after time, when IAM itself denies again.",
                do="Read AWS's error in the notice, remove its cause, or restore by hand. The sweeper goes on trying.",
                over=False,
            ),
        )
        self._add(
            "policy-writes-failing",
            # One failure is as a rule IAM's passing trouble, and the next sweep's work.
            self._own(Metric.POLICY_WRITES_FAILED, _MINUTE),
            Telling(
                severity="medium",
                what="In three of the last five minutes, IAM refused or didn't show what the airlock wrote.",
                means="Grants open late or not at all, and close late.",
                do="Read the error in the audit trail, outcome `failed`: most often a missing right or throttling.",
            ),
            datapoints=(3, 5),
        )
        self._add(
            "grant-refused",
            self._own(Metric.GRANTS_REFUSED, _FIVE_MINUTES),
            Telling(
                severity="low",
                what="The airlock refused to open for an install.",
                means="That install will most likely fail with a 403; no policy was touched.",
                do="Do what the notice of the refusal says, and run the install again.",
                over=False,
            ),
        )
        self._add(
            "grant-doubted",
            self._own(Metric.GRANTS_DOUBTED, _FIVE_MINUTES),
            Telling(
                severity="high",
                what="The airlock's own check of a policy, or IAM's simulator, contradicted what it was about to do.",
                means="The grant was refused or closed. Airlock or simulator is wrong about a policy; other grants on "
                "policies like it will end the same way.",
                do="Keep the policy and the notice, install in another way, and report it.",
                over=False,
            ),
        )
        self._add(
            "policy-edited",
            # Counted once an edit: the next look takes the edited text for what should be there.
            self._own(Metric.POLICIES_EDITED, _FIVE_MINUTES),
            Telling(
                severity="medium",
                what="Somebody changed, replaced, detached or deleted a policy while the airlock had it open.",
                means="The change stands, and the original deny with it; where the airlock's own statements were "
                "altered or are gone, the grants on that policy are closed.",
                do="Read the notice, find out in CloudTrail who did it, and see whether the policy is as it shall be.",
                over=False,
            ),
        )

    def _about_the_sweeper(self, sweeper: lambda_.IFunction) -> None:
        self._add(
            "sweep-not-running",
            # The function prints its metrics also where the sweep fails, but not where it is cut off.
            self._own(Metric.SWEEPS, _MINUTE),
            Telling(
                severity="high",
                what="No sweep has come to an end for five minutes.",
                means="What no event closes isn't closed, repaired or tried again. IAM itself still denies after each "
                "grant's not-after time.",
                do="Look at the schedule, and at the sweeper's log and throttles.",
            ),
            datapoints=(5, 5),
            missing=_BREACHING,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        )
        self._add(
            "sweep-failing",
            sweeper.metric_errors(period=_MINUTE, statistic="Sum"),
            Telling(
                severity="medium",
                what="In three of the last five minutes, the sweep ended with an error.",
                means="Some principals' grants aren't looked after; the others' are.",
                do="Read the error in the sweeper's log, and remove its cause.",
            ),
            datapoints=(3, 5),
        )

    def _about_the_watcher(self, watcher: lambda_.IFunction, dead_letters: sqs.IQueue) -> None:
        self._add(
            "watcher-failing",
            # Lambda tries an event twice more: one event that nobody can handle is three errors, and a dead letter.
            watcher.metric_errors(period=_FIVE_MINUTES, statistic="Sum"),
            Telling(
                severity="medium",
                what="The watcher failed three times within five minutes.",
                means="Installs may be opened late: the sweep finishes only what the ledger knows of.",
                do="Read the error in the watcher's log, and remove its cause.",
            ),
            threshold=3,
        )
        self._add(
            "watcher-throttled",
            watcher.metric_throttles(period=_FIVE_MINUTES, statistic="Sum"),
            Telling(
                severity="medium",
                what="Lambda had no room to run the watcher.",
                means="Lambda tries again for an hour, but an install waits for seconds only.",
                do="Find out what takes the account's concurrent executions, such as a flood of the approval page.",
            ),
        )
        self._add(
            "dead-letters",
            dead_letters.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="Maximum"),
            Telling(
                severity="medium",
                what="An event couldn't be delivered or handled, and is in the dead-letter queue.",
                means="An install may not have been opened, or only by a later event.",
                do="Read the message and its reason, remove the cause, and delete the message.",
            ),
            # SQS gives no number for a queue that nothing has happened to for hours, also where messages wait in it
            # (Amazon SQS, page "Available CloudWatch metrics for Amazon SQS").
            missing=_IGNORE,
        )

    def _own(self, metric: Metric, period: Duration, statistic: str = "Sum") -> cloudwatch.Metric:
        return own_metric(self._configuration, metric, period, statistic)

    def _add(  # noqa: PLR0913 - what differs from the usual is said by name
        self,
        name: str,
        metric: cloudwatch.Metric,
        telling: Telling,
        *,
        threshold: int = 1,
        datapoints: tuple[int, int] = (1, 1),
        missing: cloudwatch.TreatMissingData = _NOT_BREACHING,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    ) -> None:
        full_name = f"{self._configuration.prefix}-{name}"
        to_alarm, looked_at = datapoints
        alarm = cloudwatch.Alarm(
            self,
            name.title().replace("-", ""),
            alarm_name=full_name,
            alarm_description=telling.description(name),
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            datapoints_to_alarm=to_alarm,
            evaluation_periods=looked_at,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        if telling.over:
            alarm.add_ok_action(self._action)
        self.alarms.append(alarm)
        self.arns.append(self._arn(full_name))

    def _arn(self, name: str) -> str:
        stack, form = Stack.of(self), ArnFormat.COLON_RESOURCE_NAME
        return stack.format_arn(service="cloudwatch", resource="alarm", resource_name=name, arn_format=form)
