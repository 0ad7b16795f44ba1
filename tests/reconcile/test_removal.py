"""The removal's handler: CloudFormation's requests, an account on moto, and a server that takes the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from airlock.adapters import cloudformation
from airlock.adapters.cloudformation import CloudFormation
from airlock.grants.grant import State
from airlock.handlers.removal import respond
from airlock.handlers.stack_request import ENROLMENT, GRANTS
from airlock.policy.place import PolicyKind
from airlock.settings import SettingsError
from airlock.wiring_removal import RemovalParts, wire_removal
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import ACCOUNT, GROUP, HOME, OTHER_USER, ROLE, USER, Account, at, install
from tests.reconcile.interference import refusal
from tests.stack_answers import Answers, taking_answers

POLICY = (SAMPLES / "aws-example.json").read_text()
STACK = "bootstrap-airlock"
STACK_ID = f"arn:aws:cloudformation:{HOME}:{ACCOUNT}:stack/{STACK}/1b2c3d4e-0000-4000-8000-000000000001"
LEAVING = "DELETE_IN_PROGRESS"


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Where answers are taken."""
    with taking_answers() as made:
        yield made


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once where nobody takes an answer."""
    monkeypatch.setattr(cloudformation, "ANSWER_PAUSES", (0.0, 0.0, None))


def request(answers: Answers, request_type: str, resource_type: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A request as CloudFormation sends it."""
    physical = {} if request_type == "Create" else {"PhysicalResourceId": resource_type.removeprefix("Custom::")}
    return {
        "RequestType": request_type,
        "ServiceToken": f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:{STACK}-removal",
        "ResponseURL": answers.url,
        "StackId": STACK_ID,
        "RequestId": "5c1d8c3e-0000-4000-8000-000000000001",
        "LogicalResourceId": "GrantsC6B29442",
        "ResourceType": resource_type,
        "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "480"},
        **physical,
        **more,
    }


def enrolling(*arns: str) -> dict[str, Any]:
    """The enrolment's properties."""
    lists = {"Principals": ":user/ :role/", "Groups": ":group/", "Policies": ":policy/"}
    return {name: [arn for arn in arns if any(kind in arn for kind in kinds.split())] for name, kinds in lists.items()}


def ask(account: Account, answers: Answers, event: dict[str, Any], status: str | None) -> None:
    """Have the request handled while CloudFormation says this of the stack."""
    answers.status = status

    def wired() -> RemovalParts:
        # As the function does it, but that moto has no CloudFormation.
        parts = wire_removal(account._environment(), account.acting, account.clock)  # noqa: SLF001 - the template's
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=HOME)
        client = session.client("cloudformation", endpoint_url=answers.url.partition("/answer")[0])
        return replace(parts, cloudformation=CloudFormation(lambda: client))

    respond(event, wired)


def unwirable() -> RemovalParts:
    """A function whose variables are wrong."""
    raise SettingsError("the environment variable AIRLOCK_TABLE is missing; deploy the template again")


@pytest.mark.parametrize("resource_type", [ENROLMENT, GRANTS])
def test_making_a_stack_needs_nothing(answers: Answers, resource_type: str) -> None:
    """It goes on even where nothing works yet: new roles take some seconds until they may do what they may."""
    respond(request(answers, "Create", resource_type), unwirable)
    answer = answers.only()
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == resource_type.removeprefix("Custom::")


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


@pytest.mark.parametrize("status", [LEAVING, "ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_never_saw_an_install_goes_at_once(account: Account, answers: Answers, status: str) -> None:
    """The rollback of a stack that couldn't be made is one, with a ledger that has nothing in it."""
    account.enrol(USER)
    ask(account, answers, request(answers, "Delete", GRANTS), status)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.writes() == []


@pytest.mark.parametrize(
    "status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
)
def test_a_rollback_leaves_what_is_open(account: Account, answers: Answers, status: str) -> None:
    """A deployment that added the resource and failed takes it away again; the stack and its grants stay."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    opened = account.text(place)
    ask(account, answers, request(answers, "Delete", GRANTS), status)
    assert answers.only()["Status"] == "SUCCESS"
    assert account.text(place) == opened
    assert account.grant("prod-7xk2q").progress.state is State.OPEN
    assert account.grant("prod-7xk2q").close_order is None


def test_nobody_but_cloudformation_has_it_leave(account: Account, answers: Answers) -> None:
    """A request while the stack isn't being deleted, whoever invents it, closes nothing."""
    place = account.stand(PolicyKind.USER_INLINE, POLICY)
    account.deliver(install().create_role(at(0)))
    opened = account.text(place)
    ask(account, answers, request(answers, "Delete", GRANTS), "CREATE_COMPLETE")
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "CREATE_COMPLETE" in answer["Reason"]
    assert account.text(place) == opened


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


def test_a_function_that_cant_work_answers_all_the_same(answers: Answers) -> None:
    """CloudFormation is told why at once, and doesn't wait for minutes."""
    respond(request(answers, "Delete", GRANTS), unwirable)
    answer = answers.only()
    assert answer["Status"] == "FAILED"
    assert "AIRLOCK_TABLE is missing" in answer["Reason"]


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_is_sent_again_where_it_isnt_taken(answers: Answers) -> None:
    """S3's bad moment is got over; the content type is the empty one that the URL is signed for."""
    answers.turned_away = 2
    respond(request(answers, "Create", GRANTS), unwirable)
    assert answers.only()["Status"] == "SUCCESS"
    assert [headers["Content-Type"] for headers in answers.headers] == ["", "", ""]


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_that_nobody_takes_fails_the_call(answers: Answers) -> None:
    """Lambda then makes the call again, a minute later."""
    answers.turned_away = 99
    with pytest.raises(OSError, match="503"):
        respond(request(answers, "Create", GRANTS), unwirable)


@pytest.mark.parametrize(
    "change", [{"RequestType": "Restore"}, {"ResponseURL": ""}, {"StackId": 7}, {"LogicalResourceId": None}]
)
def test_what_isnt_a_request_is_skipped_with_a_reason(answers: Answers, change: dict[str, Any]) -> None:
    """There is nobody to answer, and nothing is done."""
    event = {**request(answers, "Delete", GRANTS), **change}
    assert next(iter(change)) in str(respond(event, unwirable)["skipped"])
    assert "expected a request" in str(respond(["Delete"], unwirable)["skipped"])
    assert answers.bodies == []


def test_an_answer_goes_to_a_web_address_only(answers: Answers) -> None:
    """A request that names a file gets no answer."""
    event = request(answers, "Create", GRANTS, ResponseURL="file:///etc/passwd")
    with pytest.raises(ValueError, match="must begin with https://"):
        respond(event, unwirable)
