"""Bootstrap nodes of which no event told, or whose end no event told, by whole sweeps on moto: EC2 and ledger tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airlock.grants.grant import CloseReason, State
from airlock.install.names import Era
from airlock.policy.place import PolicyKind, PolicyPlace
from tests.consoles import fetched, refused
from tests.reconcile.account import OTHER_USER, REGION, USER, Account, at, install
from tests.reconcile.interference import Crash, refusal
from tests.reconcile.test_rescue import POLICY, World, a_world, late, on_time


def unheard(account: Account, launched: float = 20, **options: object) -> World:
    """An install that was heard of once its node had been launched; the launch itself was never told."""
    world = a_world(account, options)
    launch(account, at(launched))
    world.shows(refused(world.one))
    account.clock.moment = at(40)
    account.deliver(world.one.create_bucket(at(30)))
    assert world.grant.facts.boots == frozenset()
    return world


def launch(account: Account, when: datetime) -> None:
    """Let EC2 tell of a launch at that moment; moto's time is the machine's."""

    def told(parsed: dict[str, Any]) -> None:
        for reservation in parsed["Reservations"]:
            for one in reservation["Instances"]:
                one["LaunchTime"] = when

    account.calls.changes["DescribeInstances"] = told


def end(world: World, instance_id: str | None = None) -> None:
    """Terminate an instance; no event tells of it."""
    world.account.aside.ec2(REGION).terminate_instances(InstanceIds=[instance_id or world.instance_id])


def another(world: World) -> str:
    """One more instance with the bootstrap node's tags, of whomever."""
    ec2 = world.account.aside.ec2(REGION)
    (made,) = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"]
    infra_id = world.one.infra_id
    tags = {"Name": f"{infra_id}-bootstrap", f"kubernetes.io/cluster/{infra_id}": "owned"}
    ec2.create_tags(Resources=[made["InstanceId"]], Tags=[{"Key": key, "Value": tags[key]} for key in tags])
    return made["InstanceId"]


def closes(account: Account) -> bool:
    """Whether the sweep after the one that sees an end closes, and not that one: an event may yet come."""
    return account.sweep() == [] and "close" in account.sweep()


def forget(account: Account) -> None:
    """Let EC2 know no instance, as it does of those that ended an hour ago, and of one that was launched just now."""
    account.calls.changes["DescribeInstances"] = lambda parsed: parsed.update(Reservations=[])


def calls(account: Account, name: str) -> int:
    """How often one call was made."""
    return account.calls.sent.count(name)


# Nodes that were never heard of ---------------------------------------------------------------------------------


def test_a_node_whose_launch_was_lost_is_rescued(account: Account) -> None:
    """EC2 shows the instance by its tags, and it is rebooted as if its launch had been heard; once."""
    world = unheard(account)
    assert account.sweep() == ["rescue"]
    line = account.audit("decision")[-1]
    assert line["decision"] == "rescue"
    assert "known by its tags" in line["detail"]
    assert world.reboots() == 1
    assert [account.sweep() for _ in range(3)] == [[], [], []]
    assert world.reboots() == 1


def test_the_end_of_a_node_whose_launch_was_lost_closes(account: Account) -> None:
    """Once it was found, an event of its end finds the grant."""
    world = unheard(account)
    account.sweep()
    ended = world.one.state(account.clock.now(), "shutting-down")
    ended["detail"]["instance-id"] = world.instance_id
    assert "close" in account.deliver(ended)
    assert world.grant.progress.reason == CloseReason.INSTANCE_ENDED


def test_a_launch_that_is_heard_later_counts_as_heard(account: Account) -> None:
    """A node that was found before its event came is the principal's own from then on, its VPC known."""
    world = unheard(account)
    account.sweep()
    assert world.grant.facts.instance_vpcs == frozenset()
    account.deliver(world.launched(20))
    facts = world.grant.facts
    assert dict(facts.boots).keys() == {world.instance_id}
    assert facts.instance_vpcs == {world.one.vpc}
    assert account.sweep() == []
    assert world.reboots() == 1


