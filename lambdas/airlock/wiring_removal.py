"""The composition root of the function that CloudFormation calls."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.clock import SystemClock
from airlock.adapters.cloudformation import CloudFormation
from airlock.adapters.leases import SHUT
from airlock.adapters.ledger import DynamoLedger
from airlock.ports import Clock, Ledger
from airlock.reconcile.leaving import Leaving
from airlock.reconcile.reconciler import Reconciler
from airlock.wiring import wire


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalParts:
    """The removal's working parts.

    Attributes:
        leaving: puts everything back.
        door: the ledger, in the name in which scopes are held shut.
        reconciler: tells what happens.
        cloudformation: tells what is being done with the stack.
        clock: the time.
    """

    leaving: Leaving
    door: Ledger
    reconciler: Reconciler
    cloudformation: CloudFormation
    clock: Clock


def wire_removal(
    environment: Mapping[str, str] = os.environ, clients: Clients | None = None, clock: Clock | None = None
) -> RemovalParts:
    """Put the parts together.

    Args:
        environment: where the settings are; the function's own unless told otherwise.
        clients: the AWS clients; botocore's unless told otherwise.
        clock: the time; the machine's unless told otherwise.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    clients = clients or make_clients()
    clock = clock or SystemClock()
    # New names for each call. One that Lambda makes a second time finds its predecessor at work, as any other writer
    # would, for as long as that may write; but not before a door that the predecessor has shut and left so.
    name = uuid.uuid4().hex
    airlock = wire(environment, clients, clock, f"removal-{name}", opens_shut=True)
    settings = airlock.settings
    door = DynamoLedger(clients.dynamodb, settings.table, f"{SHUT}{name}", clock, opens_shut=True)
    return RemovalParts(
        leaving=Leaving(
            enrolled=settings.enrolled,
            ledger=airlock.ledger,
            door=door,
            answers=DynamoAnswers(clients.dynamodb, settings.table),
            reconciliation=airlock.reconciliation,
            clock=clock,
        ),
        door=door,
        reconciler=airlock.reconciler,
        cloudformation=CloudFormation(lambda: clients.cloudformation),
        clock=clock,
    )
