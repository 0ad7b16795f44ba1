"""VPCs and their S3 endpoints: what tells of an install by its tags."""

from typing import Any

import pytest

from airlock.install.names import Era
from airlock.install.signal import SignalKind
from tests.events import Event, Install
from tests.install.helpers import AT, CAPA, CLUSTER, USER, call, read, refused, tags


def vpc(given: list[Event], vpc_id: object = "vpc-98615dcbe810beacd", resource: str = "vpc") -> Event:
    """Build a CreateVpc with these tags."""
    request = {"tagSpecificationSet": {"items": [{"resourceType": resource, "tags": given}]}}
    return call("CreateVpc", request, {"vpc": {"vpcId": vpc_id}})


def test_vpc_by_tag() -> None:
    """The cluster's tag tells the infra ID, whatever Name says."""
    signal = read(vpc(tags(Name="our-net", cluster_prod_7xk2q="owned")))
    assert (signal.kind, signal.infra_id, signal.vpc_id) == ("vpc-created", "prod-7xk2q", "vpc-98615dcbe810beacd")


def test_vpc_by_name() -> None:
    """Without a cluster's tag, Name tells it."""
    assert read(vpc(tags(Name="prod-7xk2q-vpc"))).infra_id == "prod-7xk2q"


@pytest.mark.parametrize(
    "given",
    [
        [],
        tags(Name="shop-vpc"),
        tags(Name="prod-7xk2q"),
        tags(Name="prod-7xk2q-vpc", cluster_prod_7xk2q="shared"),
        tags(Name="prod-7xk2q-vpc", cluster_eks="owned"),
        tags(cluster_prod_7xk2q="owned", cluster_lab_9mz4c="shared"),
    ],
)
def test_vpcs_of_others(given: list[Event]) -> None:
    """A VPC that no single install owns is no signal."""
    refused(vpc(given), malformed=False)


def test_vpc_tags_of_another_resource() -> None:
    """Tags asked for on another type of resource don't tell of the VPC."""
    refused(vpc(tags(cluster_prod_7xk2q="owned"), resource="subnet"), malformed=False)


@pytest.mark.parametrize("vpc_id", [None, "", "vpc-1", "vpc-98615dcbe810beac/", "subnet-98615dcbe810beacd", 7, []])
def test_malformed_vpcs(vpc_id: object) -> None:
    """An install's CreateVpc that tells no VPC is malformed."""
    refused(vpc(tags(cluster_prod_7xk2q="owned"), vpc_id), malformed=True)


@pytest.mark.parametrize(
    "given",
    [
        [None],
        ["Name"],
        [{"value": "x"}],
        [{"key": "Name", "value": {"a": 1}}],
        [{"key": ["Name"], "value": "x"}],
        tags(Name="a") + tags(Name="b"),
    ],
)
def test_malformed_tags(given: list[Any]) -> None:
    """Tags that are no pairs of texts, or one key with two values, are malformed."""
    refused(vpc(given + tags(cluster_prod_7xk2q="owned")), malformed=True)


@pytest.mark.parametrize("tag", [{"key": "CostCenter", "value": 4711}, {"key": 7, "value": "x"}, {"key": "empty"}])
def test_tags_that_look_like_numbers(tag: Event) -> None:
    """A tag that XML turned JSON made a number of is the user's own, and does no harm."""
    assert read(vpc([tag, *tags(cluster_prod_7xk2q="owned")])).infra_id == "prod-7xk2q"


def endpoint(request: Event | None = None, made: Event | None = None, region: str = "us-east-2") -> Event:
    """Build a CreateVpcEndpoint like CAPA's, with some of its fields set otherwise; None takes one away."""
    install = Install(infra_id="prod-7xk2q", principal=USER, region=region, era=Era.CAPA)
    event = install.create_vpc_endpoint(AT)
    asked = event["detail"]["requestParameters"]["CreateVpcEndpointRequest"]
    told = event["detail"]["responseElements"]["CreateVpcEndpointResponse"]["vpcEndpoint"]
    for place, values in ((asked, request or {}), (told, made or {})):
        for key, value in values.items():
            place[key] = value
            if value is None:
                del place[key]
    return event


def spec(*given: Event) -> Event:
    """Build a TagSpecification in XML turned JSON, where one tag is an object and several are a list."""
    return {"tag": 1, "ResourceType": "vpc-endpoint", "Tag": given[0] if len(given) == 1 else list(given)}


OWNED = {"tag": 1, "Key": CLUSTER + "prod-7xk2q", "Value": "owned"}


def test_endpoint() -> None:
    """A gateway endpoint of S3 tells install, VPC and endpoint."""
    signal = read(endpoint())
    assert signal.kind is SignalKind.ENDPOINT_CREATED
    assert (signal.infra_id, signal.vpc_id, signal.endpoint_id) == ("prod-7xk2q", CAPA.vpc, CAPA.endpoint)


