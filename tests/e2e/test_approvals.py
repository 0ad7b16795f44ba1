"""What people and machines are sent while an install is asked for, answered and ended; and what isn't written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from airlock.install.names import Era
from tests.e2e.asking import ACCOUNT, FENCE, REGION, Airlock, Mailbox, an_airlock, arn_of
from tests.events import Install

pytestmark = pytest.mark.e2e
ASKS = ("asked", "approved", "rejected", "silent", "secret")


@pytest.fixture(scope="module")
def airlock() -> Iterator[Airlock]:
    """The stack with users who must ask, one who needn't, and one who is only observed."""
    principals: dict[str, dict[str, object]] = {user: {"mode": "approval", "timeout_minutes": 5} for user in ASKS}
    with an_airlock(principals | {"trusted": {}, "watched": {"mode": "observe"}}) as running:
        yield running


def install_of(user: str, infra_id: str) -> Install:
    """An install by a user."""
    return Install(infra_id=infra_id, principal=arn_of(user), region=REGION, era=Era.CAPA)


def kinds(mailbox: Mailbox, infra_id: str) -> list[str]:
    """Of which kinds the messages about an install were, in order."""
    return [mail.attributes["kind"] for mail in mailbox.about(infra_id)]


def test_a_request_says_what_it_asks_for(airlock: Airlock) -> None:
    """Its JSON names who, what, until when, the policies' changes and the link; subscribers can filter by its kind."""
    topic = airlock.cloud.deployment.outputs["ApprovalsTopicArn"]
    wanted = Mailbox(airlock.cloud, topic, "requests-only", ["approval-request"])
    others = Mailbox(airlock.cloud, topic, "answers-only", ["rejected", "unanswered"])
    asked = airlock.ask("asked", "asked-7xk2q")
    (mail,) = wanted.about("asked-7xk2q")
    assert mail.subject == "Approve? OpenShift install asked-7xk2q by asked"
    assert mail.data == asked.mail.data
    about: dict[str, Any] = {
        "schema": 1,
        "kind": "approval-request",
        "grant": asked.grant,
        "account": ACCOUNT,
        "regions": [REGION],
        "principal": arn_of("asked"),
        "cluster": "asked",
        "infra_id": "asked-7xk2q",
        "form": "scoped",
        "wider": [],
        "why_wider": None,
    }
    assert {key: mail.data[key] for key in about} == about
    assert set(mail.data) - set(about) == {"opens", "changes", "answer_until", "not_after", "link"}
    assert mail.data["link"].startswith(airlock.cloud.deployment.outputs["PageFunctionUrl"])
    assert mail.data["opens"]["actions"] == ["s3:GetObject"]
    (change,) = mail.data["changes"]
    assert change["policy"] == {"kind": "user-inline", "holder": arn_of("asked"), "name": "fence"}
    assert "+" in change["diff"]
    by = ("kind", "grant", "principal", "infra_id", "form")
    assert mail.attributes == asked.mail.attributes == {name: about[name] for name in by}

    airlock.answer(asked, "reject")
    airlock.notices.wait_for("asked-7xk2q", "rejected")
    assert kinds(wanted, "asked-7xk2q") == ["approval-request"]
    assert kinds(others, "asked-7xk2q") == ["rejected"]


def test_what_became_of_a_request_is_told(airlock: Airlock) -> None:
    """Approved, opened, narrowed and closed are told to those who read notices; askers hear of the answer."""
    asked = airlock.ask("approved", "approved-7xk2q")
    airlock.answer(asked, "approve", "Change 4711")
    airlock.notices.wait_for("approved-7xk2q", "opened")
    now = datetime.now(UTC)
    airlock.deliver(asked.install.create_vpc_endpoint(now))
    airlock.deliver(asked.install.run_instances(now))
    airlock.deliver(asked.install.state(now, "shutting-down"))
    told = kinds(airlock.notices, "approved-7xk2q")
    assert told[:2] == ["approved", "opened"]
    assert set(told[2:-1]) == {"narrowed"}
    assert told[-1] == "closed"
    assert kinds(airlock.requests, "approved-7xk2q") == ["approval-request", "approved"]
    assert airlock.notices.about("approved-7xk2q")[-1].data["reason"] == "instance-ended"
    assert airlock.policy("approved") == FENCE
    (decided,) = [line for line in airlock.audit(asked.grant) if line.get("decision") == "approve"]
    assert decided["detail"].endswith("Change 4711")


