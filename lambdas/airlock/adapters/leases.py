"""One writer a scope, by a lease in the ledger.

IAM has no compare-and-set, so two writers of one policy need a lock outside. A lease lasts longer than a function may
run: a writer that died can't come back and write under a lease that somebody else has taken since.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airlock.adapters.clients import was_tried_before
from airlock.errors import LeaseBusyError
from airlock.policy.exemption import iso
from airlock.ports import Clock
from airlock.settings import LEASE_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHUT = "shut-"
"""Begins the names of owners that hold leases only so that nobody else writes there, and never write themselves.

Whoever is allowed to may take such a lease over before its end: there is no writer who could come back under it.
"""
PAUSE_SECONDS = 0.25
"""The first pause while another writer is at work; each further one is twice as long, up to the longest."""
LONGEST_PAUSE_SECONDS = 2.0


class Leases:
    """Leases on scopes, held by one owner."""

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, owner: str, clock: Clock, *, opens_shut: bool = False
    ) -> None:
        """Take the parts.

        Args:
            dynamodb: the client.
            table: the ledger's name.
            owner: in whose name leases are taken.
            clock: the time.
            opens_shut: whether this owner takes over what is only held shut (:data:`SHUT`).
        """
        self._dynamodb = dynamodb
        self._table = table
        self._owner = owner
        self._clock = clock
        self._opens_shut = opens_shut

    def acquire(
        self, scopes: Sequence[tuple[str, dict[str, Any]]], patience: float
    ) -> list[tuple[str, dict[str, Any]]]:
        """Take the leases of all the scopes, in the order given, waiting for each.

        Args:
            scopes: IDs with their items' keys, in an order that all writers share, so that none waits for another.
            patience: seconds to wait for other writers, in all.

        Returns:
            IDs with their items as they stand.

        Raises:
            LeaseBusyError: another writer kept one for longer; those taken by then are let go.
        """
        taken: list[tuple[str, dict[str, Any]]] = []
        try:
            for scope_id, key in scopes:
                item, patience = self._wait_for(scope_id, key, patience)
                taken.append((scope_id, item))
        except Exception:
            # Those that can't be let go either run out by themselves.
            with contextlib.suppress(Exception):
                self.release([key for _, key in scopes[: len(taken)]])
            raise
        return taken

    def update(self, key: dict[str, Any], text: str, *, let_go: bool) -> dict[str, Any]:
        """The transaction's update that keeps a scope's text, on condition that the lease is still ours."""
        # Not the attribute "open": that is the index's key, of which DynamoDB takes 2,048 bytes and no more.
        action = "SET content = :content" + (" REMOVE lease_owner, lease_until" if let_go else "")
        return {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": action,
            "ConditionExpression": _OURS,
            "ExpressionAttributeValues": {
                ":content": {"S": text},
                ":me": {"S": self._owner},
                ":now": {"S": self._moment(0)},
            },
        }

    def release(self, keys: Iterable[dict[str, Any]]) -> None:
        """Let leases go that are ours; others are left alone."""
        for key in keys:
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="REMOVE lease_owner, lease_until",
                    ConditionExpression="lease_owner = :me",
                    ExpressionAttributeValues={":me": {"S": self._owner}},
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                continue

    def _wait_for(self, scope_id: str, key: dict[str, Any], patience: float) -> tuple[dict[str, Any], float]:
        pause = PAUSE_SECONDS
        while True:
            item = self._try(key)
            if item is not None:
                return item, patience
            if patience <= 0:
                raise LeaseBusyError(
                    f"another writer holds {scope_id}, and didn't let it go in the time there was to wait"
                )
            pause = min(pause, patience)
            self._clock.sleep(pause)
            patience -= pause
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _try(self, key: dict[str, Any]) -> dict[str, Any] | None:
        until = self._moment(LEASE_SECONDS)
        shut = {":shut": {"S": SHUT}} if self._opens_shut else {}
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="SET lease_owner = :me, lease_until = :until",
                ConditionExpression=f"{_FREE} OR {_SHUT}" if shut else _FREE,
                ExpressionAttributeValues={
                    **shut,
                    ":me": {"S": self._owner},
                    ":now": {"S": self._moment(0)},
                    ":until": {"S": until},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            item: dict[str, Any] = error.response["Item"]  # type: ignore[typeddict-item]  # added when asked for ALL_OLD
            held = item["lease_owner"]["S"], item["lease_until"]["S"]
            # Ours, if it was an earlier try of this very call that took it, and only its answer was lost.
            return item if was_tried_before(error) and held == (self._owner, until) else None
        return dict(answer["Attributes"])

    def _moment(self, seconds_ahead: int) -> str:
        """A time as the ledger writes it; two of them compare as text as they do as times."""
        return iso(self._clock.now() + timedelta(seconds=seconds_ahead))


# Nobody has it, or whoever had it is past its end and can't be running any more.
_FREE = "attribute_not_exists(lease_owner) OR lease_until < :now"
_SHUT = "begins_with(lease_owner, :shut)"
# We took it, and it hasn't run out under our hands.
_OURS = "lease_owner = :me AND lease_until >= :now"
