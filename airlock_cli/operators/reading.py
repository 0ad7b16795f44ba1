"""``airlock status``, ``grants`` and ``show``: what they find out and how they tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from airlock.grants.approval import Ahead
from airlock.grants.grant import Grant, State
from airlock.messages.wider import approve_command, widenings_of
from airlock.policy.exemption import iso
from airlock_cli.operators.account import Account, an_account
from airlock_cli.operators.forms import words_of
from airlock_cli.operators.moments import moment_since, told
from airlock_cli.operators.options import Options, checked_name
from airlock_cli.operators.page import Page, put_json
from airlock_cli.operators.shapes import ahead_json, changes_json, grant_json, stands, story_json
from airlock_cli.operators.story import network_of, story_of
from airlock_cli.operators.telling import (
    STATE_STYLES,
    place_of,
    tell_ahead,
    tell_changes,
    tell_opening,
    tell_trail,
    tell_wider,
    why_of,
)
from airlock_cli.progress import Later

SEEN = timedelta(days=31)
"""Whose approvals ahead ``status`` looks up: those of principals that had a grant in this time."""


def status(options: Options, *, as_json: bool) -> None:
    """Tell what is open, who waits, and which approvals ahead stand."""
    with an_account(options) as account:
        now = account.clock.now()
        grants = account.records.unfinished()
        recent = account.records.since(now - SEEN)
        aheads = _aheads(account, sorted({grant.facts.principal for grant in (*grants, *recent)}), now)
    if as_json:
        put_json(
            {
                "at": iso(now),
                "stack": options.stack,
                "grants": [grant_json(grant) for grant in grants],
                "aheads": [ahead_json(ahead, now) for ahead in aheads],
            }
        )
        return
    _tell_status(Page(), grants, aheads, now)


def grants(options: Options, since: str, *, only_open: bool, as_json: bool) -> None:
    """List grants, the newest first."""
    with an_account(options) as account:
        now = account.clock.now()
        start = None if only_open else moment_since(since, now)
        found = account.records.unfinished() if start is None else account.records.since(start)
    if as_json:
        put_json({"since": iso(start) if start else None, "grants": [grant_json(grant) for grant in found]})
        return
    page = Page()
    if not found:
        page.line("No grant is unfinished." if start is None else f"No grant was requested since {told(start, now)}.")
        return
    rows = [(iso(one.facts.requested_at), one.id, str(one.progress.state), why_of(one)) for one in found]
    styles = ["bold", *(STATE_STYLES.get(one.progress.state, "") for one in found)]
    page.rows([("REQUESTED", "GRANT", "STATE", "FOR; FORM; WHY IT ENDED"), *rows], styles, indent=0)


def show(options: Options, name: str, *, as_json: bool) -> None:
    """Tell everything of one grant."""
    checked_name(name)
    with an_account(options) as account:
        now = account.clock.now()
        grant = account.records.named(name)
        lines = account.trail.of(grant)
    if as_json:
        put_json(
            {
                "grant": grant_json(grant),
                "timeline": story_json(story_of(grant)),
                "changes": changes_json(grant.progress.plan),
                "audit": lines,
                "audit_streams": [line.stream for line in lines],
            }
        )
        return
    page = Page()
    _tell_grant(page, grant, now)
    tell_trail(page, lines)
    tell_changes(page, grant.progress.plan.changes if grant.progress.plan else ())


def _aheads(account: Account, principals: Sequence[str], now: datetime) -> list[Ahead]:
    """The approvals ahead that still can count, of these principals: one query each."""
    with Later("Reading the approvals ahead") as later:
        found = []
        for done, principal in enumerate(principals):
            later(done, len(principals))
            found += [one for one in account.answers.aheads(principal) if one.revoked is None and one.until >= now]
    return found


def _tell_status(page: Page, grants: Sequence[Grant], aheads: Sequence[Ahead], now: datetime) -> None:
    waiting = [grant for grant in grants if grant.progress.state is State.PENDING]
    held = [grant for grant in grants if grant.progress.state in (State.OPEN, State.CLOSING)]
    others = [grant for grant in grants if grant not in waiting and grant not in held]
    standing = [ahead for ahead in aheads if stands(ahead, now)]
    page.line(f"{len(held)} open, {len(waiting)} waiting for an answer, {len(standing)} approved ahead")
    if held:
        page.heading("Open now")
    for grant in held:
        _tell_held(page, grant, now)
    if waiting:
        page.heading("Waiting for an answer")
    for grant in waiting:
        page.verbatim(grant.id)
        until = grant.progress.answer_until
        page.line(f"{words_of(grant)}{f', until {told(until, now)}' if until else ''}", indent=4)
        _tell_whose(page, grant)
    if others:
        page.heading("Under way")
    for grant in others:
        page.verbatim(grant.id)
        page.line(f"{grant.progress.state}, since {told(grant.facts.requested_at, now)}", indent=4)
        _tell_whose(page, grant)
    if aheads:
        page.heading("Approved ahead")
    for ahead in aheads:
        tell_ahead(page, ahead, now)


def _tell_held(page: Page, grant: Grant, now: datetime) -> None:
    page.verbatim(grant.id)
    progress, not_after = grant.progress, grant.facts.not_after
    network = f", from {network_of(progress.exemption)}" if progress.exemption and progress.exemption.network else ""
    page.line(f"{words_of(grant)}{network}, until {told(not_after, now)}", indent=4)
    if not_after < now:
        page.line("Its time is over and IAM denies again, but the policy isn't put back yet.", "yellow", 4)
    elif progress.state is State.CLOSING:
        page.line(f"being closed: {progress.detail or progress.reason}", indent=4)
    _tell_whose(page, grant)


def _tell_whose(page: Page, grant: Grant) -> None:
    page.line(f"for {grant.facts.principal}", indent=4)
    page.line(f"install {place_of(grant)}", indent=4)


def _tell_grant(page: Page, grant: Grant, now: datetime) -> None:
    facts, progress = grant.facts, grant.progress
    page.line(f"{grant.id}: {progress.state}", "bold")
    page.line(f"for {facts.principal}", indent=2)
    page.line(f"install {place_of(grant)}", indent=2)
    if widenings_of(grant):
        page.line(words_of(grant), "yellow", 2)
    if grant.is_final:
        page.line(f"{progress.detail} ({progress.reason})", indent=2)
    exemption = progress.exemption or (progress.plan.exemption if progress.plan and not grant.is_final else None)
    if exemption:
        page.heading("Open" if progress.exemption else "Would open")
        tell_opening(page, exemption, now)
        tell_wider(page, grant)
    if progress.second_opinion:
        page.line(f"{progress.second_opinion}.", indent=2)
    page.heading("Timeline")
    page.rows([(iso(moment.at), moment.what, moment.detail) for moment in story_of(grant)])
    for instance in sorted(facts.refused):
        page.line(f"The console of {instance} told of a 403.", indent=2)
    if progress.state is State.PENDING:
        until = f" until {told(progress.answer_until, now)}" if progress.answer_until else ""
        page.line(f"It waits for an answer{until}:", "yellow", 2)
        page.verbatim(approve_command(grant.id, progress.form), indent=4)
