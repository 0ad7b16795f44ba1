"""A real HTTP server in CloudFormation's place: it takes a custom resource's answers, and tells a stack's status."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

MAX_ANSWER_BYTES = 4096
"""CloudFormation's limit (user guide, page "Custom resource response objects")."""
# CloudFormation API reference, "DescribeStacks", with the members that botocore's model requires.
_FOUND: Final = (
    '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>'
    "<Stacks><member><StackId>{0}</StackId><StackName>bootstrap-airlock</StackName><StackStatus>{1}</StackStatus>"
    "<CreationTime>2026-11-24T00:00:00Z</CreationTime></member></Stacks></DescribeStacksResult>"
    "</DescribeStacksResponse>"
)
_UNKNOWN: Final = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    "<Message>Stack with id {0} does not exist</Message></Error></ErrorResponse>"
)


@dataclass(slots=True)
class Answers:
    """What was put to the server.

    Attributes:
        url: where to put it.
        bodies: the bodies that it took, in order.
        headers: of each try, those with it that it turned away.
        turned_away: how many tries it answers with 503 first.
        status: of the one stack that it knows; None where there is no stack.
        old: statuses from before that, which it tells first, as CloudFormation does for some seconds.
    """

    url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    turned_away: int = 0
    status: str | None = None
    old: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where CloudFormation's API is."""
        return self.url.partition("/answer")[0]

    def only(self) -> dict[str, Any]:
        """The one answer, which CloudFormation would have taken."""
        (body,) = self.bodies
        assert len(body) <= MAX_ANSWER_BYTES
        answer: dict[str, Any] = json.loads(body)
        assert answer["Status"] in {"SUCCESS", "FAILED"}
        assert answer["Reason"]
        return answer


@contextmanager
def taking_answers() -> Iterator[Answers]:
    """Run the server on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.headers.append(dict(self.headers))
            if answers.turned_away:
                answers.turned_away -= 1
                self.send_response(503)
            else:
                answers.bodies.append(body)
                self.send_response(200)
            self.end_headers()

        def do_POST(self) -> None:
            asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert asked["Action"] == ["DescribeStacks"]
            (name,) = asked["StackName"]
            status = answers.old.pop(0) if answers.old else answers.status
            self.send_response(200 if status else 400)
            self.end_headers()
            told = _FOUND.format(name, status) if status else _UNKNOWN.format(name)
            self.wfile.write(told.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers = Answers(f"http://127.0.0.1:{server.server_port}/answer?X-Amz-Signature=0f0f")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
