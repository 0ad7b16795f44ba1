"""What the functions measure: how long grants are open, how soon they open, why they close, what is open now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.grants.approval import Answer, Form, Way
from airlock.grants.grant import Grant, Progress, State
from airlock.handlers import sweeper, watcher
from airlock.handlers.measuring import Metric, numbers_of
from airlock.policy.place import PolicyKind
from airlock.reconcile.happening import Decision
from tests.cli.operators.samples import facts
from tests.handlers.functions import POLICY, numbers_in
from tests.reconcile.account import OTHER_USER, USER, Account, at, install
from tests.reconcile.interference import refusal

CLOSED = ("GrantsClosed", "Count")
OPEN = ("SecondsOpen", "Seconds", None)
TO_OPEN = ("SecondsToOpen", "Seconds", None)
FROM_ANSWER = ("SecondsFromAnswerToOpen", "Seconds", None)
LONGEST = ("LongestOpenSeconds", "Seconds", None)

Numbers = dict[tuple[str, str, str | None], list[float]]


class Functions:
    """The two functions, by what they print."""

    def __init__(self, account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
        self._account, self._capsys = account, capsys

    def watch(self, event: dict[str, Any], seconds: float) -> Numbers:
        """Let the watcher handle an event at a moment."""
        return self._run(lambda: watcher.handle(event, None), seconds)

    def sweep(self, seconds: float) -> Numbers:
        """Let the sweeper run at a moment."""
        return self._run(lambda: sweeper.handle({}, None), seconds)

    def _run(self, function: Any, seconds: float) -> Numbers:  # noqa: ANN401 - a handler's call
        self._account.clock.moment = max(self._account.clock.moment, at(seconds))
        self._capsys.readouterr()
        function()
        return numbers_in(self._capsys.readouterr().out)


@pytest.fixture
def functions(account: Account, capsys: Any) -> Functions:  # noqa: ANN401 - pytest's fixture
    """The functions on the account."""
    return Functions(account, capsys)


def _gauges(printed: Numbers) -> tuple[float, float]:
    """How many are open, and for how long the longest."""
    (many,), (longest,) = printed["GrantsOpen", "Count", None], printed[LONGEST]
    return many, longest


def test_a_grant_by_itself_is_measured_from_the_signal_on(account: Account, functions: Functions) -> None:
    """Seconds from the call to when IAM held it: the event was 15 on its way, and IAM refused the first write."""
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError):
        functions.watch(install().create_role(at(0)), 15)
    printed = functions.sweep(90)
    assert printed[TO_OPEN] == [90]
    assert FROM_ANSWER not in printed
    assert CLOSED not in {key[:2] for key in printed}
    grant = account.grant(install().infra_id)
    assert grant.progress.effective_at == grant.facts.requested_at + timedelta(seconds=75)


def test_what_an_older_release_heard_of_is_measured_from_then_on() -> None:
    """It didn't keep when the call was made, only when it heard of it."""
    grant = Grant(facts("prod-7xk2q", at(15)), Progress(state=State.OPEN, effective_at=at(40)))
    (number,) = numbers_of(Decision(name="open", grant=grant, event_id=None, detail=""))
    assert (number.metric, number.value) == (Metric.SECONDS_TO_OPEN, 25)


def test_no_time_is_below_0() -> None:
    """Two functions' clocks may differ: an answer may seem to come after what it let open."""
    answer = Answer(approved=True, form=Form.SCOPED, at=at(41), by="arn:aws:iam::1:role/Ops", way=Way.IAM)
    progress = Progress(state=State.OPEN, asked_at=at(20), effective_at=at(40))
    grant = Grant(facts("prod-7xk2q", at(15)), progress, answer)
    (number,) = numbers_of(Decision(name="open", grant=grant, event_id=None, detail=""))
    assert (number.metric, number.value) == (Metric.SECONDS_FROM_ANSWER_TO_OPEN, 0)


