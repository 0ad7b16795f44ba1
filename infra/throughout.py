"""What holds throughout a stack, whatever is in it: the configured tags, and the boundary of its roles."""

from __future__ import annotations

from typing import Final

from aws_cdk import Stack, Tags
from aws_cdk import aws_iam as iam

from infra.configuration import Configuration

# Above CDK's own 100, so that a configured tag wins over one that the stack gives itself.
_CONFIGURED: Final = 200


def apply(stack: Stack, configuration: Configuration) -> None:
    """Tag everything in a stack that takes tags, and bound each of its roles; what is made later included.

    Args:
        stack: one of the app's.
        configuration: whose tags and boundary they are; without any nothing changes.
    """
    for name, value in configuration.tags.items():
        Tags.of(stack).add(name, value, priority=_CONFIGURED)
    if configuration.permissions_boundary:
        policy = iam.ManagedPolicy.from_managed_policy_arn(stack, "Boundary", configuration.permissions_boundary)
        iam.PermissionsBoundary.of(stack).apply(policy)
