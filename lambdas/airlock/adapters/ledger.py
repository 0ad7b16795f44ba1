"""The ledger on DynamoDB: one table, grants, scopes with their leases, and instances."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airlock.adapters.clients import was_tried_before
from airlock.adapters.items import (
    facts_to_text,
    grant_from_item,
    progress_to_text,
    scope_from_item,
    scope_to_text,
)
from airlock.adapters.leases import Leases
from airlock.adapters.ledger_writes import (
    grant_key,
    head_update,
    instance_key,
    is_to_keep,
    item_of,
    keys_of,
    progress_update,
    scope_key,
)
from airlock.errors import ConflictError
from airlock.grants.grant import Facts, Grant, Progress
from airlock.grants.learning import first_heard, learn
from airlock.install.signal import Signal
from airlock.policy.exemption import from_iso, iso
from airlock.ports import LEASE_PATIENCE_SECONDS, Clock
from airlock.records import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN_INDEX = "open-grants"
INSTANCE_KEPT = timedelta(days=2)
"""How long the end of an instance is remembered, in case its launch is heard of later."""
TRANSACTION_PAUSES = (0.1, 0.2, 0.4, None)
"""Seconds before a transaction is tried again that only met another one's; None for giving up."""
BATCH = 100
"""Keys that one BatchGetItem takes (DynamoDB API reference)."""

