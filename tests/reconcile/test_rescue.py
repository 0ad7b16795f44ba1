"""The late rescue, by whole sweeps on moto: who is rebooted, how often, and what is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest

from airlock.grants.grant import CloseReason, Grant, State
from airlock.install.names import Era
from airlock.policy.place import PolicyKind
from tests.consoles import fetched, refused
from tests.events import Event, Install
from tests.policy.strategies import SAMPLES
from tests.reconcile.account import REGION, USER, Account, at, install

POLICY = (SAMPLES / "aws-example.json").read_text()
PROPAGATION = 15


@dataclass(slots=True)
class World:
    """An install whose bootstrap instance exists on moto, and whose console a test writes."""

    account: Account
    one: Install
    instance_id: str

    def launched(self, seconds: float) -> Event:
        """The launch of the bootstrap instance, as CloudTrail tells it."""
        told = json.dumps(self.one.run_instances(at(seconds)))
        event: Event = json.loads(told.replace(self.one.bootstrap, self.instance_id))
        return event

    def shows(self, text: str) -> None:
        """Let the console show a text from now on."""
        self.account.calls.changes["GetConsoleOutput"] = lambda parsed: parsed.update(Output=text)

    def reboots(self) -> int:
        """How often EC2 was asked for a reboot."""
        return self.account.calls.sent.count("RebootInstances")

    def looks(self) -> int:
        """How often the console was read."""
        return self.account.calls.sent.count("GetConsoleOutput")

    @property
    def grant(self) -> Grant:
        """The install's grant."""
        return self.account.grant(self.one.infra_id)


def a_world(account: Account, options: dict[str, object], *, tagged: bool = True) -> World:
    """A user behind a fence, and an instance."""
    one = install(era=Era.CAPA)
    account.enrol(USER, **options)
    account.stand(PolicyKind.USER_INLINE, POLICY)
    ec2 = account.aside.ec2(REGION)
    instance_id = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    name = f"{one.infra_id}-bootstrap" if tagged else "somebody's"
    tags = {"Name": name, f"kubernetes.io/cluster/{one.infra_id}": "owned"}
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    return World(account, one, instance_id)


def late(account: Account, *, tagged: bool = True, **options: object) -> World:
    """A refused node whose launch is the first that is heard of its install, 40 seconds after it happened."""
    world = a_world(account, options, tagged=tagged)
    world.shows(refused(world.one))
    account.clock.moment = at(40)
    account.deliver(world.launched(0))
    assert world.grant.progress.state is State.OPEN
    return world


def on_time(account: Account, **options: object) -> World:
    """An install that is heard of minutes before its node starts."""
    world = a_world(account, options)
    account.deliver(world.one.create_role(at(0)), world.launched(300))
    return world


def narrowed(account: Account, **options: object) -> World:
    """An install that is held to its VPC before its node starts."""
    world = a_world(account, options)
    one = world.one
    account.deliver(one.create_role(at(0)), one.create_vpc(at(6)), one.create_vpc_endpoint(at(40)), world.launched(300))
    assert world.grant.progress.exemption is not None
    assert world.grant.progress.exemption.network is not None
    return world


def test_a_late_node_is_rebooted_once_iam_enforces(account: Account) -> None:
    """A node that was refused before its grant took effect is rebooted, not before IAM had its time; and once."""
    world = late(account)
    effective = world.grant.progress.effective_at
    assert effective is not None

    assert account.sweep(after=1) == ["rescue"]

    assert world.reboots() == 1
    assert account.clock.now() >= effective + timedelta(seconds=PROPAGATION)
    assert dict(world.grant.facts.rebooted).keys() == {world.instance_id}
    line = account.audit("decision")[-1]
    assert line["decision"] == "rescue"
    assert world.instance_id in line["detail"]
    assert [account.sweep() for _ in range(3)] == [[], [], []]
    assert world.reboots() == 1


