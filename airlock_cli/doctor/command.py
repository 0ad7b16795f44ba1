"""``airlock doctor`` as typer sees it; what it needs is loaded once it is called, so that help is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from airlock_cli.operators.options import AsJson, Options

FAILS = 4
EXIT_STATUS = """
Exit status: 0 an install would pass, or the airlock would open it; 2 the input can't be used; 3 no such principal; 4
an install would fail and the airlock can't help; 5 AWS can't be reached or denies access.
"""


def doctor(
    ctx: typer.Context,
    principal: Annotated[str, typer.Option(metavar="ARN", help="The IAM user or role that installs.")],
    *,
    infra_id: Annotated[
        str | None, typer.Option(metavar="ID", help="The install's infra ID. Default: a made-up one.")
    ] = None,
    organization_profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="An AWS profile that may read the organization's policies.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a principal's install would fail, and why.

    It reads the principal's policies with your own credentials, and needs no stack. It tells which statement of which
    policy stops the node's fetch, from a VPC endpoint and from a public address, and S3's call to KMS for it; what the
    airlock would do about it; and what is out of its reach. Nothing is written.

    The organization's SCPs and RCPs are read if you may: from its management account, by a delegated administrator, or
    with --organization-profile. Where SCPs can't be read, IAM's simulator is asked about them.
    """
    from airlock_cli.doctor.diagnosing import diagnose  # noqa: PLC0415 - loads boto3
    from airlock_cli.doctor.result import Verdict  # noqa: PLC0415 - as above

    options = ctx.obj if isinstance(ctx.obj, Options) else Options()
    if diagnose(options, principal, infra_id, organization_profile, as_json=as_json) is Verdict.FAILS:
        raise typer.Exit(FAILS)