def test_endpoint_without_wrappers() -> None:
    """The same fields count without the wrappers, and in the other spelling."""
    request = {
        "vpcId": "vpc-98615dcbe810beacd",
        "serviceName": "com.amazonaws.us-east-2.s3",
        "tagSpecificationSet": {"items": [{"resourceType": "vpc-endpoint", "tags": tags(cluster_prod_7xk2q="owned")}]},
    }
    response = {"vpcEndpoint": {"vpcEndpointId": "vpce-5edbbbe5ce7f8fbee", "vpcId": "vpc-98615dcbe810beacd"}}
    signal = read(call("CreateVpcEndpoint", request, response))
    assert (signal.infra_id, signal.vpc_id) == ("prod-7xk2q", "vpc-98615dcbe810beacd")


@pytest.mark.parametrize(
    "specs",
    [
        spec(OWNED),
        [spec(OWNED)],
        {"item": spec(OWNED)},
        {"items": [spec(OWNED)]},
        [{"ResourceType": "vpc"}, spec({"Key": "Name", "Value": "x"}, OWNED)],
    ],
)
def test_endpoint_lists(specs: object) -> None:
    """A list of one may be an object, a list, or in a wrapper."""
    assert read(endpoint({"TagSpecification": specs})).infra_id == "prod-7xk2q"


def test_endpoint_by_name() -> None:
    """Without a cluster's tag, Name tells the infra ID."""
    named = spec({"tag": 1, "Key": "Name", "Value": "lab-9mz4c-vpce-s3"})
    assert read(endpoint({"TagSpecification": named})).infra_id == "lab-9mz4c"


@pytest.mark.parametrize(
    "specs",
    [
        None,
        "",
        spec({"Key": "Name", "Value": "shop-s3"}),
        spec({"Key": CLUSTER + "prod-7xk2q", "Value": "shared"}, {"Key": "Name", "Value": "prod-7xk2q-vpce-s3"}),
        spec(OWNED, {"Key": CLUSTER + "lab-9mz4c", "Value": "owned"}),
    ],
)
def test_endpoint_of_nobody(specs: object) -> None:
    """An endpoint whose tags don't tell one install still tells that its VPC has one."""
    signal = read(endpoint({"TagSpecification": specs}))
    assert (signal.infra_id, signal.vpc_id, signal.endpoint_id) == (None, CAPA.vpc, CAPA.endpoint)


def test_endpoint_type_absent() -> None:
    """Without a type it's a gateway, as the API's default says."""
    assert read(endpoint({"VpcEndpointType": None}, {"vpcEndpointType": None})).endpoint_id


@pytest.mark.parametrize("kind", ["Interface", "GatewayLoadBalancer", "gateway"])
def test_endpoints_of_other_types(kind: str) -> None:
    """An interface endpoint takes no part in the fetch."""
    refused(endpoint({"VpcEndpointType": kind}, {"vpcEndpointType": kind}), malformed=False)


@pytest.mark.parametrize(
    "service",
    [
        "com.amazonaws.us-east-2.dynamodb",
        "com.amazonaws.us-east-2.s3express",
        "com.amazonaws.s3-global.accesspoint",
        "com.amazonaws.eu-west-1.s3",
        "com.amazonaws.us-east-2.s3.evil",
        "xcom.amazonaws.us-east-2.s3",
    ],
)
def test_endpoints_of_other_services(service: str) -> None:
    """Only the S3 of the call's own region counts."""
    refused(endpoint({"ServiceName": service}, {"serviceName": service}), malformed=False)


@pytest.mark.parametrize("service", ["com.amazonaws.cn-north-1.s3", "cn.com.amazonaws.cn-north-1.s3"])
def test_endpoints_in_china(service: str) -> None:
    """China's regions name the service in two ways."""
    assert read(endpoint({"ServiceName": service}, {"serviceName": service}, "cn-north-1")).endpoint_id


@pytest.mark.parametrize(
    ("request_", "made"),
    [
        ({}, {"vpcEndpointId": None}),
        ({}, {"vpcEndpointId": "vpce-*"}),
        ({}, {"vpcId": "vpc-0f876ffc474c02519"}),
        ({"VpcId": None}, {"vpcId": None}),
        ({"VpcId": 5}, {}),
        ({"ServiceName": None}, {"serviceName": None}),
        ({"ServiceName": "com.amazonaws.us-east-2.dynamodb"}, {}),
        ({"VpcEndpointType": "Interface"}, {}),
        ({"TagSpecification": "x"}, {}),
        ({"TagSpecification": ["x"]}, {}),
    ],
)
def test_malformed_endpoints(request_: Event, made: Event) -> None:
    """An endpoint without ID, VPC or service, or whose response belies the request, is malformed."""
    refused(endpoint(request_, made), malformed=True)
