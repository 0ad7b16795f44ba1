"""What the tests of approval share: the deployed stack with users who must ask, and the messages that it sends."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from airlock.adapters.clients import with_raw_documents
from airlock.install.names import Era
from demo.cloud import EmbeddedCloud, default_configuration, embedded_cloud
from tests.events import Install

ACCOUNT = "111122223333"
REGION = "us-east-1"
PATIENCE_SECONDS = 15.0
FENCE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OfficeOnly",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.7/32"]},
                    "Bool": {"aws:ViaAWSService": "false"},
                },
            }
        ],
    },
    indent=3,
)
T = TypeVar("T")


def arn_of(user: str) -> str:
    """A user's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:user/{user}"


def until(what: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Look again and again until there is something, or the time is over; gives what was seen last."""
    deadline = time.monotonic() + seconds
    while not (seen := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as a queue got it.

    Attributes:
        subject: of the message; empty if it was delivered raw.
        data: the JSON that machines get.
        attributes: its message attributes.
    """

    subject: str
    data: dict[str, Any]
    attributes: dict[str, str]


class Mailbox:
    """A queue that is subscribed to a topic."""

    def __init__(
        self, cloud: EmbeddedCloud, topic: str, name: str, kinds: Sequence[str] = (), *, raw: bool = False
    ) -> None:
        self._sqs = cloud.aws.client("sqs")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._kept: list[Mail] = []
        told = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        attributes = {"RawMessageDelivery": "true"} if raw else {}
        if kinds:
            attributes["FilterPolicy"] = json.dumps({"kind": list(kinds)})
        cloud.aws.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=told["Attributes"]["QueueArn"], Attributes=attributes
        )

    def all(self) -> list[Mail]:
        """Everything that has come so far."""
        while messages := self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                self._kept.append(_mail(message))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return list(self._kept)

    def about(self, infra_id: str) -> list[Mail]:
        """What has come so far about one install."""
        return [mail for mail in self.all() if mail.data.get("infra_id") == infra_id]

    def wait_for(self, infra_id: str, kind: str) -> Mail:
        """The newest message of a kind about one install, once there is one."""
        found = until(lambda: [one for one in self.about(infra_id) if one.data["kind"] == kind])
        assert found, f"no message of kind {kind} about {infra_id} came"
        return found[-1]


def _mail(message: Mapping[str, Any]) -> Mail:
    body = json.loads(message["Body"])
    if "TopicArn" in body:
        attributes = {name: one["Value"] for name, one in body.get("MessageAttributes", {}).items()}
        return Mail(body["Subject"], json.loads(body["Message"]), attributes)
    attributes = {name: one["StringValue"] for name, one in message.get("MessageAttributes", {}).items()}
    return Mail("", body, attributes)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came.

    Attributes:
        install: what it is about.
        user: who installs.
        mail: the message.
    """

    install: Install
    user: str
    mail: Mail

    @property
    def grant(self) -> str:
        """The grant's name."""
        return str(self.mail.data["grant"])

    @property
    def token(self) -> str:
        """The link's secret."""
        return str(self.mail.data["link"]).split("token=", 1)[1]

    @property
    def link(self) -> str:
        """The link, by HTTP: nobody here has a certificate for AWS's host."""
        return str(self.mail.data["link"]).replace("https://", "http://", 1)


