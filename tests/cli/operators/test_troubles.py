"""What goes wrong on the way to AWS: one or two lines, the permission that lacks, and the exit status."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoRegionError, SSOTokenLoadError

from airlock.adapters.schema import SCHEMA
from airlock_cli.operators.orders import service_of
from airlock_cli.operators.troubles import trouble_of, troubles_told
from airlock_cli.problems import AwsError, InputError
from tests.cli.operators import samples
from tests.cli.operators.conftest import Desk

WAITING = samples.waiting_grant().id


def refusal(code: str, operation: str) -> ClientError:
    """What botocore raises where AWS answers with an error."""
    response: Any = {"Error": {"Code": code, "Message": "told by AWS"}}
    return ClientError(response, operation)


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("DescribeStacks", "cloudformation:DescribeStacks"),
        ("Query", "dynamodb:Query"),
        ("BatchGetItem", "dynamodb:BatchGetItem"),
        ("FilterLogEvents", "logs:FilterLogEvents"),
    ],
)
def test_a_denial_names_the_permission(operation: str, permission: str) -> None:
    """Where AWS denies a call, the message and the JSON name the permission that lacks."""
    trouble = trouble_of(refusal("AccessDeniedException", operation))
    assert (trouble.status, trouble.code, trouble.more) == (5, "access-denied", {"permission": permission})
    assert str(trouble).startswith(f"AWS denies {permission} on the ")
    assert len(str(trouble).splitlines()) == 2


@pytest.mark.parametrize(
    ("raised", "status", "says"),
    [
        (refusal("ExpiredTokenException", "Query"), 5, "doesn't take the credentials (ExpiredTokenException)"),
        (refusal("ResourceNotFoundException", "Query"), 5, "dynamodb:Query found nothing on the ledger's table"),
        (refusal("InternalServerError", "GetItem"), 5, "dynamodb:GetItem failed (InternalServerError): told by AWS"),
        (EndpointConnectionError(endpoint_url="https://x.invalid"), 5, "AWS can't be reached"),
        (SSOTokenLoadError(error_msg="none"), 5, "AWS can't be asked"),
        (NoRegionError(), 2, "which region"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_other_troubles(raised: Exception, status: int, says: str) -> None:
    """What botocore raises is told in one or two lines, with what to do."""
    with pytest.raises((AwsError, InputError)) as told, troubles_told():
        raise raised
    assert told.value.status == status
    assert says in str(told.value)
    assert len(str(told.value).splitlines()) == 2


def test_cloudformation_denies(desk: Desk) -> None:
    """Whoever may not look up the stack is told which permission it takes, as text and as JSON."""
    desk.door.refuse_stacks = "AccessDenied"
    done = desk.run("status")
    assert (done.status, done.out) == (5, "")
    assert done.err.startswith("airlock: AWS denies cloudformation:DescribeStacks on the stack.\n")
    assert desk.run("status", "--json").json["error"]["permission"] == "cloudformation:DescribeStacks"


def test_a_stack_that_isnt_there_or_isnt_ours(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that isn't there, or lacks an output, is input that can't be used; --stack and AIRLOCK_STACK name it."""
    done = desk.run("--stack", "nonsense", "status")
    assert (done.status, done.err.splitlines()[0]) == (2, "airlock: there is no stack nonsense in us-east-1.")
    monkeypatch.setenv("AIRLOCK_STACK", "other")
    desk.door.stack = "other"
    assert desk.run("status").status == 0
    del desk.door.outputs["LedgerTableName"]
    done = desk.run("status")
    assert (done.status, done.err.splitlines()[0]) == (2, "airlock: the stack other has no output LedgerTableName.")


def test_a_profile_that_isnt_there(desk: Desk) -> None:
    """An unknown profile is input that can't be used."""
    done = desk.run("--profile", "nobody", "status")
    assert done.status == 2
    assert "The config profile (nobody) could not be found" in done.err