def test_an_end_that_was_heard_before_the_node_was_found_closes(account: Account) -> None:
    """The ledger remembers an end whose grant wasn't known; the sweep that finds the node closes."""
    world = unheard(account)
    ended = world.one.state(at(39), "shutting-down")
    ended["detail"]["instance-id"] = world.instance_id
    assert account.deliver(ended) == []
    assert "close" in account.sweep()
    assert world.grant.facts.ended == (CloseReason.INSTANCE_ENDED, at(39))


@pytest.mark.parametrize("name", ["UpdateItem", "RebootInstances"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_while_a_node_is_taken_up_loses_nothing(account: Account, name: str, when: str) -> None:
    """Wherever the sweep dies while it takes a node up, later ones close by an end that only the ledger has."""
    world = unheard(account)
    account.calls.failures[name, when] = [Crash()]
    with pytest.raises(Crash):
        account.sweep()
    account.revive()
    ended = world.one.state(account.clock.now(), "shutting-down")
    ended["detail"]["instance-id"] = world.instance_id
    happened = account.deliver(ended) + account.sweep() + account.sweep()
    assert happened.count("close") == 1


# Nodes whose end was never heard of -----------------------------------------------------------------------------


def test_a_node_whose_end_was_lost_closes(account: Account) -> None:
    """EC2 shows the instance as ended; the next sweep puts the policy back, unless an event has had it done by then."""
    world = on_time(account)
    assert account.sweep() == []
    end(world)
    assert closes(account)
    assert world.grant.progress.reason == CloseReason.INSTANCE_ENDED
    assert account.text(PolicyPlace(PolicyKind.USER_INLINE, USER, "net")) == POLICY


def test_an_event_that_comes_meanwhile_closes(account: Account) -> None:
    """What a sweep has seen is kept where the event finds it; whichever is first closes, once."""
    world = on_time(account)
    end(world)
    assert account.sweep() == []
    ended = world.one.state(account.clock.now(), "terminated")
    ended["detail"]["instance-id"] = world.instance_id
    assert "close" in account.deliver(ended)
    assert account.sweep() == []


def test_without_rescue_a_lost_end_closes_too(account: Account) -> None:
    """Whether consoles are read has nothing to do with it."""
    world = on_time(account, rescue=False)
    end(world)
    assert closes(account)
    assert world.looks() == 0


def test_an_instance_that_ec2_does_not_show_hasnt_ended(account: Account) -> None:
    """EC2 forgets what has ended, and knows what was launched a moment later: silence proves nothing."""
    world = on_time(account)
    forget(account)
    assert account.sweep() == []
    assert world.grant.progress.state is State.OPEN


def test_an_end_that_the_ledger_has_and_the_grant_hasnt_closes(account: Account) -> None:
    """A watcher that dies between the two, its retries too, leaves that to the sweep, whatever EC2 knows."""
    world = on_time(account)
    forget(account)
    ended = world.one.state(account.clock.now(), "terminated")
    ended["detail"]["instance-id"] = world.instance_id
    account.calls.failures["GetItem", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(ended)
    account.revive()
    assert world.grant.facts.ended is None
    assert "close" in account.sweep()
    assert world.grant.facts.ended is not None
    assert world.grant.facts.ended[1] < account.clock.now()


def test_an_end_that_the_ledger_has_ends_what_waits_too(account: Account) -> None:
    """People aren't left to decide about an install that is over."""
    world = a_world(account, {"mode": "approval"})
    account.deliver(world.one.create_role(at(0)), world.launched(300))
    assert world.grant.progress.state is State.PENDING
    ended = world.one.state(account.clock.now(), "terminated")
    ended["detail"]["instance-id"] = world.instance_id
    account.calls.failures["GetItem", "before"] = [Crash()]
    with pytest.raises(Crash):
        account.deliver(ended)
    account.revive()
    assert account.sweep() == ["end-unopened"]
    assert calls(account, "DescribeInstances") == 0


# Others' instances ----------------------------------------------------------------------------------------------


def test_a_forged_instance_beside_a_known_one_does_nothing(account: Account) -> None:
    """Where the launch was heard, nobody else's tags count: neither console nor end."""
    world = on_time(account)
    forged = another(world)
    world.shows(refused(world.one))
    assert account.sweep() == ["not-helped"]
    end(world, forged)
    assert [account.sweep(), account.sweep()] == [[], []]
    assert world.grant.facts.instances == {world.instance_id}
    assert {params["InstanceId"] for name, params in account.calls.made if name == "GetConsoleOutput"} == {
        world.instance_id
    }


def test_a_known_node_that_lives_keeps_nobody_elses(account: Account) -> None:
    """Nor does a forged instance that lives keep a grant open whose own node has ended."""
    world = on_time(account)
    another(world)
    end(world)
    assert closes(account)


def test_a_node_known_by_its_tags_opens_nothing_wider(account: Account) -> None:
    """It may be anybody's: neither its VPC nor a refusal on its console lets other networks in."""
    world = narrowed_unheard(account)
    world.shows(refused(world.one))
    launch(account, at(400))
    account.clock.moment = at(400)
    assert account.sweep() == ["not-helped"]
    assert account.sweep() == []
    exemption = world.grant.progress.exemption
    assert exemption is not None
    assert exemption.network is not None
    assert world.grant.facts.shut_vpcs == world.grant.facts.instance_vpcs == frozenset()
    assert world.reboots() == 0


def narrowed_unheard(account: Account) -> World:
    """An install that is held to its VPC, and whose launch was lost."""
    world = a_world(account, {})
    one = world.one
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)))
    return world


