"""The command line: one typer app, each command in a module of its own."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from airlock_cli.problems import InputError
from airlock_cli.replay import command as replay_command

BAD_INPUT = 2
"""The exit status for what can't be used; click's own usage errors have the same."""

app = typer.Typer(
    name="airlock",
    help="Bootstrap Airlock: opens a source-IP deny for one OpenShift bootstrap fetch, and puts it back to the byte.",
    # Plain text: the same on a terminal, in a pipe and in the README.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
app.command("replay", epilog=replay_command.EXIT_STATUS)(replay_command.replay)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the flag over by position
    if wanted:
        typer.echo(f"airlock {version('bootstrap-airlock')}")
        raise typer.Exit


@app.callback()
def _airlock(
    _version: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    # Without a callback typer would make the only command the whole program.
    pass


def run() -> None:
    """The console entry point: input that can't be used ends in one or two lines on stderr and exit status 2."""
    try:
        app()
    except InputError as problem:
        typer.echo(f"airlock: {problem}", err=True)
        sys.exit(BAD_INPUT)
