"""The command line: one typer app, each command in a module of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Annotated, NoReturn

import typer
from typer._click.exceptions import ClickException  # typer brings its own click, and exports no base of these

from airlock_cli.doctor import command as doctor_command
from airlock_cli.operators import commands
from airlock_cli.operators.options import DEFAULT_STACK, Options
from airlock_cli.plan import command as plan_command
from airlock_cli.problems import CommandError, InputError
from airlock_cli.replay import command as replay_command
from airlock_cli.restore import command as restore_command

app = typer.Typer(
    name="airlock",
    help="Bootstrap Airlock: opens a source-IP deny for one OpenShift bootstrap fetch, and puts it back to the byte.",
    # Plain text: the same on a terminal, in a pipe and in the README.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
commands.add_to(app)
app.command(
    "replay",
    epilog=replay_command.EXIT_STATUS,
    # The first line of its help is too long for the list of commands.
    short_help="Play an install's events, and tell what the airlock does.",
)(replay_command.replay)
app.command("plan", epilog=plan_command.EXIT_STATUS)(plan_command.plan)
app.command("doctor", epilog=doctor_command.EXIT_STATUS)(doctor_command.doctor)
app.command("restore", epilog=restore_command.EXIT_STATUS)(restore_command.restore)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the flag over by position
    if wanted:
        typer.echo(f"airlock {version('bootstrap-airlock')}")
        raise typer.Exit


@app.callback()
def _airlock(
    ctx: typer.Context,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="The AWS profile to use.")] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="The stack's region. Default: the profile's.")
    ] = None,
    stack: Annotated[
        str, typer.Option(metavar="NAME", envvar="AIRLOCK_STACK", help="The airlock's CloudFormation stack.")
    ] = DEFAULT_STACK,
    operator_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="AIRLOCK_OPERATOR_URL", help="Of the operator function. Default: the stack tells."
        ),
    ] = None,
    _version: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    ctx.obj = Options(profile, region, stack, operator_url)


def run() -> None:
    """The console entry point: what doesn't come out ends in one or two lines on stderr and an exit status.

    With ``--json`` it ends in a JSON object on stdout instead, so that there is one whatever happens; but for
    ``replay``, whose stdout holds a result or nothing.
    """
    try:
        if _wants_json(sys.argv[1:]) and _command(sys.argv[1:]) != "replay":
            _run_for_programs()
        app()
    except CommandError as problem:
        typer.echo(f"airlock: {problem}", err=True)
        sys.exit(problem.status)


def _wants_json(words: Sequence[str]) -> bool:
    """Whether the result, and so an error, is to be JSON."""
    return bool({"--json", "--format=json"}.intersection(words)) or ("--format", "json") in pairwise(words)


def _command(words: Sequence[str]) -> str | None:
    """The first word that is a command's name."""
    names = {command.name for command in app.registered_commands}
    return next((word for word in words if word in names), None)


def _run_for_programs() -> NoReturn:
    try:
        sys.exit(app(standalone_mode=False))
    except ClickException as error:
        _fail_for_programs(InputError(error.format_message(), "usage"))
    except CommandError as problem:
        _fail_for_programs(problem)


def _fail_for_programs(problem: CommandError) -> NoReturn:
    typer.echo(json.dumps(problem.as_json(), indent=2))
    sys.exit(problem.status)
