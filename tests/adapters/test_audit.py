"""The audit trail by moto: lines are kept as they are, and what CloudWatch doesn't keep is never taken for kept."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from airlock.adapters.audit import AuditNotKeptError, LogAudit
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import Account, at, install
from tests.reconcile.trail import lines_of, troubles

DAY = 24 * 3600
POLICY = (SAMPLES / "aws-example.json").read_text()


def wrong_clock(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let the function's clock be so far off that CloudWatch keeps none of its lines ("PutLogEvents")."""
    monkeypatch.setattr("airlock.adapters.audit.time", SimpleNamespace(time=lambda: time.time() + days * DAY))


def test_lines_are_kept_in_order_and_to_the_byte(account: Account) -> None:
    """In the stream that is named, stamped with the time at which they are written."""
    lines = ['{"b": 1,  "a": "テスト"}', '{"a": 2}']
    before = time.time()
    LogAudit(lambda: account.aside.logs, "audit", "tests").write(lines)
    assert account.trail() == lines
    events = account.aside.logs.get_log_events(logGroupName="audit", logStreamName="tests")["events"]
    assert all(int(before * 1000) <= event["timestamp"] <= time.time() * 1000 for event in events)


@pytest.mark.parametrize("days", [-20, 1], ids=["too-old", "too-new"])
def test_lines_that_cloudwatch_refuses_are_told(account: Account, monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """CloudWatch answers with success, and says beside it which lines it didn't keep."""
    wrong_clock(monkeypatch, days)
    with pytest.raises(AuditNotKeptError, match=r"the log group audit refused lines: .*LogEvent"):
        LogAudit(lambda: account.aside.logs, "audit", "tests").write(['{"a": 1}'])
    assert account.trail() == []


def test_what_the_trail_did_not_keep_is_not_settled(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grant isn't open for the ledger until its lines are kept; the next sweep writes them, whole and chained."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    with monkeypatch.context() as patched:
        wrong_clock(patched, -20)
        with pytest.raises(AuditNotKeptError):
            account.deliver(one.create_role(at(0)))
    assert account.trail() == []
    grant = account.grant(one.infra_id)
    assert (grant.progress.state, grant.audit_head) == (State.REQUESTED, None)
    account.sweep()
    grant = account.grant(one.infra_id)
    assert grant.progress.state is State.OPEN
    assert [line["decision"] for line in account.audit("decision")] == ["open"]
    assert list(troubles(lines_of(account.trail()), [grant])) == []
