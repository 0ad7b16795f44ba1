"""What people told, on DynamoDB: answers, close orders and approvals ahead of time, in the ledger's table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airlock.adapters.answer_items import (
    ahead_from_text,
    ahead_to_text,
    answer_from_text,
    answer_to_text,
    close_order_from_text,
    close_order_to_text,
)
from airlock.grants.approval import Ahead, Answer, CloseOrder

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AHEAD_KEPT = timedelta(days=90)
"""How long an approval ahead of time can still be looked up after its time."""


class DynamoAnswers:
    """The port :class:`airlock.ports.Answers` on the ledger's table.

    Every item is made by a conditional write, so of two people who answer at once one is first, and both learn which.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def give(self, grant_id: str, answer: Answer) -> Answer:
        """Keep an answer, unless there is one; returns the one that stands, as the ledger holds it."""
        return answer_from_text(self._first(f"answer#{grant_id}", "answer", answer_to_text(answer)))

    def order_close(self, grant_id: str, order: CloseOrder) -> CloseOrder:
        """Keep an order to close a grant, unless there is one; returns the one that stands, as the ledger holds it."""
        return close_order_from_text(self._first(f"order#{grant_id}", "close", close_order_to_text(order)))

    def approve_ahead(self, ahead: Ahead) -> None:
        """Keep an approval ahead of time.

        Raises:
            ValueError: there is another of the same name.
        """
        text = ahead_to_text(ahead)
        expires = {"expires_at": {"N": str(int((ahead.until + AHEAD_KEPT).timestamp()))}}
        if self._first(_ahead_pk(ahead.principal), ahead.id, text, expires) != text:
            raise ValueError(f"there is another approval ahead of time called {ahead.id}")

    def aheads(self, principal: str) -> list[Ahead]:
        """Read a principal's approvals ahead of time, those that are over or taken back included, the oldest first."""
        return sorted(map(ahead_from_text, self._aheads(principal)), key=lambda ahead: (ahead.since, ahead.id))

    def revoke_ahead(self, principal: str, ahead_id: str, by: str, at: datetime) -> Ahead | None:
        """Take an approval ahead of time back; returns it as it stands then, None where there is none.

        Who took it back first stays named.
        """
        while True:
            kept = {ahead.id: text for text in self._aheads(principal) for ahead in [ahead_from_text(text)]}
            if ahead_id not in kept:
                return None
            before = ahead_from_text(kept[ahead_id])
            if before.revoked is not None:
                return before
            revoked = ahead_to_text(replace(before, revoked=(by, at)))
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key={"pk": {"S": _ahead_pk(principal)}, "sk": {"S": ahead_id}},
                    UpdateExpression="SET content = :after",
                    ConditionExpression="content = :before",
                    ExpressionAttributeValues={":before": {"S": kept[ahead_id]}, ":after": {"S": revoked}},
                )
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                # Somebody else took it back meanwhile, or its time to live was over: look again.
                continue
            return ahead_from_text(revoked)

    def _first(self, pk: str, sk: str, content: str, more: dict[str, Any] | None = None) -> str:
        """Put an item unless there is one, and give the content of the one that stands."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={"pk": {"S": pk}, "sk": {"S": sk}, "content": {"S": content}, **(more or {})},
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            item: dict[str, Any] = error.response["Item"]  # type: ignore[typeddict-item]  # added when asked for ALL_OLD
            return str(item["content"]["S"])
        return content

    def _aheads(self, principal: str) -> list[str]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": _ahead_pk(principal)}},
            ConsistentRead=True,
        )
        return [str(item["content"]["S"]) for page in pages for item in page["Items"]]


def _ahead_pk(principal: str) -> str:
    return f"ahead#{principal}"
