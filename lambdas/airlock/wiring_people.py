"""The composition root of the functions that people call: the approval page and the operator function."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.clock import SystemClock
from airlock.adapters.ledger import DynamoLedger
from airlock.adapters.orders import EventOrders
from airlock.adapters.seals import KmsSeals
from airlock.grants.grant import Grant
from airlock.messages.message import Language
from airlock.ports import Answers, Clock
from airlock.settings import Enrolled, SettingsError, read_language, read_principals


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What it takes to look a grant up and to keep what somebody decided about it.

    Attributes:
        account: the account that the airlock serves, 12 digits.
        ledger: read, never written.
        answers: what people told.
        orders: tells the watcher.
        clock: the time.
    """

    account: str
    ledger: DynamoLedger
    answers: Answers
    orders: EventOrders
    clock: Clock

    def grant(self, grant_id: str) -> Grant | None:
        """A grant as it stands, with what was decided about it; None where there is no such grant."""
        return next(iter(self.ledger.grants([grant_id])), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParts:
    """The approval page's working parts.

    Attributes:
        deciding: the ledger and what goes with it.
        seals: opens the links' tokens.
        language: of the page.
    """

    deciding: Deciding
    seals: KmsSeals
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorParts:
    """The operator function's working parts.

    Attributes:
        deciding: the ledger and what goes with it.
        enrolled: the principals, by ARN.
    """

    deciding: Deciding
    enrolled: Mapping[str, Enrolled]


def wire_page(
    environment: Mapping[str, str] = os.environ, clients: Clients | None = None, clock: Clock | None = None
) -> PageParts:
    """Put the page's parts together.

    Args:
        environment: where the settings are; the function's own unless told otherwise.
        clients: the AWS clients; botocore's unless told otherwise.
        clock: the time; the machine's unless told otherwise.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    language, key_arn = read_language(environment), _required(environment, "AIRLOCK_LINK_KEY")
    clients = clients or make_clients()
    return PageParts(
        deciding=_deciding(environment, clients, clock),
        seals=KmsSeals(lambda: clients.kms, key_arn),
        language=language,
    )


def wire_operator(
    environment: Mapping[str, str] = os.environ, clients: Clients | None = None, clock: Clock | None = None
) -> OperatorParts:
    """Put the operator function's parts together; arguments and errors as for :func:`wire_page`."""
    enrolled = read_principals(_required(environment, "AIRLOCK_PRINCIPALS"))
    return OperatorParts(deciding=_deciding(environment, clients or make_clients(), clock), enrolled=enrolled)


def _deciding(environment: Mapping[str, str], clients: Clients, clock: Clock | None) -> Deciding:
    account, table = _required(environment, "AIRLOCK_ACCOUNT"), _required(environment, "AIRLOCK_TABLE")
    if not re.fullmatch(r"[0-9]{12}", account):
        raise SettingsError(
            f"AIRLOCK_ACCOUNT must be an account of 12 digits, got {account!r}; deploy the template again"
        )
    clock = clock or SystemClock()
    return Deciding(
        account=account,
        # No lease is ever taken here, so the owner's name doesn't matter.
        ledger=DynamoLedger(clients.dynamodb, table, "people", clock),
        answers=DynamoAnswers(clients.dynamodb, table),
        orders=EventOrders(lambda: clients.events, _required(environment, "AIRLOCK_EVENT_SOURCE")),
        clock=clock,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is missing; the template sets it, so deploy it again")
    return value