@pytest.mark.parametrize(
    ("end", "reason", "lasts"), [("terminated", "instance-ended", 600), (None, "timeout", 3600)], ids=["ended", "late"]
)
def test_a_close_tells_its_reason_and_how_long_it_was_open(
    account: Account, functions: Functions, end: str | None, reason: str, lasts: int
) -> None:
    """Once in the series of all, once in that of its reason, and the seconds between the ledger's two times."""
    functions.watch(install().run_instances(at(0)), 0)
    printed = functions.watch(install().state(at(lasts), end), lasts) if end else functions.sweep(lasts)
    assert printed[*CLOSED, None] == printed[*CLOSED, reason] == [1]
    progress = account.grant(install().infra_id).progress
    assert progress.opened_at
    assert progress.closed_at
    assert progress.state is State.CLOSED
    assert printed[OPEN] == [(progress.closed_at - progress.opened_at).total_seconds()]
    assert lasts - 60 < printed[OPEN][0] <= lasts + 60


def test_peoples_time_is_not_in_the_seconds_to_open(account: Account, functions: Functions) -> None:
    """Whoever takes ten minutes to answer doesn't spoil the numbers: a metric of its own begins at the answer."""
    account.enrol(USER, mode="approval")
    assert not {TO_OPEN, FROM_ANSWER} & functions.watch(install().create_role(at(0)), 0).keys()
    answer = Answer(approved=True, form=Form.SCOPED, at=at(600), by="arn:aws:iam::1:role/Ops", way=Way.IAM)
    account.answers.give(account.grant(install().infra_id).id, answer)
    printed = functions.sweep(620)
    grant = account.grant(install().infra_id)
    assert grant.progress.effective_at is not None
    assert printed[FROM_ANSWER] == [(grant.progress.effective_at - at(600)).total_seconds()]
    assert 20 <= printed[FROM_ANSWER][0] < 60
    assert TO_OPEN not in printed


def test_a_request_counts_once_it_is_sent(account: Account, functions: Functions, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """Tries that SNS didn't take asked nobody."""
    asked = ("ApprovalsAsked", "Count", None)
    account.enrol(USER, mode="approval")
    account.calls.failures["Publish", "before"] = [refusal("InternalError")] * 2
    with pytest.raises(ClientError):
        functions.watch(install().create_role(at(0)), 0)
    assert asked not in numbers_in(capsys.readouterr().out)
    with pytest.raises(ExceptionGroup):
        functions.sweep(60)
    assert asked not in numbers_in(capsys.readouterr().out)
    assert functions.sweep(120)[asked] == [1]
    assert asked not in functions.sweep(180)


def test_each_sweep_tells_what_is_open_and_for_how_long(account: Account, functions: Functions) -> None:
    """None, two of which the first is the older, none again; what asks, or has ended, isn't open."""
    account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    assert _gauges(functions.sweep(0)) == (0, 0)
    functions.watch(install().create_role(at(0)), 0)
    opened_at = account.grant(install().infra_id).progress.opened_at
    assert opened_at is not None
    functions.watch(install("lab-9mz4c", OTHER_USER).create_role(at(300)), 300)
    longest = (at(900) - opened_at).total_seconds()
    assert _gauges(functions.sweep(900)) == (2, longest)
    # The list is from the sweep's beginning: the one that closes them still tells them.
    assert _gauges(functions.sweep(3900))[0] == 2
    assert _gauges(functions.sweep(3960)) == (0, 0)


def test_who_waits_for_an_answer_is_not_open(account: Account, functions: Functions) -> None:
    """Nothing is in IAM for it."""
    account.enrol(USER, mode="approval")
    functions.watch(install().create_role(at(0)), 0)
    assert account.grant(install().infra_id).progress.state is State.PENDING
    assert _gauges(functions.sweep(60)) == (0, 0)


def test_a_refusal_measures_nothing(account: Account, functions: Functions) -> None:
    """It is counted, and there is no time to tell."""
    account.simulator.not_asked, account.simulator.denied = "", False
    printed = functions.watch(install().create_role(at(0)), 0)
    assert {name for name, _, _ in printed} == {"EventsHandled", "GrantsDoubted"}


def test_all_that_is_printed_is_in_the_list(functions: Functions) -> None:
    """The list from which alarms and dashboard take their names has every metric of a whole life."""
    one = install()
    printed = [
        functions.watch(one.create_role(at(0)), 0),
        functions.watch(one.run_instances(at(60)), 60),
        functions.watch({}, 61),
        functions.sweep(120),
        functions.watch(one.state(at(600), "terminated"), 600),
        functions.sweep(660),
    ]
    names = {name for numbers in printed for name, _, _ in numbers}
    assert names <= set(Metric)
    assert {Metric.GRANTS_OPENED, Metric.GRANTS_CLOSED, Metric.SECONDS_OPEN, Metric.SWEEPS} <= names
