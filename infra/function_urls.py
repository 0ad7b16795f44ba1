"""Where functions can have URLs of their own, by AWS's pages. It imports no CDK, so that the configuration can ask."""

from __future__ import annotations

from typing import Final

FUNCTION_URL: Final = "function-url"
"""The functions that people call are reached by URLs of their own."""
HTTP_API: Final = "http-api"
"""They are reached by an HTTP API of API Gateway's each, which every region has."""

# AWS Lambda, page "Creating and managing Lambda function URLs".
_REGIONS_WITHOUT: Final = frozenset(
    {
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
    }
)
# AWS GovCloud (US) user guide, page "AWS Lambda in AWS GovCloud (US)"; Getting Started with Amazon Web Services in
# China, page "Amazon Lambda": "Function URLs is not available in the China Regions".
_PARTITIONS_WITHOUT: Final = frozenset({"aws-cn", "aws-us-gov"})
# Lambda's page doesn't name it, and CloudFormation's list of resource types has no AWS::Lambda::Url there.
_REGIONS_IN_DOUBT: Final = frozenset({"mx-central-1"})


def can_have(partition: str, region: str) -> bool:
    """Tell whether functions can have URLs in a region; true also where AWS's sources differ.

    Args:
        partition: ``aws``, ``aws-us-gov`` or ``aws-cn``.
        region: the region's name, such as ``us-east-1``.
    """
    return partition not in _PARTITIONS_WITHOUT and region not in _REGIONS_WITHOUT


def default_endpoints(partition: str, region: str) -> str:
    """Choose what is sure to work in a region; arguments as for :func:`can_have`."""
    return FUNCTION_URL if can_have(partition, region) and region not in _REGIONS_IN_DOUBT else HTTP_API
