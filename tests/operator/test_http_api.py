"""The operator function behind an HTTP API whose route asks for IAM: the same as by a function's URL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.operator.sending import AHEAD, OTHER
from tests.page.http_api import http_api_event
from tests.page.people import ACCOUNT, OPERATOR, ROLE, USER, People, waiting

JSON_TYPE = {"content-type": "application/json"}


def _sent(people: People, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - JSON of any shape, an event's parts
    text = None if body is None else json.dumps(body)
    response = people.operators().answer(http_api_event(method, path, headers=JSON_TYPE, body=text, **more))
    return response["statusCode"], json.loads(response["body"])


@pytest.mark.parametrize("stage", ["$default", "airlock"])
@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("caller", [OPERATOR, OTHER, f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/kim"])
def test_an_approval_is_kept_with_who_signed_it(people: People, caller: str, encoded: bool, stage: str) -> None:  # noqa: FBT001 - a column of the table above
    """Users and roles' sessions are known by the ARN that API Gateway tells."""
    grant = people.keep(waiting())
    status, told = _sent(
        people, "POST", f"/grants/{grant.id}/approve", {"note": "4711"}, caller=caller, encoded=encoded, stage=stage
    )
    assert (status, told["yours"], told["stands"]["by"]) == (200, True, caller)
    assert [answer["by"] for answer in people.answers()] == [caller]


def test_the_other_calls_get_through(people: People) -> None:
    """An approval ahead is given, listed by its query, and taken back."""
    status, told = _sent(people, "POST", "/ahead", AHEAD, caller=OPERATOR)
    assert status == 200
    query = f"principal={USER.replace(':', '%3A').replace('/', '%2F')}"
    assert _sent(people, "GET", "/ahead", caller=OPERATOR, query=query)[1] == {"aheads": [told["ahead"]]}
    taken = _sent(people, "DELETE", f"/ahead/{told['ahead']['id']}", {"principal": USER}, caller=OPERATOR)
    assert (taken[0], taken[1]["yours"]) == (200, True)


@pytest.mark.parametrize(
    ("principal", "caller"), [(USER, USER), (ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/OpenShiftInstaller/me")]
)
def test_nobody_approves_their_own_install(people: People, principal: str, caller: str) -> None:
    """Whom API Gateway tells to be the installer can't answer the installer's request."""
    grant = people.keep(waiting(principal=principal))
    status, told = _sent(people, "POST", f"/grants/{grant.id}/approve", {}, caller=caller)
    assert (status, told["error"]["code"]) == (403, "own-request")


def test_without_the_authorizer_nothing_is_done(people: People) -> None:
    """Somebody who took the authorizer off the route would get nobody in, nor does an account of somebody else's."""
    grant = people.keep(waiting())
    before = people.items()
    for caller, code in ((None, "unsigned"), (OPERATOR.replace(ACCOUNT, "444455556666"), "other-account")):
        status, told = _sent(people, "POST", f"/grants/{grant.id}/approve", {}, caller=caller)
        assert (status, told["error"]["code"]) == (403, code)
    assert people.items() == before
