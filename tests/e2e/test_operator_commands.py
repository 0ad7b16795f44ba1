"""The operators' commands as they run them, against the deployed template, through a door that verifies signatures."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airlock.install.names import Era
from demo.operator_door import Signer, operator_door
from tests.e2e.asking import ACCOUNT, FENCE, REGION, Airlock, Asked, an_airlock, arn_of
from tests.e2e.browser import ARTIFACTS, a_browser
from tests.events import Install

pytestmark = pytest.mark.e2e
USERS = ("approved", "rejected", "closed", "ahead", "own", "shown", "lifted")
DANA = Signer(arn_of("dana"), "AKIADANA0000EXAMPLE1", "dana-secret")
OWNER = Signer(arn_of("own"), "AKIAOWN00000EXAMPLE2", "own-secret")
ROLE = Signer(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/kim", "ASIAKIM00000EXAMPLE3", "kim-secret", "a-session-token"
)
AIRLOCK = Path(sys.executable).with_name("airlock")


@dataclass(frozen=True, slots=True)
class Office:
    """Where operators sit.

    Attributes:
        airlock: the deployed stack.
        door: URL of the operator function, behind the door.
    """

    airlock: Airlock
    door: str

    def run(self, *words: str, who: Signer = DANA, status: int = 0) -> str:
        """Run a command with somebody's credentials; gives what it says, and checks its exit status."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "COLUMNS": "80",
            "AWS_ENDPOINT_URL": self.airlock.cloud.aws.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AIRLOCK_OPERATOR_URL": self.door,
            **who.environment,
        }
        done = subprocess.run(
            [AIRLOCK, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    def ask(self, user: str) -> Asked:
        """Begin a user's install."""
        return self.airlock.ask(user, f"{user}-7xk2q")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """The stack and the door; each test has a user of its own."""
    principals: dict[str, dict[str, object]] = {user: {"mode": "approval"} for user in USERS}
    principals["lifted"] = {"strategy": "lift"}
    with an_airlock(principals) as airlock:
        name = airlock.cloud.deployment.outputs["OperatorFunctionName"]
        functions = airlock.cloud.aws.client("lambda")
        with operator_door(functions, name, REGION, (DANA, OWNER, ROLE)) as door:
            yield Office(airlock, door)


# The door itself ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Letter:
    """A signed request, before it is sent."""

    headers: dict[str, str]
    path: str = "/ahead?principal=arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fahead"
    body: bytes = b"{}"


def write(door: str, who: Signer, at: datetime, region: str = REGION, service: str = "lambda") -> Letter:
    """Sign a request as botocore does it, at a moment."""
    letter = Letter({"Content-Type": "application/json"})
    url = door.rstrip("/") + letter.path
    request = AWSRequest("GET", url, {**letter.headers, "X-Amz-Date": at.strftime("%Y%m%dT%H%M%SZ")}, letter.body)
    request.headers["Host"] = urlsplit(door).netloc
    if who.session_token:
        request.headers["X-Amz-Security-Token"] = who.session_token
    request.context["timestamp"] = request.headers["X-Amz-Date"]
    auth = SigV4Auth(Credentials(who.access_key, who.secret), service, region)
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    signed = auth.signed_headers(auth.headers_to_sign(request))
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={signed}, Signature={signature}"
    )
    letter.headers = dict(request.headers.items())
    return letter


def send(door: str, letter: Letter) -> tuple[int, dict[str, Any]]:
    """Send a request; gives status and answer."""
    connection = http.client.HTTPConnection(urlsplit(door).netloc, timeout=30)
    connection.request("GET", letter.path, letter.body, letter.headers)
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    connection.close()
    return answer.status, told


@pytest.mark.parametrize("who", [DANA, ROLE])
def test_the_door_lets_in_whom_it_knows(office: Office, who: Signer) -> None:
    """A user's and a role session's signature open the door, and the function answers."""
    status, told = send(office.door, write(office.door, who, datetime.now(UTC)))
    assert (status, told) == (200, {"aheads": []})


SPOILT: dict[str, Callable[[Letter], object]] = {
    "unsigned": lambda letter: letter.headers.pop("Authorization"),
    "another body": lambda letter: setattr(letter, "body", b'{"note":"x"}'),
    "another path": lambda letter: setattr(letter, "path", letter.path + "x"),
    "another time": lambda letter: letter.headers.update({"X-Amz-Date": letter.headers["X-Amz-Date"][:-2] + "0Z"}),
    "another hash": lambda letter: letter.headers.update({"X-Amz-Content-SHA256": "0" * 64}),
    "another type": lambda letter: letter.headers.update({"Content-Type": "text/plain"}),
    "a token": lambda letter: letter.headers.update({"X-Amz-Security-Token": "mine"}),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_door_stays_shut_for_what_was_changed(office: Office, what: str) -> None:
    """Whatever of a signed request is changed or missing, nobody gets in."""
    # A second that doesn't end in 0, so that "another time" is one.
    now = datetime.now(UTC).replace(microsecond=0)
    letter = write(office.door, DANA, now - timedelta(seconds=1 if now.second % 10 == 0 else 0))
    SPOILT[what](letter)
    assert send(office.door, letter) == (403, {"Message": "Forbidden"})


def test_the_door_stays_shut_for_strangers(office: Office) -> None:
    """An unknown key, a wrong secret, no session token, an old signature, another region or service: nobody gets in."""
    now = datetime.now(UTC)
    for letter in (
        write(office.door, replace(DANA, access_key="AKIASTRANGER0EXAMPLE"), now),
        write(office.door, replace(DANA, secret="guessed"), now),
        write(office.door, replace(ROLE, session_token=None), now),
        write(office.door, DANA, now - timedelta(minutes=6)),
        write(office.door, DANA, now + timedelta(minutes=6)),
        write(office.door, DANA, now, region="us-west-2"),
        write(office.door, DANA, now, service="execute-api"),
    ):
        assert send(office.door, letter) == (403, {"Message": "Forbidden"})
    said = office.run("approve-ahead", arn_of("ahead"), "--hours", "1", who=replace(DANA, secret="guessed"), status=5)
    assert "Forbidden" in said


# The commands ---------------------------------------------------------------------------------------------------


def test_an_approval_opens_and_names_who_gave_it(office: Office) -> None:
    """By a role's session: the deny opens while the command waits; the audit trail has the caller's ARN and note."""
    asked = office.ask("approved")
    said = office.run("approve", asked.grant, "--note", "Change 4711", who=ROLE)
    assert f"Approved by {ROLE.arn}" in said.replace("\n  ", " ")
    assert "Open since" in said
    assert office.airlock.policy("approved") != FENCE
    (line,) = [line for line in office.airlock.audit(asked.grant) if line.get("decision") == "open"]
    assert line["approved_by"] == ROLE.arn
    assert office.airlock.notices.wait_for("approved-7xk2q", "approved").data["grant"] == asked.grant

    again = office.run("approve", asked.grant)
    assert "already; that stands" in again.replace("\n  ", " ")
    assert office.run("reject", asked.grant, status=4).startswith(f"airlock: {asked.grant} was approved before")

    said = office.run("close", "approved-7xk2q", "--json")
    assert json.loads(said)["came_out"] is True
    assert office.airlock.policy("approved") == FENCE
    assert office.airlock.notices.wait_for("approved-7xk2q", "closed").data["reason"] == "operator"


def test_a_rejection_opens_nothing(office: Office) -> None:
    """The deny stays, and a later approval is refused with what stands."""
    asked = office.ask("rejected")
    office.run("reject", asked.grant, "--note", "Not now")
    assert office.airlock.policy("rejected") == FENCE
    office.run("approve", asked.grant, status=4)
    assert office.airlock.policy("rejected") == FENCE


def test_a_request_that_waits_can_be_closed(office: Office) -> None:
    """An order to close ends a grant that nobody has answered, too."""
    asked = office.ask("closed")
    office.run("close", asked.grant)
    assert office.airlock.policy("closed") == FENCE
    assert asked.grant not in office.run("status")


def test_a_lift_must_be_meant(office: Office) -> None:
    """Without --lift an approval of a lift is refused; with it, the whole deny is lifted, and closed to the byte."""
    asked = office.ask("lifted")
    office.run("approve", asked.grant, status=4)
    assert office.airlock.policy("lifted") == FENCE
    office.run("approve", asked.grant, "--lift")
    assert office.airlock.policy("lifted") != FENCE
    office.run("close", asked.grant)
    assert office.airlock.policy("lifted") == FENCE


def test_who_approved_ahead_need_not_be_there(office: Office) -> None:
    """An install that was approved ahead opens at once and asks nobody; taken back, the next one asks."""
    said = office.run("approve-ahead", arn_of("ahead"), "--hours", "2", "--cluster", "ahead", "--json")
    ahead = json.loads(said)["ahead"]["id"]
    first = Install(infra_id="ahead-4bq7w", principal=arn_of("ahead"), region=REGION, era=Era.CAPA)
    assert "open" in office.airlock.deliver(first.create_vpc(datetime.now(UTC)))
    assert office.airlock.policy("ahead") != FENCE
    assert "approval-request" not in [mail.data["kind"] for mail in office.airlock.requests.about("ahead-4bq7w")]
    assert ahead in office.run("status")
    office.airlock.deliver(first.delete_bucket(datetime.now(UTC)))
    assert office.airlock.policy("ahead") == FENCE

    office.run("approve-ahead", arn_of("ahead"), "--revoke", ahead)
    assert ahead in office.run("approve-ahead", arn_of("ahead"), "--list")
    asked = office.ask("ahead")
    assert office.airlock.policy("ahead") == FENCE
    office.airlock.end(asked)


def test_nobody_approves_their_own_install(office: Office) -> None:
    """With the installer's own credentials an approval is refused, ahead of time too; nothing opens."""
    asked = office.ask("own")
    assert "can't approve its own installs" in office.run("approve", asked.grant, who=OWNER, status=4).replace(
        "\n", " "
    )
    office.run("approve-ahead", arn_of("own"), "--hours", "1", who=OWNER, status=4)
    office.airlock.sweep()
    assert office.airlock.policy("own") == FENCE
    office.airlock.end(asked)


def test_an_unknown_grant_is_status_3(office: Office) -> None:
    """Commands about a grant say that there is none, and JSON says it to programs."""
    assert "no grant's name begins with" in office.run("show", "nobody-00000-1a2b3c4d", status=3)
    told = json.loads(office.run("approve", "nobody-00000-1a2b3c4d", "--json", status=3))
    assert told["error"]["code"] == "not-found"


def test_what_is_going_on_can_be_read(office: Office, tmp_path: Path) -> None:
    """Status, grants and show tell of a grant; reports open in a browser without a complaint, and fit."""
    asked = office.ask("shown")
    office.run("approve", asked.grant, "--note", "Change <4711>")
    assert asked.grant in office.run("status")
    assert asked.grant in office.run("grants")
    shown = office.run("show", "shown-7xk2q")
    for told in (DANA.arn, "Change <4711>", "s3:GetObject", "policy-write", "OfficeOnly"):
        assert told in shown
    office.run("close", asked.grant)

    one, several = tmp_path / "one.html", tmp_path / "several.html"
    office.run("report", asked.grant, "--output", str(one))
    office.run("report", "--since", "24h", "--output", str(several))
    with a_browser(office.airlock.cloud.aws) as browser:
        for file in (several, one):
            browser.open(file.as_uri())
            assert asked.grant in browser.text
            assert "Change <4711>" in browser.text
            assert browser.overflow() <= 0
        assert browser.violations() == []
        browser.picture(ARTIFACTS / "report" / "report.png")
        assert browser.complaints() == []
