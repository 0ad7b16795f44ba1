"""Somebody who gets the airlock's requests and answers on the approval page, as a browser would."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from demo.deployment import Deployment
from demo.ministack import MiniStack

PATIENCE_SECONDS: Final = 20.0


class NobodyAskedError(RuntimeError):
    """No request came within twenty seconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        subject: the e-mail's subject.
        data: the JSON that machines get.
    """

    subject: str
    data: dict[str, Any]


class Approver:
    """A queue subscribed to the approvals topic, and a hand that presses buttons."""

    def __init__(self, cloud: MiniStack, deployment: Deployment, name: str = "approver") -> None:
        self._endpoint = cloud.endpoint
        self._sqs = cloud.client("sqs", region=deployment.region)
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        told = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        cloud.client("sns", region=deployment.region).subscribe(
            TopicArn=deployment.outputs["ApprovalsTopicArn"],
            Protocol="sqs",
            Endpoint=told["Attributes"]["QueueArn"],
            # Outcomes go to the same topic; a request is what is to be answered.
            Attributes={"FilterPolicy": json.dumps({"kind": ["approval-request"]})},
        )

    def wait(self) -> Request:
        """Wait for the next request.

        Raises:
            NobodyAskedError: none came.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for message in self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=1).get("Messages", ()):
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                return Request(str(body["Subject"]), json.loads(body["Message"]))
        raise NobodyAskedError("no request for approval came to the approvals topic")

    def look(self, request: Request) -> int:
        """Open the request's link, as a mail scanner or a person would; returns the HTTP status."""
        return self._send(request, None)

    def approve(self, request: Request, note: str) -> int:
        """Press "Approve" on the page; returns the HTTP status of what it shows then."""
        return self._send(request, {"token": _token(request), "decision": "approve", "note": note})

    def _send(self, request: Request, form: dict[str, str] | None) -> int:
        link = urllib.parse.urlsplit(request.data["link"])
        path = f"{link.path or '/'}?{link.query}" if form is None else "/"
        body = None if form is None else urllib.parse.urlencode(form).encode()
        # The function URL's name leads nowhere here: MiniStack tells functions apart by the Host header.
        call = urllib.request.Request(f"{self._endpoint}{path}", data=body, headers={"Host": link.netloc})  # noqa: S310 - MiniStack's own URL
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        try:
            with opener.open(call, timeout=PATIENCE_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect as it is: it leads to the same page by the name that leads nowhere here."""

    def redirect_request(self, *_: object) -> None:
        """Don't follow."""


def _token(request: Request) -> str:
    return str(urllib.parse.parse_qs(urllib.parse.urlsplit(request.data["link"]).query)["token"][0])
