"""Builders of whole installs, for any infra ID, principal, region and start, and of each thing that an install does.

Single envelopes come from `tests.envelopes` and are offered here too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from airlock.install.names import Era, bootstrap_bucket
from tests.envelopes import INSTALLER_AGENT, TERRAFORM_AGENT, Event, api_call, hex_id, state_change, user_identity

__all__ = ["Event", "Install", "api_call", "hex_id", "install_stream", "state_change", "user_identity"]

IAM_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


@dataclass(frozen=True, kw_only=True)
class Install:
    """One install: who, where, which era. Its methods build the envelope of each thing it does."""

    infra_id: str
    principal: str
    region: str
    era: Era

    @property
    def account(self) -> str:
        """The account that installs."""
        return self.principal.split(":")[4]

    @property
    def partition(self) -> str:
        """The partition, from the principal's ARN."""
        return self.principal.split(":")[1]

    @property
    def vpc(self) -> str:
        """The ID of the VPC that it makes or is given."""
        return hex_id("vpc", self.infra_id, self.region)

    @property
    def endpoint(self) -> str:
        """The ID of its S3 gateway endpoint."""
        return hex_id("vpce", self.infra_id, self.region)

    @property
    def bucket(self) -> str:
        """The name of its bootstrap bucket."""
        return bootstrap_bucket(self.infra_id, self.era)

    @property
    def bootstrap(self) -> str:
        """The instance ID of its bootstrap node."""
        return self.node("bootstrap")

    def node(self, name: str) -> str:
        """The instance ID of `bootstrap` or `master-0` to `master-2`."""
        return hex_id("i", self.infra_id, self.region, name)

    def tags(self, name: str | None = None, machine: str | None = None) -> list[Event]:
        """The tags that it puts on things: Name and MachineName where given, and the cluster's."""
        pairs = {} if name is None else {"Name": name}
        pairs[f"kubernetes.io/cluster/{self.infra_id}"] = "owned"
        if self.era is Era.CAPA:
            pairs[f"sigs.k8s.io/cluster-api-provider-aws/cluster/{self.infra_id}"] = "owned"
            if machine is not None:
                pairs["sigs.k8s.io/cluster-api-provider-aws/role"] = "control-plane"
                pairs["MachineName"] = f"openshift-cluster-api-guests/{machine}"
        return [{"key": key, "value": value} for key, value in pairs.items()]

    def create_role(self, at: datetime, what: str = "master") -> Event:
        """CreateRole `<infra ID>-master-role`, as IAM's region reports it."""
        name = f"{self.infra_id}-{what}-role"
        role = {"path": "/", "roleName": name, "arn": f"arn:{self.partition}:iam::{self.account}:role/{name}"}
        request = {"path": "/", "roleName": name, "assumeRolePolicyDocument": "{}", "tags": self.tags()}
        return self._call("CreateRole", request, {"role": role}, at, IAM_REGIONS[self.partition])

    def create_vpc(self, at: datetime) -> Event:
        """CreateVpc, named and tagged."""
        tags = self.tags(f"{self.infra_id}-vpc")
        request = {
            "cidrBlock": "10.0.0.0/16",
            "tagSpecificationSet": {"items": [{"resourceType": "vpc", "tags": tags}]},
        }
        response = {"vpc": {"vpcId": self.vpc, "state": "pending", "tagSet": {"items": tags}}}
        return self._call("CreateVpc", request, response, at)

    def create_vpc_endpoint(self, at: datetime) -> Event:
        """CreateVpcEndpoint for S3, a gateway, in XML turned JSON."""
        service = f"com.amazonaws.{self.region}.s3"
        pairs = self.tags(f"{self.infra_id}-vpce-s3")
        tags = [{"tag": n, "Key": one["key"], "Value": one["value"]} for n, one in enumerate(pairs, 1)]
        request = {
            "VpcId": self.vpc,
            "ServiceName": service,
            "VpcEndpointType": "Gateway",
            "TagSpecification": {"tag": 1, "ResourceType": "vpc-endpoint", "Tag": tags},
        }
        made = {
            "vpcEndpointId": self.endpoint,
            "vpcEndpointType": "Gateway",
            "vpcId": self.vpc,
            "serviceName": service,
            "state": "available",
        }
        return self._call(
            "CreateVpcEndpoint",
            {"CreateVpcEndpointRequest": request},
            {"CreateVpcEndpointResponse": {"vpcEndpoint": made}},
            at,
        )

    def create_load_balancer(self, at: datetime, side: str = "int") -> Event:
        """CreateLoadBalancer `<infra ID>-int` or `-ext`."""
        name = f"{self.infra_id}-{side}"
        request = {"name": name, "type": "network", "tags": self.tags(name)}
        response = {"loadBalancers": [{"loadBalancerName": name, "type": "network", "vpcId": self.vpc}]}
        return self._call("CreateLoadBalancer", request, response, at)

    def create_bucket(self, at: datetime, error_code: str | None = None) -> Event:
        """CreateBucket of the bootstrap bucket; CAPA repeats it, with `BucketAlreadyOwnedByYou`."""
        request: Event = {"bucketName": self.bucket}
        if self.region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        return self._call("CreateBucket", request, None, at, error_code=error_code)

    def delete_bucket(self, at: datetime) -> Event:
        """DeleteBucket of the bootstrap bucket."""
        return self._call("DeleteBucket", {"bucketName": self.bucket}, None, at)

    def run_instances(self, at: datetime, node: str = "bootstrap") -> Event:
        """RunInstances of the `bootstrap` node or of `master-0` to `master-2`."""
        name = f"{self.infra_id}-{node}"
        tags = self.tags(name, machine=name)
        profile = "bootstrap" if node == "bootstrap" and self.era is Era.TERRAFORM else "master"
        request = {
            "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0", "minCount": 1, "maxCount": 1}]},
            "instanceType": "m6i.xlarge",
            "iamInstanceProfile": {"name": f"{self.infra_id}-{profile}-profile"},
            "tagSpecificationSet": {
                "items": [{"resourceType": resource, "tags": tags} for resource in ("instance", "volume")]
            },
        }
        made = {
            "instanceId": self.node(node),
            "instanceState": {"code": 0, "name": "pending"},
            "subnetId": hex_id("subnet", self.infra_id),
            "vpcId": self.vpc,
            "tagSet": {"items": tags},
        }
        return self._call("RunInstances", request, {"instancesSet": {"items": [made]}}, at)

    def terminate_instances(self, at: datetime, node: str = "bootstrap") -> Event:
        """TerminateInstances of one node."""
        ended = {
            "instanceId": self.node(node),
            "currentState": {"code": 32, "name": "shutting-down"},
            "previousState": {"code": 16, "name": "running"},
        }
        request = {"instancesSet": {"items": [{"instanceId": self.node(node)}]}}
        return self._call("TerminateInstances", request, {"instancesSet": {"items": [ended]}}, at)

    def state(self, at: datetime, state: str, node: str = "bootstrap") -> Event:
        """EC2's notification of a node's state."""
        return state_change(self.node(node), state, account=self.account, region=self.region, at=at)

    def _call(  # noqa: PLR0913, PLR0917  the parts of an event, all from the methods above
        self,
        name: str,
        request: Event,
        response: Event | None,
        at: datetime,
        region: str | None = None,
        error_code: str | None = None,
    ) -> Event:
        return api_call(
            name,
            request,
            response,
            principal=self.principal,
            region=region or self.region,
            at=at,
            error_code=error_code,
            user_agent=TERRAFORM_AGENT if self.era is Era.TERRAFORM else INSTALLER_AGENT,
        )


