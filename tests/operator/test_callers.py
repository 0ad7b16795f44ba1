"""Who may order what: nobody without a name, nobody for themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.operator.sending import AHEAD, OTHER, refused, send
from tests.page.people import ACCOUNT, OPERATOR, ROLE, USER, People, request, waiting


@pytest.mark.parametrize(
    ("principal", "caller"),
    [
        (USER, USER),
        (USER, USER.upper().replace("ARN:AWS:IAM", "arn:aws:iam").replace(":USER/", ":user/")),
        (ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/OpenShiftInstaller/anybody"),
        (ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/openshiftinstaller/anybody"),
        (USER, f"arn:aws:sts::{ACCOUNT}:federated-user/whoever"),
    ],
)
def test_nobody_approves_their_own_install(people: People, principal: str, caller: str) -> None:
    """Neither the user, nor any session of the role, nor who can't be told; ahead of time neither."""
    grant = people.keep(waiting(principal=principal))
    assert refused(people, "POST", f"/grants/{grant.id}/approve", caller=caller) == (403, "own-request")
    ahead = {**AHEAD, "principal": principal}
    assert refused(people, "POST", "/ahead", ahead, caller=caller) == (403, "own-request")


@pytest.mark.parametrize("order", ["reject", "close"])
def test_anybody_may_end_their_own_install(people: People, order: str) -> None:
    """That opens nothing."""
    grant = people.keep(waiting())
    assert send(people, "POST", f"/grants/{grant.id}/{order}", caller=USER)[0] == 200


@pytest.mark.parametrize(
    "caller",
    [
        OPERATOR,
        OTHER,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/OpenShiftInstallerToo/x",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/ocp-installer/OpenShiftInstaller",
        f"arn:aws:iam::{ACCOUNT}:user/OpenShiftInstaller",
        f"arn:aws:iam::{ACCOUNT}:root",
    ],
)
@pytest.mark.parametrize("principal", [USER, ROLE])
def test_others_may_approve(people: People, principal: str, caller: str) -> None:
    """Names that only look alike are other people's."""
    grant = people.keep(waiting(principal=principal))
    assert send(people, "POST", f"/grants/{grant.id}/approve", caller=caller)[0] == 200


def strangers() -> list[dict[str, Any] | None]:
    """What an event may tell of its caller that isn't enough."""
    good = {"userArn": OPERATOR, "accountId": ACCOUNT}
    return [
        None,
        {},
        {"iam": None},
        {"iam": {}},
        {"iam": {"accountId": ACCOUNT}},
        {"iam": {**good, "userArn": None}},
        {"iam": {**good, "userArn": ""}},
        {"iam": {**good, "userArn": f"{OPERATOR}\n"}},
        {"iam": {**good, "userArn": f"arn:aws:iam::{ACCOUNT}:role/Operators"}},
        {"iam": {"userArn": OPERATOR}},
        {"iam": {**good, "accountId": "444455556666"}},
        {"iam": {**good, "userArn": OPERATOR.replace(ACCOUNT, "444455556666")}},
        {"jwt": {"claims": good}},
        {"lambda": good},
    ]


@pytest.mark.parametrize("authorizer", strangers())
def test_without_a_caller_of_the_account_nothing_is_done(people: People, authorizer: dict[str, Any] | None) -> None:
    """No authorizer, half of one, another's, another account: 403 on every path, and the ledger isn't even read."""
    grant = people.keep(waiting())
    for method, path in (
        ("POST", f"/grants/{grant.id}/approve"),
        ("POST", f"/grants/{grant.id}/close"),
        ("POST", "/ahead"),
        ("GET", "/ahead"),
        ("DELETE", "/ahead/ahead-0000000a"),
        ("GET", "/nothing"),
    ):
        event = request(method, path, body=json.dumps(AHEAD))
        if authorizer is not None:
            event["requestContext"]["authorizer"] = authorizer
        response = people.operators().answer(event)
        assert response["statusCode"] == 403
        assert json.loads(response["body"])["error"]["code"] in ("unsigned", "other-account")
    assert people.calls.made == []
