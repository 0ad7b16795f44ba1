"""MiniStack, with rules of CloudFormation's and of API Gateway's that it hasn't got.

Started by ``demo.ministack`` as a program; it imports nothing of this project. Of CloudFormation's rules (user guide,
pages "DeletionPolicy attribute" and "Understand stack failure options") these are added:

- What the template retains is kept when the stack is deleted. MiniStack deletes it.
- Where one resource can't be deleted, nothing that it depends on is, the stack is ``DELETE_FAILED``, and the next try
  goes on from there. MiniStack deletes everything else all the same.
- What has no name of its own gets another one in each stack. In MiniStack a stack of the same name takes over what the
  one before it left behind.
- A table or a log group that is changed keeps what is in it. MiniStack makes an empty one in its place.
- A failed update is taken back: what it changed gets its old properties again, what it added is deleted. MiniStack
  deletes what it changed too.

Of API Gateway's (developer guide, page "Control access to HTTP APIs with IAM authorization") this is added:

- A route of an HTTP API that asks for IAM lets in only what is signed, and tells the function who signed. MiniStack
  lets everybody in. The signature is verified with the secret that MiniStack's own IAM or STS gave out.

Not played: that IAM must allow ``execute-api:Invoke``, a session's token, and the stage's throttling.

Everything else is MiniStack's own: the order by dependencies, the custom resource's requests, the deletions themselves.
Not played: that CloudFormation also asks the very resource whose update failed to take it back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack import app  # type: ignore[import-untyped]  # it has no types
from ministack.services import (  # type: ignore[import-untyped]  # the same
    apigateway,
    cloudwatch_logs,
    dynamodb,
    iam,
    lambda_svc,
    sts,
)
from ministack.services.cloudformation import (  # type: ignore[import-untyped]  # the same
    _stacks,
    changesets,
    engine,
    handlers,
    provisioners,
    stacks,
)

RETAINED = frozenset({"Retain", "RetainExceptOnCreate"})

_deploy = stacks._deploy_stack_async  # noqa: SLF001 - there is no public way in, here and below
_remove = stacks._delete_stack_async  # noqa: SLF001
_delete_resource = stacks._delete_resource  # noqa: SLF001
_update_resource = stacks._update_resource  # noqa: SLF001

# By the stack's name: its resources before the update that is under way, and what couldn't be deleted.
_before: dict[str, dict[str, Any]] = {}
_stuck: dict[str, str] = {}


async def deploy_stack(stack_name: str, *args: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
    """Make or change a stack, and keep in mind what it was."""
    previous = named.get("previous_stack") or {}
    _before[stack_name] = previous.get("_resources", {})
    await _deploy(stack_name, *args, **named)


async def delete_stack(stack_name: str, stack_id: str) -> None:
    """Delete a stack, but for what can't be, and what that depends on."""
    _stuck.pop(stack_name, None)
    await _remove(stack_name, stack_id)
    if stack_name in _stuck:
        _stacks[stack_name]["StackStatus"] = "DELETE_FAILED"
        _stacks[stack_name]["StackStatusReason"] = f"The following resource failed to delete: {_stuck[stack_name]}"


