"""What a sweep costs with the same grants open and ever more closed ones in the ledger, taken from a simulated day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from airlock.adapters.ledger import DynamoLedger
from airlock.handlers.sweeper import sweep_with
from airlock.handlers.watcher import act_on
from airlock.install.names import Era
from airlock_cli.replay.world import make_ledger_table
from tests.events import Install
from tests.simulation.day import LEDGER, Day
from tests.simulation.faults import Calm
from tests.simulation.line import HOME, Tally
from tests.simulation.population import ACCOUNT, Member

OPEN = 20
SHARES = (0.0, 0.25, 0.5, 1.0)
_BATCH = 25
"""Items that one BatchWriteItem takes (DynamoDB API reference)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One sweep.

    Attributes:
        closed: how many grants had ended.
        items: how many items the ledger had.
        open_grants: how many grants were open.
        calls: how many calls it made.
        items_read: how many of the ledger's items it read.
    """

    closed: int
    items: int
    open_grants: int
    calls: int
    items_read: int


def costs(day: Day) -> list[Cost]:
    """Open the same grants on ledgers that hold none, some and all of the day's ended grants, and sweep."""
    ended = [name for name, grant in day.grants().items() if grant.is_final]
    openers = [member for member in day.population.members if member.character == "automatic"][:OPEN]
    numbers = sorted({int(len(ended) * share) for share in SHARES})
    return [_cost(day, ended[:many], openers) for many in numbers]


def _cost(day: Day, ended: list[str], openers: list[Member]) -> Cost:
    table = f"{LEDGER}-{len(ended)}"
    make_ledger_table(day.aside.dynamodb, table)
    items = list(_items_of(ended))
    _copy(day, table, items)
    environment = day.environment("cost", table, Calm())
    parts = environment.airlock
    installs = [
        Install(infra_id=f"open{number:03}-00000", principal=member.arn, region=HOME, era=Era.CAPA)
        for number, member in enumerate(openers)
    ]
    now = day.timeline.now()
    for install in installs:
        act_on(install.create_role(now), parts)
        act_on(install.run_instances(now), parts)
    open_grants = len(DynamoLedger(day.aside.dynamodb, table, "aside", day.timeline).unfinished())
    day.timeline.sleep(60)
    environment.line.tally = tally = Tally()
    sweep_with(parts)
    cost = Cost(len(ended), len(items), open_grants, sum(tally.calls.values()), tally.items_read)
    for install in installs:
        act_on(install.delete_bucket(now + timedelta(minutes=1)), parts)
    return cost


def _items_of(grants: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The grants' items in the day's ledger, with what people told of them and with their nodes'."""
    wanted = set(grants)
    for item in dynamodb_backends[ACCOUNT][HOME].tables[LEDGER].all_items():
        attributes = item.to_json()["Attributes"]
        kind, _, name = attributes["pk"]["S"].partition("#")
        about = attributes.get("grant_id", {}).get("S") if kind == "instance" else name
        if kind in {"grant", "answer", "order", "instance"} and about in wanted:
            yield attributes


def _copy(day: Day, table: str, items: list[dict[str, Any]]) -> None:
    for first in range(0, len(items), _BATCH):
        puts: Any = [{"PutRequest": {"Item": item}} for item in items[first : first + _BATCH]]
        day.aside.dynamodb.batch_write_item(RequestItems={table: puts})
