"""The dashboard: what is open now and for how long, whether every grant was closed, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from airlock.handlers.measuring import Metric
from infra.alarms import RUNBOOKS
from infra.audit import AuditLog
from infra.configuration import Configuration
from infra.own_metrics import by_reason, own_metric
from infra.queries import LAST_DECISIONS, NOT_CLOSED, SavedQuery

_MINUTE: Final = Duration.minutes(1)
_FIVE_MINUTES: Final = Duration.minutes(5)
_WHOLE, _HALF, _THIRD = 24, 12, 8
_CONSOLES: Final = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}

ABOUT: Final = """\
# {prefix}

**Is something open now?** *Open now* is what the last sweep found, at most a minute ago.
*Open for* is how long the longest of them has been. IAM itself ends each one at its not-after time.

**Did every one close?** *Overdue* has to be 0: it counts grants that weren't finished two minutes after their time.
The table *Not ended* has to be empty but for installs that run now; it looks at the dashboard's own time range.

**Is something wrong?** An alarm in red says in its description what it means and what to do first;
more is in {runbooks}, under the alarm's name. A number that isn't there (`--`) means that nothing of it happened.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the dashboard shows, besides the functions' own metrics.

    Attributes:
        functions: all of the stack's.
        alarms: all of the stack's.
        dead_letters: the queue of what couldn't be delivered or handled.
        audit: where decisions are written.
    """

    functions: Sequence[lambda_.IFunction]
    alarms: Sequence[cloudwatch.IAlarm]
    dead_letters: sqs.IQueue
    audit: AuditLog


class Dashboard(Construct):
    """CloudWatch's dashboard of one deployment, named by its prefix.

    Attributes:
        url: where the console shows it.
    """

    def __init__(self, scope: Construct, construct_id: str, configuration: Configuration, shown: Shown) -> None:
        super().__init__(scope, construct_id)
        self._configuration = configuration
        self._shown = shown
        name = configuration.prefix
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=Duration.days(1),
            widgets=[
                [cloudwatch.TextWidget(markdown=_about(configuration), width=_WHOLE, height=5)],
                [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=shown.alarms, width=_WHOLE, height=4)],
                [self._now(), self._in_this_time()],
                [self._table("Not ended", NOT_CLOSED)],
                self._grants(),
                self._seconds(),
                self._troubles(),
                self._machinery(),
                [self._table("Last decisions", LAST_DECISIONS)],
            ],
        )
        region = configuration.home_region
        self.url = (
            f"https://{region}.{_CONSOLES[configuration.partition]}/cloudwatch/home"
            f"?region={region}#dashboards/dashboard/{name}"
        )

    # What is open, and did it close? ----------------------------------------------------------------------------

    def _now(self) -> cloudwatch.IWidget:
        return cloudwatch.SingleValueWidget(
            title="Now",
            metrics=[
                self._own(Metric.GRANTS_OPEN, "Open now", "Maximum", _MINUTE),
                self._own(Metric.LONGEST_OPEN_SECONDS, "Open for (s)", "Maximum", _MINUTE),
                self._own(Metric.GRANTS_OVERDUE, "Overdue", "Maximum", _MINUTE),
            ],
            sparkline=True,
            width=_HALF,
            height=5,
        )

    def _in_this_time(self) -> cloudwatch.IWidget:
        return cloudwatch.SingleValueWidget(
            title="In the dashboard's time range",
            metrics=[
                self._own(Metric.GRANTS_OPENED, "Opened"),
                self._own(Metric.GRANTS_CLOSED, "Closed"),
                self._own(Metric.GRANTS_REFUSED, "Refused"),
                self._own(Metric.GRANTS_DOUBTED, "Doubted"),
                self._own(Metric.NODES_RESCUED, "Rescued"),
            ],
            set_period_to_time_range=True,
            width=_HALF,
            height=5,
        )

    def _grants(self) -> list[cloudwatch.IWidget]:
        return [
            _graph(
                "Opened and closed",
                [self._own(Metric.GRANTS_OPENED, "Opened"), self._own(Metric.GRANTS_CLOSED, "Closed")],
                right=[self._own(Metric.GRANTS_OPEN, "Open", "Maximum", _MINUTE)],
            ),
            _graph(
                "Closed, by reason",
                [by_reason(self._configuration, Metric.GRANTS_CLOSED, _FIVE_MINUTES)],
                stacked=True,
            ),
            _graph("Seconds open", self._spread(Metric.SECONDS_OPEN)),
        ]

    def _seconds(self) -> list[cloudwatch.IWidget]:
        return [
            _graph("Seconds from the signal to open, nobody asked", self._spread(Metric.SECONDS_TO_OPEN)),
            _graph("Seconds from the answer to open", self._spread(Metric.SECONDS_FROM_ANSWER_TO_OPEN)),
            _graph(
                "People",
                [
                    self._own(Metric.APPROVALS_ASKED, "Asked"),
                    self._own(Metric.GRANTS_APPROVED, "Approved"),
                    self._own(Metric.GRANTS_REJECTED, "Rejected"),
                    self._own(Metric.APPROVALS_UNANSWERED, "Unanswered"),
                ],
            ),
        ]

    # What went wrong --------------------------------------------------------------------------------------------

    def _troubles(self) -> list[cloudwatch.IWidget]:
        return [
            _graph(
                "Not opened, or doubted",
                [
                    self._own(Metric.GRANTS_REFUSED, "Refused"),
                    self._own(Metric.GRANTS_DOUBTED, "Doubted"),
                    self._own(Metric.GRANTS_EXPIRED, "Never opened in time"),
                    self._own(Metric.POLICIES_EDITED, "Policies edited by others"),
                ],
            ),
            _graph(
                "Failures",
                [
                    self._own(Metric.CLOSINGS_FAILED, "Closings"),
                    self._own(Metric.POLICY_WRITES_FAILED, "Policy writes"),
                    self._own(Metric.RESCUES_FAILED, "Rescues"),
                    self._own(Metric.PAGE_FAILED, "Page"),
                    self._own(Metric.OPERATOR_FAILED, "Operator function"),
                    self._own(Metric.ORDERS_NOT_TOLD, "Orders not told"),
                    self._own(Metric.EVENTS_MALFORMED, "Malformed events"),
                ],
            ),
            _graph(
                "Nodes that were refused",
                [
                    self._own(Metric.NODES_RESCUED, "Rescued"),
                    self._own(Metric.NODES_NOT_HELPED, "Not helped"),
                    self._own(Metric.RESCUES_FAILED, "Failed"),
                ],
            ),
        ]

    def _machinery(self) -> list[cloudwatch.IWidget]:
        functions = self._shown.functions
        queue = self._shown.dead_letters
        return [
            _graph("Errors of the functions", [one.metric_errors(period=_FIVE_MINUTES) for one in functions]),
            _graph("Throttles of the functions", [one.metric_throttles(period=_FIVE_MINUTES) for one in functions]),
            _graph(
                "Sweeps, and what waits",
                [
                    self._own(Metric.SWEEPS, "Sweeps"),
                    self._own(Metric.GRANTS_PUT_OFF, "Grants put off", "Maximum"),
                ],
                right=[
                    queue.metric_approximate_number_of_messages_visible(
                        period=_FIVE_MINUTES, statistic="Maximum", label="Dead letters"
                    )
                ],
            ),
        ]

    # Details ----------------------------------------------------------------------------------------------------

    def _own(
        self, metric: Metric, label: str, statistic: str = "Sum", period: Duration = _FIVE_MINUTES
    ) -> cloudwatch.Metric:
        return own_metric(self._configuration, metric, period, statistic, label)

    def _spread(self, metric: Metric) -> list[cloudwatch.IMetric]:
        statistics = {"half of them at most": "p50", "19 of 20 at most": "p95", "the longest": "Maximum"}
        return [self._own(metric, label, statistic) for label, statistic in statistics.items()]

    def _table(self, title: str, query: SavedQuery) -> cloudwatch.IWidget:
        return cloudwatch.LogQueryWidget(
            title=f"{title}: {query.answers}",
            log_group_names=[self._shown.audit.group.log_group_name],
            query_string=query.text,
            view=cloudwatch.LogQueryVisualizationType.TABLE,
            width=_WHOLE,
            height=6,
        )


def _about(configuration: Configuration) -> str:
    return ABOUT.format(prefix=configuration.prefix, runbooks=RUNBOOKS)


def _graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    right: Sequence[cloudwatch.IMetric] = (),
    stacked: bool = False,
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        right=list(right) or None,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        right_y_axis=cloudwatch.YAxisProps(min=0, show_units=False) if right else None,
        stacked=stacked,
        width=_THIRD,
        height=6,
    )