def delete_resource(
    resource_type: str,
    physical_id: str,
    props: dict[str, Any],
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> None:
    """Delete a resource, keep it, or take its change back."""
    name, logical = str(stack_name), str(logical_id)
    stack = _stacks[name]
    if stack["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS" and logical in _before[name]:
        old = _before[name][logical]
        _update_resource(resource_type, physical_id, props, old["Properties"], name, logical, old.get("Attributes"))
        return
    if stack["StackStatus"] != "DELETE_IN_PROGRESS":
        _delete_resource(resource_type, physical_id, props, name, logical)
        return
    resources = stack["_template"]["Resources"]
    if name in _stuck and logical in _depends_on(resources, _stuck[name]):
        raise RuntimeError(f"{_stuck[name]} couldn't be deleted, and needs this")
    if resources.get(logical, {}).get("DeletionPolicy") not in RETAINED:
        try:
            _delete_resource(resource_type, physical_id, props, name, logical)
        except Exception:
            _stuck.setdefault(name, logical)
            raise
    del stack["_resources"][logical]


def _depends_on(resources: dict[str, Any], logical_id: str) -> set[str]:
    """Everything that a resource depends on, at first or second hand."""
    found: set[str] = set()
    waiting = [logical_id]
    while waiting:
        new = engine._extract_deps(resources[waiting.pop()], set(resources)) - found  # noqa: SLF001
        found |= new
        waiting += new
    return found


def physical_name(stack_name: str, logical_id: str, *, lowercase: bool = False, max_len: int = 128) -> str:
    """Name a resource: the same as long as the stack stands, another one in the next."""
    stack_id = _stacks[stack_name]["StackId"]
    suffix = hashlib.sha256(f"{stack_id}:{logical_id}".encode()).hexdigest()[:13].upper()
    name = f"{stack_name}-{logical_id}-"[: max(max_len - len(suffix), 0)] + suffix
    return name.lower() if lowercase else name


def make_log_group(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:  # noqa: ANN401 - as it comes
    """Make a log group, which MiniStack names by stack and logical ID, or change the one that is there."""
    named = {"LogGroupName": physical_name(stack_name, logical_id, max_len=512), **props}
    before = cloudwatch_logs._log_groups.get(named["LogGroupName"])  # noqa: SLF001
    made = _make_log_group(logical_id, named, stack_name)
    if before is not None:
        # MiniStack makes an empty one in its place.
        cloudwatch_logs._log_groups[named["LogGroupName"]]["streams"] = before["streams"]  # noqa: SLF001
    return made


def make_table(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:  # noqa: ANN401 - as it comes
    """Make a table, or change the one that is there."""
    name = props.get("TableName") or physical_name(stack_name, logical_id, max_len=255)
    before = dynamodb._tables.get(name)  # noqa: SLF001
    made = _make_table(logical_id, props, stack_name)
    if before is not None:
        # As with log groups.
        dynamodb._tables[name]["items"] = before["items"]  # noqa: SLF001
    return made


# The address of the request to an API that is under way, as it was sent, and who signed it.
_asked: ContextVar[tuple[str, str]] = ContextVar("_asked")
_signer: ContextVar[dict[str, Any] | None] = ContextVar("_signer", default=None)
_SKEW = timedelta(minutes=5)
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/execute-api/aws4_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_FORBIDDEN = 403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}).encode()


async def handle_execute_api_request(host: str, path: str, *args: Any) -> Any:  # noqa: ANN401 - passed on as they are
    """Keep in mind where a request was sent to: it was signed for that, while APIs are told a part of it."""
    _asked.set((host, path))
    return await _handle_execute_api_request(host, path, *args)


async def handle_execute(  # noqa: PLR0913, PLR0917 - MiniStack calls it so
    api_id: str,
    stage: str,
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, list[str]],
    *owner: str,
) -> Any:  # noqa: ANN401 - as it comes
    """Answer a request to an API, unless its route asks for IAM and nobody signed it."""
    route = apigateway._match_route(api_id, method, path) or {}  # noqa: SLF001
    signer = None
    if route.get("authorizationType") == "AWS_IAM":
        signer = _who_signed(method, {name.lower(): value for name, value in headers.items()}, body, query, owner[1])
        if signer is None:
            return _FORBIDDEN
    _signer.set(signer)
    return await _handle_execute(api_id, stage, path, method, headers, body, query, *owner)


def execute_function(record: Any, event: Any, *args: Any) -> Any:  # noqa: ANN401 - passed on as they are
    """Tell a function who signed the request that it is invoked for."""
    signer = _signer.get()
    if signer is not None:
        event["requestContext"]["authorizer"] = {"iam": signer}
    return _execute_function(record, event, *args)


def _who_signed(
    method: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]], region: str
) -> dict[str, Any] | None:
    """Find out who signed, as API Gateway tells it; None if nobody did, or not this, not here or not now."""
    found = _SIGNED.fullmatch(headers.get("authorization", ""))
    known = _secret_of(found["key"]) if found else None
    if found is None or known is None or found["region"] != region:
        return None
    secret, arn = known
    told, names = headers.get("x-amz-date", ""), found["names"].split(";")
    unsigned = {name for name in headers if name.startswith("x-amz-")} - set(names)
    if "host" not in names or unsigned or not set(names) <= set(headers) or not told.startswith(found["date"]):
        return None
    if abs(datetime.now(UTC) - datetime.strptime(told, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)) > _SKEW:
        return None
    if headers.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest()) != hashlib.sha256(body).hexdigest():
        return None
    host, path = _asked.get()
    pairs = "&".join(f"{quote(name, safe='')}={quote(one, safe='')}" for name, all_ in query.items() for one in all_)
    url = f"http://{host}{quote(path)}" + (f"?{pairs}" if pairs else "")
    again = AWSRequest(method, url, {name: headers[name] for name in names}, body)
    again.context["timestamp"] = told
    auth = SigV4Auth(Credentials(found["key"], secret), "execute-api", region)
    signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    if not hmac.compare_digest(signature, found["signature"]):
        return None
    account = arn.split(":")[4]
    return {"accessKey": found["key"], "accountId": account, "callerId": found["key"], "userArn": arn, "userId": arn}


def _secret_of(access_key: str) -> tuple[str, str] | None:
    """The secret that goes with an access key, and the ARN of whose it is."""
    key = iam._access_keys.get(access_key)  # noqa: SLF001
    if key is not None and key["UserName"] in iam._users:  # noqa: SLF001
        return key["SecretAccessKey"], iam._users[key["UserName"]]["Arn"]  # noqa: SLF001
    session = sts._sessions.get(access_key, {})  # noqa: SLF001
    return (session["SecretAccessKey"], session["Arn"]) if "Arn" in session else None


_handle_execute_api_request = app._handle_execute_api_request  # noqa: SLF001
app._handle_execute_api_request = handle_execute_api_request  # noqa: SLF001
_handle_execute = apigateway._handle_execute_in_scope  # noqa: SLF001
apigateway._handle_execute_in_scope = handle_execute  # noqa: SLF001
_execute_function = lambda_svc._execute_function_with_config_scope  # noqa: SLF001
lambda_svc._execute_function_with_config_scope = execute_function  # noqa: SLF001

provisioners._physical_name = physical_name  # noqa: SLF001
_log_groups = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]  # noqa: SLF001
_make_log_group = _log_groups["create"]
_log_groups["create"] = make_log_group
_tables = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]  # noqa: SLF001
_make_table = _tables["create"]
_tables["create"] = make_table
for module in (stacks, handlers, changesets):
    for known, better in (
        ("_deploy_stack_async", deploy_stack),
        ("_delete_stack_async", delete_stack),
        ("_delete_resource", delete_resource),
    ):
        if hasattr(module, known):
            setattr(module, known, better)

if __name__ == "__main__":
    app.main()
