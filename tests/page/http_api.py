"""The whole event that an HTTP API hands to a function, as AWS documents it.

Sources: API Gateway, page "Create AWS Lambda proxy integrations for HTTP APIs" (payload format 2.0); for
``requestContext.authorizer.iam``, which that page's example doesn't have, AWS Lambda, "Invoking Lambda function URLs",
and the event types of AWS's aws-lambda-go, which are the same.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl

from tests.page.people import ADDRESS

API = "a1b2c3d4e5"
DOMAIN = f"{API}.execute-api.us-gov-west-1.amazonaws.com"


def http_api_event(  # noqa: PLR0913 - an event's parts, all by name
    method: str,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: str | None = None,
    encoded: bool = False,
    caller: str | None = None,
    stage: str = "$default",
) -> dict[str, Any]:
    """One request's event.

    Args:
        method: GET, POST and so on.
        path: below the stage.
        query: as it was sent.
        headers: besides those that each request has; lower-case names, as API Gateway gives them.
        body: as text.
        encoded: whether the body comes in base64.
        caller: ARN of who signed, on a route that asks for IAM.
        stage: the stage; one that has a name begins the path.
    """
    whole = path if stage == "$default" else f"/{stage}{path}"
    account = caller.split(":")[4] if caller else "111122223333"
    context: dict[str, Any] = {
        "accountId": account,
        "apiId": API,
        "domainName": DOMAIN,
        "domainPrefix": API,
        "http": {
            "method": method,
            "path": whole,
            "protocol": "HTTP/1.1",
            "sourceIp": ADDRESS,
            "userAgent": "Mozilla/5.0",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "$default",
        "stage": stage,
        "time": "24/Nov/2026:02:00:00 +0000",
        "timeEpoch": 1795485600000,
    }
    if caller:
        context["authorizer"] = {
            "iam": {
                "accessKey": "ASIAEXAMPLE",
                "accountId": account,
                "callerId": "AROAEXAMPLE:kim",
                "cognitoIdentity": None,
                "principalOrgId": "o-a1b2c3d4e5",
                "userArn": caller,
                "userId": "AROAEXAMPLE:kim",
            }
        }
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": whole,
        "rawQueryString": query,
        "cookies": ["session=1", "theme=dark"],
        "headers": {
            "accept": "text/html,application/xhtml+xml",
            "content-length": str(len(body or "")),
            "host": DOMAIN,
            "user-agent": "Mozilla/5.0",
            "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
            "x-forwarded-for": ADDRESS,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **(headers or {}),
        },
        "requestContext": context,
        "isBase64Encoded": encoded,
    }
    if query:
        event["queryStringParameters"] = dict(parse_qsl(query))
    if body is not None:
        event["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    return event
