"""Links to the approval page."""

from __future__ import annotations

from datetime import datetime

from airlock.adapters.seals import Claim, KmsSeals
from airlock.grants.approval import Form


class PageLinks:
    """The port :class:`airlock.ports.Links`: the page's address with a sealed token."""

    def __init__(self, seals: KmsSeals | None, page_url: str | None) -> None:
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
        return f"{self._page_url.rstrip('/')}/?token={self._seals.seal(Claim(grant_id, form, until))}"
