"""What each function is given: its code, its variables, and each thing that it may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from infra import code, encryption, ledger_permissions, permissions
from infra.approvals import Approvals
from infra.audit import AuditLog
from infra.configuration import Configuration
from infra.endpoints import OpenTo
from infra.functions import Work
from infra.ledger import Ledger
from infra.notices import Notices

_RECONCILING: Final = Duration.seconds(60)
# CloudFormation waits for the answer. As long as may be: a function must have ended before its leases do.
_REMOVING: Final = Duration.seconds(80)
# Somebody waits for the answer, which takes a few reads and one write.
_ANSWERING: Final = Duration.seconds(15)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the functions work with."""

    configuration: Configuration
    ledger: Ledger
    audit: AuditLog
    notices: Notices
    approvals: Approvals
    default_bus_arn: str


def watching(around: Surroundings, page_url: str | None) -> Work:
    """The watcher's work: it decides on signals and orders, and writes the policies.

    Args:
        around: what it works with.
        page_url: where the approval page is; None without links.
    """
    return _reconciling("watcher", around, page_url)


def sweeping(around: Surroundings, page_url: str | None) -> Work:
    """The sweeper's work: the watcher's, and looking for bootstrap instances, and at their consoles.

    Args:
        around: what it works with.
        page_url: where the approval page is; None without links.
    """
    work = _reconciling("sweeper", around, page_url)
    instances = permissions.instance_statements(around.configuration)
    return replace(work, statements=[*work.statements, *instances])


@contextmanager
def answering_on_the_page(around: Surroundings) -> Iterator[Work]:
    """The approval page's work: it shows a request to whoever has its link, and keeps the answer.

    It is the one function that anybody can call. A flood of calls costs little each: KMS is asked whether the link's
    signature holds before anything else is done, time and memory are small, nothing is started, and what Lambda
    throttles isn't billed. The account's concurrency bounds all of them together. It has no reservation for the reason
    that AirlockFunction gives, so a flood can take that concurrency from the watcher: EventBridge and Lambda keep the
    watcher's events for an hour, a sweep does its work too, and what is open ends by IAM at its not-after time. Behind
    an HTTP API, a flood is bounded before it comes here (:mod:`infra.endpoints`).

    Args:
        around: what it works with; the approvals must have a key.

    Yields:
        The work; the function must be made within the context.
    """
    key = around.approvals.link_key
    if key is None:
        raise ValueError("there is no approval page without a key for its links")
    with code.package_with_renderers() as files:
        yield Work(
            code=files,
            environment={
                **_common(around),
                "AIRLOCK_LANGUAGE": around.configuration.language,
                "AIRLOCK_LINK_KEY": key.key_arn,
            },
            statements=[
                *ledger_permissions.page_statements(around.ledger.table.table_arn),
                permissions.order_statement(around.default_bus_arn, around.configuration.prefix),
            ],
            timeout=_ANSWERING,
            open_to=OpenTo.ANYBODY,
        )


def operating(around: Surroundings) -> Work:
    """The operator function's work: it keeps the orders of those whom IAM lets call it."""
    return Work(
        code=code.package(),
        environment={**_common(around), "AIRLOCK_PRINCIPALS": around.configuration.principals_variable()},
        statements=[
            *ledger_permissions.operator_statements(around.ledger.table.table_arn),
            permissions.order_statement(around.default_bus_arn, around.configuration.prefix),
        ],
        timeout=_ANSWERING,
        open_to=OpenTo.SIGNED,
    )


def removing(around: Surroundings) -> Work:
    """The removal's work: it puts every policy back when the stack is deleted, and opens none."""
    configuration, ledger = around.configuration, around.ledger
    return Work(
        code=code.package(),
        environment=_reconciling_variables("removal", around),
        statements=[
            *permissions.restoring_statements(configuration),
            *ledger_permissions.removal_statements(ledger.table.table_arn, ledger.open_grants_arn),
            *_telling_statements("removal", around),
            permissions.stack_statement(),
        ],
        timeout=_REMOVING,
    )


def _reconciling(name: str, around: Surroundings, page_url: str | None) -> Work:
    configuration, approvals = around.configuration, around.approvals
    environment = _reconciling_variables(name, around)
    statements = [
        *permissions.iam_statements(configuration),
        *ledger_permissions.reconciler_statements(around.ledger.table.table_arn, around.ledger.open_grants_arn),
        *_telling_statements(name, around),
    ]
    if approvals.link_key and page_url:
        environment |= {"AIRLOCK_LINK_KEY": approvals.link_key.key_arn, "AIRLOCK_PAGE_URL": page_url}
    return Work(code.package(), environment, statements, _RECONCILING)


def _reconciling_variables(name: str, around: Surroundings) -> dict[str, str]:
    configuration, approvals = around.configuration, around.approvals
    return {
        **_common(around),
        "AIRLOCK_ANSWER_MINUTES": str(configuration.approvals.answer_minutes),
        "AIRLOCK_APPROVALS_TOPIC": approvals.topic.topic_arn,
        "AIRLOCK_AUDIT_LOG_GROUP": around.audit.group.log_group_name,
        "AIRLOCK_AUDIT_LOG_STREAM": name,
        "AIRLOCK_LANGUAGE": configuration.language,
        "AIRLOCK_NOTICES_TOPIC": around.notices.topic.topic_arn,
        "AIRLOCK_PRINCIPALS": configuration.principals_variable(),
        "AIRLOCK_PROPAGATION_SECONDS": str(configuration.propagation_seconds),
    }


def _telling_statements(name: str, around: Surroundings) -> list[iam.PolicyStatement]:
    """What it takes to tell of what is done: in the audit trail, by notices, and to those who were asked."""
    return [
        permissions.audit_statement(around.audit.add_stream(name)),
        permissions.publish_statement("Notices", around.notices.topic.topic_arn),
        around.notices.key_statement(),
        permissions.publish_statement("Approvals", around.approvals.topic.topic_arn),
        *around.approvals.given_key_statements(),
        *encryption.approvals_statements(around.configuration),
    ]


def _common(around: Surroundings) -> dict[str, str]:
    return {
        "AIRLOCK_ACCOUNT": around.configuration.account,
        # Events of the airlock's own making say by their source that they are this deployment's.
        "AIRLOCK_EVENT_SOURCE": around.configuration.prefix,
        "AIRLOCK_TABLE": around.ledger.table.table_name,
    }
