"""Grants, approvals ahead and differences as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from airlock.grants.approval import Ahead, Change
from airlock.grants.grant import Grant, State
from airlock.messages.wider import is_wider, why_wider, widenings_of
from airlock.policy.exemption import GET_OBJECT, Exemption, iso
from airlock.policy.ladder import Widening, what_it_adds
from airlock_cli.operators.difference import Kind, difference
from airlock_cli.operators.forms import form_words, words_of
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
        what, style = ("EVERY action on", "bold yellow") if exemption.any_action else (f"{GET_OBJECT} of", "")
        page.line(what, style, indent)
        for arn in exemption.objects:
            page.verbatim(arn, indent=indent + 2)
        page.line(f"from {network_of(exemption)},", indent=indent)
    page.line(f"until {told(exemption.not_after, now)} at the latest", indent=indent)


def tell_wider(page: Page, grant: Grant, indent: int = 2) -> None:
    """In what a grant opens wider than asked, and why; nothing where it is as asked."""
    if not is_wider(grant):
        return
    page.line("Wider than asked, for the exact opening can't be had:", "bold yellow", indent)
    found, why = widenings_of(grant), why_wider(grant)
    for one in Widening:
        # What a lift adds is told already, louder.
        if one in found and one is not Widening.LIFT:
            page.line(f"{one}: {what_it_adds(one)}", "yellow", indent + 2)
    if why:
        page.line(f"why: {why}", indent=indent + 2)


def tell_changes(page: Page, changes: Sequence[Change]) -> None:
    """The differences of the policies."""
    for change in changes:
        page.heading(f"Change of {change.place}")
        for line in difference(change.before, change.after):
            page.verbatim(line.text, _DIFF_STYLES[line.kind])


def tell_trail(page: Page, lines: Sequence[Line]) -> None:
    """The audit lines, a row each: when, in which log stream, what."""
    page.heading(f"Audit trail: {len(lines)} line{'' if len(lines) == 1 else 's'}")
    if lines:
        page.rows([(str(line.get("at", "")), line.stream, *_row(line)) for line in lines])


def tell_ahead(page: Page, ahead: Ahead, now: datetime) -> None:
    """An approval ahead of time, in two or three lines."""
    page.verbatim(ahead.id)
    which = f"cluster {ahead.cluster}" if ahead.cluster else "any cluster"
    page.line(f"{form_words(ahead.form)}, {which}, {_while(ahead, now)}", indent=4)
    page.line(f"for {ahead.principal}", indent=4)
    page.line(f"by {ahead.by}{f': {ahead.note}' if ahead.note else ''}", indent=4)


def place_of(grant: Grant) -> str:
    """Who installs what, and where."""
    regions = f" in {' or '.join(sorted(grant.facts.regions))}" if grant.facts.regions else ""
    return f"{grant.facts.infra_id}{regions}"


def why_of(grant: Grant) -> str:
    """Who it was for, how wide it is where that isn't scoped, and why it ended."""
    words = [grant.facts.principal.split(":", 5)[-1]]
    words += [words_of(grant)] if widenings_of(grant) else []
    return "; ".join([*words, grant.progress.reason] if grant.progress.reason else words)


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
