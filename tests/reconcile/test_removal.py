"""The removal's handler: CloudFormation's requests, an account on moto, and a server that takes the answers."""

from __future__ import annotations

from datetime import timedelta

import botocore.session
import pytest

from airlock.adapters.cloudformation import LONGEST_ANSWER_SECONDS
from airlock.grants.grant import State
from airlock.handlers.stack_request import GRANTS
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, USER, Account, at, install
from tests.reconcile.interference import refusal
from tests.reconcile.stack_requests import FUNCTION, LEAVING, STACK, ask, request
from tests.stack_answers import Answers

POLICY = (SAMPLES / "aws-example.json").read_text()


def test_a_deletion_puts_the_policy_back_and_goes_on(account: Account, answers: Answers) -> None:
    """The answer repeats the request's IDs, and comes only once the policy is as it was."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    event = request(answers, "Delete", GRANTS)
    ask(account, answers, event, LEAVING)
    answer = answers.only()
    assert answer["Status"] == "SUCCESS"
    for key in ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId"):
        assert answer[key] == event[key]
    assert account.text(place) == POLICY
    grant = account.grant("prod-7xk2q")
    assert grant.close_order is not None
    assert grant.close_order.by == f"the deletion of the stack {STACK}"


def test_what_a_removal_closes_is_counted(account: Account, answers: Answers) -> None:
    """As what any other function closes: alarms and dashboard would miss it else."""
    account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    counted: list[str] = []
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING, counted.append)
    assert sorted(counted) == ["GrantsClosed", "PolicyWrites"]


@pytest.mark.parametrize("status", [LEAVING, "ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_never_saw_an_install_goes_at_once(account: Account, answers: Answers, status: str) -> None:
    """The rollback of a stack that couldn't be made is one, with a ledger that has nothing in it."""
    account.enrol(USER)
    ask(account, answers, request(answers, "Delete", GRANTS), status)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.writes() == []


STAYS = {
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
}
GOES = {LEAVING, "ROLLBACK_IN_PROGRESS"}


def every_status() -> list[str]:
    """All that a stack can be, as botocore's model of CloudFormation's API has them."""
    model = botocore.session.get_session().get_service_model("cloudformation")
    return list(model.shape_for("StackStatus").metadata["enum"])


@pytest.mark.parametrize("status", sorted(STAYS))
def test_an_update_and_its_rollback_leave_what_is_open(account: Account, answers: Answers, status: str) -> None:
    """A deployment that added the resource and failed takes it away again; the stack and its grants stay."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    opened = account.text(place)
    ask(account, answers, request(answers, "Delete", GRANTS), status)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.text(place) == opened
    assert account.grant("prod-7xk2q").progress.state is State.OPEN
    assert account.grant("prod-7xk2q").close_order is None


@pytest.mark.parametrize("status", [one for one in every_status() if one not in STAYS | GOES])
def test_nobody_but_cloudformation_has_it_leave(account: Account, answers: Answers, status: str) -> None:
    """While nothing is under way by what CloudFormation says, nothing is closed, and no deletion goes on either."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    opened = account.text(place)
    ask(account, answers, request(answers, "Delete", GRANTS), status)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert f"the stack is {status}," in answer["Reason"]
    assert "delete the stack once more" in answer["Reason"]
    assert account.text(place) == opened


@pytest.mark.parametrize(
    "old",
    [
        ["CREATE_COMPLETE"],
        ["UPDATE_COMPLETE", "UPDATE_COMPLETE"],
        ["UPDATE_ROLLBACK_COMPLETE"],
        ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"],
        ["UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"],
    ],
)
def test_an_old_answer_of_cloudformation_s_is_asked_about_again(
    account: Account, answers: Answers, old: list[str]
) -> None:
    """It may be some seconds behind: the policies are put back all the same, and the deletion goes on."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    answers.old = old
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.text(place) == POLICY
    assert answers.old == []


def test_a_stack_that_cloudformation_doesnt_know_is_told(account: Account, answers: Answers) -> None:
    """Without its word nothing is done, and the answer has the error."""
    account.enrol(USER)
    ask(account, answers, request(answers, "Delete", GRANTS), None)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "does not exist" in answer["Reason"]


def test_a_policy_that_cant_be_put_back_stops_the_deletion(account: Account, answers: Answers) -> None:
    """The answer names the grant, what IAM said and what to do; a later deletion goes through."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied")] * 99
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    for word in (
        account.grant("prod-7xk2q").id,
        "AccessDenied",
        "airlock status",
        "airlock restore",
        "delete the stack",
    ):
        assert word in answer["Reason"]
    account.calls.failures.clear()
    answers.bodies.clear()
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.text(place) == POLICY


def test_the_answer_is_out_before_lambda_stops_the_function(account: Account, answers: Answers) -> None:
    """However long CloudFormation was asked and IAM took: what is left over is named, and ended by the sweeper."""
    users = [f"arn:aws:iam::{ACCOUNT}:user/installer-{number}" for number in range(5)]
    for number, user in enumerate(users):
        account.stand(PolicyKind.USER_INLINE, POLICY, user)
        account.deliver(install(f"prod{number}-7xk2q", user).create_role(at(number)))
    account.calls.changes["PutUserPolicy"] = lambda _: account.clock.sleep(14)
    answers.old = ["UPDATE_COMPLETE", "UPDATE_COMPLETE"]
    before = account.clock.now()
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    assert account.clock.now() - before <= FUNCTION - timedelta(seconds=LONGEST_ANSWER_SECONDS)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "there was no time left for it in this call" in answer["Reason"]
    account.sweep()
    account.sweep()
    assert all(account.text(PolicyPlace(PolicyKind.USER_INLINE, user, "net")) == POLICY for user in users)


@pytest.mark.usefixtures("no_waiting")
def test_a_removal_whose_answer_is_lost_answers_the_next_time(account: Account, answers: Answers) -> None:
    """S3 takes none of three tries; Lambda calls again after a minute, and no lease of the first call stops it."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    answers.turned_away = 3
    with pytest.raises(OSError, match="503"):
        ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    assert account.text(place) == POLICY
    account.clock.sleep(60)
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    assert answers.only()["Status"] == "SUCCESS"


def test_many_troubles_fit_the_answer(account: Account, answers: Answers) -> None:
    """However many grants, and however much IAM says of each, CloudFormation takes the answer, with what to do."""
    users = [f"arn:aws:iam::{ACCOUNT}:user/ci/{'installer' * 5}-{number:02}" for number in range(12)]
    for number, user in enumerate(users):
        account.stand(PolicyKind.USER_INLINE, POLICY, user, f"net-{number}")
        account.deliver(install(f"prod{number:02}-7xk2q", user).create_role(at(number)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal("AccessDenied" + 'テスト"' * 400)] * 999
    ask(account, answers, request(answers, "Delete", GRANTS), LEAVING)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "and 7 more" in answer["Reason"]
    assert answer["Reason"].endswith("Then delete the stack again.")
