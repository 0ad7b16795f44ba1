"""Sends orders to the operator function."""

from __future__ import annotations

import json
from typing import Any

from tests.page.people import ACCOUNT, OPERATOR, USER, People, request

OTHER = f"arn:aws:iam::{ACCOUNT}:user/kim"
AHEAD: dict[str, Any] = {"principal": USER, "cluster": "prod", "form": "lifted", "hours": 8, "note": "night shift"}


def send(  # noqa: PLR0913 - an order's parts
    people: People, method: str, path: str, body: object = None, *, caller: str | None = OPERATOR, query: str = ""
) -> tuple[int, dict[str, Any]]:
    """Send an order; gives the status and the JSON that come back."""
    text = body if isinstance(body, str) else None if body is None else json.dumps(body)
    event = request(method, path, body=text, caller=caller, query=query)
    response = people.operators().answer(event)
    assert response["headers"]["Content-Type"] == "application/json"
    assert response["headers"]["Cache-Control"] == "no-store"
    return response["statusCode"], json.loads(response["body"])


def refused(people: People, *order: Any, **more: Any) -> tuple[int, str]:  # noqa: ANN401 - as for send
    """Send an order that is refused; gives status and code. Nothing may be written by it."""
    before = people.items()
    status, told = send(people, *order, **more)
    assert people.items() == before
    assert people.told() == []
    assert told["error"]["message"]
    return status, str(told["error"]["code"])
