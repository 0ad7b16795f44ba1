"""A local server: the operator function's URL by its contract, and CloudFormation's DescribeStacks.

It takes only requests whose signature is right: it signs them again with botocore and compares.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airlock.adapters.answer_items import ahead_to_text, answer_to_text, close_order_to_text
from airlock.grants.approval import Ahead, Answer, CloseOrder, Form, Way
from airlock.grants.grant import Grant, State
from airlock.ports import Answers

SECRETS = ("AKIDEXAMPLE", "wJalrXUtnFEMI-not-a-secret", "session-token-of-nobody")
OPERATOR = "arn:aws:sts::111122223333:assumed-role/Operators/kim"
REGION = "us-east-1"
Reply = tuple[int, dict[str, Any] | str]


@dataclass
class Door:
    """The server's side.

    Attributes:
        url: where it listens.
        service: what requests to the operator URL have to be signed for.
        outputs: of the one stack that there is, by name.
        stack: its name.
        asked: requests to the operator URL, as method, path and body.
        reply: what to answer instead of acting by the contract; None for acting.
        refuse_stacks: an error code that CloudFormation is to answer with.
        comes_of_it: called with a grant's ID after each decision, as the watcher would be.
    """

    answers: Answers
    find: Callable[[str], Grant | None]
    now: Callable[[], datetime]
    stack: str = "bootstrap-airlock"
    outputs: dict[str, str] = field(default_factory=dict)
    url: str = ""
    service: str = "lambda"
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    reply: Reply | None = None
    refuse_stacks: str | None = None
    comes_of_it: Callable[[str], None] = lambda _: None

    def act(self, method: str, path: str, body: dict[str, Any]) -> Reply:
        """Answer one request to the operator URL."""
        self.asked.append((method, path, body))
        if self.reply is not None:
            return self.reply
        match method, path.strip("/").split("/"):
            case "POST", ["grants", grant_id, decision]:
                return self._decide(grant_id, decision, body)
            case "POST", ["ahead"]:
                return self._approve_ahead(body)
            case "DELETE", ["ahead", ahead_id]:
                ahead = self.answers.revoke_ahead(body["principal"], ahead_id, OPERATOR, self.now())
                return (200, {"ahead": json.loads(ahead_to_text(ahead))}) if ahead else _error(404, "no-such-ahead")
        return _error(404, "no-such-page")

    def _decide(self, grant_id: str, decision: str, body: dict[str, Any]) -> Reply:
        grant = self.find(grant_id)
        if grant is None:
            return _error(404, "no-such-grant")
        if grant.is_final or (decision != "close" and grant.progress.state is not State.PENDING):
            return _error(409, "not-waiting", str(grant.progress.state))
        if decision == "approve" and not Form(body.get("form", "scoped")).covers(grant.progress.form):
            return _error(409, "other-form", str(grant.progress.state))
        if decision == "close":
            order = CloseOrder(at=self.now(), by=OPERATOR, note=body["note"])
            kept = self.answers.order_close(grant_id, order)
            stands, yours = json.loads(close_order_to_text(kept)), kept == order
        else:
            answer = Answer(
                approved=decision == "approve",
                form=grant.progress.form,
                at=self.now(),
                by=OPERATOR,
                way=Way.IAM,
                note=body["note"],
            )
            given = self.answers.give(grant_id, answer)
            stands, yours = json.loads(answer_to_text(given)), given == answer
        self.comes_of_it(grant_id)
        return 200, {"grant": grant_id, "stands": stands, "yours": yours}

    def _approve_ahead(self, body: dict[str, Any]) -> Reply:
        ahead = Ahead(
            id="ahead-5d6e7f80",
            principal=body["principal"],
            cluster=body["cluster"],
            form=Form(body["form"]),
            since=self.now(),
            until=self.now() + timedelta(hours=body["hours"]),
            by=OPERATOR,
            note=body["note"],
        )
        self.answers.approve_ahead(ahead)
        return 200, {"ahead": json.loads(ahead_to_text(ahead))}

    def stacks(self, form: str) -> tuple[int, str]:
        """Answer DescribeStacks."""
        if self.refuse_stacks:
            return 403, _stacks_error(self.refuse_stacks, "User: somebody is not authorized")
        if f"StackName={self.stack}&" not in f"{form}&":
            return 400, _stacks_error("ValidationError", "Stack with id x does not exist")
        members = "".join(
            f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for name, value in self.outputs.items()
        )
        return 200, (
            '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>'
            f"<Stacks><member><StackName>{self.stack}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
            f"<CreationTime>2026-11-01T00:00:00Z</CreationTime><Outputs>{members}</Outputs></member></Stacks>"
            "</DescribeStacksResult></DescribeStacksResponse>"
        )


def _error(status: int, code: str, state: str | None = None) -> Reply:
    return status, {"error": {"code": code, "message": f"Told by the function: {code}."}} | (
        {"state": state} if state else {}
    )


def _stacks_error(code: str, message: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer a request, whatever its method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        door = cast("_Server", self.server).door
        if self.path == "/":
            status, text = door.stacks(body.decode())
            self._answer(status, text)
            return
        if not self._is_signed(body):
            # As Lambda spells it, and as API Gateway does.
            self._answer(403, json.dumps({"Message" if door.service == "lambda" else "message": "Forbidden"}))
            return
        status, told = door.act(self.command, self.path.removeprefix("/operator"), json.loads(body or b"{}"))
        self._answer(status, told if isinstance(told, str) else json.dumps(told))

    do_DELETE = do_POST  # noqa: N815 - http.server looks the method up by this name

    def _is_signed(self, body: bytes) -> bool:
        """Whether signing it again, with the same headers and time, gives the same signature."""
        authorization = self.headers.get("Authorization", "")
        signed = dict(part.split("=", 1) for part in authorization.partition(" ")[2].split(", "))
        names = signed["SignedHeaders"].split(";")
        if not {"host", "x-amz-date", "x-amz-security-token", "content-type"} <= set(names):
            return False
        headers = {name: self.headers[name] for name in names}
        url = f"http://{self.headers['Host']}{self.path}"
        request = AWSRequest(method=self.command, url=url, headers=headers, data=body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        again = SigV4Auth(Credentials(*SECRETS), cast("_Server", self.server).door.service, REGION)
        signature = again.signature(again.string_to_sign(request, again.canonical_request(request)), request)
        return signature == signed["Signature"]

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test's output is the command's."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, door: Door) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.door = door


@contextmanager
def open_door(door: Door) -> Iterator[Door]:
    """Let the server listen, on a free port of this machine."""
    with _Server(door) as server:
        door.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield door
        server.shutdown()
