"""A stand-in for EC2's GetConsoleOutput, which MiniStack lacks; every other call of EC2's goes on to MiniStack.

Functions reach it by AWS_ENDPOINT_URL_EC2, which any client of botocore's honours (AWS SDKs and Tools Reference Guide,
page "Service-specific endpoints"). MiniStack gives a function the variables of its configuration, so it is set there.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from demo.processes import LOOPBACK

VARIABLE: Final = "AWS_ENDPOINT_URL_EC2"
_NAMESPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
_TIMEOUT_SECONDS: Final = 60.0
# Headers that concern one connection, not the call (RFC 9110, section 7.6.1), and those that http.client sets itself.
_NOT_PASSED_ON: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "expect"})
_NOT_PASSED_BACK: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
)


@dataclass(slots=True)
class Ec2Console:
    """The stand-in, as a demonstration or a test sees it.

    Attributes:
        endpoint: its URL.
    """

    endpoint: str
    _texts: dict[str, str] = field(default_factory=dict)
    _later: dict[str, str] = field(default_factory=dict)
    _reboots: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, instance_id: str, text: str, *, after_reboot: str | None = None) -> None:
        """Set the text of an instance's console.

        Args:
            instance_id: the instance.
            text: what its console shows from now on.
            after_reboot: what it shows once it is rebooted; the same unless told otherwise.
        """
        with self._lock:
            self._texts[instance_id] = text
            self._later[instance_id] = text if after_reboot is None else after_reboot

    def reboots(self, instance_id: str) -> int:
        """Count the calls that asked for a reboot of an instance."""
        with self._lock:
            return self._reboots[instance_id]

    def tell(self, functions: Any, names: Iterable[str]) -> None:  # noqa: ANN401 - boto3's Lambda client
        """Make deployed functions use this endpoint for EC2; their other variables stay.

        Args:
            functions: a client of MiniStack's Lambda.
            names: of the functions.
        """
        for name in names:
            variables = (
                functions.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})
            )
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": {**variables, VARIABLE: self.endpoint}}
            )

    def text(self, instance_id: str) -> str:
        """Give the text of an instance's console, empty where none was set."""
        with self._lock:
            return self._texts.get(instance_id, "")

    def rebooted(self, instance_ids: Iterable[str]) -> None:
        """Take note of a reboot that was asked for."""
        with self._lock:
            for instance_id in instance_ids:
                self._reboots[instance_id] += 1
                if instance_id in self._later:
                    self._texts[instance_id] = self._later[instance_id]


@contextlib.contextmanager
def ec2_console(upstream: str) -> Iterator[Ec2Console]:
    """Run the stand-in on a free port of the loopback address, in a thread of this process.

    Args:
        upstream: the URL of what answers every other call, such as MiniStack's.
    """

    class Handler(_Handler):
        """Answers for the console below."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    console = Ec2Console(f"http://{LOOPBACK}:{server.server_port}")
    Handler.console, Handler.upstream = console, urlsplit(upstream).netloc
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield console
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One call of EC2's: a form posted to the root."""

    console: Ec2Console
    upstream: str

    def do_POST(self) -> None:
        """Answer GetConsoleOutput; count RebootInstances and pass it on, as everything else."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = parse_qs(body.decode("utf-8", "replace"))
        action = form.get("Action", [""])[0]
        if action == "GetConsoleOutput":
            self._answer_console(form.get("InstanceId", [""])[0])
            return
        status, headers, told = self._pass_on(body)
        # Before the answer: whoever has it may ask at once how often the instance was rebooted.
        if action == "RebootInstances" and status == http.HTTPStatus.OK:
            self.console.rebooted(value for key, (value, *_) in form.items() if key.startswith("InstanceId."))
        self._send(status, headers, told)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing; MiniStack has a log of its own."""

    def _answer_console(self, instance_id: str) -> None:
        text = self.console.text(instance_id)
        output = f"<output>{base64.b64encode(text.encode()).decode()}</output>" if text else ""
        answer = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<GetConsoleOutputResponse xmlns="{_NAMESPACE}"><requestId>stand-in</requestId>'
            f"<instanceId>{escape(instance_id)}</instanceId><timestamp>2026-11-24T02:00:00.000Z</timestamp>"
            f"{output}</GetConsoleOutputResponse>"
        )
        self._send(http.HTTPStatus.OK, {"Content-Type": "text/xml;charset=UTF-8"}, answer.encode())

    def _pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """What the upstream answers: status, headers and body."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
        connection = http.client.HTTPConnection(self.upstream, timeout=_TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request("POST", self.path, body, headers)
                answer = connection.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException):
                return http.HTTPStatus.BAD_GATEWAY, {}, b""
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_BACK}
        return answer.status, kept, told

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