def test_a_fetch_of_a_node_known_by_its_tags_keeps_no_other_from_its_rescue(account: Account) -> None:
    """It is told once, and not held against the real node, of which an event tells later."""
    world = unheard(account)
    world.shows(fetched(world.one))
    assert [account.sweep(), account.sweep()] == [["fetched"], []]
    real = World(account, world.one, another(world))
    account.deliver(real.launched(25))
    real.shows(refused(world.one))
    assert account.sweep() == ["rescue"]
    assert [params["InstanceIds"] for name, params in account.calls.made if name == "RebootInstances"] == [
        [real.instance_id]
    ]


def test_a_node_known_by_its_tags_closes_what_closes_on_the_fetch(account: Account) -> None:
    """Where grants close on the fetch, a console of whomever is enough: it closes, and opens nothing."""
    world = unheard(account, close_on="fetched")
    world.shows(fetched(world.one))
    assert "close" in account.sweep()
    assert world.grant.progress.reason == CloseReason.FETCHED


def test_of_nodes_known_by_their_tags_all_have_to_end(account: Account) -> None:
    """One of two may be somebody else's, so that the end of one ends nothing."""
    world = unheard(account)
    world.shows(fetched(world.one))
    other = another(world)
    account.sweep()
    assert world.grant.facts.instances == {world.instance_id, other}
    end(world, other)
    assert [account.sweep(), account.sweep()] == [[], []]
    end(world)
    assert closes(account)


def test_masters_and_workers_are_no_bootstrap_nodes(account: Account) -> None:
    """What carries the cluster's tag and another name is neither found nor read nor missed when it ends."""
    world = a_world(account, {}, tagged=False)
    account.deliver(world.one.create_bucket(at(30)))
    assert account.sweep() == []
    end(world)
    assert [account.sweep(), account.sweep()] == [[], []]
    assert world.grant.facts.found == frozenset()
    assert world.looks() == 0


