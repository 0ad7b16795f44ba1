"""The metrics that the functions print, as alarms and dashboard name them."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from airlock.handlers.measuring import Metric
from infra.configuration import Configuration
from infra.functions import METRICS_NAMESPACE


def own_metric(
    configuration: Configuration, metric: Metric, period: Duration, statistic: str = "Sum", label: str | None = None
) -> cloudwatch.Metric:
    """The series of one deployment, whichever of its functions printed it.

    Args:
        configuration: of the deployment.
        metric: which; the functions print no others.
        period: what one number is about.
        statistic: what it is made of; a percentile, such as ``p95``, as well.
        label: its name in a graph, if not the metric's.
    """
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=str(metric),
        dimensions_map={"service": configuration.prefix},
        period=period,
        statistic=statistic,
        label=label,
    )


def by_reason(configuration: Configuration, metric: Metric, period: Duration) -> cloudwatch.SearchExpression:
    """The series of a metric by reason, as many as there are: what CloudWatch finds of them from the last two weeks."""
    search = f'{{{METRICS_NAMESPACE},reason,service}} MetricName="{metric}" service="{configuration.prefix}"'
    return cloudwatch.SearchExpression(
        expression=f"SEARCH('{search}', 'Sum', {period.to_seconds():.0f})",
        label="${PROP('Dim.reason')}",
        period=period,
    )
