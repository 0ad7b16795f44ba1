"""``airlock replay``: what the airlock would have made of an install, told from its events alone."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from airlock_cli.problems import InputError
from airlock_cli.replay.isolation import apart_from_the_caller
from airlock_cli.replay.people import Leave, Mode, People, Strategy
from airlock_cli.replay.principal import Kind, Principal

LONGEST_DELAY = 86_400
"""Seconds: one day. CloudTrail's own promise is fifteen minutes (CloudTrail user guide, "How CloudTrail works")."""
NOT_RESTORED = 1
EXIT_STATUS = """
Exit status: 0 when every policy came back to the byte, whether the fetch was allowed or not; 1 when a policy didn't
come back; 2 when the input can't be used.
"""


def replay(  # noqa: PLR0913, PLR0917 - typer reads the command line's options from the parameters
    stream: Annotated[Path, typer.Argument(metavar="STREAM", help="Events, one a line.")],
    policy: Annotated[Path, typer.Option(metavar="POLICY.json", help="The policy with the source-IP deny.")],
    principal: Annotated[str, typer.Option(metavar="ARN", help="The IAM user or role that installs.")],
    kind: Annotated[
        Kind | None, typer.Option(help="Where the policy stands. Default: the user's or role's own inline policy.")
    ] = None,
    delay: Annotated[
        float,
        typer.Option(metavar="SECONDS", show_default="0", help="How long each event takes to arrive: 0 to 86400."),
    ] = 0.0,
    mode: Annotated[Mode, typer.Option(help="When a grant may open.")] = Mode.AUTOMATIC,
    strategy: Annotated[Strategy, typer.Option(help="How far it opens the deny.")] = Strategy.SCOPE,
    wider: Annotated[
        Leave, typer.Option(help="Whether it may open wider than asked where it has to, and a lift by itself.")
    ] = Leave.APPROVAL,
    approve_after: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Approve what is asked after so long. Default: nobody answers."),
    ] = None,
    rescue: Annotated[bool, typer.Option(help="Reboot a node that was refused before the grant opened.")] = True,  # noqa: FBT002 - typer's way to say a flag
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,  # noqa: FBT002 - typer's way to say a flag
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the handlers' own log on stderr.")] = False,  # noqa: FBT002 - as above
) -> None:
    """Play an install's events to the airlock, and tell what it does.

    The functions' own code runs in this process, on a simulated AWS, with a clock that follows the stream. Nothing real
    is called, and no credentials are read. 20 seconds after RunInstances of the bootstrap node its fetch is tried
    against the policies as IAM then holds them; Denies count, Allows aren't looked at, and IAM's own delay of some
    seconds isn't played. A node that was refused stays so until it is rebooted, and fetches again 20 seconds later.

    A line of the stream is {"at": seconds, "event": an EventBridge event}, an EventBridge event, or a CloudTrail
    record. The order of the lines doesn't matter, nor do repeats. CloudTrail's own files and the output of "aws
    cloudtrail lookup-events" are taken too.
    """
    who = Principal.of(principal)
    where = who.kind_of_policy(kind)
    if not 0 <= delay <= LONGEST_DELAY:
        raise InputError(f"--delay {delay:g} can't be played.\nGive a number of seconds from 0 to {LONGEST_DELAY}.")
    if approve_after is not None and not 0 <= approve_after <= LONGEST_DELAY:
        raise InputError(
            f"--approve-after {approve_after:g} can't be played.\nGive a number of seconds from 0 to {LONGEST_DELAY}."
        )
    answer_after = None if approve_after is None else timedelta(seconds=approve_after)
    people = People(mode, strategy, answer_after, rescue, wider).checked()
    # All that loads boto3, moto and powertools comes after this, for they read the environment as they are loaded;
    # and so that help, and what is wrong with the arguments, is there at once.
    with apart_from_the_caller(who.account, who.partition):
        from airlock_cli.replay.session import Session  # noqa: PLC0415

        session = Session(who, where, timedelta(seconds=delay), people, log=sys.stderr if verbose else None)
        replayed = session.play(stream, policy)
        if as_json:
            typer.echo(json.dumps(replayed.as_json(), indent=2))
        else:
            session.show(replayed)
    if not replayed.policy_restored:
        raise typer.Exit(NOT_RESTORED)
