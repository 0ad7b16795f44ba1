"""What ``airlock restore`` is asked, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airlock_cli.operators.account import Account, an_account
from airlock_cli.operators.options import Options, checked_name
from airlock_cli.operators.page import Page, put_json
from airlock_cli.plan.telling import tell_change
from airlock_cli.restore.policies import Found, Holds, Way, place_of
from airlock_cli.restore.restoring import Asked, Outlook, Restorer

_HOLDS = {
    Holds.BASELINE: "IAM holds the baseline already.",
    Holds.AIRLOCKS: "IAM holds what the airlock wrote.",
    Holds.EDITED: "IAM holds neither what the airlock wrote nor the baseline: somebody edited it.",
    Holds.GONE: "The policy is gone, so there is nothing to put back.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for on the command line; exactly one of grant and ref is given."""

    grant: str | None
    ref: str | None
    dry_run: bool
    way: Way
    even_if_open: bool


def carry_out(options: Options, order: Order, *, as_json: bool) -> None:
    """Restore, or show what restoring would do.

    Raises:
        CommandError: it didn't come out, or is refused; nothing was written then unless the message says so.
    """
    place = place_of(order.ref) if order.ref is not None else None
    if order.grant is not None:
        checked_name(order.grant)
    with an_account(options) as account:
        scopes = _scopes_of(account, order.grant) if place is None and order.grant else ()
        asked = Asked(scopes if place is None else (place.holder,), place, order.way, order.even_if_open)
        restorer = Restorer(account)
        outlook = restorer.look(asked) if order.dry_run else restorer.restore(asked)
    if as_json:
        put_json(_as_json(outlook, order))
    else:
        _tell(Page(), outlook, order)


def _scopes_of(account: Account, name: str) -> tuple[str, ...]:
    return tuple(sorted(account.records.named(name).progress.scopes))


def _as_json(outlook: Outlook, order: Order) -> dict[str, Any]:
    return {
        "dry_run": order.dry_run,
        "still_open": list(outlook.still_open),
        "unaudited": outlook.unaudited or None,
        "policies": [
            {
                "ref": one.ref,
                "holds": str(one.holds),
                "found": one.held.text if one.held else None,
                "baseline": one.record.baseline,
                "merged": one.merged.text if one.merged else None,
                "after": one.target(order.way),
                "written": one.target(order.way) is not None and not order.dry_run,
            }
            for one in outlook.found
        ],
    }


def _tell(page: Page, outlook: Outlook, order: Order) -> None:
    for number, one in enumerate(outlook.found):
        if number:
            page.line()
        page.verbatim(one.ref, "bold", indent=0)
        page.line(_HOLDS[one.holds], "yellow" if one.holds is Holds.EDITED else "", indent=2)
        _tell_one(page, one, order)
    if outlook.unaudited:
        page.line()
        page.line(f"The audit trail hasn't it ({outlook.unaudited}); CloudTrail has it under your name.", "yellow")
    if not outlook.still_open:
        return
    page.line()
    page.line(f"Still open: {' and '.join(outlook.still_open)}.", "yellow")
    page.line(
        "Unless the watcher and the sweeper are stopped, the next event of an install may open it again.", "yellow"
    )


def _tell_one(page: Page, one: Found, order: Order) -> None:
    if one.holds is Holds.EDITED and order.way is Way.REFUSE and one.held is not None:
        page.line("The baseline against it (--force):", indent=2)
        tell_change(page, one.held.text, one.record.baseline)
        if one.merged is None:
            page.line("It can't be merged: it isn't a policy.", "yellow", indent=2)
            return
        page.line("The edit with the deny put back, against it (--merge):", indent=2)
        tell_change(page, one.held.text, one.merged.text)
        return
    text = one.target(order.way)
    if text is None or one.held is None:
        return
    what = "the baseline" if text == one.record.baseline else "the edit with the deny put back"
    page.line(f"It would get {what}:" if order.dry_run else f"It has {what} now, as read back:", indent=2)
    tell_change(page, one.held.text, text)
