"""``airlock approve-ahead``: approvals that are given before an install begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airlock.grants.approval import Ahead, Form
from airlock.policy.exemption import from_iso
from airlock_cli.operators.account import an_account
from airlock_cli.operators.options import Options, checked_note
from airlock_cli.operators.orders import not_an_answer
from airlock_cli.operators.page import Page, put_json
from airlock_cli.operators.shapes import ahead_json
from airlock_cli.operators.telling import tell_ahead
from airlock_cli.problems import InputError
from airlock_cli.replay.principal import Principal


def checked_principal(arn: str) -> str:
    """Check that a text is the ARN of an IAM user or role.

    Raises:
        InputError: it isn't.
    """
    try:
        return Principal.of(arn).arn
    except InputError as error:
        hint = "It looks like arn:aws:iam::111122223333:user/ocp-installer; of a session, give the role itself."
        raise InputError(f"PRINCIPAL {arn!r} isn't the ARN of an IAM user or role.\n{hint}") from error


def approve(options: Options, principal: str, wanted: dict[str, object], *, as_json: bool) -> None:
    """Approve ahead of time.

    Args:
        options: where the airlock is.
        principal: ARN of the user or role.
        wanted: "cluster" (a name or None), "form" (the widest that it approves), "hours" (a number) and "note".
        as_json: whether to print JSON.
    """
    note = checked_note(str(wanted["note"]))
    order = {"principal": checked_principal(principal), "cluster": wanted["cluster"], "form": str(wanted["form"])}
    with an_account(options) as account:
        kept = account.orders.approve_ahead({**order, "hours": wanted["hours"], "note": note})
        now = account.clock.now()
    _tell(_ahead_of(kept), "Approved ahead:", as_json=as_json, now=now)


def revoke(options: Options, principal: str, ahead_id: str, *, as_json: bool) -> None:
    """Take an approval ahead of time back."""
    checked_principal(principal)
    with an_account(options) as account:
        kept, yours = account.orders.revoke_ahead(principal, ahead_id)
        now = account.clock.now()
    heading = "Taken back" if yours else "It was taken back already"
    _tell(_ahead_of(kept), f"{heading}; grants that are open stay so:", as_json=as_json, now=now)


def listed(options: Options, principal: str, *, as_json: bool) -> None:
    """List a principal's approvals ahead of time, those that are over or taken back included, the newest first."""
    checked_principal(principal)
    with an_account(options) as account:
        aheads = account.answers.aheads(principal)[::-1]
        now = account.clock.now()
    if as_json:
        put_json({"aheads": [ahead_json(ahead, now) for ahead in aheads]})
        return
    page = Page()
    if not aheads:
        page.line(f"Nothing was approved ahead for {principal}.")
    for ahead in aheads:
        tell_ahead(page, ahead, now)


def _tell(ahead: Ahead, heading: str, *, as_json: bool, now: datetime) -> None:
    if as_json:
        put_json({"ahead": ahead_json(ahead, now)})
        return
    page = Page()
    page.line(heading)
    tell_ahead(page, ahead, now)


def _ahead_of(kept: dict[str, Any]) -> Ahead:
    """An approval ahead of time as the operator function tells it."""
    try:
        revoked = kept.get("revoked")
        by, at = (revoked["by"], revoked["at"]) if isinstance(revoked, dict) else (revoked or (None, None))
        return Ahead(
            id=str(kept["id"]),
            principal=str(kept["principal"]),
            cluster=kept.get("cluster"),
            form=Form(kept["form"]),
            since=from_iso(kept["since"]),
            until=from_iso(kept["until"]),
            by=str(kept["by"]),
            note=str(kept.get("note") or ""),
            revoked=(str(by), from_iso(at)) if at else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise not_an_answer() from error