def test_of_two_launches_the_last_counts(account: Account) -> None:
    """An installer that tried again needs its grant until its second node has ended."""
    world = on_time(account)
    second = World(account, world.one, another(world))
    account.deliver(second.launched(900))
    end(world)
    assert [account.sweep(), account.sweep()] == [[], []]
    end(second)
    assert closes(account)


# What it costs, and what fails ----------------------------------------------------------------------------------


def test_closed_grants_cost_nothing(account: Account) -> None:
    """A sweep without unfinished grants asks neither EC2 nor for what ended."""
    world = on_time(account)
    account.deliver(world.one.delete_bucket(at(900)))
    account.calls.sent.clear()
    assert account.sweep() == []
    assert account.calls.sent == ["Query"]


def test_many_open_grants_cost_two_calls(account: Account) -> None:
    """EC2 is asked once a region for all, the ledger once; without any instance known it isn't asked at all."""
    account.enrol(USER, rescue=False)
    account.stand(PolicyKind.USER_INLINE, POLICY)
    ones = [install(f"prod{number}-7xk2q") for number in range(3)]
    for one in ones:
        account.deliver(one.create_role(at(0)), one.create_bucket(at(10)))
    account.calls.sent.clear()
    account.sweep()
    assert (calls(account, "DescribeInstances"), calls(account, "BatchGetItem")) == (1, 1)
    for one in ones:
        account.deliver(one.run_instances(at(100)))
    account.calls.sent.clear()
    account.sweep()
    assert (calls(account, "DescribeInstances"), calls(account, "BatchGetItem")) == (1, 2)


def test_an_install_of_no_known_region_isnt_asked_for(account: Account) -> None:
    """IAM's calls tell no region."""
    world = a_world(account, {})
    account.deliver(world.one.create_role(at(0)))
    account.sweep()
    assert calls(account, "DescribeInstances") == 0


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InternalError"])
def test_what_ec2_refuses_stops_no_sweep(account: Account, code: str) -> None:
    """The failure is raised at the end; before that, known nodes are rescued and other grants are closed."""
    world = late(account)
    account.enrol(OTHER_USER, timeout_minutes=5)
    account.stand(PolicyKind.USER_INLINE, POLICY, OTHER_USER)
    other = install("test-9mz4c", OTHER_USER, Era.TERRAFORM)
    account.deliver(other.create_role(at(50)))
    account.calls.failures["DescribeInstances", "before"] = [refusal(code)]
    with pytest.raises(ExceptionGroup, match="could not finish") as raised:
        account.sweep(after=6 * 60)
    assert [error.response["Error"]["Code"] for error in raised.value.exceptions if isinstance(error, ClientError)] == [
        code
    ]
    assert world.reboots() == 1
    assert account.grant("test-9mz4c", OTHER_USER).progress.reason == CloseReason.TIMEOUT
    assert account.sweep() == []


def test_a_region_that_fails_keeps_the_others_from_nothing(account: Account) -> None:
    """Each region is asked by itself; an end that one shows counts although another doesn't answer."""
    world = on_time(account)
    elsewhere = install("test-9mz4c")
    bucket = elsewhere.create_bucket(at(300))
    bucket["detail"]["requestParameters"]["CreateBucketConfiguration"]["LocationConstraint"] = "eu-central-1"
    account.deliver(bucket)
    end(world)
    for _ in range(2):
        account.calls.failures["DescribeInstances", "before"] = [refusal()]
        with pytest.raises(ExceptionGroup):
            account.sweep()
    assert world.grant.progress.state is State.CLOSED


def test_a_ledger_that_fails_keeps_ec2_from_nothing(account: Account) -> None:
    """Ends that can't be read are read by the next sweep; what EC2 shows is learnt all the same."""
    world = on_time(account)
    end(world)
    account.calls.failures["BatchGetItem", "before"] = [None, refusal()]
    with pytest.raises(ExceptionGroup):
        account.sweep()
    assert "close" in account.sweep()
