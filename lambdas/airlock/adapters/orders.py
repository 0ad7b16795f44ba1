"""Orders: events by which the watcher hears at once that somebody has decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

ORDER = "Airlock Order"
"""The detail-type of such an event."""


class EventOrders:
    """Tells the default bus. What was decided stands in the ledger already, so a lost event costs a minute at most."""

    def __init__(self, events: Callable[[], EventBridgeClient], source: str) -> None:
        self._events = events
        self._source = source

    def tell(self, grant_id: str) -> str | None:
        """Tell that there is an order about a grant.

        Returns:
            What went wrong, as a short name; None where the bus has the event. Nothing is lost by that, for the sweep
            reads the ledger each minute, so it is never raised.
        """
        detail = json.dumps({"grant": grant_id})
        try:
            answer = self._events().put_events(
                Entries=[{"Source": self._source, "DetailType": ORDER, "Detail": detail}]
            )
        except ClientError as error:
            return error.response.get("Error", {}).get("Code", "ClientError")
        except BotoCoreError as error:
            return type(error).__name__
        # PutEvents answers 200 though an entry failed (EventBridge API reference, "PutEvents").
        return answer["Entries"][0].get("ErrorCode", "unknown") if answer["FailedEntryCount"] else None
