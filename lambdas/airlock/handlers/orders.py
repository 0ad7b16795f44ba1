"""The events by which the page and the operator function tell the watcher that somebody decided something."""

from __future__ import annotations

from dataclasses import dataclass

from airlock.adapters.orders import ORDER
from airlock.settings import Settings


@dataclass(frozen=True, slots=True)
class Order:
    """A grant that somebody decided something about; what, the ledger holds.

    Attributes:
        grant_id: which grant.
        event_id: of the event, for the audit trail.
    """

    grant_id: str
    event_id: str


def read_order(event: object, settings: Settings) -> Order | None:
    """Read an order's event; None for any other event.

    It can't say anything that the ledger doesn't hold, so a forged one does nothing.
    """
    if not isinstance(event, dict) or event.get("detail-type") != ORDER or event.get("source") != settings.event_source:
        return None
    detail = event.get("detail")
    grant_id = detail.get("grant") if isinstance(detail, dict) else None
    if event.get("account") != settings.account or not isinstance(grant_id, str) or not grant_id:
        return None
    return Order(grant_id[:128], str(event.get("id", "")))
