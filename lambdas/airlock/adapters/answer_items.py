"""What people told, as JSON text in the ledger, and back: answers, close orders, approvals ahead of time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from airlock.grants.approval import Ahead, Answer, CloseOrder, Form, Way
from airlock.policy.exemption import from_iso, iso

_UNREADABLE = (KeyError, TypeError, ValueError)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def answer_to_text(answer: Answer) -> str:
    """An answer as JSON."""
    return json.dumps(
        {
            "approved": answer.approved,
            "form": str(answer.form),
            "at": iso(answer.at),
            "by": answer.by,
            "way": str(answer.way),
            "note": answer.note,
        }
    )


def answer_from_text(text: str) -> Answer:
    """An answer from JSON."""
    kept = json.loads(text)
    return Answer(
        approved=kept["approved"],
        form=Form(kept["form"]),
        at=from_iso(kept["at"]),
        by=kept["by"],
        way=Way(kept["way"]),
        note=kept["note"],
    )


def answer_of(item: dict[str, Any]) -> Answer:
    """An answer from its item; one that can't be read is a rejection.

    Neither page nor operator function writes such a thing. It mustn't open a grant, nor keep the sweep from the others.
    """
    try:
        return answer_from_text(item["content"]["S"])
    except _UNREADABLE:
        return Answer(approved=False, form=Form.LIFTED, at=_NEVER, by="an answer that can't be read", way=Way.LINK)


def close_order_of(item: dict[str, Any]) -> CloseOrder:
    """A close order from its item; one that can't be read is an order all the same."""
    try:
        return close_order_from_text(item["content"]["S"])
    except _UNREADABLE:
        return CloseOrder(at=_NEVER, by="an order that can't be read")


def close_order_to_text(order: CloseOrder) -> str:
    """A close order as JSON."""
    return json.dumps({"at": iso(order.at), "by": order.by, "note": order.note})


def close_order_from_text(text: str) -> CloseOrder:
    """A close order from JSON."""
    kept = json.loads(text)
    return CloseOrder(at=from_iso(kept["at"]), by=kept["by"], note=kept["note"])


def ahead_to_text(ahead: Ahead) -> str:
    """An approval ahead of time as JSON."""
    return json.dumps(
        {
            "id": ahead.id,
            "principal": ahead.principal,
            "cluster": ahead.cluster,
            "form": str(ahead.form),
            "since": iso(ahead.since),
            "until": iso(ahead.until),
            "by": ahead.by,
            "note": ahead.note,
            "revoked": [ahead.revoked[0], iso(ahead.revoked[1])] if ahead.revoked else None,
        }
    )


def ahead_from_text(text: str) -> Ahead:
    """An approval ahead of time from JSON."""
    kept = json.loads(text)
    return Ahead(
        id=kept["id"],
        principal=kept["principal"],
        cluster=kept["cluster"],
        form=Form(kept["form"]),
        since=from_iso(kept["since"]),
        until=from_iso(kept["until"]),
        by=kept["by"],
        note=kept["note"],
        revoked=(kept["revoked"][0], from_iso(kept["revoked"][1])) if kept["revoked"] else None,
    )
