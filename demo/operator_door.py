"""A stand-in for the door of a function URL with IAM authorisation, of which MiniStack has only the frame.

On AWS, Lambda verifies the signature of a request, lets IAM decide, and tells the function who signed, under
``requestContext.authorizer.iam`` (AWS Lambda, "Invoking Lambda function URLs"). MiniStack looks only whether there is a
signature. This door verifies it (IAM user guide, "Create a signed AWS API request"), by signing the request anew with
the secret that goes with its access key; then it invokes the function on MiniStack with the caller in the event.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from demo.processes import LOOPBACK

SERVICE: Final = "lambda"
SKEW: Final = timedelta(minutes=5)
"""How far a signature's time may be from the door's."""
BODY_LIMIT: Final = 6 * 1024 * 1024
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>\w+)/"
    r"aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody whom the door knows.

    Attributes:
        arn: of the user, or of the role's session.
        access_key: names the secret.
        secret: what they sign with.
        session_token: what temporary credentials carry besides; None for a user's own.
    """

    arn: str
    access_key: str
    secret: str
    session_token: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The credentials as AWS's own tools read them."""
        token = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret, **token}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        method: GET, POST and so on.
        target: path and query as they were sent.
        headers: with lower-case names.
        body: the bytes.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class NotSignedError(Exception):
    """The door doesn't let a request in; the message says why, which the caller isn't told."""


def signer_of(request: Request, signers: Mapping[str, Signer], region: str, now: datetime) -> Signer:
    """Find out who signed a request.

    Args:
        request: as it came.
        signers: by their access keys.
        region: the function's.
        now: the door's time, UTC.

    Raises:
        NotSignedError: nobody whom the door knows did, or not for this function, or not now.
    """
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise NotSignedError("it carries no signature of version 4")
    signer = signers.get(found["key"])
    if signer is None:
        raise NotSignedError(f"nobody here has the access key {found['key']}")
    if (found["region"], found["service"]) != (region, SERVICE):
        raise NotSignedError(f"it is signed for {found['service']} in {found['region']}")
    _check_time(request.headers.get("x-amz-date", ""), found["date"], now)
    names = found["signed"].split(";")
    unsigned = {name for name in request.headers if name.startswith("x-amz-")} - set(names)
    if "host" not in names or unsigned or not set(names) <= set(request.headers):
        raise NotSignedError(f"its signature covers only {found['signed']}")
    if request.headers.get("x-amz-security-token") != signer.session_token:
        raise NotSignedError("its session's token is another one")
    told = request.headers.get("x-amz-content-sha256")
    if told is not None and told != hashlib.sha256(request.body).hexdigest():
        raise NotSignedError("its body isn't the one that was signed")
    if not hmac.compare_digest(_signature(request, signer, region, names), found["signature"]):
        raise NotSignedError("its signature isn't one of what came")
    return signer


def _check_time(told: str, date: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(told, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise NotSignedError("it doesn't tell when it was signed") from error
    if not told.startswith(date) or abs(now - signed_at) > SKEW:
        raise NotSignedError(f"it was signed at {told}")


def _signature(request: Request, signer: Signer, region: str, names: list[str]) -> str:
    """Sign the same anew: botocore does it as any client of it has done."""
    headers = {name: request.headers[name] for name in names}
    url = f"http://{request.headers['host']}{request.target}"
    again = AWSRequest(request.method, url, headers, request.body)
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(signer.access_key, signer.secret), SERVICE, region)
    text = auth.string_to_sign(again, auth.canonical_request(again))
    return str(auth.signature(text, again))


def event_of(request: Request, signer: Signer, now: datetime) -> dict[str, Any]:
    """Make the event that the function gets (payload format 2.0)."""
    parts = urlsplit(request.target)
    account = signer.arn.split(":")[4]
    text = request.headers.get("content-type", "").partition(";")[0] in ("application/json", "text/plain")
    body = request.body.decode("utf-8", "replace") if text else base64.b64encode(request.body).decode()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": {name: value for name, value in request.headers.items() if name != "authorization"},
        "requestContext": {
            "accountId": account,
            "apiId": "door",
            "authorizer": {
                "iam": {
                    "accessKey": signer.access_key,
                    "accountId": account,
                    "callerId": signer.access_key,
                    "cognitoIdentity": None,
                    "principalOrgId": None,
                    "userArn": signer.arn,
                    "userId": signer.access_key,
                }
            },
            "domainName": request.headers["host"],
            "domainPrefix": "door",
            "http": {
                "method": request.method,
                "path": parts.path,
                "protocol": "HTTP/1.1",
                "sourceIp": LOOPBACK,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": bool(request.body) and not text,
    }
    if parts.query:
        pairs: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            pairs.setdefault(name, []).append(value)
        event["queryStringParameters"] = {name: ",".join(values) for name, values in pairs.items()}
    return event | ({"body": body} if request.body else {})


@contextlib.contextmanager
def operator_door(functions: Any, name: str, region: str, signers: tuple[Signer, ...]) -> Iterator[str]:  # noqa: ANN401 - boto3's Lambda client
    """Run the door on a free port of the loopback address, in a thread of this process.

    Args:
        functions: a client of MiniStack's Lambda.
        name: of the function behind the door.
        region: that requests must be signed for.
        signers: who is let in.

    Yields:
        The door's URL.
    """

    class Handler(_Handler):
        """Answers for the function behind this door."""

    Handler.functions, Handler.name, Handler.region = functions, name, region
    Handler.signers = {signer.access_key: signer for signer in signers}
    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    functions: Any
    name: str
    region: str
    signers: Mapping[str, Signer]

    def answer(self) -> None:
        """Let the function answer, or nobody."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b"")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        now = datetime.now(UTC)
        try:
            signer = signer_of(request, self.signers, self.region, now)
        except NotSignedError:
            self._say(HTTPStatus.FORBIDDEN, "Forbidden")
            return
        answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event_of(request, signer, now)))
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            self._say(HTTPStatus.BAD_GATEWAY, "Internal Server Error")
            return
        body = str(told.get("body") or "")
        raw = base64.b64decode(body) if told.get("isBase64Encoded") else body.encode()
        self._send(told["statusCode"], told.get("headers", {}), raw)

    do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815 - the base class names them so

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def _say(self, status: int, message: str) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps({"Message": message}).encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
