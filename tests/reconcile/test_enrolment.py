"""The enrolment's requests: a deployment mustn't take away what the end of an open grant needs."""

from __future__ import annotations

import pytest

from airlock.handlers.stack_request import ENROLMENT
from airlock.policy.place import PolicyKind
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import GROUP, OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.stack_requests import ask, enrolling, request
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
