"""Roles, load balancers and buckets: what tells of an install by its name."""

import pytest

from airlock.install.signal import SignalKind
from tests.events import Event, Install
from tests.install.helpers import AT, CAPA, CLUSTER, TERRAFORM, call, read, refused, tags


@pytest.mark.parametrize("what", ["master", "bootstrap", "worker"])
def test_role(what: str) -> None:
    """A role's name tells the infra ID; IAM is global, so no region is told."""
    signal = read(CAPA.create_role(AT, what))
    assert (signal.kind, signal.infra_id, signal.region) == (SignalKind.ROLE_CREATED, "prod-7xk2q", None)


def test_role_without_tags() -> None:
    """A role made without tags still counts by its name."""
    assert read(call("CreateRole", {"roleName": "prod-7xk2q-master-role"})).infra_id == "prod-7xk2q"


@pytest.mark.parametrize(
    "given",
    [
        tags(cluster_lab_9mz4c="owned"),
        tags(cluster_prod_7xk2q="owned", cluster_lab_9mz4c="owned"),
        tags(cluster_prod_7xk2q="shared"),
        [{"key": CLUSTER + "*", "value": "owned"}],
    ],
)
def test_role_with_tags_of_another(given: list[Event]) -> None:
    """Tags that name another cluster, several, a shared one or none that exists overrule the name."""
    refused(call("CreateRole", {"roleName": "prod-7xk2q-master-role", "tags": given}), malformed=False)


def test_roles_of_others() -> None:
    """Other people's roles are no signal."""
    assert "'deploy-role'" in refused(call("CreateRole", {"roleName": "deploy-role"}), malformed=False)


@pytest.mark.parametrize(
    "request_", [{}, {"roleName": None}, {"roleName": 3}, {"roleName": "prod-7xk2q-master-role", "tags": "x"}]
)
def test_malformed_roles(request_: Event) -> None:
    """A CreateRole without a name, or with tags that are no list, is malformed."""
    refused(call("CreateRole", request_), malformed=True)


@pytest.mark.parametrize("side", ["int", "ext"])
def test_load_balancer(side: str) -> None:
    """Either API load balancer tells infra ID and VPC."""
    signal = read(CAPA.create_load_balancer(AT, side))
    assert (signal.kind, signal.infra_id, signal.vpc_id) == ("load-balancer-created", "prod-7xk2q", CAPA.vpc)


def test_load_balancer_without_vpc() -> None:
    """The name is enough: without a VPC in the response there's still a signal."""
    assert read(call("CreateLoadBalancer", {"name": "prod-7xk2q-int"})).vpc_id is None


def test_load_balancers_of_others() -> None:
    """Other load balancers, classic ones, and an install's name with another's tag are no signal."""
    refused(call("CreateLoadBalancer", {"name": "shop-int"}), malformed=False)
    refused(call("CreateLoadBalancer", {"loadBalancerName": "prod-7xk2q-int"}), malformed=False)
    foreign = {"name": "prod-7xk2q-int", "tags": tags(cluster_lab_9mz4c="owned")}
    refused(call("CreateLoadBalancer", foreign), malformed=False)


def test_malformed_load_balancers() -> None:
    """No name, or a VPC out of form, is malformed."""
    refused(call("CreateLoadBalancer", {}), malformed=True)
    response = {"loadBalancers": [{"loadBalancerName": "prod-7xk2q-int", "vpcId": "vpc-*"}]}
    refused(call("CreateLoadBalancer", {"name": "prod-7xk2q-int"}, response), malformed=True)
    refused(call("CreateLoadBalancer", {"name": "prod-7xk2q-int"}, {"loadBalancers": "x"}), malformed=True)


@pytest.mark.parametrize("install", [CAPA, TERRAFORM])
def test_bucket(install: Install) -> None:
    """A bootstrap bucket's making and deleting tell infra ID, era, bucket and region."""
    for event, kind in ((install.create_bucket(AT), "bucket-created"), (install.delete_bucket(AT), "bucket-deleted")):
        signal = read(event)
        assert (signal.kind, signal.infra_id, signal.era) == (kind, install.infra_id, install.era)
        assert (signal.bucket, signal.region) == (install.bucket, install.region)


@pytest.mark.parametrize(
    ("configuration", "region"),
    [
        ({"LocationConstraint": "eu-south-2"}, "eu-south-2"),
        ({"LocationConstraint": "EU"}, "eu-west-1"),
        ({"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}, "us-east-1"),
        (None, "us-east-1"),
    ],
)
def test_bucket_region(configuration: Event | None, region: str) -> None:
    """A bucket lies where LocationConstraint says, else where the call was made."""
    request = {"bucketName": "prod-7xk2q-bootstrap", "CreateBucketConfiguration": configuration}
    assert read(call("CreateBucket", request, region="us-east-1")).region == region


@pytest.mark.parametrize(
    "bucket",
    ["reports-bootstrap", "acme-image-registry-us-east-2-abcde", "openshift-bootstrap-data-prod", "prod-7xk2q"],
)
@pytest.mark.parametrize("name", ["CreateBucket", "DeleteBucket"])
def test_buckets_of_others(name: str, bucket: str) -> None:
    """Buckets that only look like it are no signal."""
    assert bucket in refused(call(name, {"bucketName": bucket}), malformed=False)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"bucketName": ""},
        {"bucketName": ["prod-7xk2q-bootstrap"]},
        {"bucketName": "prod-7xk2q-bootstrap", "CreateBucketConfiguration": {"LocationConstraint": "../x"}},
        {"bucketName": "prod-7xk2q-bootstrap", "CreateBucketConfiguration": {"LocationConstraint": []}},
    ],
)
def test_malformed_buckets(request_: Event) -> None:
    """No name, or a place out of form, is malformed."""
    refused(call("CreateBucket", request_), malformed=True)
