"""Two things that go wrong at once: a refusal beside a closing, a second crash, a crash and an old read."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.errors import RefusedByIamError
from airlock.grants.grant import State
from airlock.policy.document import sha256_of
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import USER, Account, at, install
from tests.reconcile.interference import Crash, refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
S3_ONLY = (SAMPLES / "s3-only.json").read_text()


def audited(account: Account) -> set[str]:
    """SHA-256 of every text that the audit trail says was written."""
    return {line["after_sha256"] for line in account.audit("policy-write")}


def test_a_refused_opening_doesnt_close_the_books_on_a_grant_that_ends_with_it(account: Account) -> None:
    """One write was to end a grant and open the next: IAM refuses it, and the first is still taken out."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("first-9mz4c").create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")]
    assert "refuse" in account.deliver(install("other-7xk2q").create_role(at(3601)))
    assert account.text(place) == POLICY
    assert account.grant("first-9mz4c").progress.state is State.CLOSED
    assert account.grant("other-7xk2q").progress.state is State.REFUSED


def test_a_closing_that_is_refused_with_an_opening_isnt_taken_for_done(account: Account) -> None:
    """If IAM refuses the restoration too, the grant stays closing until a sweep gets it through."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("first-9mz4c").create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")] * 2
    with pytest.raises(RefusedByIamError):
        account.deliver(install("other-7xk2q").create_role(at(3601)))
    assert account.grant("first-9mz4c").progress.state is State.CLOSING
    account.sweep()
    assert account.text(place) == POLICY
    assert account.grant("first-9mz4c").is_final


def test_a_new_grant_that_iam_refuses_doesnt_keep_another_from_closing(account: Account) -> None:
    """The text with the newcomer is refused each time; without it, the ended grant's hole is closed at once."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    first, other = install("first-9mz4c"), install("other-7xk2q")
    account.deliver(first.create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("LimitExceeded")]
    with pytest.raises(RefusedByIamError):
        account.deliver(other.create_role(at(10)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("LimitExceeded")]
    with pytest.raises(RefusedByIamError):
        account.deliver(first.delete_bucket(at(60)))
    assert account.text(place) == POLICY
    assert account.grant("first-9mz4c").progress.state is State.CLOSED
    assert account.grant("other-7xk2q").progress.state is State.REQUESTED


def test_two_crashes_leave_an_audit_line_for_both_writes(account: Account) -> None:
    """What a run found written by a dead one is audited before its intent is replaced by the next."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    for event in (install().create_role(at(0)), install().delete_bucket(at(100))):
        account.calls.failures["PutUserPolicy", "after"] = [Crash()]
        with pytest.raises(Crash):
            account.deliver(event)
        account.revive()
    account.sweep(after=91)
    wrote = [params["PolicyDocument"] for name, params in account.calls.made if name == "PutUserPolicy"]
    assert {sha256_of(text) for text in wrote} == audited(account)


def test_a_crash_while_undoing_leaves_an_audit_line_for_both_writes(account: Account) -> None:
    """The first policy was opened and put back before the process died; the trail tells of both."""
    account.stand(PolicyKind.GROUP_INLINE, S3_ONLY)
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    account.calls.failures["PutGroupPolicy", "after"] = [None, Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.revive()
    account.sweep(after=3700)
    wrote = [params["PolicyDocument"] for name, params in account.calls.made if name == "PutGroupPolicy"]
    assert {sha256_of(text) for text in wrote} <= audited(account)


def test_an_undoing_that_fails_is_audited(account: Account) -> None:
    """IAM may have carried it out all the same."""
    account.stand(PolicyKind.GROUP_INLINE, S3_ONLY)
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    account.calls.failures["PutGroupPolicy", "after"] = [None, refusal()]
    with pytest.raises(ClientError):
        account.deliver(install().create_role(at(0)))
    assert [line["outcome"] for line in account.audit("policy-write")] == ["written", "failed", "failed"]


def test_an_old_read_after_a_crash_doesnt_hide_what_the_dead_run_wrote(account: Account) -> None:
    """The policy is opened, the process dies, and reads still show the baseline when the time is over."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    old = account.aside.iam.get_user_policy(UserName=USER.rpartition("/")[2], PolicyName="net")["PolicyDocument"]
    account.calls.failures["PutUserPolicy", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.revive()

    def lag(parsed: dict[str, Any]) -> None:
        parsed["PolicyDocument"] = old

    account.calls.changes["GetUserPolicy"] = lag
    account.sweep(after=3700)
    account.calls.changes.clear()
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").is_final


def test_what_a_dead_attempt_opened_is_the_grants_own_all_the_same(account: Account) -> None:
    """The user leaves the group after a crash, and the group leaves the configuration: its policy is restored too."""
    shared = account.stand(PolicyKind.GROUP_INLINE, S3_ONLY)
    own = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutGroupPolicy", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.aside.iam.remove_user_from_group(GroupName="installers", UserName="ocp-installer")
    account.revive()
    account.sweep(after=91)
    account.principals[USER] = {}
    account.revive()
    account.deliver(install().delete_bucket(at(600)))
    account.sweep()
    assert [account.text(shared), account.text(own)] == [S3_ONLY, POLICY]
