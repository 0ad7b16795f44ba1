"""The late rescue where calls fail, processes die, and things change meanwhile: one reboot at most, and all is told."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.grants.approval import CloseOrder
from airlock.grants.grant import State
from tests.consoles import fetched, refused
from tests.reconcile.account import USER, Account
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.test_rescue import PROPAGATION, late, on_time


def test_a_crash_before_the_reboot_leaves_it_at_none(account: Account) -> None:
    """A process that dies between the claim and the call has used the one reboot up; that is told once."""
    world = late(account)
    account.calls.failures["RebootInstances", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.sweep()
    account.revive()
    assert account.sweep() == ["rescue-failed"]
    assert account.sweep() == []
    assert world.reboots() == 0


def test_a_crash_after_the_reboot_leads_to_no_second(account: Account) -> None:
    """A process that dies right after the call can't have said so; nobody reboots again."""
    world = late(account)
    account.calls.failures["RebootInstances", "after"] = [Crash()]
    with pytest.raises(Crash):
        account.sweep()
    account.revive()
    account.sweep()
    account.sweep()
    assert world.reboots() == 1


def test_a_reboot_that_could_not_be_audited_is_told_by_the_next_sweep(account: Account) -> None:
    """A process that dies before the reboot's line is kept leaves a line all the same, and no second reboot."""
    world = late(account)
    account.calls.failures["PutLogEvents", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.sweep()
    account.revive()
    assert account.sweep() == ["rescue-failed"]
    assert "was taken before" in account.audit("decision")[-1]["detail"]
    assert world.reboots() == 1


@pytest.mark.parametrize(("name", "when"), [("PutLogEvents", "before"), ("Publish", "before"), ("Publish", "after")])
def test_what_is_told_once_is_told_although_a_sweep_dies(account: Account, name: str, when: str) -> None:
    """A process that dies before or while it tells of a node leaves that to the next sweep; then nobody tells again."""
    world = on_time(account)
    world.shows(refused(world.one))
    account.calls.failures[name, when] = [Crash()]
    with pytest.raises(Crash):
        account.sweep()
    account.revive()
    assert account.sweep() == ["not-helped"]
    assert [account.sweep() for _ in range(3)] == [[], [], []]


def test_a_fetch_that_could_not_be_audited_is_told_by_the_next_sweep(account: Account) -> None:
    """What was seen is kept once it is told, so a failing audit trail delays the line, and loses none."""
    world = on_time(account)
    world.shows(fetched(world.one))
    account.calls.failures["PutLogEvents", "before"] = [refusal()]
    with pytest.raises(ExceptionGroup):
        account.sweep()
    assert account.sweep() == ["fetched"]
    assert account.audit("decision")[-1]["decision"] == "fetched"


def test_a_reboot_that_ec2_refuses_is_told_and_not_tried_again(account: Account) -> None:
    """Whatever EC2 answers, there is one try."""
    world = late(account)
    account.calls.failures["RebootInstances", "before"] = [refusal("UnauthorizedOperation")]
    assert account.sweep() == ["rescue-failed"]
    assert account.sweep() == []
    assert world.reboots() == 0


def test_two_sweeps_at_once_reboot_once(account: Account) -> None:
    """The claim is one conditional write: of two processes that come to it together, one reboots."""
    world = late(account)
    other = account.another("other")

    def beside(_: object) -> None:
        account.calls.changes.pop("DescribeInstances")
        other.reconciler.sweep()

    account.calls.changes["DescribeInstances"] = beside
    account.sweep()
    assert world.reboots() == 1


def test_an_unreadable_console_stops_no_sweep(account: Account) -> None:
    """EC2's failure for one grant is raised once all were swept, and the next sweep looks again."""
    world = late(account)
    account.calls.failures["GetConsoleOutput", "before"] = [refusal("InternalError")]
    with pytest.raises(ExceptionGroup):
        account.sweep()
    world.shows("")
    assert account.sweep() == []
    world.shows(refused(world.one))
    assert account.sweep() == ["rescue"]


def test_a_grant_that_ends_meanwhile_is_not_rescued(account: Account) -> None:
    """While the sweep waits for IAM the install may end; then nothing is rebooted."""
    world = late(account)
    before = account.clock.sleep
    waited: list[float] = []

    def ends(seconds: float) -> None:
        before(seconds)
        if not waited:
            waited.append(seconds)
            account.deliver(world.one.delete_bucket(account.clock.now()))

    # The clock has slots, so the sleep of its class is replaced for the one test.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(account.clock), "sleep", lambda _, seconds: ends(seconds))
        account.airlock.reconciler.sweep()
    assert waited
    assert world.reboots() == 0


def test_a_grant_that_ended_while_the_sweep_was_busy_is_not_rescued(account: Account) -> None:
    """What the sweep read at its start may be over by the time that it comes to it."""
    world = late(account)
    account.clock.sleep(PROPAGATION)
    name = world.grant.id

    def closed(parsed: dict[str, Any]) -> None:
        account.calls.changes.pop("GetConsoleOutput")
        world.shows(refused(world.one))
        account.answers.order_close(name, CloseOrder(at=account.clock.now(), by=USER))
        account.order(name)
        parsed["Output"] = refused(world.one)

    account.calls.changes["GetConsoleOutput"] = closed
    account.airlock.reconciler.sweep()
    assert world.grant.progress.state is State.CLOSED
    assert world.reboots() == 0
