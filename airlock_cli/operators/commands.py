"""The operators' commands as typer sees them.

Each loads what it needs only once it is called, so that help is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from airlock.grants.approval import Form
from airlock.page.orders import HOURS
from airlock_cli.operators.forms import said_form
from airlock_cli.operators.moments import DEFAULT_SINCE
from airlock_cli.operators.options import EXIT_STATUS, AsJson, GrantName, Note, Options, Wait
from airlock_cli.problems import InputError

DEFAULT_WAIT = 20
Since = Annotated[str | None, typer.Option(metavar="WHEN", help="From when on: 24h, 7d, or an ISO 8601 time.")]


def status(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Tell what is open, who waits, and what is approved ahead.

    Approvals ahead are those of principals that had a grant in the last 31 days; approve-ahead --list tells those of
    any other.
    """
    from airlock_cli.operators import reading  # noqa: PLC0415 - loads boto3

    reading.status(_options(ctx), as_json=as_json)


def grants(
    ctx: typer.Context,
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that haven't ended, however old.")] = False,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """List grants, the newest first.

    Those that were requested in the last 7 days, unless told otherwise.
    """
    if only_open and since is not None:
        raise InputError("--open and --since don't go together.\nGive one of them.")
    from airlock_cli.operators import reading  # noqa: PLC0415 - loads boto3

    reading.grants(_options(ctx), DEFAULT_SINCE if since is None else since, only_open=only_open, as_json=as_json)


def show(ctx: typer.Context, grant: GrantName, *, as_json: AsJson = False) -> None:
    """Tell everything of one grant.

    That is what it opens, its timeline, its audit lines and the change of the policies: as it was asked for, or written
    last. The policies themselves may have changed since.
    """
    from airlock_cli.operators import reading  # noqa: PLC0415 - loads boto3

    reading.show(_options(ctx), grant, as_json=as_json)


def approve(  # noqa: PLR0913 - typer reads the command line's options from the parameters
    ctx: typer.Context,
    grant: GrantName,
    *,
    note: Note = "",
    any_network: Annotated[
        bool, typer.Option("--any-network", help="Say that you mean it, if it opens for any network.")
    ] = False,
    any_action: Annotated[
        bool, typer.Option("--any-action", help="Say that you mean it, if it opens any action on the objects.")
    ] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Say that you mean it, if it asks for a lift; takes in the other two.")
    ] = False,
    wait: Wait = DEFAULT_WAIT,
    as_json: AsJson = False,
) -> None:
    """Approve a grant that waits for an answer.

    Nobody is asked to confirm. What opens is told first. What is wider than asked is refused unless it is said: a grant
    may be opened for any network or any action, where the exact opening can't be had, and a lift takes the whole deny
    away for the time. Status 1 means that the approval is kept, but nothing opened within the wait.
    """
    said = said_form(any_network=any_network, any_action=any_action, lift=lift)
    _decide(ctx, "approve", grant, note, wait, said=said, as_json=as_json)


def reject(
    ctx: typer.Context, grant: GrantName, *, note: Note = "", wait: Wait = DEFAULT_WAIT, as_json: AsJson = False
) -> None:
    """Reject a grant that waits for an answer.

    Nothing is opened for it then. Status 1 means that the rejection is kept, but the grant hasn't ended within the
    wait.
    """
    _decide(ctx, "reject", grant, note, wait, as_json=as_json)


def close(
    ctx: typer.Context, grant: GrantName, *, note: Note = "", wait: Wait = DEFAULT_WAIT, as_json: AsJson = False
) -> None:
    """Close a grant before its time.

    It may be open, or still wait for an answer. Status 1 means that the order is kept, but the grant hasn't ended
    within the wait.
    """
    _decide(ctx, "close", grant, note, wait, as_json=as_json)


def approve_ahead(  # noqa: PLR0913 - as above
    ctx: typer.Context,
    principal: Annotated[str, typer.Argument(metavar="PRINCIPAL", help="ARN of the enrolled user or role.")],
    *,
    hours: Annotated[
        int | None,
        typer.Option(metavar="N", min=HOURS[0], max=HOURS[-1], help="For how many hours from now it is to stand."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only for installs of this cluster. Default: for any.")
    ] = None,
    any_network: Annotated[
        bool, typer.Option("--any-network", help="Approve grants too that open for any network.")
    ] = False,
    any_action: Annotated[
        bool, typer.Option("--any-action", help="Approve grants too that open any action on the objects.")
    ] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Approve lifts too, and whatever else is wider than asked.")
    ] = False,
    note: Note = "",
    listed: Annotated[
        bool, typer.Option("--list", help="List what was approved ahead for PRINCIPAL, the newest first.")
    ] = False,
    revoke: Annotated[str | None, typer.Option(metavar="ID", help="Take one of PRINCIPAL's back.")] = None,
    as_json: AsJson = False,
) -> None:
    """Approve a principal's installs before they begin.

    Such approvals can also be listed, and taken back. Give exactly one of --hours, --list and --revoke. An approval is
    of scoped grants alone unless wider ones are named. Taking one back closes nothing: airlock close does.
    """
    if sum((hours is not None, listed, revoke is not None)) != 1:
        raise InputError("give exactly one of --hours, --list and --revoke.\nSee airlock approve-ahead --help.")
    form = said_form(any_network=any_network, any_action=any_action, lift=lift)
    if hours is None and (cluster is not None or form is not Form.SCOPED or note):
        flags = "--cluster, --any-network, --any-action, --lift and --note"
        raise InputError(f"{flags} go with --hours alone.\nSee airlock approve-ahead --help.")
    from airlock_cli.operators import ahead  # noqa: PLC0415 - loads boto3

    if listed:
        ahead.listed(_options(ctx), principal, as_json=as_json)
    elif revoke is not None:
        ahead.revoke(_options(ctx), principal, revoke, as_json=as_json)
    else:
        wanted: dict[str, object] = {"cluster": cluster, "form": form, "hours": hours, "note": note}
        ahead.approve(_options(ctx), principal, wanted, as_json=as_json)


def report(  # noqa: PLR0913 - as above
    ctx: typer.Context,
    output: Annotated[Path, typer.Option(metavar="FILE.html", help="The file to write.")],
    grant: Annotated[
        str | None, typer.Argument(metavar="GRANT", help="The grant's name, or a beginning that no other has.")
    ] = None,
    *,
    since: Since = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there; never a link or a device.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a report for auditors, as one HTML file.

    It is of one grant, or of all that were requested since a time. It has the timelines, the changes of policies, every
    audit line and totals; no script, and nothing from elsewhere.
    """
    from airlock_cli.operators import report as reports  # noqa: PLC0415 - loads boto3 and jinja2

    reports.report(_options(ctx), grant, since, output, force=force, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add the commands, in the order in which help lists them."""
    for command in (status, grants, show, approve, reject, close, approve_ahead, report):
        app.command(command.__name__.replace("_", "-"), epilog=EXIT_STATUS)(command)


def _decide(  # noqa: PLR0913 - as above
    ctx: typer.Context, decision: str, grant: str, note: str, wait: int, *, said: Form = Form.SCOPED, as_json: bool
) -> None:
    from airlock_cli.operators.deciding import Decision, Order, decide  # noqa: PLC0415 - loads boto3

    order = Order(decision=Decision(decision), name=grant, note=note, wait=wait, said=said)
    decide(_options(ctx), order, as_json=as_json)


def _options(ctx: typer.Context) -> Options:
    options = ctx.obj
    return options if isinstance(options, Options) else Options()
