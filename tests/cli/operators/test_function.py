"""The command line and the operator function itself: what one sends the other takes, and the other way round."""

import json
from typing import Any

import pytest

from airlock.adapters.clients import make_clients
from airlock.grants.grant import State
from airlock.handlers.operator import OperatorApi
from airlock.wiring_people import wire_operator
from tests.cli.helpers import ROLE, USER
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk
from tests.cli.operators.door import OPERATOR, Door, Reply

WAITING = samples.waiting_grant().id


@pytest.fixture
def whole(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same account with the function's own code behind the URL, and the caller that AWS would tell."""
    environment = {
        "AIRLOCK_ACCOUNT": "111122223333",
        "AIRLOCK_TABLE": "ledger",
        "AIRLOCK_EVENT_SOURCE": "airlock.test",
        "AIRLOCK_PRINCIPALS": json.dumps({ROLE: {}, USER: {}}),
    }
    api = OperatorApi(wire_operator(environment, make_clients(), busy.clock), lambda _: None)

    def act(self: Door, method: str, path: str, body: dict[str, Any]) -> Reply:
        self.asked.append((method, path, body))
        answer = api.answer(_event(method, path, body))
        return int(answer["statusCode"]), json.loads(answer["body"])

    monkeypatch.setattr(Door, "act", act)
    return busy


def _event(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What Lambda makes of a request to the URL (AWS Lambda, "Invoking Lambda function URLs")."""
    caller = {"userArn": OPERATOR, "accountId": "111122223333", "userId": "AROAEXAMPLE:kim"}
    context = {"http": {"method": method, "path": path}, "authorizer": {"iam": caller}, "stage": "$default"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": context,
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def test_an_approval_and_then_the_opposite(whole: Desk) -> None:
    """An approval stands; the same again ends with 0 and says so, the opposite ends with 4."""
    first = whole.run("approve", WAITING, "--note", "go", "--wait", "0", "--json").json
    assert (first["yours"], first["stands"]["by"], first["stands"]["note"]) == (True, OPERATOR, "go")
    again = whole.run("approve", WAITING, "--wait", "0", "--json")
    assert (again.status, again.json["yours"]) == (0, False)
    opposite = whole.run("reject", WAITING, "--json")
    assert (opposite.status, opposite.json["error"]["code"]) == (4, "decided-otherwise")
    grant = whole.find(WAITING)
    assert grant is not None
    assert grant.answer is not None
    assert grant.answer.by == OPERATOR


def test_closing(whole: Desk) -> None:
    """An order to close an open grant is kept; one that is over takes none."""
    told = whole.run("close", samples.open_grant().id, "--note", "early", "--wait", "0", "--json").json
    assert (told["yours"], told["stands"]["note"]) == (True, "early")
    over = whole.run("close", samples.closed_grant().id, "--json")
    assert (over.status, over.json["error"]["state"]) == (4, "closed")


def test_ones_own_request_and_one_too_late(whole: Desk) -> None:
    """Nobody approves their own installs, and nobody approves after the time: status 4, and the message says which."""
    own = samples.waiting_grant(infra_id="own-abcde")
    role = own.facts.principal.replace("OpenShiftInstaller", "Operators")
    whole.keep(type(own)(samples.facts("own-abcde", samples.ago(8), role), own.progress))
    done = whole.run("approve", "own-abcde", "--json")
    assert (done.status, done.json["error"]["code"]) == (4, "own-request")
    whole.clock.sleep(30 * 60)
    late = whole.run("approve", WAITING, "--json")
    assert (late.status, late.json["error"]["code"]) == (4, "too-late")
    grant = whole.find(WAITING)
    assert grant is not None
    assert grant.progress.state is State.PENDING


def test_approvals_ahead(whole: Desk) -> None:
    """One is given, listed by the ledger, and taken back once; a second time it says that it was."""
    ahead = whole.run("approve-ahead", USER, "--hours", "2", "--cluster", "prod", "--json").json["ahead"]
    assert (ahead["cluster"], ahead["form"], ahead["stands"]) == ("prod", "scoped", True)
    assert whole.run("approve-ahead", "--list", USER, "--json").json["aheads"] == [ahead]
    assert whole.run("approve-ahead", USER, "--revoke", ahead["id"]).out.startswith("Taken back;")
    whole.clock.sleep(60)
    assert whole.run("approve-ahead", USER, "--revoke", ahead["id"]).out.startswith("It was taken back already;")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["approve-ahead", f"{USER}-typo", "--hours", "2"], 2),
        (["approve-ahead", USER, "--hours", "73"], 2),
        (["approve-ahead", USER, "--hours", "2", "--cluster", "no such"], 2),
        (["approve-ahead", USER, "--revoke", "ahead-unknown"], 3),
        (["close", WAITING, "--note", "two\nlines"], 2),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_what_the_function_turns_away(whole: Desk, words: list[str], status: int) -> None:
    """What the function refuses has its exit status, and is told in one or two lines."""
    done = whole.run(*words)
    assert (done.status, done.out) == (status, "")
    assert 1 <= len(done.err.splitlines()) <= 4
