"""CloudFormation, as a custom resource meets it: what it is doing with the stack, and where it waits for an answer."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from airlock.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ANSWER_SECONDS: Final = 5.0
"""How long one try of an answer may take."""
ANSWER_PAUSES: Final = (1.0, 2.0, None)
"""Seconds before an answer is sent again; None for giving up."""
LONGEST_ANSWER_SECONDS: Final = ANSWER_SECONDS * len(ANSWER_PAUSES) + sum(pause or 0 for pause in ANSWER_PAUSES)
"""How long sending an answer may take in all."""
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL")
"""Where CloudFormation is, if not in AWS (AWS SDKs and Tools Reference Guide, page "Service-specific endpoints")."""


class CloudFormation:
    """Tells what CloudFormation is doing with a stack."""

    def __init__(self, client: Callable[[], CloudFormationClient]) -> None:
        self._client = client

    def status(self, stack_id: str) -> str:
        """The stack's status, such as ``DELETE_IN_PROGRESS`` (API reference, "Stack").

        Args:
            stack_id: its ARN; a name wouldn't find a stack that is gone.
        """
        return str(self._client().describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])


def send_answer(url: str, body: bytes, clock: Clock, environment: Mapping[str, str] = os.environ) -> None:
    """Put an answer where CloudFormation waits for it, an object of S3 by a presigned URL.

    Whoever invokes the function chooses the URL. So it must be HTTPS, but where CloudFormation itself is reached
    without: that is an emulator on somebody's own machine.

    The URL is signed over an empty content type (AWS CloudFormation user guide, page "cfn-response module", whose
    code sends one), so another one would be refused.

    Args:
        url: of the request.
        body: the answer, at most 4,096 bytes (the same guide, page "Custom resource response objects").
        clock: the time.
        environment: says where CloudFormation is; the function's own unless told otherwise.

    Raises:
        ValueError: the URL isn't HTTPS.
        OSError: nobody took the answer, each time.
    """
    emulated = any(environment.get(name, "").startswith("http://") for name in _ENDPOINTS)
    if not url.startswith(("https://", *(["http://"] if emulated else []))):
        raise ValueError(f"the ResponseURL must begin with https://, got {url[:60]!r}")
    for pause in ANSWER_PAUSES:
        request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - asked above
        try:
            # Whatever isn't a success raises.
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):  # noqa: S310 - the same
                return
        except OSError:
            if pause is None:
                raise
            clock.sleep(pause)