class Airlock:
    """The deployed stack, its users' policies, and two queues that get what it sends."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        outputs = cloud.deployment.outputs
        self.requests = Mailbox(cloud, outputs["ApprovalsTopicArn"], "approvers", raw=True)
        self.notices = Mailbox(cloud, outputs["NoticesTopicArn"], "readers")
        self._iam = with_raw_documents(cloud.aws.client("iam"))

    def fence(self, users: Sequence[str]) -> None:
        """Make users, each behind the fence."""
        for user in users:
            self._iam.create_user(UserName=user)
            self._iam.put_user_policy(UserName=user, PolicyName="fence", PolicyDocument=FENCE)

    def policy(self, user: str) -> str:
        """A user's policy as text; MiniStack sends it URL-encoded, as IAM does."""
        document: Any = self._iam.get_user_policy(UserName=user, PolicyName="fence")["PolicyDocument"]
        return unquote(document)

    def deliver(self, event: dict[str, Any]) -> list[str]:
        """Bring an event to the functions, and tell what happened; a failure is an error."""
        happened: list[str] = []
        for delivery in self.cloud.events.deliver(event):
            delivery.raise_for_error()
            happened += delivery.result["happened"]
        return happened

    def sweep(self) -> list[str]:
        """Sweep once, and tell what happened."""
        happened: list[str] = []
        for delivery in self.cloud.events.sweep():
            delivery.raise_for_error()
            happened += delivery.result["happened"]
        return happened

    def ask(self, user: str, infra_id: str, *, lasts: float | None = None) -> Asked:
        """Begin an install of a user who must ask, and give the request that comes of it.

        Args:
            user: who installs.
            infra_id: the cluster.
            lasts: seconds until the grant's time is over, and the link's with it; the user's time is five minutes then.
        """
        install = Install(infra_id=infra_id, principal=arn_of(user), region=REGION, era=Era.CAPA)
        begun = datetime.now(UTC) - (timedelta() if lasts is None else timedelta(minutes=5, seconds=-lasts))
        assert self.deliver(install.create_vpc(begun)) == ["ask"]
        return Asked(install, user, self.requests.wait_for(infra_id, "approval-request"))

    def call(self, link: str, method: str = "GET", **form: str) -> int:
        """Call an address of the page without a browser, with a form's fields if any are given; gives the status."""
        parts = urlsplit(link)
        headers = {"Host": parts.netloc} | ({"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        connection = http.client.HTTPConnection(urlsplit(self.cloud.aws.endpoint).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"{parts.path}?{parts.query}", urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    def answer(self, asked: Asked, decision: str, note: str = "") -> None:
        """Answer a request as the page's form does, without a browser."""
        status = self.call(asked.link, "POST", token=asked.token, decision=decision, note=note)
        assert status == HTTPStatus.SEE_OTHER

    @staticmethod
    def wait_until(moment: str) -> None:
        """Wait until a second is over."""
        left = datetime.fromisoformat(moment) + timedelta(seconds=1) - datetime.now(UTC)
        time.sleep(max(0.0, left.total_seconds()))

    def end(self, asked: Asked) -> None:
        """End the install, so that nothing of it stays open."""
        self.deliver(asked.install.delete_bucket(datetime.now(UTC)))

    def ledger(self) -> list[str]:
        """Everything that the ledger holds, in an order that doesn't change."""
        pages = self.cloud.aws.client("dynamodb").get_paginator("scan")
        table = self.cloud.deployment.outputs["LedgerTableName"]
        items = [item for page in pages.paginate(TableName=table, ConsistentRead=True) for item in page["Items"]]
        return sorted(json.dumps(item, sort_keys=True) for item in items)

    def audit(self, grant: str) -> list[dict[str, Any]]:
        """The audit trail's lines about a grant, in order."""
        group = self.cloud.deployment.outputs["AuditLogGroupName"]
        pages = self.cloud.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [json.loads(event["message"]) for page in pages for event in page["events"]]
        return [line for line in lines if grant in (line.get("grants") or [line.get("grant")])]

    def logs(self, function: str) -> str:
        """Everything that a function has logged."""
        pages = self.cloud.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}")
        return "\n".join(event["message"] for page in found for event in page["events"])

    def opened(self, user: str) -> str:
        """Wait until a user's policy isn't the fence as it was any more, and give it."""
        until(lambda: self.policy(user) != FENCE)
        return self.policy(user)


@contextlib.contextmanager
def an_airlock(principals: Mapping[str, Mapping[str, Any]], **changes: Any) -> Iterator[Airlock]:  # noqa: ANN401 - JSON of any shape
    """Deploy the stack for users behind the fence; its schedule is off.

    Args:
        principals: the users' settings by their names.
        changes: other keys of the configuration.
    """
    enrolled = [{"arn": arn_of(user), **settings} for user, settings in principals.items()]
    with embedded_cloud(default_configuration(principals=enrolled, **changes)) as cloud:
        cloud.events.switch_schedules(on=False)
        airlock = Airlock(cloud)
        airlock.fence(list(principals))
        yield airlock
