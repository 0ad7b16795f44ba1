"""What the simulated day stands on: the timeline, moto in a hurry, and IAM's throttling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock_cli.replay.isolation import apart_from_the_caller
from airlock_cli.replay.world import make_ledger_table
from tests.simulation.day import START, Day, Plan, a_day
from tests.simulation.faults import Calm
from tests.simulation.line import Line, a_session, retries_in_virtual_time
from tests.simulation.mirror import Mirror
from tests.simulation.population import ACCOUNT
from tests.simulation.quick_moto import quick_moto
from tests.simulation.timeline import TimeIsUp, Timeline


def test_tasks_take_turns_when_they_sleep() -> None:
    """Of two tasks each goes on where it slept, in the order of the moments at which they wake."""
    timeline, told = Timeline(START), []

    def task(name: str, seconds: float) -> None:
        for _ in range(2):
            timeline.sleep(seconds)
            told.append((name, (timeline.now() - START).total_seconds()))

    timeline.at(START, lambda: task("slow", 10))
    timeline.at(START + timedelta(seconds=1), lambda: task("quick", 4))
    timeline.run()
    assert told == [("quick", 5), ("quick", 9), ("slow", 10), ("slow", 20)]


def test_a_tasks_time_is_over_at_its_limit_and_not_before() -> None:
    """A task with a limit is ended at that moment, and can't go on by catching errors."""
    timeline = Timeline(START)
    told: list[object] = []

    def task() -> None:
        try:
            timeline.sleep(59)
            told.append("still there")
            timeline.sleep(5)
        except Exception:  # noqa: BLE001 - such as a handler has
            told.append("an error")
        except TimeIsUp:
            told.append((timeline.now() - START).total_seconds())

    timeline.at(START, task, limit=60)
    timeline.run()
    assert told == ["still there", 60]


def test_an_error_of_a_task_ends_the_simulation() -> None:
    """What a task doesn't handle is raised where the timeline runs."""
    timeline = Timeline(START)
    timeline.at(START, lambda: next(iter(())))
    with pytest.raises(StopIteration):
        timeline.run()


def test_moto_in_a_hurry_keeps_a_transaction_whole() -> None:
    """A transaction of which one condition fails changes nothing; one that may be made changes all."""
    with apart_from_the_caller(ACCOUNT, "aws"), quick_moto():
        dynamodb = a_session().client("dynamodb")
        make_ledger_table(dynamodb, "ledger")
        for name in ("one", "two"):
            dynamodb.put_item(TableName="ledger", Item={**_key(name), "open": {"S": "open"}, "not_after": {"S": name}})

        def close(condition: str) -> None:
            dynamodb.transact_write_items(
                TransactItems=[{"Update": _ending("one")}, {"Update": _ending("two", condition)}, _putting("three")]
            )

        def found() -> list[str]:
            answer = dynamodb.query(
                TableName="ledger",
                IndexName="open-grants",
                KeyConditionExpression="#open = :open",
                ExpressionAttributeNames={"#open": "open"},
                ExpressionAttributeValues={":open": {"S": "open"}},
            )
            return [str(item["pk"]["S"]) for item in answer["Items"]]

        with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
            close("attribute_not_exists(pk)")
        assert found() == ["one", "two"]
        assert "Item" not in dynamodb.get_item(TableName="ledger", Key=_key("three"))
        close("attribute_exists(pk)")
        assert found() == []
        assert "Item" in dynamodb.get_item(TableName="ledger", Key=_key("three"))


def test_what_iam_throttles_is_not_done_and_what_it_does_not_answer_is() -> None:
    """A call that is turned away each time changes nothing; one whose answer is lost is made once more."""
    faults = _Often()
    timeline = Timeline(START)
    with apart_from_the_caller(ACCOUNT, "aws"), quick_moto(), retries_in_virtual_time(timeline):
        line, aside = Line(timeline, faults, Mirror({}, START)), a_session().client("iam")
        with pytest.raises(ClientError, match="Throttling"):
            line.clients.iam.create_user(UserName="somebody")
        assert aside.list_users()["Users"] == []
        assert (line.tally.throttled, line.tally.calls["CreateUser"]) == (5, 1)
        faults.throttling, faults.losing = False, True
        with pytest.raises(line.clients.iam.exceptions.EntityAlreadyExistsException):
            line.clients.iam.create_user(UserName="somebody")


def test_the_same_seed_gives_the_same_day() -> None:
    """Two days by one seed make the same calls, and end at the same moment."""

    def lived() -> tuple[Any, ...]:
        with a_day(Plan(installs=2, principals=2, hours=0.1, seed=1)) as day:
            return day.timeline.now(), day.mirror.writes, _calls(day)

    assert lived() == lived()


class _Often(Calm):
    """IAM throttles each call, until told otherwise; then it loses the next answer."""

    throttling = True
    losing = False

    def throttles(self, now: object) -> bool:
        """As told."""
        del now
        return self.throttling

    def loses_answer(self) -> bool:
        """Once."""
        lost, self.losing = self.losing, False
        return lost


def _calls(day: Day) -> list[dict[str, int]]:
    return [dict(run.tally.calls) for function in (day.watcher, day.sweeper) for run in function.runs]


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": "grant"}}


def _ending(name: str, condition: str = "attribute_exists(pk)") -> Any:  # noqa: ANN401 - boto3's
    return {
        "TableName": "ledger",
        "Key": _key(name),
        "UpdateExpression": "REMOVE #open",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {"#open": "open"},
    }


def _putting(name: str) -> Any:  # noqa: ANN401 - boto3's
    update = {"TableName": "ledger", "Key": _key(name), "UpdateExpression": "SET a = :a"}
    return {"Update": {**update, "ExpressionAttributeValues": {":a": {"S": "a"}}}}
