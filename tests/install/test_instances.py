"""Launches and ends of instances: the bootstrap node, and all that are not it."""

from typing import Any

import pytest

from airlock.install.cloudtrail import parse
from airlock.install.names import Era
from tests.events import Event, Install
from tests.install.helpers import AT, CAPA, CLUSTER, TERRAFORM, USER, call, read, refused, tags


def launch(given: list[Event], *, profile: str = "x", made: Any = None, resource: str = "instance") -> Event:  # noqa: ANN401  any JSON
    """Build a RunInstances with these tags."""
    request = {
        "iamInstanceProfile": {"name": profile},
        "tagSpecificationSet": {"items": [{"resourceType": resource, "tags": given}]},
    }
    default = [{"instanceId": "i-70c415ed7e70cad19", "vpcId": "vpc-c63f0cd0e873a0000", "tagSet": {}}]
    return call("RunInstances", request, {"instancesSet": {"items": default if made is None else made}})


BOOTSTRAP = tags(Name="prod-7xk2q-bootstrap", cluster_prod_7xk2q="owned")
GUESTS = "openshift-cluster-api-guests/"
CAPA_TAG = {"key": "sigs.k8s.io/cluster-api-provider-aws/cluster/prod-7xk2q", "value": "owned"}


@pytest.mark.parametrize(("install", "era"), [(CAPA, Era.CAPA), (TERRAFORM, None)])
def test_bootstrap(install: Install, era: Era | None) -> None:
    """The bootstrap node's launch tells install, instance and VPC; CAPA's tags tell the era."""
    signal = read(install.run_instances(AT))
    assert (signal.kind, signal.infra_id, signal.era) == ("instance-started", install.infra_id, era)
    assert (signal.instance_id, signal.vpc_id) == (install.bootstrap, install.vpc)


@pytest.mark.parametrize("install", [CAPA, TERRAFORM])
@pytest.mark.parametrize("node", ["master-0", "master-1", "master-2", "worker-a-x7k2p"])
def test_other_nodes(install: Install, node: str) -> None:
    """A master's or worker's launch is no signal of a bootstrap."""
    refused(install.run_instances(AT, node), malformed=False)


def test_master_with_the_bootstrap_profile() -> None:
    """Name tells a master even where it carries the bootstrap node's profile."""
    master = tags(Name="prod-7xk2q-master-0", cluster_prod_7xk2q="owned")
    refused(launch(master, profile="prod-7xk2q-bootstrap-profile"), malformed=False)


def test_name_replaced_in_capa() -> None:
    """Where a user's tag replaced Name, MachineName tells the bootstrap node from a master."""
    base = [*tags(Name="ours", cluster_prod_7xk2q="owned"), CAPA_TAG]
    signal = read(launch([*base, *tags(MachineName=GUESTS + "prod-7xk2q-bootstrap")]))
    assert (signal.infra_id, signal.era) == ("prod-7xk2q", Era.CAPA)
    refused(launch([*base, *tags(MachineName=GUESTS + "prod-7xk2q-master-0")]), malformed=False)
    refused(launch(base), malformed=False)


def test_era_needs_both_of_capas_tags() -> None:
    """Neither CAPA's cluster tag nor MachineName alone proves the era."""
    machine = tags(MachineName=GUESTS + "prod-7xk2q-bootstrap")
    assert read(launch([*BOOTSTRAP, CAPA_TAG])).era is None
    assert read(launch([*BOOTSTRAP, *tags(MachineName="ours"), CAPA_TAG])).era is None
    assert read(launch([*BOOTSTRAP, *machine])).era is None
    assert read(launch([*BOOTSTRAP, *machine, CAPA_TAG])).era is Era.CAPA


def test_machine_name_outranks_name() -> None:
    """A master by MachineName is a master, whatever Name says."""
    both = [*BOOTSTRAP, *tags(MachineName=GUESTS + "prod-7xk2q-master-0")]
    refused(launch(both, profile="prod-7xk2q-bootstrap-profile"), malformed=False)


