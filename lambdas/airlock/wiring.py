"""The composition root: settings and clients in, a reconciler out. Every part can be replaced by name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.audit import LogAudit
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.clock import SystemClock
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.adapters.links import PageLinks
from airlock.adapters.notices import SnsNotices
from airlock.adapters.simulator import IamSimulator
from airlock.ports import Clock, Ledger, Machines, Simulator
from airlock.reconcile.gate import Gate
from airlock.reconcile.reconciler import Reconciler
from airlock.reconcile.reconciliation import Reconciliation
from airlock.reconcile.telling import Telling
from airlock.settings import Settings, settings_from

if TYPE_CHECKING:
    from airlock.adapters.seals import KmsSeals
    from airlock.reconcile.rescue import Rescuer
    from airlock.reconcile.roll_call import RollCall


@dataclass(frozen=True, slots=True)
class Airlock:
    """A function's working parts.

    Attributes:
        settings: what the template told.
        reconciler: does the work.
        reconciliation: the part of it that brings one grant's policies to what the ledger says.
        ledger: where the grants are.
    """

    settings: Settings
    reconciler: Reconciler
    reconciliation: Reconciliation
    ledger: Ledger


def wire(  # noqa: PLR0913 - one argument for each part that can be replaced
    environment: Mapping[str, str] = os.environ,
    clients: Clients | None = None,
    clock: Clock | None = None,
    owner: str | None = None,
    *,
    machines: Machines | None = None,
    simulator: Simulator | None = None,
    opens_shut: bool = False,
) -> Airlock:
    """Put the parts together.

    Args:
        environment: where the settings are; the function's own unless told otherwise.
        clients: the AWS clients; boto3's unless told otherwise.
        clock: the time; the machine's unless told otherwise.
        owner: the name under which leases are taken; a new one each time unless told otherwise.
        machines: where instances are looked for, read and rebooted; EC2 unless told otherwise.
        simulator: who is asked for a second opinion; IAM's own policy simulator unless told otherwise.
        opens_shut: whether the owner takes leases over that the removal only holds shut.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    settings = settings_from(environment)
    clients = clients or make_clients()
    clock = clock or SystemClock()
    ledger = DynamoLedger(clients.dynamodb, settings.table, owner or uuid.uuid4().hex, clock, opens_shut=opens_shut)
    policies = IamPolicies(clients.iam)
    telling = Telling(
        audit=LogAudit(lambda: clients.logs, settings.audit_log_group, settings.audit_log_stream),
        notices=SnsNotices(lambda: clients.sns, settings.notices_topic),
        approvals=SnsNotices(lambda: clients.sns, settings.approvals_topic),
        links=PageLinks(partial(_seals, clients, settings.link_key) if settings.link_key else None, settings.page_url),
        language=settings.language,
    )

    @cache
    def ec2() -> Machines:
        """Only the sweeper asks EC2: the watcher's cold start goes without what that, and the next two, take."""
        from airlock.adapters.machines import Ec2Machines  # noqa: PLC0415 - see above

        return machines or Ec2Machines(clients.ec2, clients.ec2_once)

    @cache
    def rescuer() -> Rescuer:
        from airlock.reconcile.rescue import Rescuer  # noqa: PLC0415 - see above

        return Rescuer(ledger=ledger, machines=ec2(), clock=clock, propagation=settings.propagation)

    @cache
    def roll_call() -> RollCall:
        from airlock.reconcile.roll_call import RollCall  # noqa: PLC0415 - see above

        return RollCall(ledger=ledger, machines=ec2(), clock=clock)

    reconciliation = Reconciliation(
        enrolled=settings.enrolled,
        ledger=ledger,
        policies=policies,
        gate=Gate(DynamoAnswers(clients.dynamodb, settings.table), telling, settings.answer_time),
        telling=telling,
        simulator=simulator or IamSimulator(lambda: clients.iam),
        clock=clock,
    )
    return Airlock(
        settings=settings,
        reconciler=Reconciler(
            enrolled=settings.enrolled,
            ledger=ledger,
            policies=policies,
            reconciliation=reconciliation,
            rescuer=rescuer,
            roll_call=roll_call,
            telling=telling,
            clock=clock,
        ),
        reconciliation=reconciliation,
        ledger=ledger,
    )


def _seals(clients: Clients, link_key: str) -> KmsSeals:
    from airlock.adapters.seals import KmsSeals  # noqa: PLC0415 - most cold starts ask nobody

    return KmsSeals(lambda: clients.kms, link_key)
