"""Links to the approval page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from airlock.grants.approval import Form

if TYPE_CHECKING:
    from airlock.adapters.seals import KmsSeals


class PageLinks:
    """The port :class:`airlock.ports.Links`: the page's address with a token, sealed when asked for."""

    def __init__(self, seals: Callable[[], KmsSeals] | None, page_url: str | None) -> None:
        self._seals = seals
        self._page_url = page_url

    def link(self, grant_id: str, form: Form, until: datetime) -> str | None:
        """A link by which one request can be answered, once; None where links are switched off.

        Args:
            grant_id: of the grant.
            form: what is asked.
            until: the last second at which the link counts, UTC.
        """
        if self._seals is None or self._page_url is None:
            return None
        from airlock.adapters.seals import Claim  # noqa: PLC0415 - most cold starts ask nobody

        return f"{self._page_url.rstrip('/')}/?token={self._seals().seal(Claim(grant_id, form, until))}"
