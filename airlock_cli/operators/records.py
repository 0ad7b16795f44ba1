"""Grants from the ledger: by name, those that haven't ended, and recent ones; by queries, never by a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airlock.adapters.ledger import DynamoLedger
from airlock.grants.grant import Grant
from airlock.policy.exemption import iso
from airlock.ports import Clock
from airlock_cli.operators.options import checked_name
from airlock_cli.problems import InputError, NotFoundError
from airlock_cli.progress import Later

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MONTHS_INDEX = "grants-by-month"
SEARCHED = timedelta(days=366)
"""How far back a beginning of a name is looked for; a whole name is found however old it is."""
SHOWN_CANDIDATES = 10


class Records:
    """The grants, as the ledger has them."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        # It only reads here, so it never takes a lease in this name.
        self._ledger = DynamoLedger(dynamodb, table, "command-line", clock)

    def unfinished(self) -> list[Grant]:
        """The grants that haven't ended, the most urgent first."""
        with Later("Reading the grants"):
            grants = self._ledger.grants(self._ledger.unfinished())
        # The index may be a moment behind.
        return [grant for grant in grants if not grant.is_final]

    def since(self, start: datetime) -> list[Grant]:
        """The grants that were requested since a moment, the newest first."""
        with Later("Reading the grants"):
            return self._ledger.grants(self._names_since(start))

    def now(self, grant_id: str) -> Grant:
        """A grant by its whole name, as it is now.

        Raises:
            NotFoundError: there is none.
        """
        for grant in self._ledger.grants([grant_id]):
            return grant
        raise NotFoundError(f"the ledger has no grant {grant_id}.\nSee airlock grants --since 30d.")

    def named(self, name: str) -> Grant:
        """A grant by its name, or by a beginning that no other of the last year has.

        Raises:
            InputError: the text can't be a name, or several grants' names begin so.
            NotFoundError: none does.
        """
        for grant in self._ledger.grants([checked_name(name)]):
            return grant
        with Later("Looking for the grant"):
            candidates = [one for one in self._names_since(self._clock.now() - SEARCHED) if one.startswith(name)]
        if not candidates:
            raise NotFoundError(f"no grant's name begins with {name}.\nSee airlock grants --since 30d.")
        if len(candidates) > 1:
            raise _ambiguous(name, candidates)
        return self.now(candidates[0])

    def _names_since(self, start: datetime) -> list[str]:
        """The names of grants, the newest first, month by month."""
        pages = self._dynamodb.get_paginator("query")
        found: list[str] = []
        for month in _months(start, self._clock.now()):
            answer = pages.paginate(
                TableName=self._table,
                IndexName=MONTHS_INDEX,
                KeyConditionExpression="#month = :month AND requested_at >= :start",
                ExpressionAttributeNames={"#month": "month"},
                ExpressionAttributeValues={":month": {"S": month}, ":start": {"S": iso(start)}},
                ScanIndexForward=False,
            )
            found += [str(item["pk"]["S"]).removeprefix("grant#") for page in answer for item in page["Items"]]
        return found


def _months(start: datetime, end: datetime) -> Iterator[str]:
    """The months from one moment to another as the index names them, such as ``2026-11``, the last first."""
    month = end.year * 12 + end.month - 1
    while month >= start.year * 12 + start.month - 1:
        yield f"{month // 12:04}-{month % 12 + 1:02}"
        month -= 1


def _ambiguous(name: str, candidates: Sequence[str]) -> InputError:
    more = len(candidates) - SHOWN_CANDIDATES
    listed = "\n".join(f"  {one}" for one in candidates[:SHOWN_CANDIDATES])
    rest = f"\n  and {more} more" if more > 0 else ""
    return InputError(
        f"{len(candidates)} grants' names begin with {name}; give more of the one you mean:\n{listed}{rest}",
        "ambiguous",
        {"candidates": list(candidates)},
    )
