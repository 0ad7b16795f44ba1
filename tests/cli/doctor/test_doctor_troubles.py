"""What `airlock doctor` says where something is wrong with the input, the principal, or AWS; and the simulator."""

from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airlock.adapters.iam import IamPolicies
from airlock.grants.life import exemption_of
from airlock.ports import OldReadError
from airlock_cli.doctor.organization import Answer, ask
from airlock_cli.plan.calls import Call, calls_of
from tests.cli.doctor.conftest import USER, Examine
from tests.cli.operators import samples


@pytest.mark.parametrize(
    ("principal", "status", "says"),
    [
        (USER.replace("ocp-installer", "nobody"), 3, "there is no user"),
        (USER.replace("123456789012", "111122223333"), 3, "there is no user"),
        (USER.replace("user/", "user/path/"), 3, "its path included"),
        (USER.replace("user/ocp-installer", "role/nobody"), 3, "there is no role"),
        ("nonsense\x1b[2J", 2, "isn't the ARN of an IAM user or role"),
    ],
)
def test_principals_that_are_not_there(examine: Examine, principal: str, status: int, says: str) -> None:
    """Status 3 for one that isn't in the account, 2 for what can't be one; as JSON too."""
    done = examine(principal=principal)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    assert "\x1b" not in done.err
    assert examine("--json", principal=principal).json["error"]["exit_status"] == status


def test_an_infra_id_that_is_none(examine: Examine) -> None:
    """Status 2."""
    done = examine("--infra-id", "*")
    assert (done.status, done.out) == (2, "")
    assert "isn't an infra ID" in done.err


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "ListUserPolicies"), "AWS denies iam:ListUserPolicies for"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetUser"), "doesn't take the credentials"),
        (ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "GetUser"), "failed (Throttling)"),
        (EndpointConnectionError(endpoint_url="https://iam"), "AWS can't be reached"),
        (OldReadError("v3 is gone"), "IAM shows an old state"),
    ],
)
def test_troubles_of_aws(examine: Examine, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str) -> None:
    """Status 5, and what to do about it."""
    monkeypatch.setattr(IamPolicies, "of_principal", Mock(side_effect=error))
    done = examine()
    assert (done.status, done.out) == (5, "")
    assert says in done.err
    assert len(done.err.splitlines()) == 2


def test_a_policy_that_can_not_be_read(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as such, and the airlock can't help."""
    monkeypatch.setattr("airlock_cli.doctor.examining.troubles_of", lambda _: iter(["statement 0 is odd"]))
    done = examine("--json")
    assert done.status == 4
    assert done.json["policies"][0]["refused"]["reason"] == "policy-text"


def calls() -> list[Call]:
    """The calls of some install."""
    return calls_of(exemption_of(samples.facts("prod-7xk2q", samples.NOW)), samples.NOW)


def simulator(*results: Any) -> Mock:  # noqa: ANN401 - what the API sends
    """A client whose simulator gives these, one a question."""
    answers = iter(results)
    return Mock(simulate_principal_policy=Mock(side_effect=lambda **_: {"EvaluationResults": [next(answers)]}))


@pytest.mark.parametrize(
    ("details", "answer"),
    [
        ([True, True], Answer.ALLOWS),
        ([True, False], Answer.DENIES),
        ([None, None], Answer.NO_ORGANIZATION),
    ],
)
def test_the_simulator_is_asked_for_each_network(details: list[bool | None], answer: Answer) -> None:
    """With the keys of a VPC's endpoint once, and of a public address once."""
    results = [
        {} if one is None else {"OrganizationsDecisionDetail": {"AllowedByOrganizations": one}} for one in details
    ]
    iam = simulator(*results)
    told = ask(iam, USER, calls())
    assert told.answer is answer
    assert told.stops == (("s3:GetObject from a public address",) if answer is Answer.DENIES else ())
    entries = [
        {entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in one.kwargs["ContextEntries"]}
        for one in iam.simulate_principal_policy.call_args_list
    ]
    assert "aws:sourcevpc" in entries[0]
    assert "aws:sourceip" not in entries[0]
    assert entries[1]["aws:sourceip"] == ["198.51.100.7"]


def test_a_simulator_that_must_not_be_asked() -> None:
    """That is an answer too, not a failure."""
    error = ClientError({"Error": {"Code": "AccessDenied"}}, "SimulatePrincipalPolicy")
    told = ask(Mock(simulate_principal_policy=Mock(side_effect=error)), USER, calls())
    assert (told.answer, told.why_not) == (Answer.NOT_ASKED, "AccessDenied")
