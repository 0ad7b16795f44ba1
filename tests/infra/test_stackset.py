"""The templates for any account of an organization, and the hub's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airlock.policy.context import Context
from airlock.policy.evaluate import Request, allowed, denied
from airlock.policy.truth import Truth
from infra import powertools, stackset
from infra.configuration import parse
from infra.own_path import OWN_PATH
from infra.stackset import StackSetError, for_any_account
from tests.infra.builders import ACCOUNT, HOME, configuration
from tests.infra.lint import complaints
from tests.infra.permissions_table import count_statements, table
from tests.infra.resolving import resolved
from tests.infra.template import Template

HUB_ACCOUNT = "444455556666"
HOME_REGION = "eu-west-1"
PSEUDO = {"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::URLSuffix", "AWS::StackName"}


def _raw() -> dict[str, Any]:
    topic = f"arn:aws:sns:{HOME_REGION}:{HUB_ACCOUNT}:approvals"
    return configuration(home_region=HOME_REGION, watched_regions=["eu-central-1"], approvals={"topic": topic})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make stackset`` writes for three regions and a given approvals topic."""
    made = tmp_path_factory.mktemp("stackset")
    stackset.write(parse(_raw()), {}, made)
    return made


@pytest.fixture(scope="module")
def templates(folder: Path) -> dict[str, dict[str, Any]]:
    """The templates by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


@pytest.fixture(scope="module")
def home(templates: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The home region's."""
    return templates["bootstrap-airlock"]


def _functions(value: Any, name: str) -> Iterator[Any]:  # noqa: ANN401 - JSON of any shape
    """What each use of an intrinsic function is given."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == name:
                yield one
            yield from _functions(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _functions(one, name)


def _filled(value: Any, account: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """A template with each Fn::Sub of a text alone carried out for an account, as CloudFormation does."""
    if isinstance(value, dict):
        if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            return value["Fn::Sub"].replace("${AWS::AccountId}", account).replace("${!", "${")
        return {key: _filled(one, account) for key, one in value.items()}
    return [_filled(one, account) for one in value] if isinstance(value, list) else value


def test_there_is_a_template_for_each_region_and_the_hubs(templates: dict[str, dict[str, Any]]) -> None:
    """Home's, the watched region's, that of IAM's region, and the hub's."""
    assert set(templates) == {
        "bootstrap-airlock",
        "bootstrap-airlock-eu-central-1",
        "bootstrap-airlock-us-east-1",
        "bootstrap-airlock-hub",
    }


def test_no_account_and_no_bootstrap_is_left(templates: dict[str, dict[str, Any]]) -> None:
    """The accounts that are named are the hub's, in the topic's ARN, and AWS's own of the Powertools layer."""
    for name, template in templates.items():
        text = json.dumps(template)
        assert ACCOUNT not in text
        assert "cdk-" not in text
        assert "BootstrapVersion" not in text
        arns = set(re.findall(r"arn:aws:[a-z0-9]+:[a-z0-9-]*:([0-9]{12})", text))
        layer = powertools.layer_account("aws", HOME_REGION)
        assert arns == ({HUB_ACCOUNT, layer} if name == "bootstrap-airlock" else set())


def test_each_substitution_is_sound(templates: dict[str, dict[str, Any]]) -> None:
    """Its variables are CloudFormation's own; a resource's name is nowhere meant by a text that CDK wrote."""
    for template in templates.values():
        for text in _functions(template, "Fn::Sub"):
            assert isinstance(text, str)
            assert set(re.findall(r"\$\{([^!}]+)\}", text)) <= PSEUDO
            assert "${AWS::AccountId}" in text


def test_filled_in_for_an_account_it_is_what_cdk_writes_for_that_account(
    home: dict[str, Any], templates: dict[str, dict[str, Any]], folder: Path, tmp_path: Path
) -> None:
    """But for where the code is, and bootstrap: nothing else was lost or changed on the way."""
    other = "777788889999"
    raw = json.loads(json.dumps(_raw()).replace(ACCOUNT, other))
    stackset.write(parse(raw), {}, tmp_path)
    for name in ("bootstrap-airlock", "bootstrap-airlock-us-east-1"):
        wanted = json.loads((tmp_path / "cdk" / f"{name}.template.json").read_text(encoding="utf-8"))
        made = _filled(templates[name], other)
        for resource in wanted["Resources"].values():
            resource.pop("Metadata", None)
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["Code"]["S3Bucket"] = {"Ref": "CodeBucket"}
        assert made["Resources"] == wanted["Resources"]
        assert made.get("Outputs") == wanted.get("Outputs")
    assert home["Resources"]
    assert folder != tmp_path


