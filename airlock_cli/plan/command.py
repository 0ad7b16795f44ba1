"""``airlock plan``: what opening a policy for one install would come to, without asking AWS anything."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from airlock.policy.place import PolicyKind

NOTHING_TO_OPEN = 3
REFUSED = 4
EXIT_STATUS = """
Exit status: 0 the policy can be opened; 2 the input can't be used; 3 nothing has to be opened; 4 it is refused.
"""


class Format(StrEnum):
    """How the plan is printed."""

    TEXT = "text"
    JSON = "json"


def plan(  # noqa: PLR0913, PLR0917 - typer reads the command line's options from the parameters
    policy: Annotated[Path, typer.Argument(metavar="POLICY.json", help="The policy, as IAM holds it.")],
    principal: Annotated[str, typer.Option(metavar="ARN", help="The IAM user or role that installs.")],
    infra_id: Annotated[str, typer.Option(metavar="ID", help="The install's infra ID, such as prod-7xk2q.")],
    region: Annotated[str, typer.Option(metavar="REGION", help="Where the cluster is installed.")],
    not_after: Annotated[str, typer.Option(metavar="ISO8601", help="Until when it is to be open at the most.")],
    partition: Annotated[
        str | None, typer.Option(metavar="NAME", help="AWS's partition. Default: the principal's.")
    ] = None,
    kind: Annotated[
        PolicyKind | None, typer.Option(help="What the policy is. Default: the principal's own inline policy.")
    ] = None,
    shared: Annotated[  # noqa: FBT002 - typer's way to say a flag
        bool, typer.Option("--shared", help="Others are under the policy: open it for the principal alone.")
    ] = False,
    vpc_id: Annotated[
        str | None, typer.Option(metavar="VPC", help="Open it only for requests from this VPC's endpoints.")
    ] = None,
    source_ip: Annotated[
        str | None, typer.Option(metavar="CIDR", help="Open it only for requests from these public addresses.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print the plan.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,  # noqa: FBT002 - as above
) -> None:
    """Tell what opening a policy for an install would come to.

    That is what the policy denies to the bootstrap node and why, how it would be changed, what the hole is, what stays
    denied, and whether the policy still fits. Nothing is asked of AWS, and nothing is written. What can't be opened
    exactly is opened in the tightest form that can be.

    Without --vpc-id and --source-ip the fetch may come from any network. Group, managed and boundary policies are
    shared. Condition keys that nothing is known of, such as tags, are taken for absent.
    """
    # Loaded late, so that help is quick.
    from airlock_cli.operators.page import Page, put_json  # noqa: PLC0415
    from airlock_cli.plan.asked import Words, asked, policy_text  # noqa: PLC0415
    from airlock_cli.plan.planning import plan as worked_out  # noqa: PLC0415
    from airlock_cli.plan.result import plan_json  # noqa: PLC0415
    from airlock_cli.plan.telling import tell_plan  # noqa: PLC0415

    now = datetime.now(UTC)
    words = Words(
        principal=principal,
        infra_id=infra_id,
        region=region,
        not_after=not_after,
        partition=partition,
        kind=kind,
        vpc_id=vpc_id,
        source_ip=source_ip,
    )
    wanted = asked(words, now)
    planned = worked_out(policy_text(policy, wanted.kind), wanted.exemption, wanted.kind, now, shared=shared)
    if as_json or format_ is Format.JSON:
        put_json(plan_json(planned))
    else:
        tell_plan(Page(), planned)
    if planned.refused is not None:
        raise typer.Exit(REFUSED)
    if planned.rung is None:
        raise typer.Exit(NOTHING_TO_OPEN)