def test_a_rescued_node_that_fetches_is_left_alone(account: Account) -> None:
    """Once its console shows the file, that is told and kept, and the console isn't read again."""
    world = late(account)
    account.sweep()
    world.shows(refused(world.one) + fetched(world.one, pid=741))
    assert account.sweep() == ["fetched"]
    looks = world.looks()
    assert account.sweep() == []
    assert world.looks() == looks
    assert world.grant.facts.fetched is not None
    assert world.grant.progress.state is State.OPEN


def test_a_reboot_that_didnt_help_is_told_once(account: Account) -> None:
    """A node that is refused five minutes after its reboot is denied by something else; it is told once."""
    world = late(account)
    account.sweep()
    assert account.sweep(after=4 * 60) == []
    assert account.sweep(after=2 * 60) == ["not-helped"]
    assert account.sweep() == []
    assert world.reboots() == 1


def test_a_node_that_started_in_time_isnt_rebooted(account: Account) -> None:
    """A refusal of a node that started behind an open grant isn't the airlock's lateness: told once, no reboot."""
    world = on_time(account)
    world.shows(refused(world.one))
    assert account.sweep() == ["not-helped"]
    assert account.sweep() == []
    assert world.reboots() == 0


def test_a_node_refused_from_its_vpc_is_let_through_from_anywhere_and_rebooted(account: Account) -> None:
    """A refusal in spite of a grant in time, held to a VPC: the fetch takes another way, so the grant is widened."""
    world = narrowed(account)
    world.shows(refused(world.one))
    happened = account.sweep()
    assert [name for name in happened if name in {"widen", "rescue"}] == ["widen", "rescue"]
    exemption = world.grant.progress.exemption
    assert exemption is not None
    assert exemption.network is None
    assert world.grant.facts.shut_vpcs == {world.one.vpc}
    assert world.reboots() == 1
    assert account.sweep() == []


def test_a_fetch_is_told_once_and_the_grant_stays_open(account: Account) -> None:
    """A node that has its file needs nothing, and its grant ends with it."""
    world = narrowed(account)
    world.shows(fetched(world.one))
    assert account.sweep() == ["fetched"]
    assert account.sweep() == []
    assert world.reboots() == 0
    assert world.grant.progress.state is State.OPEN


@pytest.mark.parametrize("rescue", [True, False])
def test_a_grant_that_closes_on_the_fetch_closes(account: Account, rescue: bool) -> None:  # noqa: FBT001 - a setting
    """With `close_on` fetched the same sweep that sees the file puts the policy back, rescue or not."""
    world = on_time(account, close_on="fetched", rescue=rescue)
    world.shows(fetched(world.one))
    happened = account.sweep()
    assert happened[0] == "fetched"
    assert "close" in happened
    assert world.grant.progress.state is State.CLOSED
    assert world.grant.progress.reason == CloseReason.FETCHED


def test_a_close_that_was_cut_short_is_made_up_for(account: Account) -> None:
    """A run that died between the two facts of a fetch leaves nothing open: the next sweep closes."""
    world = on_time(account)
    world.shows(fetched(world.one))
    account.sweep()
    account.enrol(USER, close_on="fetched")
    assert "close" in account.sweep()


def test_without_rescue_nothing_is_read_or_rebooted(account: Account) -> None:
    """Switched off, and closing on the node's end, the airlock doesn't look at consoles at all."""
    world = late(account, rescue=False)
    assert account.sweep() == []
    assert world.looks() == world.reboots() == 0


def test_without_rescue_a_refusal_is_left_alone(account: Account) -> None:
    """Consoles that are read only to close early lead to no reboot."""
    world = late(account, rescue=False, close_on="fetched")
    assert account.sweep() == []
    assert world.looks() == 1
    assert world.reboots() == 0


def test_an_instance_with_other_tags_isnt_rebooted(account: Account) -> None:
    """What EC2 doesn't show as this install's bootstrap node is left alone, and that is told once."""
    world = late(account, tagged=False)
    assert account.sweep() == ["rescue-failed"]
    assert account.sweep() == []
    assert world.reboots() == 0
