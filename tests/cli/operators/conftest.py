"""The account that an operator reaches: moto for ledger and logs, a local server for the rest, a clock that stands."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from airlock.adapters.answers import DynamoAnswers
from airlock.adapters.items import facts_to_text, progress_to_text
from airlock.adapters.ledger import DynamoLedger
from airlock.grants.approval import Form
from airlock.grants.grant import Grant, State
from airlock.policy.exemption import from_iso, iso
from airlock_cli.main import run
from airlock_cli.operators import account
from airlock_cli.replay.world import make_ledger_table
from tests.cli.operators import samples
from tests.cli.operators.door import REGION, SECRETS, Door, open_door

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_logs import CloudWatchLogsClient

READ_BY_BOTO = (
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
)


@dataclass
class DeskClock:
    """A clock that stands where it was put, and on which things can happen later.

    Attributes:
        moment: the time it shows, UTC.
        later: what is to happen, and when.
    """

    moment: datetime
    later: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let time pass, and happen what is due by then."""
        self.moment += timedelta(seconds=seconds)
        due = [act for at, act in self.later if at <= self.moment]
        self.later = [one for one in self.later if one[0] > self.moment]
        for act in due:
            act()


@dataclass
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it printed for people, however its lines were broken."""
        return " ".join(self.out.split())

    @property
    def json(self) -> dict[str, Any]:
        """What it printed for programs, and nothing else on either stream."""
        assert not self.err
        told: dict[str, Any] = json.loads(self.out)
        return told


@dataclass
class Desk:
    """What an operator has before them.

    Attributes:
        run: runs the command with these words, as a user would.
        door: the operator URL and CloudFormation.
        clock: what the commands go by.
        dynamodb: the ledger's, for what others do.
        logs: the audit log's.
        answers: what people told, in the ledger.
    """

    run: Callable[..., Done]
    door: Door
    clock: DeskClock
    dynamodb: "DynamoDBClient"
    logs: "CloudWatchLogsClient"
    answers: DynamoAnswers

    def keep(self, *grants: Grant) -> None:
        """Put grants into the ledger, with their answers and orders, as the adapters write them."""
        for grant in grants:
            facts, progress = grant.facts, grant.progress
            texts = {
                "pk": f"grant#{grant.id}",
                "sk": "grant",
                "facts": facts_to_text(facts),
                "state": str(progress.state),
                "progress": progress_to_text(progress),
                "month": iso(facts.requested_at)[:7],
                "requested_at": iso(facts.requested_at),
                "not_after": iso(facts.not_after),
                **({} if grant.is_final else {"open": "open"}),
                **({"audit_head": grant.audit_head} if grant.audit_head else {}),
            }
            item: dict[str, Any] = {name: {"S": text} for name, text in texts.items()} | {"version": {"N": "1"}}
            self.dynamodb.put_item(TableName="ledger", Item=item)
            if grant.answer:
                self.answers.give(grant.id, grant.answer)
            if grant.close_order:
                self.answers.order_close(grant.id, grant.close_order)

    def find(self, grant_id: str) -> Grant | None:
        """Read a grant."""
        return next(iter(DynamoLedger(self.dynamodb, "ledger", "test", self.clock).grants([grant_id])), None)

    def audit(self, stream: str, *lines: dict[str, Any]) -> None:
        """Write audit lines, at the time that they tell."""
        self.logs.create_log_stream(logGroupName="audit", logStreamName=stream)
        events: Any = [
            {
                "timestamp": int(from_iso(line["at"]).timestamp() * 1000),
                "message": json.dumps(line, ensure_ascii=False),
            }
            for line in lines
        ]
        self.logs.put_log_events(logGroupName="audit", logStreamName=stream, logEvents=events)


@lru_cache
def _client(service: Any) -> Any:  # noqa: ANN401 - boto3's own types have a case for each service
    return boto3.client(service, REGION, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An account with an empty ledger and an empty audit log."""
    for name in READ_BY_BOTO:
        monkeypatch.delenv(name, raising=False)
    clock = DeskClock(samples.NOW)
    environment = {
        "AWS_ACCESS_KEY_ID": SECRETS[0],
        "AWS_SECRET_ACCESS_KEY": SECRETS[1],
        "AWS_SESSION_TOKEN": SECRETS[2],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "COLUMNS": "80",
    }

    def run_here(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["airlock", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        assert not any(secret in out + err for secret in SECRETS)
        return Done(int(ended.value.code or 0), out, err)

    with mock_aws():
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(account, "CLOCK", clock)
        dynamodb, logs = _client("dynamodb"), _client("logs")
        make_ledger_table(dynamodb, "ledger")
        logs.create_log_group(logGroupName="audit")
        answers = DynamoAnswers(dynamodb, "ledger")

        def find(grant_id: str) -> Grant | None:
            return made.find(grant_id)

        made = Desk(run_here, Door(answers, find, clock.now), clock, dynamodb, logs, answers)
        with open_door(made.door) as door:
            door.outputs = {
                "LedgerTableName": "ledger",
                "AuditLogGroupName": "audit",
                "OperatorFunctionUrl": f"{door.url}/operator/",
            }
            monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", door.url)
            yield made


@pytest.fixture
def wide(desk: Desk) -> Desk:
    """The same with grants that are wider than asked: waiting, open, and one that couldn't be narrowed."""
    desk.keep(
        samples.wider_grant(Form.ANY_ACTION),
        samples.wider_grant(Form.ANY_NETWORK_OR_ACTION, State.OPEN, "wild-4mn6s"),
        samples.wider_grant(Form.LIFTED, State.CLOSED, "lift-3zk7h"),
        samples.unnarrowed_grant(),
    )
    return desk


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """The same with a grant of each kind, approvals ahead and audit lines."""
    grants = (
        samples.told(samples.open_grant()),
        samples.waiting_grant(),
        samples.told(samples.closed_grant()),
        samples.refused_grant(),
        samples.old_grant(),
    )
    desk.keep(*grants)
    for one in samples.AHEADS:
        desk.answers.approve_ahead(one)
    desk.audit("watcher", *samples.audit_lines(grants[0]))
    desk.audit("sweeper", *samples.audit_lines(grants[2]))
    return desk
