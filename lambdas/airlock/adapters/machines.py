"""EC2: a bootstrap instance's console, its tags, and its one reboot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

_GONE = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"})
# Only Nitro instances give their latest text (EC2 API reference, "GetConsoleOutput"); the others answer
# "UnsupportedOperation: This instance type does not support retrieving the latest console logs".
_NOT_LATEST = frozenset({"UnsupportedOperation", "UnsupportedInstanceType", "InvalidParameterCombination"})


class Ec2Machines:
    """The port :class:`airlock.ports.Machines` on EC2."""

    def __init__(self, ec2: Callable[[str], EC2Client]) -> None:
        self._ec2 = ec2

    def console(self, region: str, instance_id: str) -> str:
        """The latest text of an instance's serial console; empty where there is none (yet), or no such instance.

        botocore has decoded it from base64, unreadable bytes replaced (botocore.handlers, decode_console_output).
        """
        try:
            return self._console(region, instance_id)
        except ClientError as error:
            if _code(error) in _GONE:
                return ""
            raise

    def is_bootstrap_of(self, region: str, instance_id: str, infra_id: str) -> bool:
        """Whether EC2 says that the instance runs and is tagged as this install's bootstrap node.

        The installer tags it with the cluster and a Name; a user's own tag called Name can replace that one, so
        Cluster API's MachineName will do as well.
        """
        try:
            answer = self._ec2(region).describe_instances(InstanceIds=[instance_id])
        except ClientError as error:
            if _code(error) in _GONE:
                return False
            raise
        instances = [one for reservation in answer["Reservations"] for one in reservation.get("Instances", [])]
        return len(instances) == 1 and _runs_as_bootstrap(instances[0], infra_id)

    def reboot(self, region: str, instance_id: str) -> None:
        """Reboot an instance; EC2 does it some moments later."""
        self._ec2(region).reboot_instances(InstanceIds=[instance_id])

    def _console(self, region: str, instance_id: str) -> str:
        ec2 = self._ec2(region)
        try:
            answer = ec2.get_console_output(InstanceId=instance_id, Latest=True)
        except ClientError as error:
            if _code(error) not in _NOT_LATEST:
                raise
            answer = ec2.get_console_output(InstanceId=instance_id)
        return answer.get("Output", "")


def _runs_as_bootstrap(instance: InstanceTypeDef, infra_id: str) -> bool:
    tags = {tag.get("Key"): tag.get("Value") for tag in instance.get("Tags", [])}
    name = f"{infra_id}-bootstrap"
    return (
        instance.get("State", {}).get("Name") == "running"
        and tags.get(f"kubernetes.io/cluster/{infra_id}") == "owned"
        and (tags.get("Name") == name or tags.get("MachineName") == f"openshift-cluster-api-guests/{name}")
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
