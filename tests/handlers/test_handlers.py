"""The entry points: junk is skipped and counted, trouble is raised, the metrics are printed once an invocation."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.handlers import sweeper, watcher
from airlock.handlers.observability import metrics
from airlock.policy.place import PolicyKind
from tests.events import Event
from tests.handlers.functions import POLICY, metrics_in
from tests.reconcile.account import OTHER_USER, USER, Account, at, install
from tests.reconcile.interference import refusal


def malformed() -> list[Any]:
    """Events that aren't of the shape their type promises."""
    event: Event = install().create_role(at(0))
    return [
        None,
        7,
        "event",
        [],
        {},
        {**event, "detail": None},
        {**event, "account": "x"},
        {**event, "source": "my.app"},
    ]


@pytest.mark.parametrize("event", malformed())
def test_a_malformed_event_is_skipped_and_counted(event: object, account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """It touches nothing, and the metric tells that it came."""
    answer = watcher.handle(event, None)
    assert answer["malformed"] is True
    assert metrics_in(capsys.readouterr().out) == {"EventsMalformed": 1}
    assert account.calls.made == []


def test_an_event_that_is_no_signal_is_skipped_and_counted(capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """A master's launch is well formed, and not a signal."""
    assert watcher.handle(install().run_instances(at(0), "master-0"), None)["malformed"] is False
    assert metrics_in(capsys.readouterr().out) == {"EventsSkipped": 1}


def test_another_accounts_event_is_skipped(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """An event that names an enrolled principal but another account opens nothing."""
    stranger = install(principal=USER.replace("111122223333", "444455556666"))
    for event in (stranger.create_role(at(0)), stranger.state(at(1), "terminated")):
        assert "isn't ours" in str(watcher.handle(event, None)["skipped"])
        assert metrics_in(capsys.readouterr().out) == {"EventsMalformed": 1}
    assert account.calls.made == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(junk=anything, field=st.sampled_from(["detail-type", "detail", "account", "time", "region", "source", "id"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_event_makes_the_function_fail(junk: object, field: str) -> None:
    """Whatever comes, alone or in place of a field of a good event, is skipped or handled, never raised."""
    for event in (junk, {**install().run_instances(at(0), "master-0"), field: junk}):
        assert "skipped" in watcher.handle(event, None)


def test_an_open_grant_is_counted_and_answered(capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """The answer names what happened, and the metrics count it."""
    assert watcher.handle(install().create_role(at(0)), None) == {"signals": 1, "happened": ["policy-written", "open"]}
    assert metrics_in(capsys.readouterr().out) == {"EventsHandled": 1, "GrantsOpened": 1, "PolicyWrites": 1}


def test_an_outage_of_iam_raises_so_that_lambda_tries_again(account: Account) -> None:
    """The event isn't swallowed; brought again, it opens."""
    account.calls.failures["GetUser", "before"] = [refusal("ServiceFailure")]
    with pytest.raises(ClientError, match="ServiceFailure"):
        watcher.handle(install().create_role(at(0)), None)
    assert watcher.handle(install().create_role(at(0)), None)["happened"] == ["policy-written", "open"]


def test_one_signals_trouble_doesnt_lose_the_events_other_signals(account: Account) -> None:
    """One TerminateInstances ends two bootstrap nodes: the first grant's closing fails, the second's is done."""
    theirs = account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    first, second = install(), install("lab-9mz4c", OTHER_USER)
    account.deliver(first.run_instances(at(0)), second.run_instances(at(1)))
    event = first.terminate_instances(at(600))
    ended = event["detail"]["responseElements"]["instancesSet"]["items"]
    ended += second.terminate_instances(at(600))["detail"]["responseElements"]["instancesSet"]["items"]
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError, match="ServiceFailure"):
        watcher.handle(event, None)
    assert account.text(theirs) == POLICY


def test_the_sweeper_counts_what_it_closed(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """A grant past its time is closed, and the metrics tell."""
    watcher.handle(install().create_role(at(0)), None)
    capsys.readouterr()
    account.clock.moment = at(3600)
    assert sweeper.handle({}, None) == {"happened": ["policy-restored", "close"]}
    assert metrics_in(capsys.readouterr().out) == {
        "GrantsClosed": 1,
        "GrantsOpen": 1,
        "GrantsOverdue": 0,
        "PolicyWrites": 1,
        "Sweeps": 1,
    }


def test_the_sweeper_sweeps_the_others_and_then_raises(account: Account) -> None:
    """One principal's failing policy doesn't leave another's open, and the function fails so that the alarm sees it."""
    theirs = account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    account.deliver(install().create_role(at(0)), install("lab-9mz4c", OTHER_USER).create_role(at(1)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    account.clock.moment = at(3700)
    with pytest.raises(ExceptionGroup, match="could not finish"):
        sweeper.handle({}, None)
    assert account.text(theirs) == POLICY


def test_more_than_a_hundred_events_can_be_handled_outside_a_function(account: Account) -> None:
    """A replay hands the same process any number of events, with no metrics namespace and no one to print them."""
    for number in range(120):
        watcher.act_on(install().run_instances(at(number), "master-0"), account.airlock)
    assert not metrics.provider.metric_set
