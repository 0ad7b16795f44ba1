"""``airlock approve``, ``reject`` and ``close``: the order, what stands then, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import typer

from airlock.grants.approval import Form
from airlock.grants.grant import Grant, State
from airlock.policy.exemption import iso
from airlock_cli.operators.account import Account, an_account
from airlock_cli.operators.forms import form_words, missing_flags
from airlock_cli.operators.options import Options, checked_name, checked_note
from airlock_cli.operators.page import Page, clean, put_json
from airlock_cli.operators.shapes import grant_json
from airlock_cli.operators.telling import tell_opening, tell_wider
from airlock_cli.problems import CommandError, RefusedError
from airlock_cli.progress import Later

LOOK_EVERY = 1.0
"""Seconds from one look at the grant to the next."""


class Decision(StrEnum):
    """What an operator can decide about a grant."""

    APPROVE = "approve"
    REJECT = "reject"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an operator asks for.

    Attributes:
        decision: what is decided.
        name: the grant's name, or a beginning of it.
        note: kept with it.
        wait: seconds to wait for what comes of it.
        said: the widest form that the operator has said is meant.
    """

    decision: Decision
    name: str
    note: str = ""
    wait: int = 0
    said: Form = Form.SCOPED


def decide(options: Options, order: Order, *, as_json: bool) -> None:
    """Carry an order out.

    Raises:
        typer.Exit: with status 1, if it was kept but didn't come out.
        RefusedError: the airlock won't, or the opposite stands.
    """
    checked_name(order.name)
    checked_note(order.note)
    page = None if as_json else Page()
    with an_account(options) as account:
        before = account.records.named(order.name)
        _check_form(order, before)
        if page and order.decision is Decision.APPROVE and before.progress.plan:
            page.line(f"{before.id} opens, for {before.facts.principal},")
            tell_opening(page, before.progress.plan.exemption, account.clock.now())
            tell_wider(page, before)
        # What was looked at: by now something wider may be asked, and that isn't approved by this.
        form = str(before.progress.form) if order.decision is Decision.APPROVE else None
        kept = account.orders.decide(before.id, order.decision, order.note, form)
        stands = kept["stands"]
        _check_same(order, before.id, stands)
        if page:
            page.line(_what_stands(order, stands, yours=bool(kept.get("yours"))))
        after = _wait(account, before.id, order) if order.wait else None
    came_out = _came_out(order, after) if after else None
    if page is None:
        state = grant_json(after) if after else {"grant": before.id}
        put_json(
            {
                "decision": str(order.decision),
                "stands": stands,
                "yours": bool(kept.get("yours")),
                "came_out": came_out,
                "grant": state,
            }
        )
    elif after:
        page.line(_what_came(order, after), "" if came_out else "yellow")
    if came_out is False:
        raise typer.Exit(CommandError.status)


def _check_form(order: Order, grant: Grant) -> None:
    """What is wider than asked is never approved by habit."""
    asked, until = grant.progress.form, iso(grant.facts.not_after)
    flags = missing_flags(order.said, asked)
    if order.decision is not Decision.APPROVE or grant.progress.state is not State.PENDING or not flags:
        return
    what, code = f"is {form_words(asked)}, until {until}", "wider-not-said"
    if asked is Form.LIFTED:
        what, code = f"asks for a lift: the whole deny is off until {until}", "lift-not-said"
    raise RefusedError(
        f"{grant.id} {what}.\nIf that is meant, say so with {' '.join(flags)}; airlock show tells what changes.",
        code,
        {"flags": list(flags)},
    )


def _check_same(order: Order, grant_id: str, stands: Mapping[str, Any]) -> None:
    """Nobody may take the opposite decision of somebody else for their own."""
    if order.decision is Decision.CLOSE:
        return
    if bool(stands["approved"]) is not (order.decision is Decision.APPROVE):
        word = "approved" if stands["approved"] else "rejected"
        remedy = "To end it, use airlock close." if stands["approved"] else "Start the install again to be asked anew."
        raise RefusedError(
            f"{grant_id} was {word} before, by {clean(stands['by'])} at {clean(stands['at'])}; that stands.\n{remedy}",
            "decided-otherwise",
            {"stands": dict(stands)},
        )


def _wait(account: Account, grant_id: str, order: Order) -> Grant:
    """Look at the grant until something has come of the order, or the time is over."""
    begun = account.clock.now()
    with Later("Waiting for the airlock") as later:
        while True:
            grant = account.records.now(grant_id)
            waited = account.clock.now() - begun
            if _is_settled(order, grant) or waited >= timedelta(seconds=order.wait):
                return grant
            later(int(waited.total_seconds()), order.wait)
            account.clock.sleep(LOOK_EVERY)


def _is_settled(order: Order, grant: Grant) -> bool:
    if order.decision is Decision.CLOSE:
        return grant.is_final
    # Between the approval and the opened policies a grant is kept as one that was requested.
    return grant.progress.state not in (State.PENDING, State.REQUESTED)


def _came_out(order: Order, grant: Grant) -> bool:
    """Whether what was decided is so now."""
    if order.decision is Decision.APPROVE:
        return grant.progress.opened_at is not None
    return grant.is_final


def _what_stands(order: Order, stands: Mapping[str, Any], *, yours: bool) -> str:
    word = {Decision.APPROVE: "approved", Decision.REJECT: "rejected", Decision.CLOSE: "ordered to close"}
    told = f"{word[order.decision]} by {stands['by']} at {stands['at']}"
    return f"{told[0].upper()}{told[1:]}." if yours else f"It was {told} already; that stands."


def _what_came(order: Order, grant: Grant) -> str:
    """What came of it, in a sentence."""
    progress = grant.progress
    if not _is_settled(order, grant):
        return f"The airlock hasn't acted on it within {order.wait} s; it looks again each minute."
    if progress.state is State.OPEN and progress.opened_at:
        return f"Open since {iso(progress.opened_at)}, until {iso(grant.facts.not_after)} at the latest."
    ended = f" at {iso(progress.closed_at)}" if progress.closed_at else ""
    return f"The grant is {progress.state}{ended}: {progress.detail} ({progress.reason})."