def test_the_code_comes_from_a_bucket_that_a_parameter_names(home: dict[str, Any], folder: Path) -> None:
    """Each function's zip is among what belongs into it, and holds the handler."""
    assert list(home["Parameters"]) == ["CodeBucket"]
    functions = [one["Properties"] for one in home["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert len(functions) >= 4
    for function in functions:
        assert function["Code"]["S3Bucket"] == {"Ref": "CodeBucket"}
        module = function["Handler"].removesuffix(".handle").replace(".", "/") + ".py"
        assert module in zipfile.ZipFile(folder / "code" / function["Code"]["S3Key"]).namelist()


def test_the_same_code_is_the_same_zip(folder: Path, tmp_path: Path) -> None:
    """So that putting it into the bucket again changes nothing."""
    stackset.write(parse(_raw()), {}, tmp_path)
    first, second = ({path.name: path.read_bytes() for path in (one / "code").iterdir()} for one in (folder, tmp_path))
    assert first == second


def test_cfn_lint_has_nothing_to_say(folder: Path) -> None:
    """Each is sound CloudFormation for the region that it is meant for."""
    for path in folder.glob("*.json"):
        region = path.stem.removeprefix("bootstrap-airlock").removeprefix("-")
        region = region if region in ("eu-central-1", "us-east-1") else HOME_REGION
        assert complaints(path, region) == set()


def test_the_program_writes_what_cdk_json_configures(tmp_path: Path) -> None:
    """``make stackset``: home's template, the hub's and the code, and it says so; a bad configuration is named."""
    root = Path(__file__).parents[2]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = {**kept, "PYTHONPATH": f"{root}:{root / 'lambdas'}"}
    command = [sys.executable, "-m", "infra.stackset"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (
        0,
        ["build/stackset/bootstrap-airlock.json", "build/stackset/bootstrap-airlock-hub.json"],
    )
    assert list((tmp_path / "build" / "stackset" / "code").glob("*.zip"))

    environment["CDK_CONTEXT_JSON"] = json.dumps({"airlock": {**_raw(), "home_region": "mars"}})
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "airlock.home_region" in done.stderr
    assert "Traceback" not in done.stderr


def test_text_that_looks_like_a_variable_stays_text() -> None:
    """Only the account is replaced; ${X} that stood beside it is escaped, and a Sub of CDK's own isn't wrapped."""
    resources = {"A": {"Type": "X", "Properties": {"T": f"${{X}}{ACCOUNT}", "S": {"Fn::Sub": f"${{B}}{ACCOUNT}"}}}}
    made = for_any_account({"Resources": resources}, ACCOUNT)
    assert made["Resources"]["A"]["Properties"] == {
        "T": {"Fn::Sub": "${!X}${AWS::AccountId}"},
        "S": {"Fn::Sub": "${B}${AWS::AccountId}"},
    }


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({"Type": "X", "Properties": {f"arn:{ACCOUNT}": 1}}, "stands in the name"),
        ({"Type": "X", "Properties": {"Bucket": "cdk-hnb659fds-assets"}}, "cdk-hnb659fds is left"),
    ],
)
def test_what_cannot_be_replaced_is_refused(resource: dict[str, Any], reason: str) -> None:
    """Rather than deployed into every account with one account's number."""
    with pytest.raises(StackSetError, match=reason):
        for_any_account({"Resources": {"A": resource}}, ACCOUNT)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"kms_key": f"arn:aws:kms:{HOME_REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"}, "kms_key"),
        ({"approvals": {"topic": f"arn:aws:sns:{HOME_REGION}:{ACCOUNT}:approvals"}}, "approvals.topic"),
    ],
)
def test_what_is_one_accounts_alone_is_refused_by_name(changes: dict[str, Any], key: str, tmp_path: Path) -> None:
    """A key's ID and a topic of the placeholder account can't be the same for all; nothing is written."""
    raw = {**_raw(), **changes}
    with pytest.raises(StackSetError, match=re.escape(f"airlock.{key}:")):
        stackset.write(parse(raw), {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_http_apis_are_made_in_any_account(http_template: Template) -> None:
    """Where there are no function URLs, what stands in their place names the account that it is deployed in."""
    made = stackset.for_any_account(http_template.body, ACCOUNT)
    assert ACCOUNT not in json.dumps(made)
    filled = _filled(made, ACCOUNT)
    for kind in ("Api", "Integration", "Route", "Stage"):
        assert len(http_template.resources(f"AWS::ApiGatewayV2::{kind}")) == 2
    for name, resource in http_template.body["Resources"].items():
        if resource["Type"].startswith(("AWS::ApiGatewayV2::", "AWS::Lambda::Permission")):
            assert filled["Resources"][name]["Properties"] == resource["Properties"]
    assert filled["Outputs"] == http_template.body["Outputs"]


@pytest.fixture(scope="module")
def hub(templates: dict[str, dict[str, Any]]) -> Template:
    """The hub's template with its parameter and pseudo parameters filled in."""
    text = json.dumps(templates["bootstrap-airlock-hub"])
    for name, value in (
        ("OrganizationId", "o-exampleorg1"),
        ("AWS::Region", HOME_REGION),
        ("AWS::AccountId", HUB_ACCOUNT),
    ):
        text = text.replace(f'{{"Ref": "{name}"}}', json.dumps(value))
    return Template(json.loads(text), Path())


def may_publish(hub: Template, topic: str, **keys: str) -> bool:
    """Whether a topic's policy lets a call publish. The keys' colons are written as two underscores."""
    (policy,) = (
        one["Properties"]["PolicyDocument"]
        for name, one in hub.resources("AWS::SNS::TopicPolicy").items()
        if name.startswith(topic)
    )
    # The evaluator reads policies without principals, so those of the other kind of caller are left out here.
    kind = "Service" if "aws__SourceOrgID" in keys else "AWS"
    statements = [
        {key: value for key, value in one.items() if key != "Principal"}
        for one in resolved(hub, policy)["Statement"]
        if one["Principal"] == "*" or kind in one["Principal"]
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    present = {"aws:SecureTransport": "true", **{key.replace("__", ":"): value for key, value in keys.items()}}
    request = Request("sns:Publish", statements[0]["Resource"], Context.of(present, complete=True))
    return allowed(document, request).truth is Truth.TRUE and denied(document, request).truth is Truth.FALSE


def test_each_of_the_hubs_statements_is_one_that_was_reviewed(hub: Template) -> None:
    """Topics, key and bucket hold what tests/infra/golden lists, and no more; no statement is left out of the list."""
    text = table(hub)
    stored = Path(__file__).with_name("golden") / "permissions-hub.txt"
    if os.environ.get("AIRLOCK_RENEW_GOLDEN") == "1":
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")
    assert count_statements(hub.body) == len([line for line in text.splitlines() if line.startswith("  - ")])


@pytest.mark.parametrize("topic", ["Approvals", "Notices"])
def test_the_organizations_airlocks_may_publish_to_the_hub_and_nobody_else(hub: Template, topic: str) -> None:
    """By organization and by the path of the roles, both."""
    own = f"{HOME}:role{OWN_PATH}bootstrap-airlock-WatcherRole"
    cases = {
        (own, "o-exampleorg1"): True,
        (own, "o-otherorg111"): False,
        (f"{HOME}:role/Admin", "o-exampleorg1"): False,
        (f"{HOME}:user/ocp-installer", "o-exampleorg1"): False,
    }
    for (arn, organization), expected in cases.items():
        assert may_publish(hub, topic, aws__PrincipalArn=arn, aws__PrincipalOrgID=organization) is expected


def test_the_hub_takes_alarms_on_the_notices_alone(hub: Template) -> None:
    """Requests come from functions only."""
    alarm = f"arn:aws:cloudwatch:{HOME_REGION}:{ACCOUNT}:alarm:bootstrap-airlock-grant-overdue"
    for topic, expected in (("Notices", True), ("Approvals", False)):
        assert may_publish(hub, topic, aws__SourceArn=alarm, aws__SourceOrgID="o-exampleorg1") is expected
        assert not may_publish(hub, topic, aws__SourceArn=alarm, aws__SourceOrgID="o-otherorg111")
