"""What the functions count for the alarms: overdue grants, what failed, and what contradicted the airlock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.grants.grant import CloseReason, State
from airlock.handlers import sweeper, watcher
from airlock.handlers.measuring import DOUBTS
from airlock.handlers.observability import tell
from airlock.messages import notices
from airlock.policy.place import PolicyKind
from airlock.reconcile.happening import Decision
from tests.handlers.functions import POLICY, metrics_in
from tests.reconcile.account import ACCOUNT, OTHER_USER, Account, at, install
from tests.reconcile.interference import refusal

WINDOW = 3600
EDITED = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]})


@pytest.fixture
def swept(account: Account, capsys: Any) -> Callable[[float], dict[str, float]]:  # noqa: ANN401 - pytest's fixture
    """Let the sweeper run at a moment, whether it fails or not, and give what it counted."""

    def sweep(seconds: float) -> dict[str, float]:
        account.clock.moment = max(account.clock.moment, at(seconds))
        capsys.readouterr()
        try:
            sweeper.handle({}, None)
        except ExceptionGroup:
            return {**metrics_in(capsys.readouterr().out), "raised": 1}
        return metrics_in(capsys.readouterr().out)

    return sweep


def test_a_grant_is_overdue_once_two_sweeps_have_had_time_to_close_it(
    account: Account, swept: Callable[[float], dict[str, float]]
) -> None:
    """Not at its time, nor a minute later; from two minutes on each sweep tells, until one closes it."""
    watcher.handle(install().create_role(at(0)), None)
    account.calls.failures["PutUserPolicy", "before"] = [refusal(), refusal(), refusal()]
    assert swept(WINDOW - 1)["GrantsOverdue"] == 0
    assert [swept(WINDOW + seconds)["GrantsOverdue"] for seconds in (1, 61, 121)] == [0, 0, 1]
    # The list is from the sweep's beginning, so the one that closes it still tells.
    closing = swept(WINDOW + 181)
    assert (closing["GrantsOverdue"], closing["GrantsClosed"]) == (1, 1)
    assert swept(WINDOW + 241)["GrantsOverdue"] == 0


def test_many_grants_that_are_closed_in_time_are_never_overdue(
    account: Account, swept: Callable[[float], dict[str, float]]
) -> None:
    """Each minute another grant falls due and is closed by the next sweep: none of them is in want of help."""
    account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    for number in range(3):
        account.deliver(install(f"lab-{number}9mz4", OTHER_USER).create_role(at(60 * number)))
    counted = [swept(WINDOW + 60 * number + 59) for number in range(3)]
    assert [one["GrantsClosed"] for one in counted] == [1, 1, 1]
    assert [one["GrantsOverdue"] for one in counted] == [0, 0, 0]


def test_counting_what_is_overdue_asks_aws_for_nothing_more(
    account: Account, swept: Callable[[float], dict[str, float]]
) -> None:
    """A sweep over nothing reads the index of what is unfinished, and nothing else."""
    assert swept(1)["GrantsOverdue"] == 0
    assert account.calls.sent == ["Query"]


def test_what_a_failing_sweep_did_is_counted(account: Account, swept: Callable[[float], dict[str, float]]) -> None:
    """A write that failed, a closing that failed twice, and what was done for others, though the function raises."""
    account.stand(PolicyKind.USER_INLINE, POLICY, principal=OTHER_USER)
    account.deliver(install().create_role(at(0)), install("lab-9mz4c", OTHER_USER).create_role(at(1)))
    account.calls.failures["PutUserPolicy", "before"] = [refusal(), None, refusal(), refusal()]
    first, second, third = (swept(WINDOW + seconds) for seconds in (5, 65, 125))
    common = {"Sweeps": 1, "PolicyWritesFailed": 1, "raised": 1}
    assert first == {**common, "GrantsOverdue": 0, "GrantsOpen": 2, "GrantsClosed": 1, "PolicyWrites": 1}
    assert second == {**common, "GrantsOverdue": 0, "GrantsOpen": 1, "ClosingsFailed": 1}
    assert third == {**common, "GrantsOverdue": 1, "GrantsOpen": 1}


def test_what_a_failing_event_did_is_counted(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """The watcher's failed write shows too, though Lambda will bring the event again."""
    account.calls.failures["PutUserPolicy", "before"] = [refusal()]
    with pytest.raises(ClientError):
        watcher.handle(install().create_role(at(0)), None)
    assert metrics_in(capsys.readouterr().out) == {"EventsHandled": 1, "PolicyWritesFailed": 1}