def test_no_credentials(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the exit status is 5, and the message says how to name some."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    done = desk.run("status")
    assert (done.status, done.err.splitlines()[0]) == (5, "airlock: no AWS credentials were found.")


@pytest.mark.parametrize(
    ("reply", "status", "code", "says"),
    [
        ((403, {"Message": "Forbidden"}), 5, "access-denied", "lambda:InvokeFunctionUrl and lambda:InvokeFunction"),
        ((403, {"error": {"code": "own-request", "message": "Your own."}}), 4, "own-request", "Your own."),
        ((404, {"error": {"code": "no-such-grant", "message": "None."}}), 3, "no-such-grant", "None."),
        ((400, {"error": {"code": "bad-note", "message": "Odd."}}), 2, "bad-note", "Odd."),
        ((404, "<html>not found</html>"), 5, "aws", "answered with status 404"),
        ((502, {"message": "Internal Server Error"}), 5, "aws", "answered with status 502"),
        ((200, "not JSON"), 5, "aws", "answered with status 200"),
        ((200, {"grant": "x"}), 5, "other-version", "another version"),
        ((200, {"stands": []}), 5, "other-version", "another version"),
        ((200, {"stands": {"by": "kim", "at": "now"}}), 5, "other-version", "another version"),
    ],
)
def test_what_the_operator_function_may_answer(
    busy: Desk, reply: tuple[int, dict[str, Any] | str], status: int, code: str, says: str
) -> None:
    """Each answer of the operator function has its exit status, and is told as text and as JSON."""
    busy.door.reply = reply
    done = busy.run("reject", WAITING)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    assert 1 <= len(done.err.splitlines()) <= 2
    error = busy.run("reject", WAITING, "--json").json["error"]
    assert (error["exit_status"], error["code"]) == (status, code)


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["grants"],
        ["grants", "--open"],
        ["show", WAITING],
        ["approve", WAITING],
        ["reject", WAITING],
        ["close", WAITING],
        ["report", WAITING, "--output", "r.html"],
        ["report", "--since", "7d", "--output", "r.html"],
        ["restore", WAITING],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("part", ["facts", "progress"])
def test_a_ledger_of_a_newer_release(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], part: str
) -> None:
    """Each command that reads one says which command line to use, as text and as JSON; nothing is written."""
    monkeypatch.chdir(tmp_path)
    grant = samples.waiting_grant()
    desk.keep(grant)
    _make_newer(desk, {"pk": {"S": f"grant#{grant.id}"}, "sk": {"S": "grant"}}, part)
    done = desk.run(*words)
    assert (done.status, done.out) == (5, "")
    assert done.err == (
        f"airlock: a newer airlock wrote to the ledger, and this command line, {version('bootstrap-airlock')}, can't "
        "read that.\nUse the command line of the release that is deployed, or of a later one.\n"
    )
    assert desk.run(*words, "--json").json["error"]["code"] == "other-version"
    assert list(tmp_path.iterdir()) == []
    assert desk.door.asked == []


def _make_newer(desk: Desk, key: dict[str, Any], part: str) -> None:
    text = json.loads(desk.dynamodb.get_item(TableName="ledger", Key=key)["Item"][part]["S"])
    desk.dynamodb.update_item(
        TableName="ledger",
        Key=key,
        UpdateExpression="SET #part = :text",
        ExpressionAttributeNames={"#part": part},
        ExpressionAttributeValues={":text": {"S": json.dumps(text | {"schema": SCHEMA + 1})}},
    )


def test_an_operator_url_that_nobody_answers(busy: Desk) -> None:
    """A URL behind which nobody listens ends with status 5."""
    done = busy.run("--operator-url", "http://127.0.0.1:9", "reject", WAITING)
    assert done.status == 5
    assert done.err.startswith("airlock: AWS can't be reached: ")


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://127.0.0.1/", "nonsense", "https://"),
        *("http://example.com\\@localhost/", "http://localhost@example.com/", "https://kim:secret@example.com/"),
        *("https://example.com/?a=", "https://example.com/#", "https://example.com\n", " https://example.com"),
    ],
)
def test_an_operator_url_that_would_leak(busy: Desk, url: str) -> None:
    """A signed request carries a session's token, so it goes nowhere without TLS but to this machine."""
    done = busy.run("--operator-url", url, "reject", WAITING)
    assert done.status == 2
    assert "https://" in done.err
    assert "secret" not in done.err


def test_an_operator_url_of_ones_own(busy: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """--operator-url and AIRLOCK_OPERATOR_URL stand in for the stack's output, with or without a slash at the end."""
    url = busy.door.outputs.pop("OperatorFunctionUrl")
    assert busy.run("--operator-url", url.rstrip("/"), "close", WAITING, "--wait", "0").status == 0
    monkeypatch.setenv("AIRLOCK_OPERATOR_URL", url)
    assert busy.run("close", WAITING, "--wait", "0").status == 0
    assert len(busy.door.asked) == 2


def test_a_wrong_signature_is_forbidden(busy: Desk) -> None:
    """The tests' door does look at signatures: signed for another service, a request is turned away."""
    busy.door.service = "s3"
    assert busy.run("reject", WAITING).status == 5
    assert busy.door.asked == []


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("abcdefghij.lambda-url.eu-central-1.on.aws", "lambda"),
        ("a1b2c3d4e5.execute-api.us-gov-west-1.amazonaws.com", "execute-api"),
        ("a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn", "execute-api"),
        ("A1B2C3D4E5.Execute-API.us-gov-west-1.amazonaws.com:443", "execute-api"),
        ("airlock.example.com", None),
        ("127.0.0.1:8080", None),
    ],
)
def test_what_a_request_is_signed_for(host: str, service: str | None) -> None:
    """AWS's names of functions' URLs and of HTTP APIs, in each partition, tell it; other names don't."""
    assert service_of(f"https://{host}/") == service
    assert service_of(f"https://{host}") == service


def test_an_api_in_front_of_the_function(busy: Desk) -> None:
    """Where the stack tells of an API, requests are signed for API Gateway, and its refusal names the one right."""
    busy.door.outputs["OperatorApiArn"] = "arn:aws:execute-api:us-east-1:111122223333:a1b2c3d4e5/*"
    refused = busy.run("close", WAITING, "--json")
    assert (refused.status, refused.json["error"]["permission"]) == (5, "execute-api:Invoke")
    said = busy.run("close", WAITING).err
    assert said.splitlines()[1].startswith("It takes execute-api:Invoke on the operators' API, fresh credentials")
    assert "lambda" not in said
    busy.door.service = "execute-api"
    assert busy.run("close", WAITING, "--wait", "0").status == 0
    assert len(busy.door.asked) == 1
