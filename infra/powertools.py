"""The Python runtime and the public Powertools layer that the functions run on."""

from __future__ import annotations

from typing import Final

# The layer's name holds the runtime, so both change together.
# aws-cdk-lib calls this runtime aws_lambda.Runtime.PYTHON_3_14; infra/functions.py refers to it.
LAYER_NAME: Final = "AWSLambdaPowertoolsPythonV3-python314-arm64"
LAYER_VERSION: Final = 27

_COMMERCIAL_ACCOUNT: Final = "017000801446"
# AWS publishes the layer for other partitions in accounts of their own, one a region.
_OTHER_ACCOUNTS: Final = {
    "cn-north-1": "498634801083",
    "us-gov-east-1": "165087284144",
    "us-gov-west-1": "165093116878",
}


def layer_account(partition: str, region: str) -> str | None:
    """Tell the AWS account that publishes the Powertools layer for a region.

    Source: Powertools for AWS Lambda (Python), page "Installation", sections "Lambda Layer", "AWS China regions" and
    "AWS GovCloud regions".

    Args:
        partition: ``aws``, ``aws-us-gov`` or ``aws-cn``.
        region: the region's name, such as ``us-east-1``.

    Returns:
        The account's twelve digits, or None where that page names no layer.
    """
    return _COMMERCIAL_ACCOUNT if partition == "aws" else _OTHER_ACCOUNTS.get(region)


def known_regions(partition: str) -> list[str]:
    """List the regions of a partition other than ``aws`` that the layer is published in."""
    starts = {"aws-cn": "cn-", "aws-us-gov": "us-gov-"}
    return sorted(region for region in _OTHER_ACCOUNTS if region.startswith(starts[partition]))


def layer_arn(partition: str, region: str) -> str:
    """Write the ARN of the pinned layer version.

    Args:
        partition: ``aws``, ``aws-us-gov`` or ``aws-cn``.
        region: the region that the functions run in.

    Raises:
        ValueError: the layer isn't published there; the configuration refuses such a region before this is asked.
    """
    account = layer_account(partition, region)
    if account is None:
        raise ValueError(f"no public Powertools layer is known in region {region} of partition {partition}")
    return f"arn:{partition}:lambda:{region}:{account}:layer:{LAYER_NAME}:{LAYER_VERSION}"
