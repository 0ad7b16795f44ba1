"""Templates for any account of an organization: ``python -m infra.stackset``, or ``make stackset``.

The CDK's own are for one account: they hold its number, and have the code in the bucket of its CDK bootstrap. A
CloudFormation StackSet deploys one text to many accounts that have neither.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aws_cdk import App

from infra import nag
from infra.configuration import Configuration, ConfigurationError, parse
from infra.configuration_problems import KEY
from infra.context import VARIABLE, read_context
from infra.hub import STACK as HUB
from infra.hub import HubStack
from infra.region_stack import RegionStack
from infra.stack import AirlockStack

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = Path("build") / "stackset"
CODE_BUCKET: Final = "CodeBucket"
_BOOTSTRAP: Final = "cdk-hnb659fds"
# What a zip's files are dated, so that the same code is the same zip.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)

Json = Any


class StackSetError(ValueError):
    """A template can't be made for any account; the message says what stands in the way."""


def for_any_account(template: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Turn a synthesised template into one that works in any account of its partition.

    Args:
        template: of one account, as CDK wrote it.
        account: the account's twelve digits, which become ``${AWS::AccountId}``.

    Returns:
        The template, without what CDK's bootstrap needs. Where there is code it comes from a bucket that the
        parameter CodeBucket names.

    Raises:
        StackSetError: the account, or CDK's bootstrap, stands where it can't be replaced.
    """
    made: dict[str, Any] = {key: value for key, value in template.items() if key not in ("Parameters", "Rules")}
    parameters = {name: one for name, one in template.get("Parameters", {}).items() if name != "BootstrapVersion"}
    rules = {name: one for name, one in template.get("Rules", {}).items() if name != "CheckBootstrapVersion"}
    made["Resources"] = {name: _without_bootstrap(one) for name, one in template["Resources"].items()}
    if any(one["Type"] == "AWS::Lambda::Function" for one in made["Resources"].values()):
        parameters[CODE_BUCKET] = {
            "Type": "String",
            "Description": "The bucket in this region with the code, which this account may read.",
            "AllowedPattern": "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        }
    made |= {section: entries for section, entries in (("Parameters", parameters), ("Rules", rules)) if entries}
    for section in ("Resources", "Outputs"):
        if section in made:
            made[section] = _replaced(made[section], account, section)
    text = json.dumps(made)
    for left in (account, _BOOTSTRAP):
        if left in text:
            at = text.index(left)
            raise StackSetError(f"{left} is left in the template: ...{text[max(0, at - 80) : at + 40]}...")
    return made


def _without_bootstrap(resource: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in resource.items() if key != "Metadata"}
    if resource["Type"] == "AWS::Lambda::Function":
        code = {**resource["Properties"]["Code"], "S3Bucket": {"Ref": CODE_BUCKET}}
        made["Properties"] = {**resource["Properties"], "Code": code}
    return made


def _replaced(value: Json, account: str, where: str) -> Json:
    if isinstance(value, str):
        if account not in value:
            return value
        # What looks like a variable is text here: ${!X} is ${X} again.
        text = value.replace("${", "${!")
        return {"Fn::Sub": text.replace(account, "${AWS::AccountId}")}
    if isinstance(value, list):
        return [_replaced(one, account, where) for one in value]
    if isinstance(value, dict):
        if set(value) == {"Fn::Sub"}:
            return {"Fn::Sub": _replaced_in_sub(value["Fn::Sub"], account, where)}
        for key in value:
            if account in key:
                raise StackSetError(f"{where}: the account stands in the name {key!r}, which no function can replace")
        return {key: _replaced(one, account, f"{where}.{key}") for key, one in value.items()}
    return value


def _replaced_in_sub(value: Json, account: str, where: str) -> Json:
    if isinstance(value, str):
        return value.replace(account, "${AWS::AccountId}")
    text, variables = value
    return [text.replace(account, "${AWS::AccountId}"), _replaced(variables, account, where)]


def problems_of(configuration: Configuration) -> list[str]:
    """Tell what of a configuration can't be the same in every account."""
    account = configuration.account
    problems = []
    if configuration.kms_key:
        problems.append(f"{KEY}.kms_key: a key's ID differs from account to account; remove it")
    for key, topic in (
        ("notices_topic", configuration.notices_topic),
        ("approvals.topic", configuration.approvals.topic),
    ):
        if topic and topic.split(":")[4] == account:
            problems.append(
                f"{KEY}.{key}: the topic is in account {account}, which the principals' ARNs name as the placeholder "
                "for every account; write another placeholder into them, such as 000000000000"
            )
    return problems


def write(configuration: Configuration, context: Mapping[str, Any], folder: Path) -> list[Path]:
    """Synthesise the stacks and write the templates for any account, the hub's, and the code.

    Args:
        configuration: its account is the placeholder.
        context: CDK's.
        folder: takes ``NAME.json`` for each template, and ``code/`` with what belongs into the bucket.

    Returns:
        The templates.

    Raises:
        StackSetError: a template can't be made for any account.
        FindingsError: a check found something that isn't acknowledged.
    """
    problems = problems_of(configuration)
    if problems:
        raise StackSetError("\n".join(problems))
    shutil.rmtree(folder, ignore_errors=True)
    app = App(
        context=dict(context), outdir=str(folder / "cdk"), builtin_cloud_formation_validation=False, auto_synth=False
    )
    nag.check(app)
    home = AirlockStack(app, configuration)
    regions = [RegionStack(app, configuration, region) for region in configuration.forwarding_regions]
    hub = HubStack(app)
    made = Path(nag.synthesise(app).directory)
    written = []
    for stack in (home, *regions, hub):
        template = json.loads((made / stack.template_file).read_text(encoding="utf-8"))
        path = folder / f"{stack.stack_name}.json"
        ready = template if stack.stack_name == HUB else for_any_account(template, configuration.account)
        path.write_text(json.dumps(ready, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    _write_code(made, folder / "code")
    return written


def _write_code(made: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for asset in sorted(made.glob("asset.*")):
        with zipfile.ZipFile(folder / f"{asset.name.removeprefix('asset.')}.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(one for one in asset.rglob("*") if one.is_file()):
                entry = zipfile.ZipInfo(str(path.relative_to(asset)), _EPOCH)
                # Lambda runs as another user than the zip's.
                entry.external_attr = 0o644 << 16
                zipped.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main() -> None:
    """Write the templates of cdk.json's configuration into build/stackset.

    Raises:
        SystemExit: with status 1 and the reasons on stderr, if the configuration or a template isn't sound.
    """
    try:
        # As CDK does: what the environment says wins.
        context = read_context(ROOT / "cdk.json", os.environ) | json.loads(os.environ.get(VARIABLE) or "{}")
        written = write(parse(context.get(KEY)), context, FOLDER)
    except (ConfigurationError, StackSetError) as error:
        sys.exit(f"The configuration can't be used for a StackSet:\n{error}")
    except nag.FindingsError as error:
        sys.exit(str(error))
    for path in written:
        print(path)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