def test_a_rejection_is_told_with_its_note(airlock: Airlock) -> None:
    """Who reads notices and who was asked get it once each, with who rejected and why."""
    asked = airlock.ask("rejected", "rejected-7xk2q")
    airlock.answer(asked, "reject", "Not this week")
    for mailbox in (airlock.notices, airlock.requests):
        told = mailbox.wait_for("rejected-7xk2q", "rejected")
        assert told.data["state"] == "rejected"
        assert "Not this week" in told.data["detail"]
    airlock.sweep()
    assert kinds(airlock.notices, "rejected-7xk2q") == ["rejected"]
    assert airlock.policy("rejected") == FENCE


def test_silence_is_told_as_well(airlock: Airlock) -> None:
    """If nobody answers in time, nothing is opened, and both topics say that nobody answered."""
    asked = airlock.ask("silent", "silent-7xk2q", lasts=4)
    airlock.wait_until(asked.mail.data["answer_until"])
    assert airlock.sweep() == ["unanswered"]
    assert kinds(airlock.notices, "silent-7xk2q") == ["unanswered"]
    assert kinds(airlock.requests, "silent-7xk2q") == ["approval-request", "unanswered"]
    assert airlock.policy("silent") == FENCE


def test_who_is_observed_is_told_of_and_left_alone(airlock: Airlock) -> None:
    """Nobody is asked, the policy stays the same, and the notices say what would have been opened."""
    observed = install_of("watched", "watched-7xk2q")
    assert airlock.deliver(observed.create_vpc(datetime.now(UTC))) == ["observe"]
    told = airlock.notices.wait_for("watched-7xk2q", "observed")
    assert told.data["decision"] == "observe"
    assert told.data["opens"]["objects"]
    assert airlock.policy("watched") == FENCE
    airlock.deliver(observed.delete_bucket(datetime.now(UTC)))
    assert kinds(airlock.notices, "watched-7xk2q") == ["observed", "observed"]
    assert kinds(airlock.requests, "watched-7xk2q") == []


def test_who_need_not_ask_is_opened_at_once(airlock: Airlock) -> None:
    """An automatic user's install asks nobody: its notices are opened and closed, and approvers hear of nothing."""
    trusted = install_of("trusted", "trusted-7xk2q")
    assert "open" in airlock.deliver(trusted.create_vpc(datetime.now(UTC)))
    airlock.deliver(trusted.delete_bucket(datetime.now(UTC)))
    assert kinds(airlock.notices, "trusted-7xk2q") == ["opened", "closed"]
    assert kinds(airlock.requests, "trusted-7xk2q") == []
    assert airlock.policy("trusted") == FENCE


def test_no_secret_is_written_down(airlock: Airlock) -> None:
    """A link that was opened, spoilt and used stands in no log, audit line or notice, and not in the ledger."""
    asked = airlock.ask("secret", "secret-7xk2q")
    spoilt = asked.link[:-9] + "AAAAAAAAA"
    assert [airlock.call(link) for link in (asked.link, spoilt)] == [200, 403]
    assert airlock.call(asked.link, "POST", token=asked.token, decision="maybe") == 400
    airlock.answer(asked, "approve", "told")
    airlock.notices.wait_for("secret-7xk2q", "opened")
    airlock.sweep()
    airlock.end(asked)
    outputs = airlock.cloud.deployment.outputs
    names = [outputs[f"{name}FunctionName"] for name in ("Page", "Watcher", "Sweeper")]
    logs = {name: airlock.logs(name) for name in names}
    assert asked.grant in logs[outputs["PageFunctionName"]], "the page's log should tell which grant was answered"
    assert asked.grant in logs[outputs["WatcherFunctionName"]]
    written = [*logs.values(), *map(str, airlock.audit(asked.grant)), *airlock.ledger()]
    written += [str(mail) for mail in airlock.notices.all()]
    written += [str(mail) for mail in airlock.requests.about("secret-7xk2q")[1:]]
    payload, seal = asked.token.split(".")
    for text in written:
        for secret in (payload, seal, "token=", "lambda-url", "X-Amz-Signature"):
            assert secret not in text