def install_stream(  # noqa: PLR0913  who, where, which era and when are all independent
    infra_id: str,
    principal_arn: str,
    region: str,
    era: Era,
    start: datetime,
    *,
    terminates: bool = True,
    own_vpc: bool = True,
) -> list[tuple[float, Event]]:
    """Build all events of one install, with the calls and times of the sample streams.

    Args:
        infra_id: such as `prod-7xk2q`.
        principal_arn: an IAM user's or role's; account and partition follow from it.
        region: where it installs.
        era: which bucket, and whether masters come before the bootstrap node (Terraform) or after (CAPA).
        start: the time of the first event, aware, in UTC.
        terminates: False for an install that never removes its bootstrap node and bucket.
        own_vpc: False for a bring-your-own VPC: no CreateVpc, no CreateVpcEndpoint.

    Returns:
        Pairs of seconds since start and envelope, in order of occurrence.
    """
    install = Install(infra_id=infra_id, principal=principal_arn, region=region, era=era)

    def at(seconds: float) -> datetime:
        return start + timedelta(seconds=seconds)

    events: list[tuple[float, Event]] = [(0, install.create_role(at(0)))]
    if own_vpc:
        events += [(6, install.create_vpc(at(6))), (40, install.create_vpc_endpoint(at(40)))]
    events += [
        (120, install.create_load_balancer(at(120), "int")),
        (124, install.create_load_balancer(at(124), "ext")),
    ]
    if era is Era.TERRAFORM:
        launches = {"master-0": 290, "master-1": 291, "master-2": 292, "bootstrap": 345}
        events.append((330, install.create_bucket(at(330))))
        ends = (1830, 1832, 1860, 1875)
    else:
        launches = {"bootstrap": 360, "master-0": 362, "master-1": 363, "master-2": 364}
        events.append((300, install.create_bucket(at(300))))
        events += [(s, install.create_bucket(at(s), "BucketAlreadyOwnedByYou")) for s in (316, 331)]
        ends = (1800, 1802, 1830, 1845)
    for node, s in launches.items():
        events += [
            (s, install.run_instances(at(s), node)),
            (s + 1, install.state(at(s + 1), "pending", node)),
            (s + 12, install.state(at(s + 12), "running", node)),
        ]
    if terminates:
        terminate, shutting_down, delete, terminated = ends
        events += [
            (terminate, install.terminate_instances(at(terminate))),
            (shutting_down, install.state(at(shutting_down), "shutting-down")),
            (delete, install.delete_bucket(at(delete))),
            (terminated, install.state(at(terminated), "terminated")),
        ]
    return sorted(events, key=lambda pair: pair[0])
