"""What was restored by hand, in the audit trail too, if the operator may write there."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from airlock.adapters.audit import AuditNotKeptError, LogAudit
from airlock.adapters.clients import Clients
from airlock.reconcile.chain import link
from airlock.reconcile.happening import Happening, PolicyWrite
from airlock_cli.operators.account import Account
from airlock_cli.problems import CommandError

STREAM = "restore"
"""The audit log's stream of what operators restored; the functions have streams of their own."""


def audit(account: Account, clients: Clients, happened: Sequence[Happening]) -> str:
    """Append what was written; say why it couldn't be, and never fail: the policies are as they are.

    Returns:
        Empty where it was kept.
    """
    writes = [one for one in happened if isinstance(one, PolicyWrite)]
    if not writes:
        return ""
    try:
        by = _caller(account)
        now = account.clock.now()
        lines = [{**one.audit_line(now), "by": by, "detail": _detail(one, by)} for one in writes]
        # The functions' next line follows the same one: only they keep in the ledger which is the last.
        texts, _ = link(lines, {grant.id: grant.audit_head for one in writes for grant in one.about})
        _append(clients, account.output("AuditLogGroupName"), texts)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an unknown error")
        return f"logs:{error.operation_name}: {code}"
    except (BotoCoreError, AuditNotKeptError, CommandError) as error:
        return str(error).split("\n", maxsplit=1)[0]
    return ""


def _append(clients: Clients, group: str, lines: Sequence[str]) -> None:
    trail = LogAudit(lambda: clients.logs, group, STREAM)
    try:
        trail.write(lines)
    except clients.logs.exceptions.ResourceNotFoundException:
        # The first time; a group that is gone ends here too.
        clients.logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
        trail.write(lines)


def _caller(account: Account) -> str:
    """The operator's ARN, as STS tells everybody ("GetCallerIdentity" needs no permission); empty where it doesn't."""
    try:
        arn: str = account.session.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        return ""
    return arn


def _detail(write: PolicyWrite, by: str) -> str:
    told = f"airlock restore{f' by {by}' if by else ''}"
    return f"{told}: {write.detail}" if write.detail else told
