"""EC2 by moto: an install's instances, a console's text, the tags of a bootstrap node, a reboot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from airlock.adapters.machines import FILTER_VALUES, Ec2Machines
from tests.reconcile.account import REGION, Account, install
from tests.reconcile.interference import refusal

ONE = install()
OWNED = {f"kubernetes.io/cluster/{ONE.infra_id}": "owned"}
NAMED = {"Name": f"{ONE.infra_id}-bootstrap"}
BY_MACHINE = {"Name": "ours", "MachineName": f"openshift-cluster-api-guests/{ONE.infra_id}-bootstrap"}
NOBODY = "i-0123456789abcdef0"


@pytest.fixture(autouse=True)
def no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare moto the seconds that it takes to load Amazon's images for each test."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture
def machines(account: Account) -> Ec2Machines:
    """The adapter, on the account's watched clients."""
    return Ec2Machines(account.acting.ec2, account.acting.ec2_once)


def start(account: Account, tags: dict[str, str]) -> str:
    """An instance with tags."""
    ec2 = account.aside.ec2(REGION)
    instance_id = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    return instance_id


def test_a_console_comes_decoded_and_at_its_latest(account: Account, machines: Ec2Machines) -> None:
    """The text is plain, not base64, and EC2 is asked for the latest."""
    instance_id = start(account, OWNED | NAMED)
    assert machines.console(REGION, instance_id).startswith("Linux version 2.6")
    assert account.calls.made == [("GetConsoleOutput", {"InstanceId": instance_id, "Latest": True})]


@pytest.mark.parametrize("code", ["UnsupportedOperation", "InvalidParameterCombination"])
def test_an_instance_without_a_latest_text_gives_what_it_has(
    account: Account, machines: Ec2Machines, code: str
) -> None:
    """Where the instance's type gives no latest text, the buffered one is asked for."""
    instance_id = start(account, OWNED | NAMED)
    account.calls.failures["GetConsoleOutput", "before"] = [refusal(code)]
    assert machines.console(REGION, instance_id).startswith("Linux version")
    assert account.calls.made[-1] == ("GetConsoleOutput", {"InstanceId": instance_id})


def test_a_missing_text_and_a_missing_instance_are_empty(account: Account, machines: Ec2Machines) -> None:
    """A node that has written nothing yet, and one that is gone, have no text."""
    instance_id = start(account, OWNED | NAMED)
    account.calls.changes["GetConsoleOutput"] = lambda parsed: parsed.pop("Output", None)
    assert not machines.console(REGION, instance_id)
    assert not machines.console(REGION, NOBODY)
    assert not machines.is_bootstrap_of(REGION, NOBODY, ONE.infra_id)


def test_other_errors_go_on(account: Account, machines: Ec2Machines) -> None:
    """A refusal by IAM or a failure of EC2 isn't taken for an empty console or a stranger."""
    instance_id = start(account, OWNED | NAMED)
    account.calls.failures["GetConsoleOutput", "before"] = [refusal("UnauthorizedOperation")]
    account.calls.failures["DescribeInstances", "before"] = [refusal("UnauthorizedOperation")]
    with pytest.raises(ClientError):
        machines.console(REGION, instance_id)
    with pytest.raises(ClientError):
        machines.is_bootstrap_of(REGION, instance_id, ONE.infra_id)


@pytest.mark.parametrize("tags", [OWNED | NAMED, OWNED | BY_MACHINE])
def test_a_bootstrap_node_is_known_by_its_tags(account: Account, machines: Ec2Machines, tags: dict[str, str]) -> None:
    """The cluster's tag and one of the two names do, for its own install only, and while it runs."""
    instance_id = start(account, tags)
    assert machines.is_bootstrap_of(REGION, instance_id, ONE.infra_id)
    assert not machines.is_bootstrap_of(REGION, instance_id, "other-9mz4c")
    account.aside.ec2(REGION).terminate_instances(InstanceIds=[instance_id])
    assert not machines.is_bootstrap_of(REGION, instance_id, ONE.infra_id)