# Why DynamoDB cancels a transaction although its conditions may hold (DynamoDB API reference, "TransactWriteItems").
_PASSING = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class DynamoLedger:
    """The port :class:`airlock.ports.Ledger` on one DynamoDB table.

    Facts are written by whoever heard a signal, guarded by a version; progress by whoever holds the leases, guarded
    by the state it was read in. The two are separate attributes, so neither overwrites the other.
    """

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, owner: str, clock: Clock, *, opens_shut: bool = False
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._owner = owner
        self._clock = clock
        self._leases = Leases(dynamodb, table, owner, clock, opens_shut=opens_shut)

    # Facts ------------------------------------------------------------------------------------------------------

    def record(self, signal: Signal, now: datetime, window: timedelta) -> Grant:
        """Add a signal's facts to its grant, making the grant if it is the first."""
        facts = learn(first_heard(signal, now, window), signal)
        names, values = {"#open": "open", "#state": "state", "#month": "month"}, self._facts_values(facts, 1)
        progress = Progress()
        values |= {
            ":open": {"S": "open"},
            ":not_after": {"S": iso(facts.not_after)},
            ":state": {"S": str(progress.state)},
            ":progress": {"S": progress_to_text(progress)},
            ":month": {"S": iso(facts.requested_at)[:7]},
            ":requested": {"S": iso(facts.requested_at)},
        }
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=grant_key(facts.id),
                UpdateExpression="SET facts = :facts, version = :version, #open = :open, not_after = :not_after, "
                "#state = :state, progress = :progress, #month = :month, requested_at = :requested",
                ConditionExpression="attribute_not_exists(pk)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return self._add_facts(item_of(error), signal)
        return Grant(facts, progress)

    def record_for(self, grant_id: str, signal: Signal) -> Grant | None:
        """Add what was learnt of a bootstrap instance to its grant; None where there is no such grant."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=grant_key(grant_id), ConsistentRead=True)
        return self._add_facts(answer["Item"], signal) if "Item" in answer else None

    def claim(self, name: str, now: datetime) -> bool:
        """Take what may be done once, such as the reboot of an instance; False if somebody has taken it before."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"pk": {"S": f"claim#{name}"}, "sk": {"S": "claim"}},
                UpdateExpression="SET claimed_at = :now, claimed_by = :me, expires_at = :expires",
                ConditionExpression="attribute_not_exists(pk)",
                ExpressionAttributeValues={
                    ":now": {"S": iso(now)},
                    ":me": {"S": self._owner},
                    ":expires": _expiry(now),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            kept = item_of(error)
            # Ours, if it was an earlier try of this very call that took it, and only its answer was lost.
            ours = kept["claimed_at"]["S"], kept.get("claimed_by", {}).get("S")
            return was_tried_before(error) and ours == (iso(now), self._owner)
        return True

    def was_claimed(self, name: str) -> bool:
        """Whether somebody has taken it; takes nothing."""
        return bool(self._read_all([{"pk": {"S": f"claim#{name}"}, "sk": {"S": "claim"}}]))

    def instance_started(self, instance_id: str, grant_id: str, now: datetime) -> datetime | None:
        """Remember whose bootstrap instance it is; returns when it ended, if that was heard first."""
        kept = self._instance(instance_id, "grant_id", grant_id, now)
        return from_iso(kept["ended_at"]["S"]) if "ended_at" in kept else None

    def instance_ended(self, instance_id: str, at: datetime, now: datetime) -> str | None:
        """Remember that an instance ended; returns the ID of the grant whose bootstrap instance it was, if known."""
        kept = self._instance(instance_id, "ended_at", iso(at), now)
        return str(kept["grant_id"]["S"]) if "grant_id" in kept else None

    def ends(self, instance_ids: Iterable[str]) -> dict[str, datetime]:
        """When instances ended, as far as that was heard; read in batches, consistently."""
        found = self._read_all([instance_key(instance_id) for instance_id in dict.fromkeys(instance_ids)])
        return {
            pk.removeprefix("instance#"): from_iso(item["ended_at"]["S"])
            for pk, item in found.items()
            if "ended_at" in item
        }

    # Grants -----------------------------------------------------------------------------------------------------

    def grants(self, ids: Iterable[str]) -> list[Grant]:
        """Read grants with what people decided about them, consistently and in the order asked for.

        Unknown IDs are left out.
        """
        wanted = list(dict.fromkeys(ids))
        found = self._read_all([key for grant_id in wanted for key in keys_of(grant_id)])
        return [
            grant_from_item(found[f"grant#{one}"], found.get(f"answer#{one}"), found.get(f"order#{one}"))
            for one in wanted
            if f"grant#{one}" in found
        ]

    def unfinished(self) -> list[str]:
        """IDs of the grants that haven't ended, the most urgent first; read from a sparse index, never by a scan."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_INDEX,
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": {"S": "open"}},
        )
        return [str(item["pk"]["S"]).removeprefix("grant#") for page in pages for item in page["Items"]]

    def look(self, scope_id: str) -> Scope:
        """Read a scope without its lease, consistently; an empty one where nothing was ever open."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=scope_key(scope_id), ConsistentRead=True)
        return scope_from_item(scope_id, answer.get("Item", {}))

    def told(self, grant: Grant, head: str | None) -> None:
        """Keep which audit line is the grant's last, unless another run has told something since it was read."""
        if head is None:
            return
        try:
            self._dynamodb.update_item(**head_update(self._table, grant, head))
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            # The line stands in the trail as a branch; the other run's is the last.
            return

    # Leases -----------------------------------------------------------------------------------------------------

    def acquire(self, scope_ids: Sequence[str], patience: float = LEASE_PATIENCE_SECONDS) -> list[Scope]:
        """Become the one writer of these scopes; see :class:`airlock.adapters.leases.Leases`."""
        items = self._leases.acquire([(one, scope_key(one)) for one in scope_ids], patience)
        try:
            return [scope_from_item(scope_id, item) for scope_id, item in items]
        except Exception:
            # What a newer release wrote can't be read. Whoever puts it right needs the leases.
            with contextlib.suppress(Exception):
                self.release(scope_ids)
            raise

    def write_ahead(self, scopes: Sequence[Scope], changes: Sequence[tuple[Grant, Grant]]) -> None:
        """Keep baselines, intents and progress before IAM is touched; all or nothing."""
        self._keep(scopes, changes, let_go=False)

    def settle(self, scopes: Sequence[Scope], changes: Sequence[tuple[Grant, Grant]]) -> None:
        """Keep what came of it and let the leases go; all or nothing."""
        self._keep(scopes, changes, let_go=True)

    def release(self, scope_ids: Sequence[str]) -> None:
        """Let the leases go without keeping anything."""
        self._leases.release([scope_key(scope_id) for scope_id in scope_ids])

    # Details ----------------------------------------------------------------------------------------------------

    def _add_facts(self, item: dict[str, Any], signal: Signal) -> Grant:
        while True:
            grant = grant_from_item(item)
            facts = learn(grant.facts, signal)
            if facts == grant.facts:
                return grant
            version = int(item["version"]["N"])
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=grant_key(facts.id),
                    UpdateExpression="SET facts = :facts, version = :version",
                    ConditionExpression="version = :before",
                    ExpressionAttributeValues={
                        **self._facts_values(facts, version + 1),
                        ":before": {"N": str(version)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                # Somebody else added a fact meanwhile: learn on top of that.
                item = item_of(error)
                continue
            return replace(grant, facts=facts)

    def _read_all(self, keys: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Read items, consistently; those that exist, by their partition key."""
        found: dict[str, dict[str, Any]] = {}
        while keys:
            request: Any = {self._table: {"Keys": keys[:BATCH], "ConsistentRead": True}}
            answer = self._dynamodb.batch_get_item(RequestItems=request)
            found |= {str(item["pk"]["S"]): dict(item) for item in answer["Responses"].get(self._table, [])}
            # What DynamoDB had no capacity for comes back as unprocessed and is asked for again.
            unprocessed: dict[str, Any] = dict(answer.get("UnprocessedKeys", {}))
            keys = unprocessed.get(self._table, {}).get("Keys", []) + keys[BATCH:]
        return found

    def _instance(self, instance_id: str, attribute: str, value: str, now: datetime) -> dict[str, Any]:
        """Set an attribute of an instance unless it is set already, and give the whole item."""
        answer = self._dynamodb.update_item(
            TableName=self._table,
            Key=instance_key(instance_id),
            UpdateExpression="SET #name = if_not_exists(#name, :value), expires_at = :expires",
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={
                ":value": {"S": value},
                ":expires": _expiry(now),
            },
            ReturnValues="ALL_NEW",
        )
        return dict(answer["Attributes"])

    def _keep(self, scopes: Sequence[Scope], changes: Sequence[tuple[Grant, Grant]], *, let_go: bool) -> None:
        updates: list[Any] = [
            {"Update": self._leases.update(scope_key(scope.id), scope_to_text(scope), let_go=let_go)}
            for scope in scopes
        ]
        updates += [{"Update": progress_update(self._table, *one)} for one in changes if is_to_keep(*one)]
        for pause in TRANSACTION_PAUSES:
            try:
                self._dynamodb.transact_write_items(TransactItems=updates)
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                reasons = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", ())}
                if pause is None or not reasons <= _PASSING:
                    message = "a grant or a lease changed while its policies were being worked on"
                    raise ConflictError(message) from error
                # Somebody was adding a fact to the grant at this very moment.
                self._clock.sleep(pause)
            else:
                return

    @staticmethod
    def _facts_values(facts: Facts, version: int) -> dict[str, Any]:
        return {":facts": {"S": facts_to_text(facts)}, ":version": {"N": str(version)}}


def _expiry(now: datetime) -> Any:  # noqa: ANN401 - an attribute value, as DynamoDB writes it
    return {"N": str(int((now + INSTANCE_KEPT).timestamp()))}
