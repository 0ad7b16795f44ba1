"""The ledger's keys, its updates of grants, and what a failed one found."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from airlock.adapters.items import progress_to_text
from airlock.grants.grant import Grant


def scope_key(scope_id: str) -> dict[str, Any]:
    """The key of a scope's item."""
    return {"pk": {"S": f"scope#{scope_id}"}, "sk": {"S": "scope"}}


def grant_key(grant_id: str) -> dict[str, Any]:
    """The key of a grant's item."""
    return {"pk": {"S": f"grant#{grant_id}"}, "sk": {"S": "grant"}}


def keys_of(grant_id: str) -> list[dict[str, Any]]:
    """The keys of a grant, of the answer about it and of the order to close it."""
    return [
        grant_key(grant_id),
        {"pk": {"S": f"answer#{grant_id}"}, "sk": {"S": "answer"}},
        {"pk": {"S": f"order#{grant_id}"}, "sk": {"S": "close"}},
    ]


def instance_key(instance_id: str) -> dict[str, Any]:
    """The key of an instance's item."""
    return {"pk": {"S": f"instance#{instance_id}"}, "sk": {"S": "instance"}}


def head_update(table: str, grant: Grant, head: str) -> dict[str, Any]:
    """The update that keeps which audit line is a grant's last; it fails where another run told one since the read.

    Args:
        table: the ledger's name.
        grant: as it was read.
        head: the line's hash.
    """
    known = {":known": {"S": grant.audit_head}} if grant.audit_head else {}
    return {
        "TableName": table,
        "Key": grant_key(grant.id),
        "UpdateExpression": "SET audit_head = :head",
        "ConditionExpression": "audit_head = :known"
        if known
        else "attribute_exists(pk) AND attribute_not_exists(audit_head)",
        "ExpressionAttributeValues": {":head": {"S": head}, **known},
    }


def is_to_keep(before: Grant, grant: Grant) -> bool:
    """Whether a run changed anything of a grant that is its to keep; answers, orders and facts are kept elsewhere."""
    return (before.progress, before.audit_head) != (grant.progress, grant.audit_head)


def progress_update(table: str, before: Grant, grant: Grant) -> dict[str, Any]:
    """The transaction's update that keeps how far a grant has come, and its last audit line.

    Args:
        table: the ledger's name.
        before: the grant as it was read; the update fails where its state is another by now.
        grant: as it is to be kept; :func:`is_to_keep` must hold of the two.
    """
    head = {":head": {"S": grant.audit_head}} if grant.audit_head != before.audit_head else {}
    update: dict[str, Any] = {"TableName": table, "Key": grant_key(grant.id)}
    if grant.progress == before.progress:
        # A line about a neighbour's policy is one about this grant too. Nothing else of it is ours to write: it
        # may have policies elsewhere, which another run is at work on.
        return update | {
            "UpdateExpression": "SET audit_head = :head",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": head,
        }
    # A grant that has ended leaves the sparse index, so that sweeps cost nothing for it.
    ended = " REMOVE #open" if grant.is_final else ""
    told = ", audit_head = :head" if head else ""
    return update | {
        "UpdateExpression": "SET #state = :state, progress = :progress" + told + ended,
        "ConditionExpression": "#state = :before",
        "ExpressionAttributeNames": {"#state": "state"} | ({"#open": "open"} if ended else {}),
        "ExpressionAttributeValues": {
            ":state": {"S": str(grant.progress.state)},
            ":progress": {"S": progress_to_text(grant.progress)},
            ":before": {"S": str(before.progress.state)},
            **head,
        },
    }


def item_of(error: ClientError) -> dict[str, Any]:
    """The item that a failed condition found; any other error goes on."""
    if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
        raise error
    return dict(error.response["Item"])  # type: ignore[typeddict-item]  # DynamoDB adds it when asked for ALL_OLD
