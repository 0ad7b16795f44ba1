"""``airlock restore`` as typer sees it; what it needs is loaded once it is called, so that help is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from airlock_cli.operators.options import AsJson, Options
from airlock_cli.problems import InputError

EXIT_STATUS = """
Exit status: 0 the baselines stand; 1 another writer is at work, or IAM doesn't show it yet; 2 the input can't be used;
3 no such grant, or no baseline kept; 4 refused: a grant is open, or a policy was edited; 5 AWS can't be reached or
denies access.
"""


def restore(  # noqa: PLR0913 - typer reads the command line's options from the parameters
    ctx: typer.Context,
    grant: Annotated[
        str | None, typer.Argument(metavar="GRANT", help="The grant's name, or a beginning that no other has.")
    ] = None,
    *,
    policy_ref: Annotated[
        str | None, typer.Option(metavar="REF", help="One policy instead, as KIND:NAME@HOLDER-ARN.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    merge: Annotated[bool, typer.Option("--merge", help="Keep what others edited; put only the deny back.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Throw away what others edited.")] = False,
    even_if_open: Annotated[
        bool, typer.Option("--even-if-open", help="Go on though a grant is open; it may open again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a policy back by hand when everything else fails.

    Give a grant or one policy. The policies get their baselines back, from the ledger, with your own rights in IAM,
    under the leases that the functions take too, and are read back. The grants stay as they are: the sweeper ends those
    that are over.

    While a grant is open, the install's next event would open the policy again, so close the grant first. With
    --even-if-open the policy is written all the same; stop the watcher and the sweeper before. See docs/operations.md.
    """
    if (grant is None) == (policy_ref is None):
        raise InputError("give a grant or --policy-ref, and not both.\nSee airlock restore --help.")
    if merge and force:
        raise InputError("--merge and --force don't go together.\nGive one of them.")
    from airlock_cli.restore.policies import Way  # noqa: PLC0415 - loads boto3
    from airlock_cli.restore.reporting import Order, carry_out  # noqa: PLC0415 - as above

    way = Way.MERGE if merge else Way.FORCE if force else Way.REFUSE
    order = Order(grant=grant, ref=policy_ref, dry_run=dry_run, way=way, even_if_open=even_if_open)
    carry_out(ctx.obj if isinstance(ctx.obj, Options) else Options(), order, as_json=as_json)