def test_a_refusal_because_the_simulator_disagrees_is_told_apart(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """It is no ordinary refusal, for airlock or simulator must be wrong."""
    account.simulator.not_asked, account.simulator.denied = "", False
    assert watcher.handle(install().create_role(at(0)), None)["happened"] == ["refuse"]
    assert metrics_in(capsys.readouterr().out) == {"EventsHandled": 1, "GrantsDoubted": 1}


def test_an_ordinary_refusal_is_counted_as_such(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """A deny that is out of reach is a matter of the configuration."""
    account.stand(PolicyKind.GROUP_INLINE, POLICY)
    account.principals[install().principal]["groups"] = []
    account.revive()
    assert watcher.handle(install().create_role(at(0)), None)["happened"] == ["refuse"]
    assert metrics_in(capsys.readouterr().out) == {"EventsHandled": 1, "GrantsRefused": 1}


@pytest.mark.parametrize(("left", "still_open"), [("edited", 0), ("nothing", 1)])
def test_a_policy_that_somebody_edited_is_counted_once(
    account: Account, swept: Callable[[float], dict[str, float]], left: str, still_open: int
) -> None:
    """Changed or deleted: the sweep that finds it counts it, and the next ones have nothing to tell."""
    account.deliver(install().create_role(at(0)))
    name, policy = install().principal.rpartition("/")[2], "net"
    if left == "nothing":
        account.aside.iam.delete_user_policy(UserName=name, PolicyName=policy)
    else:
        account.aside.iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=EDITED)
    assert swept(60)["PoliciesEditedByOthers"] == 1
    assert swept(120) == {"Sweeps": 1, "GrantsOverdue": 0, "GrantsOpen": still_open}


def test_an_edit_that_cloudtrail_tells_of_is_counted_at_once(account: Account, capsys: Any) -> None:  # noqa: ANN401 - pytest's fixture
    """The watcher finds it, without waiting for a sweep."""
    account.deliver(install().create_role(at(0)))
    # Sooner, a text without the airlock's statements may be an old read.
    account.clock.sleep(40)
    name = install().principal.rpartition("/")[2]
    account.aside.iam.put_user_policy(UserName=name, PolicyName="net", PolicyDocument=EDITED)
    event = {"id": "e", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam", "account": ACCOUNT}
    watcher.handle({**event, "detail": {"eventName": "PutUserPolicy", "requestParameters": {"userName": name}}}, None)
    counted = metrics_in(capsys.readouterr().out)
    assert (counted["EditsHandled"], counted["PoliciesEditedByOthers"], counted["GrantsClosed"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("name", "state", "counted"),
    [
        ("refuse", State.REFUSED, ["GrantsDoubted"]),
        ("close", State.CLOSED, ["GrantsDoubted", "GrantsClosed"]),
        ("end-unopened", State.CLOSED, ["GrantsDoubted"]),
        ("close-failed", State.CLOSING, ["ClosingsFailed"]),
    ],
)
def test_a_failed_check_is_counted_where_the_grant_ends(
    account: Account, name: str, state: State, counted: list[str]
) -> None:
    """Once a grant: refused for it, or closed for it, and then as closed too."""
    account.deliver(install().create_role(at(0)))
    ended = account.grant(install().infra_id).with_progress(state=state, reason=str(CloseReason.CHECK_FAILED))
    told: list[str] = []
    tell([Decision(name=name, grant=ended, event_id=None, detail="")], told.append)
    assert told == counted


def test_notices_and_metrics_agree_on_what_is_a_doubt() -> None:
    """The reasons for which a notice is of the kind ``alarm`` are those that are counted apart."""
    assert notices._FAULTS == DOUBTS  # noqa: SLF001 - two lists, for a cold start loads no notices
