"""What operators tell the airlock, by signed requests to the operator function's URL or to the API in front of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError, NoRegionError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from airlock_cli.operators.page import clean
from airlock_cli.problems import AwsError, InputError, NotFoundError, RefusedError
from airlock_cli.progress import Later

LAMBDA = "lambda"
"""What requests to a function's URL are signed for (AWS Lambda, "Invoking Lambda function URLs")."""
API = "execute-api"
"""What requests to an HTTP API are signed for (API Gateway, "Control access to HTTP APIs with IAM authorization")."""
_RIGHTS = {
    LAMBDA: ("lambda:InvokeFunctionUrl", "lambda:InvokeFunctionUrl and lambda:InvokeFunction"),
    API: ("execute-api:Invoke", "execute-api:Invoke on the operators' API"),
}
# How the hosts of each are called, in whatever region and partition.
_HOSTS = {LAMBDA: ".lambda-url.", API: ".execute-api."}
TIMEOUT_SECONDS = 35
# Whole, and of plain characters: a URL with more in it, such as http://example.com\@localhost/, is read in one way by
# who checks it and in another by who sends to it.
_URL = re.compile(
    r"(?i)(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[a-z0-9._~/-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Orders:
    """The operator function, by its URL or its API's.

    Attributes:
        session: whose credentials sign.
        url: where it is, as :func:`checked` gave it.
        service: what requests are signed for, :data:`LAMBDA` or :data:`API`.
    """

    session: boto3.Session
    url: str
    service: str

    def decide(self, grant_id: str, decision: str, note: str, form: str | None = None) -> dict[str, Any]:
        """Approve, reject or close a grant.

        Args:
            grant_id: its whole name.
            decision: ``approve``, ``reject`` or ``close``.
            note: kept with it.
            form: of an approval, what it is an approval of; None for the rest.

        Returns:
            What stands, under "stands", and whether that is this caller's, under "yours".

        Raises:
            NotFoundError: there is no such grant.
            RefusedError: the airlock won't.
            AwsError: the function can't be reached or its answer isn't one.
        """
        body: dict[str, object] = {"note": note} if form is None else {"note": note, "form": form}
        told = self._send("POST", f"/grants/{quote(grant_id, safe='')}/{decision}", body)
        stands, needed = told.get("stands"), {"by", "at"} if decision == "close" else {"by", "at", "approved"}
        if not isinstance(stands, dict) or not needed <= stands.keys():
            raise not_an_answer()
        return told

    def approve_ahead(self, ahead: dict[str, object]) -> dict[str, Any]:
        """Approve ahead of time; returns the approval as it is kept. Errors as for :meth:`decide`."""
        return _ahead(self._send("POST", "/ahead", ahead))

    def revoke_ahead(self, principal: str, ahead_id: str) -> tuple[dict[str, Any], bool]:
        """Take an approval ahead of time back; errors as for :meth:`decide`.

        Returns:
            It as it stands then, and whether it is this request that took it back.
        """
        path = f"/ahead/{quote(ahead_id, safe='')}"
        told = self._send("DELETE", path, {"principal": principal})
        return _ahead(told), bool(told.get("yours", True))

    def _send(self, method: str, path: str, body: dict[str, object]) -> dict[str, Any]:
        url = self.url.rstrip("/") + path
        request = AWSRequest(method, url, {"Content-Type": "application/json"}, json.dumps(body).encode())
        self._sign(request)
        http = URLLib3Session(proxies=get_environ_proxies(url), timeout=TIMEOUT_SECONDS)
        try:
            with Later("Telling the airlock"):
                response = http.send(request.prepare())
        finally:
            http.close()
        told = _told(response.content)
        if response.status_code == HTTPStatus.OK and told is not None:
            return told
        raise _refusal(response.status_code, told or {}, self)

    def _sign(self, request: AWSRequest) -> None:
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        if self.session.region_name is None:
            raise NoRegionError
        SigV4Auth(credentials.get_frozen_credentials(), self.service, self.session.region_name).add_auth(request)


def checked(url: str) -> str:
    """Give an operator URL back if it can be used.

    Raises:
        InputError: it is none, or a signed request, which carries the session's token, could be read on its way.
    """
    if not _URL.fullmatch(url):
        shown = re.sub(r"//.*@", "//...@", url)
        raise InputError(
            f"the operator URL {shown!r} can't be used.\n"
            "Give one that begins with https://, or with http:// and is on this machine; only a path may follow."
        )
    return url


def service_of(url: str) -> str | None:
    """Tell from a URL's host what requests to it are signed for; None for a name of somebody's own."""
    host = url.split("/")[2].lower()
    return next((service for service, part in _HOSTS.items() if part in host), None)


def not_an_answer() -> AwsError:
    """What to raise where the operator function's answer lacks what it must have."""
    return AwsError(
        "the operator function's answer can't be read; another version of it may be deployed.\n"
        "Deploy the stack in this version, or use that one's command line.",
        "other-version",
    )


def _ahead(told: dict[str, Any]) -> dict[str, Any]:
    ahead = told.get("ahead")
    if not isinstance(ahead, dict):
        raise not_an_answer()
    return ahead


def _told(content: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(content)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _refusal(status: int, told: dict[str, Any], asked: Orders) -> Exception:
    """What an answer other than 200 means. The airlock's own errors have a code; AWS's have none."""
    error = told.get("error")
    ours = error if isinstance(error, dict) else {}
    code, message = clean(ours.get("code") or ""), clean(ours.get("message") or "")
    more: dict[str, object] = {name: told[name] for name in ("state", "stands") if name in told}
    match status:
        case HTTPStatus.FORBIDDEN if code:
            return RefusedError(message, code, more)
        case HTTPStatus.FORBIDDEN:
            said = clean(told.get("Message") or told.get("message") or "no reason given")
            right, rights = _RIGHTS[asked.service]
            return AwsError(
                f"AWS denies the call of the operator function: {said}\n"
                f"It takes {rights}, fresh credentials and its own --region.",
                "access-denied",
                {"permission": right},
            )
        case HTTPStatus.NOT_FOUND if code:
            return NotFoundError(message, code, more)
        case HTTPStatus.CONFLICT if code:
            return RefusedError(message, code, more)
        case HTTPStatus.BAD_REQUEST if code:
            return InputError(message, code, more)
    what = f": {message}" if message else ""
    return AwsError(
        f"the operator function at {asked.url} answered with status {status}{what}.\nTry again in a minute."
    )
