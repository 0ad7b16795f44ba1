"""The eight API calls that tell of an install: what each one's CloudTrail record holds.

Each reader gets a signal with kind, time, caller and region filled in, requestParameters and responseElements.
It gives back the signals with the rest filled in, or raises `NoSignalError` where the call isn't an install's and
`MalformedError` where the record isn't what the service writes.
"""

from dataclasses import replace

from airlock.install import names
from airlock.install.fields import (
    MalformedError,
    NoSignalError,
    dig,
    endpoint_id,
    first,
    instance_id,
    listed,
    region_name,
    shown,
    text,
    vpc_id,
)
from airlock.install.signal import Signal
from airlock.install.tags import agreed, is_named_bootstrap, machine_name, owner, resource_tags, tags_by_key

_CAPA_CLUSTER = "sigs.k8s.io/cluster-api-provider-aws/cluster/"


def role_created(signal: Signal, request: object, _response: object) -> tuple[Signal, ...]:
    """IAM CreateRole: requestParameters.{roleName, tags[].{key, value}}."""
    name = text(dig(request, "roleName"), "roleName")
    infra_id = names.infra_id_of_role_name(name)
    if infra_id is None:
        raise NoSignalError(f"not an install's role: {shown(name)}")
    tags = tags_by_key(listed(dig(request, "tags"), "tags"))
    return (replace(signal, infra_id=agreed(infra_id, tags)),)


def vpc_created(signal: Signal, request: object, response: object) -> tuple[Signal, ...]:
    """EC2 CreateVpc: requestParameters.tagSpecificationSet, responseElements.vpc.vpcId."""
    infra_id = _tagged(resource_tags(request, "vpc"), "-vpc")
    if infra_id is None:
        raise NoSignalError("not an install's VPC")
    return (replace(signal, infra_id=infra_id, vpc_id=vpc_id(dig(response, "vpc", "vpcId"), "vpc.vpcId")),)


def endpoint_created(signal: Signal, request: object, response: object) -> tuple[Signal, ...]:
    """EC2 CreateVpcEndpoint, for a gateway endpoint of S3 in the call's own region.

    Its shape, as public material shows it. A record quoted by a CloudTrail classifier has requestParameters
    `{"CreateVpcEndpointRequest": {"TagSpecification": {"tag": 1, "ResourceType": "vpc-endpoint", "Tag": {"tag": 1,
    "Key": "Name", "Value": "..."}}, "VpcId": "vpc-...", "ServiceName": "...", "VpcEndpointType": "Interface", ...}}`:
    one tag is an object, not a list of one. Three programs that read such records take
    `responseElements.CreateVpcEndpointResponse.vpcEndpoint.vpcEndpointId`. No whole record of a gateway endpoint was
    found, so both wrappers, and both spellings of the names in them, are optional here.
    """
    request = first(request, "CreateVpcEndpointRequest") or request
    made = dig(first(response, "CreateVpcEndpointResponse") or response, "vpcEndpoint")
    # "Gateway" is the API's default (EC2 API reference, CreateVpcEndpoint, VpcEndpointType).
    kind = _both(made, request, "vpcEndpointType", "VpcEndpointType") or "Gateway"
    service = text(_both(made, request, "serviceName", "ServiceName"), "serviceName")
    # China's regions have endpoint services under both names. S3's others (s3-global, s3express) don't carry the fetch.
    s3 = (f"com.amazonaws.{signal.region}.s3", f"cn.com.amazonaws.{signal.region}.s3")
    if kind != "Gateway" or service not in s3:
        raise NoSignalError(f"not a gateway endpoint of S3: {shown(service)}")
    try:
        infra_id = _tagged(resource_tags(request, "vpc-endpoint"), "-vpce-s3")
    except MalformedError:
        raise
    except NoSignalError:
        infra_id = None  # Whoever it is for, its VPC now has one: that is worth knowing.
    return (
        replace(
            signal,
            infra_id=infra_id,
            vpc_id=vpc_id(_both(made, request, "vpcId", "VpcId"), "vpcId"),
            endpoint_id=endpoint_id(first(made, "vpcEndpointId", "VpcEndpointId"), "vpcEndpointId"),
        ),
    )


def load_balancer_created(signal: Signal, request: object, response: object) -> tuple[Signal, ...]:
    """ELBv2 CreateLoadBalancer: requestParameters.{name, tags}, responseElements.loadBalancers[].vpcId."""
    name = first(request, "name")
    if name is None and isinstance(first(request, "loadBalancerName"), str):
        raise NoSignalError("a classic load balancer; installs make network load balancers")
    name = text(name, "name")
    infra_id = names.infra_id_of_load_balancer(name)
    if infra_id is None:
        raise NoSignalError(f"not an install's load balancer: {shown(name)}")
    agreed(infra_id, tags_by_key(listed(dig(request, "tags"), "tags")))
    made = [
        one
        for one in listed(dig(response, "loadBalancers"), "loadBalancers")
        if dig(one, "loadBalancerName") in (None, name)
    ]
    return (replace(signal, infra_id=infra_id, vpc_id=_vpc_of(made[0]) if made else None),)


