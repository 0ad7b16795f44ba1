"""EC2: an install's instances, a bootstrap instance's console, its tags, and its one reboot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from airlock.errors import ThrottledError
from airlock.install.cloudtrail import ENDED_STATES
from airlock.install.fields import NoSignalError
from airlock.install.tags import cluster_tag, is_named_bootstrap, owner
from airlock.records import Instance

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import DescribeInstancesResultTypeDef, InstanceTypeDef

FILTER_VALUES = 100
"""Installs that one call asks for; EC2 takes 200 values in all filters of a call (EC2 user guide, "Filtering")."""
_GONE = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"})
# "Request throttling for the Amazon EC2 API"; the others are botocore's standard mode's.
_THROTTLED = frozenset({"RequestLimitExceeded", "Throttling", "ThrottlingException", "EC2ThrottledException"})
# Only Nitro instances give their latest text (EC2 API reference, "GetConsoleOutput"); the others answer
# "UnsupportedOperation: This instance type does not support retrieving the latest console logs".
_NOT_LATEST = frozenset({"UnsupportedOperation", "UnsupportedInstanceType", "InvalidParameterCombination"})


class Ec2Machines:
    """The port :class:`airlock.ports.Machines` on EC2."""

    def __init__(self, ec2: Callable[[str], EC2Client], ec2_once: Callable[[str], EC2Client]) -> None:
        """Take what makes clients for a region: the usual ones, and such as never make a call a second time."""
        self._ec2 = ec2
        self._ec2_once = ec2_once

    def instances(self, region: str, infra_ids: Sequence[str]) -> list[Instance]:
        """The instances in a region that carry the tags of these installs, masters and workers too.

        One call, but for pages, and for more than a hundred installs: filters are joined by "and", the values of one
        by "or", so that the cluster's tag, whose key names it, is the one to ask by.
        """
        describe = self._ec2(region).get_paginator("describe_instances")
        found: dict[str, Instance] = {}
        for first in range(0, len(infra_ids), FILTER_VALUES):
            keys = [cluster_tag(infra_id) for infra_id in infra_ids[first : first + FILTER_VALUES]]
            for page in describe.paginate(Filters=[{"Name": "tag-key", "Values": keys}]):
                found |= {one.instance_id: one for one in _instances(page)}
        return list(found.values())

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
        """Whether EC2 says that the instance runs and is tagged as this install's bootstrap node."""
        try:
            answer = self._ec2(region).describe_instances(InstanceIds=[instance_id])
        except ClientError as error:
            if _code(error) in _GONE:
                return False
            raise
        instances = _listed(answer)
        if len(instances) != 1 or instances[0].get("State", {}).get("Name") != "running":
            return False
        tags = _tags(instances[0])
        return _owner(tags) == infra_id and is_named_bootstrap(infra_id, tags)

    def reboot(self, region: str, instance_id: str) -> None:
        """Ask once for the reboot of an instance; EC2 does it some moments later."""
        try:
            self._ec2_once(region).reboot_instances(InstanceIds=[instance_id])
        except ClientError as error:
            if _code(error) in _THROTTLED:
                raise ThrottledError(str(error)) from error
            raise

    def _console(self, region: str, instance_id: str) -> str:
        ec2 = self._ec2(region)
        try:
            answer = ec2.get_console_output(InstanceId=instance_id, Latest=True)
        except ClientError as error:
            if _code(error) not in _NOT_LATEST:
                raise
            answer = ec2.get_console_output(InstanceId=instance_id)
        return answer.get("Output", "")


def _instances(page: DescribeInstancesResultTypeDef) -> Iterator[Instance]:
    """Those whose tags name one cluster that owns them."""
    for one in _listed(page):
        tags = _tags(one)
        infra_id = _owner(tags)
        if infra_id is not None:
            yield Instance(
                instance_id=one["InstanceId"],
                infra_id=infra_id,
                is_bootstrap=is_named_bootstrap(infra_id, tags),
                launched=one["LaunchTime"].astimezone(UTC),
                ended=one["State"]["Name"] in ENDED_STATES,
            )


def _listed(page: DescribeInstancesResultTypeDef) -> list[InstanceTypeDef]:
    return [one for reservation in page["Reservations"] for one in reservation.get("Instances", [])]


def _tags(instance: InstanceTypeDef) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in instance.get("Tags", [])}


def _owner(tags: dict[str, str]) -> str | None:
    """Whose it is, by the rule that holds for events; nobody's where the tags don't tell."""
    try:
        return owner(tags)
    except NoSignalError:
        return None


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
