"""cdk-nag's AwsSolutions pack: it runs at each synthesis, and a finding that isn't acknowledged here fails it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, App, Validations
from aws_cdk import aws_iam as iam
from aws_cdk.cx_api import CloudAssembly
from cdk_nag import AwsSolutionsChecks

from infra import permissions
from infra.topics import any_key_beside

if TYPE_CHECKING:
    from infra.stack import AirlockStack


class FindingsError(Exception):
    """The template has findings that nobody has acknowledged."""


def check(app: App) -> None:
    """Have the pack check everything in the app when it is synthesised."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))


def synthesise(app: App) -> CloudAssembly:
    """Synthesise the app and insist on the checks' outcome.

    CDK itself raises when it is run by plain Python. Under the cdk command it only sets the exit status of its Node
    process, which never becomes Python's, so the report that it writes is read too.

    Raises:
        FindingsError: a check found something that isn't acknowledged; CDK has shown the findings on stderr.
    """
    try:
        assembly = app.synth()
    except RuntimeError as error:  # what jsii makes of every JavaScript error
        if str(error).startswith("ValidationFailed:"):
            raise FindingsError(str(error)) from error
        raise
    report = Path(assembly.directory, "validation-report.json")
    if report.exists():
        plugins = json.loads(report.read_text(encoding="utf-8"))["pluginReports"]
        failed = [plugin["pluginName"] for plugin in plugins if plugin["conclusion"] == "failure"]
        if failed:
            raise FindingsError(f"Validation by {', '.join(failed)} failed. A copy of the report is in {report}")
    return assembly


def acknowledge(stack: AirlockStack) -> None:
    """Acknowledge the findings that are meant, each on the one role that it concerns, for the one ARN pattern.

    Args:
        stack: the stack, with its resources made.
    """
    Validations.of(stack.dead_letters.queue).acknowledge(
        Acknowledgment(
            id="AwsSolutions-SQS3",
            reason="It is the dead-letter queue, of rules, schedule and function; the rule knows only queues' own.",
        )
    )
    if stack.trail:
        Validations.of(stack.trail.bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions-S1",
                reason=(
                    "It holds the account's trail. A log of who reads it would need another bucket, with the same "
                    "question; CloudTrail's data events for S3 tell it where that is wanted."
                ),
            )
        )
    public = stack.page.endpoint.public_route if stack.page and stack.page.endpoint else None
    if public:
        Validations.of(public).acknowledge(
            Acknowledgment(
                id="AwsSolutions-APIG4",
                reason="People answer in a browser, which signs nothing. The link that they open is sealed by KMS.",
            )
        )
    for topic in filter(None, (stack.notices.given, stack.approvals.given)):
        for function in (stack.watcher, stack.sweeper, stack.removal):
            _acknowledge_wide(
                function.role,
                any_key_beside(topic),
                "The configuration names the topic, not its key. SNS alone may use the key, for that topic.",
            )
    reads = permissions.wide_reads(stack.configuration)
    instances = permissions.wide_instances(stack.configuration)
    for function, wide in ((stack.watcher, reads), (stack.sweeper, {**reads, **instances})):
        for arn, reason in wide.items():
            _acknowledge_wide(function.role, arn, reason)


def _acknowledge_wide(role: iam.IRole, arn: str, reason: str) -> None:
    Validations.of(role).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{arn}]", reason=reason))