def bucket_created(signal: Signal, request: object, _response: object) -> tuple[Signal, ...]:
    """S3 CreateBucket: requestParameters.{bucketName, CreateBucketConfiguration.LocationConstraint}."""
    (signal,) = bucket_deleted(signal, request, None)
    place = dig(request, "CreateBucketConfiguration", "LocationConstraint")
    if place is None:  # absent for us-east-1, and for whoever sends the call to the region itself
        return (signal,)
    # "EU" is S3's old word for Ireland (S3 API reference, CreateBucketConfiguration).
    return (replace(signal, region="eu-west-1" if place == "EU" else region_name(place, "LocationConstraint")),)


def bucket_deleted(signal: Signal, request: object, _response: object) -> tuple[Signal, ...]:
    """S3 DeleteBucket: requestParameters.bucketName."""
    bucket = text(dig(request, "bucketName"), "bucketName")
    found = names.infra_id_of_bucket(bucket)
    if found is None:
        raise NoSignalError(f"not a bootstrap bucket: {shown(bucket)}")
    infra_id, era = found
    return (replace(signal, infra_id=infra_id, era=era, bucket=bucket),)


def instance_started(signal: Signal, request: object, response: object) -> tuple[Signal, ...]:
    """EC2 RunInstances, where it launches the bootstrap node.

    requestParameters.tagSpecificationSet tells what for; responseElements.instancesSet.items[].{instanceId, vpcId,
    tagSet} what became of it.
    """
    tags = resource_tags(request, "instance")
    infra_id = owner(tags)
    if infra_id is None or not _is_bootstrap(infra_id, tags, request):
        raise NoSignalError("not a bootstrap instance")
    made = listed(dig(response, "instancesSet"), "instancesSet")
    if len(made) != 1:
        raise MalformedError(f"expected one bootstrap instance, got {len(made)}")
    told = tags_by_key(listed(dig(made[0], "tagSet"), "tagSet"))
    # The response may carry more tags (a launch template's) or none; but not another owner.
    if owner(told) not in (None, infra_id):
        raise MalformedError("request and response name different clusters")
    by_capa = tags.get("MachineName") == machine_name(infra_id) and _CAPA_CLUSTER + infra_id in tags
    return (
        replace(
            signal,
            infra_id=infra_id,
            era=names.Era.CAPA if by_capa else None,
            vpc_id=_vpc_of(made[0]),
            instance_id=instance_id(dig(made[0], "instanceId"), "instanceId"),
        ),
    )


def instances_ended(signal: Signal, request: object, response: object) -> tuple[Signal, ...]:
    """EC2 TerminateInstances: instancesSet.items[].instanceId in response and request; one signal for each."""
    ended = listed(dig(response, "instancesSet"), "instancesSet") or listed(
        dig(request, "instancesSet"), "instancesSet"
    )
    if not ended:
        raise MalformedError("instancesSet is missing")
    found = dict.fromkeys(instance_id(dig(one, "instanceId"), "instanceId") for one in ended)
    return tuple(replace(signal, instance_id=one) for one in found)


def _tagged(tags: dict[str, str], name_suffix: str) -> str | None:
    """Give the infra ID by the cluster's tag, or by Name where no tag names a cluster."""
    infra_id = owner(tags)
    name = tags.get("Name", "")
    if infra_id is None and name.endswith(name_suffix):
        infra_id = name.removesuffix(name_suffix)
        return infra_id if names.is_infra_id(infra_id) else None
    return infra_id


def _is_bootstrap(infra_id: str, tags: dict[str, str], request: object) -> bool:
    """Tell the bootstrap node's launch from a master's; a user's own tag may have replaced Name."""
    if is_named_bootstrap(infra_id, tags):
        return True
    # Terraform gives no MachineName. With Name replaced, the instance profile is all that's left to tell by
    # (installer: data/data/aws/bootstrap/main.tf).
    replaced = not tags.get("MachineName") and not tags.get("Name", "").startswith(infra_id + "-")
    return replaced and dig(request, "iamInstanceProfile", "name") == f"{infra_id}-bootstrap-profile"


def _vpc_of(made: object) -> str | None:
    """Read the VPC of what was made; the signal is good without it, but not with nonsense."""
    found = dig(made, "vpcId")
    return None if found is None else vpc_id(found, "vpcId")


def _both(made: object, request: object, *keys: str) -> str | None:
    """Read a text from response or request; where both have it, they must say the same."""
    told, asked = first(made, *keys), first(request, *keys)
    found = {text(one, keys[0]) for one in (told, asked) if one is not None}
    if len(found) > 1:
        raise MalformedError(f"request and response differ in {keys[0]}")
    return found.pop() if found else None
