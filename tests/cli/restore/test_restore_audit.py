"""What `airlock restore` wrote, in the audit trail; and that it restores where nothing can be kept there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from airlock.adapters.audit import AuditNotKeptError, LogAudit
from airlock.adapters.iam import IamPolicies
from airlock.errors import RefusedByIamError
from airlock.grants.approval import Change
from airlock.messages.differences import difference_of
from airlock.policy.document import sha256_of
from airlock.policy.exemption import iso
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.chain import hash_of, link
from airlock_cli.operators.chain import follow
from airlock_cli.operators.trail import Trail
from tests.cli.helpers import AWS_EXAMPLE, USER
from tests.cli.operators import samples
from tests.cli.restore.conftest import OPENED, Bench

if TYPE_CHECKING:
    from tests.cli.operators.conftest import Desk

GRANT = samples.open_grant().id
Make = Callable[..., Bench]


def trail(desk: Desk) -> list[dict[str, Any]]:
    """The lines of the stream for what operators restored."""
    events = desk.logs.filter_log_events(logGroupName="audit", logStreamNames=["restore"])["events"]
    return [json.loads(event["message"]) for event in events]


def test_a_restoration_is_in_the_audit_trail(bench: Make) -> None:
    """Like the airlock's own writes, with who did it."""
    account = bench()
    at = iso(account.desk.clock.now())
    assert account.desk.run("restore", GRANT, "--json").json["unaudited"] is None
    (line,) = trail(account.desk)
    by = line.pop("by")
    place = PolicyPlace(PolicyKind.USER_INLINE, USER, "source-ip")
    assert by.startswith("arn:aws:sts::123456789012:")
    assert line == {
        "schema": 2,
        "at": at,
        "kind": "policy-write",
        "grant": GRANT,
        "grants": [GRANT],
        "principals": [USER],
        "approved_by": {GRANT: None},
        "forms": {GRANT: "scoped"},
        "policy": {"kind": "user-inline", "holder": USER, "name": "source-ip"},
        "signal_event_id": None,
        "before_sha256": sha256_of(OPENED),
        "after_sha256": sha256_of(AWS_EXAMPLE),
        "difference": "\n".join(difference_of(Change(place, OPENED, AWS_EXAMPLE))),
        "check": "baseline",
        "outcome": "restored",
        "detail": f"airlock restore by {by}",
        "previous": {GRANT: None},
    }


def test_a_restoration_follows_the_last_line_that_the_ledger_knows(bench: Make) -> None:
    """It has its place in the chain, as a branch: nothing is missing, and the functions' next line follows the same."""
    account = bench()
    at = iso(account.desk.clock.now())
    (text,), heads = link([{"schema": 2, "at": at, "kind": "decision", "grant": GRANT, "grants": [GRANT]}], {})
    account.desk.audit("watcher", json.loads(text))
    grant = replace(account.desk.find(GRANT) or samples.open_grant(), audit_head=heads[GRANT])
    account.desk.keep(grant)
    account.desk.run("restore", GRANT)
    (line,) = trail(account.desk)
    assert line["previous"] == {GRANT: hash_of(text)}
    chain = follow(grant, Trail(account.desk.logs, "audit").of(grant))
    assert (chain.lines, chain.faults, [one.stream for one in chain.branches]) == (2, (), ["restore"])


def test_later_restorations_go_to_the_same_stream(bench: Make) -> None:
    """The stream is made once."""
    account = bench()
    account.desk.run("restore", GRANT)
    account.holds(OPENED)
    account.desk.run("restore", GRANT)
    assert [line["outcome"] for line in trail(account.desk)] == ["restored", "restored"]


def test_an_operator_sees_it_in_the_grants_story(bench: Make) -> None:
    """The audit lines of a grant are read over all streams."""
    account = bench()
    account.desk.run("restore", GRANT)
    # CloudWatch stamps a line by its own clock.
    account.desk.clock.moment = datetime.now(UTC)
    assert "airlock restore by" in json.dumps(account.desk.run("show", GRANT, "--json").json["audit"])


@pytest.mark.parametrize("words", [[GRANT, "--dry-run"], [GRANT]])
def test_nothing_written_is_nothing_to_audit(bench: Make, words: list[str]) -> None:
    """A look, or a baseline that stands already."""
    account = bench()
    if "--dry-run" not in words:
        account.holds(AWS_EXAMPLE)
    account.desk.run("restore", *words)
    assert account.desk.logs.describe_log_streams(logGroupName="audit")["logStreams"] == []


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutLogEvents"), "PutLogEvents: AccessDenied"),
        (ReadTimeoutError(endpoint_url="https://logs"), "Read timeout on endpoint URL"),
        (AuditNotKeptError("the log group audit refused lines: too old"), "refused lines: too old"),
    ],
)
def test_a_trail_that_takes_nothing_keeps_nothing_from_being_restored(
    bench: Make, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    """Status 0; that the trail hasn't it is told, and why."""
    account = bench()
    monkeypatch.setattr(LogAudit, "write", Mock(side_effect=error))
    done = account.desk.run("restore", GRANT)
    assert done.status == 0
    assert "The audit trail hasn't it" in done.words
    assert why in done.words
    assert account.text == AWS_EXAMPLE
    account.ledger.acquire([USER], 0)


def test_a_stack_without_the_audit_log_restores_too(bench: Make) -> None:
    """Such as one of an older version."""
    account = bench()
    del account.desk.door.outputs["AuditLogGroupName"]
    done = account.desk.run("restore", GRANT, "--json")
    assert done.status == 0
    assert "has no output AuditLogGroupName" in done.json["unaudited"]
    assert account.text == AWS_EXAMPLE


def test_an_operator_whom_sts_does_not_tell_is_left_unnamed(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is kept all the same."""
    account = bench()
    monkeypatch.setattr("airlock_cli.restore.auditing._caller", lambda _: "")
    account.desk.run("restore", GRANT)
    assert [(line["by"], line["detail"]) for line in trail(account.desk)] == [("", "airlock restore")]


def test_a_write_that_iam_refuses_is_audited_too(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """As failed, and the command says what it always said."""
    account = bench()
    monkeypatch.setattr(IamPolicies, "write", Mock(side_effect=RefusedByIamError("IAM refused it")))
    done = account.desk.run("restore", GRANT)
    assert done.status == 5
    (line,) = trail(account.desk)
    assert (line["outcome"], line["detail"].split(": ", 1)[1]) == ("failed", "RefusedByIamError: IAM refused it")