def test_other_instances_are_none(account: Account, machines: Ec2Machines) -> None:
    """Masters, other clusters' nodes and half-tagged instances aren't the bootstrap node."""
    strangers = [
        OWNED,
        NAMED,
        OWNED | {"Name": f"{ONE.infra_id}-master-0"},
        NAMED | {f"kubernetes.io/cluster/{ONE.infra_id}": "shared"},
        NAMED | {"kubernetes.io/cluster/other-9mz4c": "owned"},
    ]
    for tags in strangers:
        assert not machines.is_bootstrap_of(REGION, start(account, tags), ONE.infra_id)


def test_a_reboot_is_one_call(account: Account, machines: Ec2Machines) -> None:
    """Exactly the one instance is rebooted, in its region."""
    instance_id = start(account, OWNED | NAMED)
    machines.reboot(REGION, instance_id)
    assert account.calls.made == [("RebootInstances", {"InstanceIds": [instance_id]})]


def test_instances_are_found_by_their_clusters_tag(account: Account, machines: Ec2Machines) -> None:
    """One call finds those of several installs, with what names the bootstrap node, its launch and its end."""
    other = "other-9mz4c"
    by_name, by_machine = start(account, OWNED | NAMED), start(account, OWNED | BY_MACHINE)
    master = start(account, OWNED | {"Name": f"{ONE.infra_id}-master-0"})
    theirs = start(account, {f"kubernetes.io/cluster/{other}": "owned", "Name": f"{other}-bootstrap"})
    start(account, {"kubernetes.io/cluster/third-2abcd": "owned", "Name": "third-2abcd-bootstrap"})
    account.aside.ec2(REGION).terminate_instances(InstanceIds=[by_name])

    found = {one.instance_id: one for one in machines.instances(REGION, [ONE.infra_id, other])}

    told = {name: (one.infra_id, one.is_bootstrap, one.ended) for name, one in found.items()}
    assert told == {
        by_name: (ONE.infra_id, True, True),
        by_machine: (ONE.infra_id, True, False),
        master: (ONE.infra_id, False, False),
        theirs: (other, True, False),
    }
    assert {one.launched.utcoffset() for one in found.values()} == {timedelta()}
    assert [name for name, _ in account.calls.made] == ["DescribeInstances"]


def test_tags_that_name_no_owner_find_nothing(account: Account, machines: Ec2Machines) -> None:
    """By the rule that holds for events: one cluster, and owned by it; Cluster API's word outranks Name."""
    start(account, NAMED | {f"kubernetes.io/cluster/{ONE.infra_id}": "shared"})
    start(account, OWNED | NAMED | {"kubernetes.io/cluster/other-9mz4c": "owned"})
    assert machines.instances(REGION, [ONE.infra_id]) == []
    start(account, OWNED | NAMED | {"MachineName": f"openshift-cluster-api-guests/{ONE.infra_id}-master-0"})
    (master,) = machines.instances(REGION, [ONE.infra_id])
    assert not master.is_bootstrap


def test_more_installs_than_a_filter_takes_are_asked_for_in_turn(account: Account, machines: Ec2Machines) -> None:
    """EC2 takes 200 values in a call's filters; nobody is left out."""
    last = start(account, OWNED | NAMED)
    many = [*(f"many{number}-00000" for number in range(FILTER_VALUES)), ONE.infra_id]
    assert [one.instance_id for one in machines.instances(REGION, many)] == [last]
    assert len(account.calls.made) == 2


def test_no_instances_and_errors_are_told_apart(account: Account, machines: Ec2Machines) -> None:
    """An install without instances has none; a refusal isn't taken for that."""
    assert machines.instances(REGION, [ONE.infra_id]) == []
    account.calls.failures["DescribeInstances", "before"] = [refusal("UnauthorizedOperation")]
    with pytest.raises(ClientError):
        machines.instances(REGION, [ONE.infra_id])
