"""Calls that fail and processes that die: what is half done is undone or finished, and nothing stays open."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.errors import LeaseBusyError, RefusedByIamError
from airlock.grants.grant import State
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.reconcile.writing import NotConfirmedError
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import OTHER_USER, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal

POLICY = (SAMPLES / "aws-example.json").read_text()
S3_ONLY = (SAMPLES / "s3-only.json").read_text()


def two_policies(account: Account) -> tuple[PolicyPlace, PolicyPlace]:
    """A group's and the user's own, written in this order."""
    return account.stand(PolicyKind.GROUP_INLINE, S3_ONLY), account.stand(PolicyKind.USER_INLINE, POLICY)


def texts(account: Account, *places: PolicyPlace) -> list[str | None]:
    """What IAM holds."""
    return [account.text(place) for place in places]


def test_a_second_write_that_fails_undoes_the_first(account: Account) -> None:
    """All policies or none: the grant isn't open, both policies are as they were, and the sweep tries again."""
    places = two_policies(account)
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError, match="ServiceFailure"):
        account.deliver(install().create_role(at(0)))
    assert texts(account, *places) == [S3_ONLY, POLICY]
    assert account.grant("prod-7xk2q").progress.state is State.REQUESTED
    assert [line["outcome"] for line in account.audit("policy-write")] == ["written", "failed", "undone"]

    assert account.sweep() == ["policy-written", "policy-written", "open"]
    assert all("prod-7xk2q" in (text or "") for text in texts(account, *places))
    account.deliver(install().delete_bucket(at(600)))
    assert texts(account, *places) == [S3_ONLY, POLICY]


@pytest.mark.parametrize("code", ["AccessDenied", "MalformedPolicyDocument", "LimitExceeded"])
def test_what_iam_refuses_for_good_ends_the_grant_with_iams_reason(account: Account, code: str) -> None:
    """An opening that IAM won't take, now or later, is undone and refused; it isn't tried again each minute."""
    places = two_policies(account)
    account.calls.failures["PutUserPolicy", "before"] = [refusal(code)]
    assert account.deliver(install().create_role(at(0)))[-1] == "refuse"
    assert texts(account, *places) == [S3_ONLY, POLICY]
    progress = account.grant("prod-7xk2q").progress
    assert (progress.state, progress.reason) == (State.REFUSED, "refused-by-iam")
    assert code in (progress.detail or "")
    assert [line["outcome"] for line in account.audit("policy-write")] == ["written", "failed", "undone"]
    assert account.sweep() == []


def test_a_lasting_refusal_beside_another_grant_leaves_that_one_alone(account: Account) -> None:
    """Where the failed writes were another grant's too, nothing is refused in haste; the sweep looks again."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("first-9mz4c").create_role(at(0)))
    opened = account.text(place)
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")]
    with pytest.raises(RefusedByIamError, match="AccessDenied"):
        account.deliver(install("other-7xk2q").create_role(at(10)))
    assert account.text(place) == opened
    assert account.grant("first-9mz4c").progress.state is State.OPEN
    assert "open" in account.sweep()
    assert account.grant("other-7xk2q").progress.state is State.OPEN


def test_a_stale_read_after_a_closing_is_read_again(account: Account) -> None:
    """IAM may show the opened policy for some seconds after it was closed; the next install isn't refused for that."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install("first-9mz4c").create_role(at(0)))
    opened = account.text(place)
    account.deliver(install("first-9mz4c").delete_bucket(at(60)))
    shown = [opened]

    def old_once(answer: dict[str, Any]) -> None:
        if shown:
            answer["PolicyDocument"] = shown.pop()

    account.calls.changes["GetUserPolicy"] = old_once
    assert "open" in account.deliver(install("other-7xk2q").create_role(at(61)))
    account.deliver(install("other-7xk2q").delete_bucket(at(120)))
    assert account.text(place) == POLICY


def test_a_restoration_is_never_undone(account: Account) -> None:
    """Where only one policy can be put back, that one stays closed, and the sweep finishes the other."""
    places = two_policies(account)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError, match="ServiceFailure"):
        account.deliver(install().delete_bucket(at(600)))
    assert account.text(places[0]) == S3_ONLY
    assert account.grant("prod-7xk2q").progress.state is State.CLOSING
    assert account.sweep() == ["policy-restored", "close"]
    assert texts(account, *places) == [S3_ONLY, POLICY]