def test_name_replaced_in_terraform() -> None:
    """Where a user's tag replaced Name, the instance profile tells the bootstrap node from a master."""
    base = tags(Name="ours", cluster_prod_7xk2q="owned")
    assert read(launch(base, profile="prod-7xk2q-bootstrap-profile")).infra_id == "prod-7xk2q"
    refused(launch(base, profile="prod-7xk2q-master-profile"), malformed=False)
    elsewhere = [*base, *tags(MachineName="openshift-machine-api/prod-7xk2q-worker-a")]
    refused(launch(elsewhere, profile="prod-7xk2q-bootstrap-profile"), malformed=False)
    refused(launch(tags(Name="ours"), profile="prod-7xk2q-bootstrap-profile"), malformed=False)


@pytest.mark.parametrize(
    "given",
    [
        [],
        tags(Name="prod-7xk2q-bootstrap"),
        tags(Name="prod-7xk2q-bootstrap", cluster_prod_7xk2q="shared"),
        tags(Name="prod-7xk2q-bootstrap", cluster_prod_7xk2q="owned", cluster_lab_9mz4c="owned"),
        tags(Name="lab-9mz4c-bootstrap", cluster_prod_7xk2q="owned"),
        tags(Name="prod-bootstrap", cluster_prod="owned"),
        [{"key": CLUSTER + "*", "value": "owned"}, {"key": "Name", "value": "*-bootstrap"}],
        [{"key": CLUSTER + "a/b-7xk2q", "value": "owned"}, {"key": "Name", "value": "a/b-7xk2q-bootstrap"}],
    ],
)
def test_launches_of_others(given: list[Event]) -> None:
    """A launch that one install doesn't own, or that is named for another, is no signal."""
    refused(launch(given), malformed=False)


def test_tags_of_the_volume() -> None:
    """What the volume is called says nothing about the instance."""
    refused(launch(BOOTSTRAP, resource="volume"), malformed=False)


@pytest.mark.parametrize(
    "made",
    [
        [],
        [{}],
        [{"instanceId": "i-70c415ed7e70cad19"}, {"instanceId": "i-8b93e8319002d3167"}],
        [{"instanceId": "i-*"}],
        [{"instanceId": "i-70c415ed7e70cad19", "vpcId": "vpc-*"}],
        [{"instanceId": "i-70c415ed7e70cad19", "tagSet": {"items": tags(cluster_lab_9mz4c="owned")}}],
        "i-70c415ed7e70cad19",
        7,
    ],
)
def test_malformed_launches(made: object) -> None:
    """A bootstrap's launch of no instance, several, or one that belongs to another cluster is malformed."""
    refused(launch(BOOTSTRAP, made=made), malformed=True)


def test_launch_with_more_tags_in_the_response() -> None:
    """A launch template may add tags; that changes nothing while the owner is the same."""
    made = [{"instanceId": "i-70c415ed7e70cad19", "tagSet": {"items": [*BOOTSTRAP, *tags(Team="net")]}}]
    signal = read(launch(BOOTSTRAP, made=made))
    assert (signal.instance_id, signal.vpc_id) == ("i-70c415ed7e70cad19", None)


def test_termination_of_several() -> None:
    """Each instance that a call ends is a signal of its own, once, with the caller but no install."""
    ids = ["i-70c415ed7e70cad19", "i-8b93e831", "i-70c415ed7e70cad19"]
    items = {"instancesSet": {"items": [{"instanceId": one} for one in ids]}}
    found = parse(call("TerminateInstances", items, items))
    assert isinstance(found, tuple)
    assert [(one.kind, one.instance_id, one.principal, one.infra_id) for one in found] == [
        ("instance-ended", one, USER, None) for one in ids[:2]
    ]


def test_repeated_termination() -> None:
    """A call that finds the instance shutting down already says the same."""
    event = CAPA.terminate_instances(AT)
    (ended,) = event["detail"]["responseElements"]["instancesSet"]["items"]
    ended["previousState"] = {"code": 32, "name": "shutting-down"}
    assert read(event).instance_id == CAPA.bootstrap


def test_termination_by_the_request() -> None:
    """Where the response is missing, the request tells which instances."""
    event = CAPA.terminate_instances(AT)
    event["detail"]["responseElements"] = None
    assert read(event).instance_id == CAPA.bootstrap


@pytest.mark.parametrize("items", [None, [], "x", [{}], [{"instanceId": "i-*"}], [{"instanceId": ["i-8b93e831"]}]])
def test_malformed_terminations(items: object) -> None:
    """A termination of nothing, or of what is no instance, is malformed."""
    refused(call("TerminateInstances", {"instancesSet": {"items": items}}), malformed=True)
