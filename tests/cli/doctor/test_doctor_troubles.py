"""What `airlock doctor` says where something is wrong with the input, the principal, or AWS."""

from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airlock.adapters.iam import IamPolicies
from airlock.errors import OldReadError
from tests.cli.doctor.conftest import USER, Examine


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
