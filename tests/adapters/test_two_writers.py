"""One writer: real processes on one table keep out of each other's way, also when one of them is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airlock.adapters.clients import Clients, make_clients
from airlock.adapters.iam import IamPolicies
from airlock.adapters.ledger import DynamoLedger
from airlock.errors import LeaseBusyError
from airlock.grants.grant import State, grant_id
from airlock.handlers.sweeper import sweep_with
from airlock.policy.place import PolicyKind, PolicyPlace
from airlock.settings import LEASE_SECONDS
from airlock.wiring import wire
from airlock_cli.replay.world import make_ledger_table
from demo.ministack import ACCOUNT, REGION, MiniStack, ministack
from demo.processes import clean_environment
from tests.policy.strategies import SAMPLES

pytestmark = pytest.mark.e2e

ROUNDS = 5
POLICY = (SAMPLES / "aws-example.json").read_text()
ROOT = Path(__file__).parents[2]
USER = f"arn:aws:iam::{ACCOUNT}:user/ocp-installer"
PLACE = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")


@dataclass(slots=True)
class Ahead:
    """A clock that goes ahead of the machine's; sleeping puts it further ahead and takes no time."""

    seconds: float = 0

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC) + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Server:
    """An AWS in another process, with a fenced user.

    Attributes:
        environment: what a function is told, and where its AWS is.
        clients: the test's own.
        folder: for the processes' lock.
    """

    environment: dict[str, str]
    clients: Clients
    folder: Path

    @contextmanager
    def writer(self, name: str, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Start a process, ready to begin; it never outlives the context."""
        command = [sys.executable, "-m", "tests.crash.writer", name, USER, REGION, str(self.folder / "lock"), *options]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, **pipes)
        try:
            assert line_of(process) == "ready"
            yield process
        finally:
            process.kill()
            process.communicate()

    def text(self) -> str:
        """The policy as IAM holds it."""
        held = IamPolicies(self.clients.iam).read(PLACE)
        return held.text if held else ""

    def audit(self) -> list[dict[str, Any]]:
        """The audit trail."""
        got = self.clients.logs.get_log_events(logGroupName="audit", logStreamName="tests", startFromHead=True)
        return [json.loads(event["message"]) for event in got["events"]]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """One MiniStack for both tests."""
    with ministack(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def server(aws: MiniStack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A fenced user, and a table of the test's own."""
    table = f"ledger-{request.node.name[:30]}"
    clients = make_clients(aws)
    make_ledger_table(clients.dynamodb, table)
    clients.logs.create_log_group(logGroupName="audit")
    clients.logs.create_log_stream(logGroupName="audit", logStreamName="tests")
    topics = {name: clients.sns.create_topic(Name=name)["TopicArn"] for name in ("notices", "approvals")}
    clients.iam.create_user(UserName="ocp-installer")
    clients.iam.put_user_policy(UserName="ocp-installer", PolicyName="net", PolicyDocument=POLICY)
    environment = clean_environment(
        AWS_ENDPOINT_URL=aws.endpoint,
        AWS_ACCESS_KEY_ID=ACCOUNT,
        AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AIRLOCK_ACCOUNT=ACCOUNT,
        AIRLOCK_TABLE=table,
        AIRLOCK_AUDIT_LOG_GROUP="audit",
        AIRLOCK_AUDIT_LOG_STREAM="tests",
        AIRLOCK_NOTICES_TOPIC=topics["notices"],
        AIRLOCK_APPROVALS_TOPIC=topics["approvals"],
        AIRLOCK_EVENT_SOURCE="bootstrap-airlock",
        AIRLOCK_PRINCIPALS=json.dumps({USER: {}}),
        POWERTOOLS_LOG_LEVEL="ERROR",
    )
    yield Server(environment, clients, tmp_path)
    clients.logs.delete_log_group(logGroupName="audit")
    clients.iam.delete_user_policy(UserName="ocp-installer", PolicyName="net")
    clients.iam.delete_user(UserName="ocp-installer")


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that a process tells."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def begin(process: subprocess.Popen[str]) -> None:
    """Let a process that is ready begin."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_never_hold_a_policy_at_once(server: Server) -> None:
    """Each handles installs of its own and the same ones as the other; none is opened twice, and no write is lost."""
    rounds = ("--rounds", str(ROUNDS))
    with server.writer("one", *rounds) as one, server.writer("two", *rounds) as two:
        begin(one)
        begin(two)
        seen = [json.loads(line_of(process)) for process in (one, two)]
    assert [each["overlaps"] for each in seen] == [0, 0]
    assert sum(each["met"] for each in seen) > 0, "they never met, so this shows nothing"
    assert server.text() == POLICY
    decisions = Counter((line["decision"], line["grant"]) for line in server.audit() if line["kind"] == "decision")
    assert set(decisions.values()) == {1}
    installs = [f"{name}-{number:05}" for name in ("one", "two", "both") for number in range(ROUNDS)]
    opened = {grant for decision, grant in decisions if decision == "open"}
    # One that both hear of may have ended before the slower one hears of its beginning; it is opened once, or never.
    assert opened >= {grant_id(ACCOUNT, USER, infra_id) for infra_id in installs if not infra_id.startswith("both")}
    assert {grant for decision, grant in decisions if decision == "close"} == opened


def test_a_killed_writers_policy_is_left_alone_until_its_lease_ends(server: Server) -> None:
    """SIGKILL comes between the write and the settling: the lease keeps everybody off, and then a sweep takes over."""
    with server.writer("one", "--hang-after", "PutUserPolicy") as one:
        begin(one)
        assert line_of(one) == "hanging"
        one.kill()
        one.wait()
    clock = Ahead()
    ledger = DynamoLedger(server.clients.dynamodb, server.environment["AIRLOCK_TABLE"], "successor", clock)
    parts = wire(server.environment, server.clients, clock, "sweeper")
    opened = server.text()
    assert "one-00000" in opened

    # The processes took a second or two, and the sweep waits for as long: this is still well within the lease.
    clock.seconds = LEASE_SECONDS - 30
    assert sweep_with(parts) == {"happened": []}
    with pytest.raises(LeaseBusyError):
        ledger.acquire([USER], patience=1)
    assert server.text() == opened

    clock.seconds = LEASE_SECONDS + 1
    assert sweep_with(parts) == {"happened": ["policy-found-written", "open"]}
    (grant,) = ledger.grants([grant_id(ACCOUNT, USER, "one-00000")])
    assert grant.progress.state is State.OPEN
    clock.seconds += grant.facts.not_after.timestamp() - clock.now().timestamp() + 1
    assert sweep_with(parts) == {"happened": ["policy-restored", "close"]}
    assert server.text() == POLICY
