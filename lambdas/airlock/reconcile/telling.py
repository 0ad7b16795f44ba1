"""Telling what happened: to the audit trail, to people, and to those who have to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from airlock.messages.message import Language
from airlock.ports import Audit, Links, Notices
from airlock.reconcile.chain import link
from airlock.reconcile.happening import Decision, Happening
from airlock.reconcile.run import Run


class Telling:
    """Everybody who is to hear of what the airlock does."""

    def __init__(self, *, audit: Audit, notices: Notices, approvals: Notices, links: Links, language: Language) -> None:
        self._audit = audit
        self._notices = notices
        self._approvals = approvals
        self._links = links
        self._language = language
        self._hear: Callable[[Sequence[Happening]], None] = lambda _: None

    def let_hear(self, hear: Callable[[Sequence[Happening]], None]) -> None:
        """Let somebody hear, from now on, of what is in the audit trail, also where the run fails after that.

        Args:
            hear: is called with what was appended to the trail, and with a request once it is sent: while that
                fails, each run tells the trail of it anew. It takes the place of the one before.
        """
        self._hear = hear

    def ask(self, decided: Decision) -> None:
        """Send a request to the approvers.

        Args:
            decided: to ask, about a grant with the plan, and until when an answer counts.
        """
        from airlock.messages.requests import request_of  # noqa: PLC0415 - as in publish

        grant = decided.grant
        until = grant.progress.answer_until
        link = self._links.link(grant.id, grant.progress.form, until) if until else None
        self._approvals.publish(request_of(grant, link, self._language))
        self._hear([decided])

    def audit(self, run: Run) -> None:
        """Append what has happened since the last time to the audit trail."""
        if run.happened[run.audited :]:
            run.follow(self.audit_lines(run.happened[run.audited :], run.now, run.heads()))
            run.audited = len(run.happened)

    def audit_lines(
        self, happened: Sequence[Happening], now: datetime, heads: Mapping[str, str | None]
    ) -> dict[str, str | None]:
        """Append to the audit trail.

        Args:
            happened: what is told, in order.
            now: the present moment.
            heads: by grant, the hash of its last line.

        Returns:
            The heads after that.
        """
        texts, after = link([happening.audit_line(now) for happening in happened], heads)
        self._audit.write(texts)
        self._hear([one for one in happened if not (isinstance(one, Decision) and one.name == "ask")])
        return after

    def publish(self, happened: Sequence[Happening]) -> None:
        """Tell people; what failed for one topic is raised once the others were told."""
        # A cold start is for the policy; people are told after it was written.
        from airlock.messages.notices import for_approvers, notice_of  # noqa: PLC0415 - see above

        errors: list[Exception] = []
        for happening in happened:
            message = notice_of(happening, self._language)
            if message is None:
                continue
            for topic in (self._notices, *([self._approvals] if for_approvers(happening) else [])):
                try:
                    topic.publish(message)
                except Exception as error:  # noqa: BLE001 - raised below, once everybody was told who can be
                    errors.append(error)
        if errors:
            raise errors[0]
