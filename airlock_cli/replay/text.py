"""The account of a replay, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console
from rich.text import Text

from airlock.grants.approval import Form
from airlock.grants.grant import Grant, Progress, State
from airlock.grants.life import exemption_of
from airlock.policy.exemption import iso
from airlock_cli.operators.forms import form_words
from airlock_cli.replay.fetch import FetchResult
from airlock_cli.replay.principal import Kind
from airlock_cli.replay.result import Install, Replayed

Row = tuple[str, str, str, str]
"""When, what, how it went (a style's name), and more in plain words."""

_MARGIN = 2 + 20 + 2 + 10 + 2
_NARROWEST = 24


def show(replayed: Replayed, principal: str, kind: Kind, delay: timedelta, console: Console | None = None) -> None:
    """Print the account: plain where it doesn't go to a terminal, and fit for 80 columns.

    Args:
        replayed: what came of the replay.
        principal: ARN of whoever installs.
        kind: where the policy stands.
        delay: how long each event took to be delivered.
        console: where to; stdout unless told otherwise.
    """
    console = console or Console(highlight=False, markup=False, emoji=False)
    plural = "" if replayed.events == 1 else "s"
    console.print(f"{replayed.events} event{plural}, each delivered {_seconds(delay)} after it happened, for")
    console.print(f"{principal} with a {kind} policy.", soft_wrap=True)
    if not replayed.installs:
        console.print()
        console.print(_no_install(replayed), soft_wrap=True)
    for install in replayed.installs:
        where = f" in {install.told.region}" if install.told.region else ""
        console.print()
        console.print(Text(f"Install {install.told.infra_id}{where}", style="bold"))
        for row in _rows(install):
            _print_row(console, row)
    console.print()
    console.print(
        f"{_counted(replayed.policy_writes, 'policy write')}, {_counted(replayed.aws_calls, 'AWS call')}; "
        f"{_counted(replayed.ignored_events, 'event')} told nothing of these installs."
    )
    if replayed.policy_restored:
        console.print(Text("The policy came back to the byte.", style="green"))
    else:
        console.print(Text("The policy did NOT come back: it isn't what it was before.", style="bold red"))


def _print_row(console: Console, row: Row) -> None:
    when, what, style, more = row
    lines = textwrap.wrap(more, max(console.width - _MARGIN - 1, _NARROWEST), break_on_hyphens=False) or [""]
    console.print(Text(f"  {when:<20}  ").append(f"{what:<10}", style=style).append(f"  {lines[0]}"), soft_wrap=True)
    for line in lines[1:]:
        console.print(" " * _MARGIN + line, soft_wrap=True)


def _rows(install: Install) -> Iterator[Row]:
    """The install's account in the order of time."""
    rows = [row for row in (*_grant_rows(install), _fetch_row(install, install.fetch), *_rescue_rows(install)) if row]
    # What has no time stands last; of one moment, in the order given.
    yield from sorted(rows, key=lambda row: row[0] or "~")


def _grant_rows(install: Install) -> Iterator[Row]:
    grant = install.grant
    if grant is None:
        yield "", "not opened", "yellow", "no signal of it was delivered"
        return
    progress, detail = grant.progress, grant.progress.detail or ""
    if progress.asked_at and progress.answer_until:
        until = f"an answer counts until {iso(progress.answer_until)}"
        yield iso(progress.asked_at), "asked", "", f"for approval{_of_what(progress)}; {until}"
    if progress.approved_by and grant.answer:
        yield iso(grant.answer.at), "approved", "", f"by {progress.approved_by}"
    if progress.opened_at:
        wide = f"; not narrowed: {install.fetch.kept_wide}" if install.fetch and install.fetch.kept_wide else ""
        words = {Form.SCOPED: "", Form.LIFTED: "lifted for every call, "}
        form = words.get(progress.form, f"{form_words(progress.form)}, ")
        # Where somebody was asked, that row has the reason.
        why = _why_wider(progress) if progress.asked_at is None else ""
        until = f"{form}until {iso(grant.facts.not_after)} at the latest"
        yield iso(progress.opened_at), "opened", "", f"{until}{why}{wide}"
    if progress.narrowed_at:
        vpcs = " and ".join(sorted(grant.facts.endpoint_vpcs))
        given_up = "" if exemption_of(grant.facts).network else "; given up later, for the fetch takes another way"
        yield iso(progress.narrowed_at), "narrowed", "", f"to requests that come from {vpcs}{given_up}"
    ended = iso(progress.closed_at) if progress.closed_at else ""
    if install.refused:
        yield ended, "refused", "red", f"{detail} ({progress.reason})"
    elif not install.ended:
        yield "", "still open", "bold red", "its grant never ended"
    elif progress.state is State.OBSERVED:
        yield ended, "observed", "yellow", "nothing was opened: the principal is only observed"
    elif progress.opened_at:
        yield ended, "closed", "", f"{detail} ({progress.reason})"
    else:
        yield ended, "not opened", "", f"{detail} ({progress.reason})"


def _of_what(progress: Progress) -> str:
    """What was asked for, where that isn't the exact form, and why."""
    words = {Form.SCOPED: "", Form.LIFTED: " of a lift"}
    form = words.get(progress.form, f" of what is {form_words(progress.form)}")
    return f"{form}{_why_wider(progress)}"


def _why_wider(progress: Progress) -> str:
    return f", for the exact form can't be had: {progress.why_wider}" if progress.why_wider else ""


def _rescue_rows(install: Install) -> Iterator[Row | None]:
    """The reboot and the fetch after it, where there was one."""
    if install.rebooted_at is not None:
        yield iso(install.rebooted_at), "rebooted", "", f"{install.told.instance}, for it was refused before"
    if install.again is not None:
        yield _fetch_row(install, install.again)


def _fetch_row(install: Install, fetch: FetchResult | None) -> Row | None:
    if fetch is None:
        return "", "no fetch", "yellow", "the stream has no RunInstances of the bootstrap node"
    style, word = {True: ("green", "allowed"), False: ("red", "denied"), None: ("yellow", "can't be told")}[
        fetch.allowed
    ]
    why = "" if fetch.allowed else f"{_why_not(install.grant, fetch)}; "
    return iso(fetch.at), "fetch", style, f"{word}: {why}{install.told.instance} came {fetch.way}"


def _why_not(grant: Grant | None, fetch: FetchResult) -> str:
    """Why the fetch wasn't allowed, in plain words."""
    obstacle = fetch.obstacle or ""
    if grant is None or fetch.allowed is None:
        return obstacle
    progress = grant.progress
    if progress.state is State.REFUSED:
        return f"refused: {progress.detail}"
    if progress.opened_at is None:
        return f"nothing was opened; {obstacle}"
    if progress.opened_at > fetch.at:
        return f"opened {_seconds(progress.opened_at - fetch.at)} after the fetch"
    return _why_not_then(progress, fetch)


def _why_not_then(progress: Progress, fetch: FetchResult) -> str:
    """Why the fetch wasn't allowed although the grant had been opened before."""
    if progress.closed_at is not None and progress.closed_at <= fetch.at:
        return f"closed {_seconds(fetch.at - progress.closed_at)} before the fetch"
    if fetch.held_to is not None:
        return f"open, but only for requests that come from {fetch.held_to}"
    return f"open, but {fetch.obstacle}"


def _no_install(replayed: Replayed) -> str:
    if not replayed.others:
        return "The stream tells of no install."
    return "The stream tells of no install by this principal, but by " + ", ".join(sorted(replayed.others)) + "."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s"
