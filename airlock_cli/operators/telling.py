"""Grants, approvals ahead and differences as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from airlock.grants.approval import Ahead, Change
from airlock.grants.grant import Grant, State
from airlock.policy.exemption import Exemption, iso
from airlock_cli.operators.difference import Kind, difference
from airlock_cli.operators.moments import told
from airlock_cli.operators.page import Page
from airlock_cli.operators.story import network_of
from airlock_cli.operators.trail import Line

STATE_STYLES = {
    State.OPEN: "green",
    State.PENDING: "yellow",
    State.CLOSING: "yellow",
    State.REFUSED: "red",
    State.REJECTED: "red",
}
_DIFF_STYLES = {Kind.ADDED: "green", Kind.REMOVED: "red", Kind.PLACE: "cyan", Kind.SAME: ""}
_SHORT_HASH = 8


def tell_opening(page: Page, exemption: Exemption, now: datetime, indent: int = 2) -> None:
    """What an exemption opens: of which objects, from where, until when."""
    if exemption.lift:
        page.line("EVERY call of the principal that the deny stops, from any network,", "bold yellow", indent)
    else:
        page.line("s3:GetObject of", indent=indent)
        for arn in exemption.objects:
            page.verbatim(arn, indent=indent + 2)
        page.line(f"from {network_of(exemption)},", indent=indent)
    page.line(f"until {told(exemption.not_after, now)} at the latest", indent=indent)


def tell_changes(page: Page, changes: Sequence[Change]) -> None:
    """The differences of the policies."""
    for change in changes:
        page.heading(f"Change of {change.place}")
        for line in difference(change.before, change.after):
            page.verbatim(line.text, _DIFF_STYLES[line.kind])


def tell_trail(page: Page, lines: Sequence[Line]) -> None:
    """The audit lines, a row each."""
    page.heading(f"Audit trail: {len(lines)} line{'' if len(lines) == 1 else 's'}")
    if lines:
        page.rows([(str(line.get("at", "")), *_row(line)) for line in lines])


def tell_ahead(page: Page, ahead: Ahead, now: datetime) -> None:
    """An approval ahead of time, in two or three lines."""
    page.verbatim(ahead.id)
    which = f"cluster {ahead.cluster}" if ahead.cluster else "any cluster"
    page.line(f"{ahead.form}, {which}, {_while(ahead, now)}", indent=4)
    page.line(f"for {ahead.principal}", indent=4)
    page.line(f"by {ahead.by}{f': {ahead.note}' if ahead.note else ''}", indent=4)


def place_of(grant: Grant) -> str:
    """Who installs what, and where."""
    regions = f" in {' or '.join(sorted(grant.facts.regions))}" if grant.facts.regions else ""
    return f"{grant.facts.infra_id}{regions}"


def why_of(grant: Grant) -> str:
    """Who it was for, and why it ended."""
    who = grant.facts.principal.split(":", 5)[-1]
    return f"{who}; {grant.progress.reason}" if grant.progress.reason else who


def _while(ahead: Ahead, now: datetime) -> str:
    if ahead.revoked:
        by, at = ahead.revoked
        return f"taken back {iso(at)} by {by}"
    if ahead.until < now:
        return f"over since {told(ahead.until, now)}"
    begins = f"from {told(ahead.since, now)} " if ahead.since > now else ""
    return f"{begins}until {told(ahead.until, now)}"


def _row(line: Line) -> tuple[str, str]:
    """The word for what happened, and the rest of it."""
    if "unreadable" in line:
        return "unreadable", str(line["unreadable"])
    what = line.get("decision") or f"{line.get('kind')} {line.get('outcome')}"
    policy = line.get("policy")
    rest = [str(policy.get("name"))] if isinstance(policy, dict) else []
    if "before_sha256" in line:
        before, after = (str(line.get(key))[:_SHORT_HASH] for key in ("before_sha256", "after_sha256"))
        rest.append(f"{before} -> {after}")
    rest += [str(line["detail"])] if line.get("detail") else []
    return str(what), ", ".join(rest)