def test_closing_never_gives_up(account: Account) -> None:
    """A restoration that fails is tried by each sweep until IAM takes it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()] * 4
    with pytest.raises(ClientError):
        account.deliver(install().delete_bucket(at(600)))
    for _ in range(3):
        with pytest.raises(ExceptionGroup, match="could not finish"):
            account.sweep()
    assert account.grant("prod-7xk2q").progress.state is State.CLOSING
    account.sweep()
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").progress.state is State.CLOSED


def test_a_write_that_isnt_seen_is_found_by_the_next_sweep(account: Account) -> None:
    """IAM takes the write but shows the old text: nothing is reported open until the new text is seen."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    old = account.aside.iam.get_user_policy(UserName="ocp-installer", PolicyName="net")["PolicyDocument"]
    account.calls.changes["GetUserPolicy"] = lambda parsed: parsed.update(PolicyDocument=old)
    with pytest.raises(NotConfirmedError):
        account.deliver(install().create_role(at(0)))
    assert account.grant("prod-7xk2q").progress.state is State.REQUESTED
    assert account.notices() == []

    account.calls.changes.clear()
    assert account.sweep() == ["policy-found-written", "open"]
    assert len(account.writes()) == 1
    account.deliver(install().delete_bucket(at(600)))
    assert account.text(place) == POLICY


STAGES = [
    ("TransactWriteItems", "before"),
    ("TransactWriteItems", "after"),
    ("PutUserPolicy", "before"),
    ("PutUserPolicy", "after"),
    ("PutLogEvents", "before"),
    ("PutLogEvents", "after"),
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("doing", ["open", "narrow", "close"])
def test_after_a_crash_the_sweep_brings_all_in_order(account: Account, stage: tuple[str, str], doing: str) -> None:
    """Wherever the process dies, the next sweep finishes what was begun, and the end restores the baseline."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    one = install()
    events: dict[str, Any] = {
        "open": one.create_vpc(at(0)),
        "narrow": one.create_vpc_endpoint(at(40)),
        "close": one.delete_bucket(at(300)),
    }
    for name, event in events.items():
        if name == doing:
            account.calls.failures[stage] = [Crash()]
            with pytest.raises(Crash):
                account.deliver(event)
            account.revive()
            account.sweep(after=91)
            break
        account.deliver(event)

    wanted = State.CLOSED if doing == "close" else State.OPEN
    assert account.grant(one.infra_id).progress.state is wanted
    if doing == "narrow":
        assert one.vpc in (account.text(place) or "")
    for event in events.values():
        account.deliver(event)
    assert account.text(place) == POLICY
    audited = [line["outcome"] for line in account.audit("policy-write")]
    assert len(audited) >= len(account.writes())


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_crash_leaves_is_never_open_past_its_time(account: Account, stage: tuple[str, str]) -> None:
    """With no sweep until the hour is over, the first one after it restores the baseline at once."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures[stage] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(install().create_role(at(0)))
    account.revive()
    account.sweep(after=3700)
    assert account.text(place) == POLICY
    assert account.grant("prod-7xk2q").is_final


def test_the_audit_trail_is_kept_before_anything_is_settled(account: Account) -> None:
    """Without its audit lines a change isn't done with: the next sweep tells of it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.calls.failures["PutLogEvents", "before"] = [refusal("ServiceUnavailableException")]
    with pytest.raises(ClientError):
        account.deliver(install().create_role(at(0)))
    assert account.grant("prod-7xk2q").progress.state is State.REQUESTED
    assert account.sweep() == ["policy-found-written", "open"]
    assert "prod-7xk2q" in (account.text(place) or "")


def test_a_lease_that_somebody_holds_is_waited_for_and_then_given_back(account: Account) -> None:
    """After 25 seconds the event goes back to Lambda; its facts are kept, and the sweep opens later."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    other = account.another("somebody")
    ledger = other.reconciler._ledger  # noqa: SLF001 - the other process is stopped in the midst of its work
    ledger.acquire([USER])
    with pytest.raises(LeaseBusyError):
        account.deliver(install().create_role(at(0)))
    assert account.clock.now() == at(25)
    assert account.text(place) == POLICY
    ledger.release([USER])
    assert account.sweep() == ["policy-written", "open"]


def test_one_principals_trouble_doesnt_keep_the_sweep_from_others(account: Account) -> None:
    """The sweep goes on after an error, and raises it at the end so that it is seen."""
    mine = account.stand(PolicyKind.USER_INLINE, POLICY)
    theirs = account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    account.deliver(install().create_role(at(0)), install("lab-9mz4c", OTHER_USER).create_role(at(1)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ExceptionGroup):
        account.sweep(after=3700)
    assert sorted(texts(account, mine, theirs), key=str) != [POLICY, POLICY]
    assert POLICY in texts(account, mine, theirs)
    account.sweep()
    assert texts(account, mine, theirs) == [POLICY, POLICY]
