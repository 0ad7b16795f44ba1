"""What operators' commands are told on the command line; nothing costly is loaded here, so that help is quick."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import typer

from airlock_cli.problems import InputError

DEFAULT_STACK = "bootstrap-airlock"
NOTE_LIMIT = 200
"""Characters that the ledger keeps of a note."""
# An infra ID, a hyphen and eight hexadecimal characters; or how such a name begins.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
EXIT_STATUS = """
Exit status: 0 done; 1 it didn't come out; 2 the input can't be used; 3 no such grant or approval ahead; 4 refused; 5
AWS can't be reached or denies access.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """Where the airlock is, and who asks.

    Attributes:
        profile: an AWS profile of the caller's; None for whatever boto3 finds.
        region: the stack's home region; None for the profile's.
        stack: the name of the CloudFormation stack.
        operator_url: the operator function's URL; None for the one that the stack's outputs tell.
    """

    profile: str | None = None
    region: str | None = None
    stack: str = DEFAULT_STACK
    operator_url: str | None = None


GrantName = Annotated[str, typer.Argument(metavar="GRANT", help="The grant's name, or a beginning that no other has.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON; an error too.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Kept with it, for others: at most 200 characters.")]
Wait = Annotated[
    int,
    typer.Option(metavar="SECONDS", min=0, max=600, help="How long to wait for what comes of it; 0: don't."),
]


def checked_name(name: str) -> str:
    """Check that a text can be a grant's name, or the beginning of one.

    Raises:
        InputError: it can't.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} can't be a grant's name.\nIt looks like prod-7xk2q-1a2b3c4d; see airlock grants.")
    return name


def checked_note(note: str) -> str:
    """Check that a note isn't too long.

    Raises:
        InputError: it is.
    """
    if len(note) > NOTE_LIMIT:
        raise InputError(f"--note has {len(note)} characters.\nAt most {NOTE_LIMIT} are kept: write a shorter one.")
    return note
