"""The enrolment's requests: a deployment mustn't take away what the end of an open grant needs."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.errors import LeaseBusyError
from airlock.handlers.stack_request import ENROLMENT
from airlock.policy.place import PolicyKind
from airlock.reconcile.parting import bereft
from airlock.settings import LEASE_SECONDS
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import GROUP, OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal
from tests.reconcile.stack_requests import LEAVING, ask, enrolling, from_a_newer_release, request
from tests.stack_answers import Answers

POLICY = (SAMPLES / "aws-example.json").read_text()


def test_a_deployment_that_takes_away_what_an_end_needs_is_refused(account: Account, answers: Answers) -> None:
    """It names grant and principal and says what to do; nothing is written, and with the grant closed it passes."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    written = len(account.writes())
    event = request(
        answers,
        "Update",
        ENROLMENT,
        ResourceProperties=enrolling(ROLE),
        OldResourceProperties=enrolling(USER, ROLE),
    )
    ask(account, answers, event, "UPDATE_IN_PROGRESS")
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    for word in (account.grant("prod-7xk2q").id, USER, "airlock close"):
        assert word in answer["Reason"]
    assert len(account.writes()) == written
    account.deliver(install().delete_bucket(at(60)))
    answers.bodies.clear()
    ask(account, answers, event, "UPDATE_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"


def test_a_rollback_passes_whatever_is_open(account: Account, answers: Answers) -> None:
    """What was added, and opened meanwhile, goes again: a stack that can't go back would be stuck."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    back = {"ResourceProperties": enrolling(ROLE), "OldResourceProperties": enrolling(USER, ROLE)}
    ask(account, answers, request(answers, "Update", ENROLMENT, **back), "UPDATE_ROLLBACK_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((USER, GROUP, ROLE), (USER, GROUP)),
        ((USER, GROUP), (USER, GROUP, ROLE)),
        ((USER, GROUP, OTHER_USER), (USER, GROUP)),
    ],
)
def test_a_deployment_that_takes_nothing_needed_passes(
    account: Account, answers: Answers, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Others may come and go while a grant is open; one that only waits for an answer is no hindrance."""
    account.stand(PolicyKind.GROUP_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.enrol(OTHER_USER, mode="approval")
    account.stand(PolicyKind.USER_INLINE, POLICY, OTHER_USER, "other")
    account.deliver(install("asked-4bq7w", OTHER_USER).create_role(at(2)))
    lists = {"ResourceProperties": enrolling(*after), "OldResourceProperties": enrolling(*before)}
    ask(account, answers, request(answers, "Update", ENROLMENT, **lists), "UPDATE_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"


TAKEN_OUT = {"ResourceProperties": enrolling(ROLE), "OldResourceProperties": enrolling(USER, ROLE)}


@pytest.mark.parametrize("trouble", ["a newer release's grant", "AccessDenied"])
def test_a_rollback_passes_whatever_the_ledger_says(account: Account, answers: Answers, trouble: str) -> None:
    """What can't be read, or may not be, is no reason to leave a stack between two versions. Nor is an old status."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    if trouble == "AccessDenied":
        account.calls.failures["Query", "before"] = [refusal(trouble)] * 9
    else:
        from_a_newer_release(account, account.grant("prod-7xk2q").id)
    answers.old = ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), "UPDATE_ROLLBACK_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", LEAVING, "CREATE_COMPLETE"])
def test_a_stack_that_isnt_updated_is_refused(account: Account, answers: Answers, status: str) -> None:
    """An old answer, from after the last rollback, is no rollback; and nobody else has leases held by a call."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), status)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert f"the stack is {status}," in answer["Reason"]
    before = account.clock.now()
    account.deliver(install().create_role(before))
    assert account.text(place) != POLICY
    assert (account.clock.now() - before).total_seconds() < 1


def test_nobody_opens_what_is_taken_out_while_the_functions_are_changed(account: Account, answers: Answers) -> None:
    """After the yes, the old watcher finds another writer at work; the new one has nothing to do with that user."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(ROLE)
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), "UPDATE_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"
    account.clock.sleep(5)
    with pytest.raises(LeaseBusyError):
        account.deliver(install().create_role(account.clock.now()))
    account.clock.sleep(LEASE_SECONDS)
    del account.principals[USER]
    account.revive()
    account.deliver(install().create_vpc(account.clock.now()))
    account.sweep()
    assert account.grant("prod-7xk2q").progress.reason == "not-enrolled"
    assert account.text(place) == POLICY
    assert account.writes() == []


def test_what_is_opened_between_the_look_and_the_leases_is_seen(account: Account, answers: Answers) -> None:
    """The deployment is refused, and nothing keeps the grant from being closed after that."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.enrol(ROLE)
    one = install()

    def meanwhile(_answer: dict[str, Any]) -> None:
        account.calls.changes.clear()
        account.deliver(one.create_role(at(0)))

    account.calls.changes["Query"] = meanwhile
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), "UPDATE_IN_PROGRESS")
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert account.grant(one.infra_id).id in answer["Reason"]
    account.deliver(one.delete_bucket(at(60)))
    assert account.text(place) == POLICY


def test_a_writer_at_work_has_the_deployment_come_again(account: Account, answers: Answers) -> None:
    """Nobody knows what it is about to open, so it isn't let go; with it done, the same deployment passes."""
    account.enrol(USER)
    account.enrol(ROLE)
    account.another("at-work").ledger.acquire([USER])
    event = request(answers, "Update", ENROLMENT, **TAKEN_OUT)
    ask(account, answers, event, "UPDATE_IN_PROGRESS")
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    for word in (USER, "another writer holds", "wait two minutes"):
        assert word in answer["Reason"]
    answers.bodies.clear()
    account.clock.sleep(LEASE_SECONDS)
    ask(account, answers, event, "UPDATE_IN_PROGRESS")
    assert answers.only()["Status"] == "SUCCESS"


def test_a_grant_that_is_about_to_open_counts(account: Account, answers: Answers) -> None:
    """An event is recorded, and waits for a lease: it has no policy yet, but would have one any moment."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.another("at-work").ledger.acquire([USER])
    with pytest.raises(LeaseBusyError):
        account.deliver(install().create_role(at(0)))
    account.clock.sleep(LEASE_SECONDS)
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), "UPDATE_IN_PROGRESS")
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert f"of {USER} is requested" in answer["Reason"]


def test_an_index_that_lags_hides_nothing(account: Account, answers: Answers) -> None:
    """What was opened a moment ago stands in its scope, if not in the index yet."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.changes["Query"] = lambda answer: answer.update(Items=[], Count=0)
    ask(account, answers, request(answers, "Update", ENROLMENT, **TAKEN_OUT), "UPDATE_IN_PROGRESS")
    assert answers.only()["Status"] == "FAILED"


@pytest.mark.parametrize(
    ("kept", "names"),
    [
        ({USER, GROUP, ROLE}, []),
        ({USER, ROLE}, ["group-7xk2q"]),
        ({GROUP, ROLE}, ["group-7xk2q"]),
        ({USER, GROUP}, ["role-9mz4c"]),
        (set(), ["group-7xk2q", "role-9mz4c"]),
    ],
)
def test_a_grant_needs_its_principal_and_its_scopes(account: Account, kept: set[str], names: list[str]) -> None:
    """Open ones can't be closed without rights on both; what waits or was closed needs none."""
    account.stand(PolicyKind.GROUP_INLINE, POLICY)
    account.stand(PolicyKind.ROLE_INLINE, POLICY)
    account.deliver(install("group-7xk2q").create_role(at(0)), install("role-9mz4c", ROLE).create_role(at(1)))
    account.enrol(OTHER_USER, mode="approval")
    account.stand(PolicyKind.USER_INLINE, POLICY, OTHER_USER, "other")
    account.deliver(install("asked-4bq7w", OTHER_USER).create_role(at(2)))
    ledger = account.airlock.ledger
    found = bereft(ledger.grants(ledger.unfinished()), frozenset(kept))
    assert sorted(grant.facts.infra_id for grant in found) == names
