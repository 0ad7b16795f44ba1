"""The late rescue under attack: consoles and instances of every kind, in any order, and one reboot at the most."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airlock.grants.grant import State
from airlock.install.names import Era
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.consoles import TOKEN, boot, fetched, refused, url
from tests.events import Install
from tests.reconcile.account import REGION, USER, Account, an_account, at
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.test_rescue import POLICY, World, late

PLACE = PolicyPlace(PolicyKind.USER_INLINE, USER, "net")
OTHERS = Install(infra_id="lab-9mz4c", principal=USER, region=REGION, era=Era.CAPA)


def consoles(world: World) -> dict[str, str]:
    """What a console may show, by name."""
    whole = refused(world.one)
    return {
        "empty": "",
        "refused": whole,
        "refused, by a session": refused(world.one, address=url(world.one, token=TOKEN)),
        "refused twice": whole + refused(world.one, pid=741),
        "the boot before": whole + boot(world.one, None, pid=741).splitlines()[0],
        "under way": boot(world.one, None),
        "fetched": fetched(world.one),
        "another install's": refused(OTHERS),
        "torn": whole[len(whole) // 3 : -40],
        "forged": "GET result: Forbidden\n" * 50 + whole,
        "noise": "\x1b[31m\0\ufffd" * 2_000,
    }


def set_state(world: World, state: str) -> None:
    """Stop, start or end the instance, or take its name away: a human may do any of it at any time."""
    ec2, ids = world.account.aside.ec2(REGION), [world.instance_id]
    match state:
        case "stopped":
            ec2.stop_instances(InstanceIds=ids)
        case "running":
            ec2.start_instances(InstanceIds=ids)
        case "terminated":
            ec2.terminate_instances(InstanceIds=ids)
        case _:
            ec2.create_tags(Resources=ids, Tags=[{"Key": "Name", "Value": "somebody's"}])


def set_failure(account: Account, failure: str) -> None:
    """Let the next reboot go wrong."""
    match failure:
        case "lost":
            account.calls.unanswered["RebootInstances"] = [True]
        case "dead":
            account.calls.failures["RebootInstances", "before"] = [Crash()]
        case "dead after":
            account.calls.failures["RebootInstances", "after"] = [Crash()]
        case "throttled":
            account.calls.failures["RebootInstances", "before"] = [refusal("RequestLimitExceeded")] * 2
        case _:
            account.calls.failures["RebootInstances", "before"] = [refusal("InternalError")]


STEPS = st.one_of(
    st.tuples(st.just("console"), st.integers(0, 10)),
    st.tuples(st.just("state"), st.sampled_from(["stopped", "running", "somebody's", "terminated"])),
    st.tuples(st.just("failure"), st.sampled_from(["lost", "dead", "dead after", "throttled", "failed"])),
    st.tuples(st.just("sweep"), st.sampled_from([1, 60, 60, 400])),
)


def take(world: World, what: str, how: Any) -> None:  # noqa: ANN401 - each step's own
    """Let one thing happen."""
    account = world.account
    match what:
        case "console":
            world.shows(list(consoles(world).values())[how])
        case "state":
            with contextlib.suppress(ClientError):
                set_state(world, how)
        case "failure":
            set_failure(account, how)
        case _:
            with contextlib.suppress(ExceptionGroup, Crash):
                account.sweep(how)
            account.revive()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_whatever_is_shown_and_fails_an_instance_is_rebooted_once_at_the_most(steps: list[tuple[str, Any]]) -> None:
    """And none that isn't named as the install's node by then; the policy ends as it was, whatever came."""
    with an_account() as account:
        world = late(account)
        before = 0
        for number, (what, how) in enumerate([*steps, ("sweep", 60)]):
            take(world, what, how)
            rebooted = account.calls.carried_out.count("RebootInstances")
            assert rebooted <= 1
            # Whose name is gone isn't rebooted any more.
            assert rebooted == before or "somebody's" not in [how for _, how in steps[:number]]
            before = rebooted
        account.calls.failures.clear()
        account.sweep(2 * 3600)
        account.sweep()
        assert world.grant.is_final
        assert account.text(PLACE) == POLICY


def test_a_reboot_that_isnt_answered_is_not_asked_for_again(account: Account) -> None:
    """Botocore would: EC2 may have done it already, and the node be half way through its fetch."""
    late(account)
    account.calls.unanswered["RebootInstances"] = [True]
    assert account.sweep() == ["rescue-failed"]
    assert account.sweep() == []
    assert account.calls.carried_out.count("RebootInstances") == 1


def test_a_reboot_that_is_throttled_is_asked_for_again(account: Account) -> None:
    """EC2 says that it did nothing, so the one reboot isn't used up yet."""
    world = late(account)
    account.calls.failures["RebootInstances", "before"] = [refusal("RequestLimitExceeded")] * 2
    assert account.sweep() == ["rescue"]
    assert world.reboots() == 1


@pytest.mark.parametrize("state", ["stopped", "terminated", "somebody's"])
def test_an_instance_that_is_gone_meanwhile_is_left_alone(account: Account, state: str) -> None:
    """Stopped, ended or renamed before the sweep came to it: nothing is rebooted."""
    world = late(account)
    set_state(world, state)
    account.sweep()
    assert world.reboots() == 0


@pytest.mark.parametrize("shown", ["empty", "the boot before", "under way", "noise", "fetched"])
def test_a_console_that_shows_no_refusal_of_this_fetch_leads_to_no_reboot(account: Account, shown: str) -> None:
    """An old boot's refusal, or none at all; a console that lags shows it later."""
    world = late(account)
    world.shows(consoles(world)[shown])
    account.sweep()
    assert world.reboots() == 0
    world.shows(consoles(world)["refused"])
    account.sweep()
    assert world.reboots() == (shown != "fetched")


def test_a_node_in_place_of_another_gets_a_reboot_of_its_own(account: Account) -> None:
    """The installer tried again: the new instance is the one that counts, and the old one isn't touched any more."""
    world = late(account)
    assert account.sweep() == ["rescue"]
    ec2 = account.aside.ec2(REGION)
    made = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    name, cluster = f"{world.one.infra_id}-bootstrap", f"kubernetes.io/cluster/{world.one.infra_id}"
    ec2.create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": name}, {"Key": cluster, "Value": "owned"}])
    again = World(account, world.one, made)
    account.deliver(again.launched((account.clock.now() - at(0)).total_seconds()))
    assert account.sweep() == ["not-helped"]
    assert world.grant.progress.state is State.OPEN
    assert world.reboots() == 1
