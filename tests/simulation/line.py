"""A function's way to AWS: botocore's clients on moto, each call counted, delayed, and throttled where IAM is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
import botocore.endpoint
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from moto.core.models import botocore_stubber

from airlock.adapters.clients import Clients, make_clients
from tests.simulation.faults import Faults
from tests.simulation.mirror import WRITES, Mirror
from tests.simulation.timeline import Timeline

HOME = "us-east-1"
_ERROR = (
    '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>{}</Type><Code>{}</Code>'
    "<Message>simulated</Message></Error><RequestId>0</RequestId></ErrorResponse>"
)
_SLOW_DOWN = _ERROR.format("Sender", "Throttling").encode()
_FAILED = _ERROR.format("Receiver", "ServiceFailure").encode()


@dataclass(slots=True)
class Tally:
    """What one run of a function asked of AWS.

    Attributes:
        calls: by name, however often botocore had to try.
        throttled: how many tries IAM turned away.
        unanswered: how many tries IAM carried out without an answer.
        items_read: items of the ledger that were read, or asked for.
    """

    calls: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    unanswered: int = 0
    items_read: int = 0


class Line:
    """One execution environment's clients.

    Attributes:
        clients: what the airlock is wired with.
        tally: of the run that is on.
    """

    def __init__(self, timeline: Timeline, faults: Faults, mirror: Mirror) -> None:
        self._timeline = timeline
        self._faults = faults
        self._mirror = mirror
        self.tally = Tally()
        session = a_session()
        session.events.register("before-parameter-build", self._asked)
        session.events.register("before-call", self._made)
        # In moto's place, which botocore would ask all the same: what is turned away never reaches it.
        session.events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]  # it answers
        session.events.register("before-send", self._sent)  # type: ignore[arg-type]  # the same
        session.events.register("after-call", self._answered)
        self.clients: Clients = make_clients(session)

    def other(self, call: str) -> None:
        """Make a call to a service that has a stand-in of its own."""
        self.tally.calls[call] += 1
        self._timeline.sleep(self._faults.latency())

    def _asked(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["parameters"] = params

    def _made(self, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        self.tally.calls[model.name] += 1

    def _sent(self, event_name: str, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - botocore's
        self._timeline.sleep(self._faults.latency())
        if event_name.startswith("before-send.iam.") and self._faults.throttles(self._timeline.now()):
            self.tally.throttled += 1
            return AWSResponse(request.url, 400, HTTPHeaders(), _Raw(_SLOW_DOWN))
        answer = botocore_stubber(event_name, request)
        if event_name.startswith("before-send.iam.") and self._faults.loses_answer():
            self.tally.unanswered += 1
            return AWSResponse(request.url, 503, HTTPHeaders(), _Raw(_FAILED))
        return answer

    def _answered(self, model: Any, parsed: dict[str, Any], context: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        if "Error" in parsed:
            return
        parameters = context["parameters"]
        match model.name:
            case "Query":
                self.tally.items_read += parsed["ScannedCount"]
            case "BatchGetItem":
                self.tally.items_read += sum(len(asked["Keys"]) for asked in parameters["RequestItems"].values())
            case "GetItem":
                self.tally.items_read += 1
            case name if name in WRITES:
                self._mirror.take(name, parameters, parsed, self._timeline.now())


class _Raw(BytesIO):
    """A response's body, as botocore reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def a_session() -> boto3.Session:
    """A session of moto's; it signs nothing, for nobody looks."""
    session = boto3.Session(aws_access_key_id="simulated", aws_secret_access_key="simulated", region_name=HOME)
    inner = session._session  # noqa: SLF001 - boto3 has no other way
    inner.set_default_client_config(Config(signature_version=UNSIGNED))
    inner.register_component("data_loader", _models())
    return session


@cache
def _models() -> Loader:
    """The services' models, read once for all environments; a client takes half a second otherwise."""
    return create_loader()


@contextmanager
def retries_in_virtual_time(timeline: Timeline) -> Iterator[None]:
    """Let botocore's own retries, which are the real ones, wait by the timeline."""
    with patch.object(botocore.endpoint, "time", SimpleNamespace(sleep=timeline.sleep)):
        yield
