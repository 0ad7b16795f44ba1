"""The program as people run it: ``python app.py``, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.builders import ACCOUNT, HOME, ROLE, configuration

REPOSITORY = Path(__file__).parents[2]


WITHOUT_ACKNOWLEDGEMENTS = "import app, infra.nag; infra.nag.acknowledge = lambda stack: None; app.main()"


def _run(
    out: Path, *arguments: str, context: dict[str, Any] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python on the repository as a shell would, not as pytest does: CDK behaves differently under pytest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, *(arguments or ["app.py"])],
        cwd=REPOSITORY,
        env={
            **kept,
            "CDK_OUTDIR": str(out),
            **({"CDK_CONTEXT_JSON": json.dumps(context)} if context is not None else {}),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_configuration_synthesises(tmp_path: Path) -> None:
    """A fresh clone's cdk.json makes a template named after its prefix, with the example's principals enrolled."""
    result = _run(tmp_path / "out")
    assert result.returncode == 0, result.stderr
    template = json.loads((tmp_path / "out" / "bootstrap-airlock.template.json").read_text(encoding="utf-8"))
    environments = [
        one["Properties"]["Environment"]["Variables"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Lambda::Function"
    ]
    (variable,) = {one["AIRLOCK_PRINCIPALS"] for one in environments if "AIRLOCK_PRINCIPALS" in one}
    assert list(json.loads(variable)) == [f"{HOME}:user/ocp-installer", f"{HOME}:role/OpenShiftInstaller"]


@pytest.mark.parametrize("as_text", [False, True], ids=["object", "text"])
def test_the_context_of_the_cdk_command_wins_over_cdk_json(tmp_path: Path, as_text: bool) -> None:  # noqa: FBT001 - a parameter
    """CDK_CONTEXT_JSON, which ``cdk -c`` sets, replaces the configuration, as an object or as the text of -c."""
    value = configuration(home_region="eu-west-1", prefix="other", principals=[{"arn": ROLE}])
    result = _run(tmp_path / "out", context={"airlock": json.dumps(value) if as_text else value})
    assert result.returncode == 0, result.stderr
    template = (tmp_path / "out" / "other.template.json").read_text(encoding="utf-8")
    assert ROLE in template
    assert "ocp-installer" not in template


def test_a_bad_configuration_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    """All problems in plain text on stderr, exit status 1, no traceback, and no file in the output folder."""
    out = tmp_path / "out"
    result = _run(
        out, context={"airlock": configuration(home_region="mars", prefix="Mars!", principals=[{"arn": "me"}])}
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for key, value in (("home_region", "mars"), ("prefix", "Mars!"), ("principals[0].arn", "me")):
        (line,) = (line for line in result.stderr.splitlines() if line.startswith(f"airlock.{key}: "))
        assert f'(got "{value}")' in line
        assert "; fix: " in line
    assert not list(out.glob("**/*"))


def test_a_context_that_can_t_be_read_ends_without_a_traceback(tmp_path: Path) -> None:
    """The program says so in plain text and exits with status 1."""
    result = _run(tmp_path / "out", CDK_CONTEXT_JSON="{bad")
    assert result.returncode == 1
    assert "The configuration can't be used:\nCDK_CONTEXT_JSON: not JSON" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", ["unknown", "process"])
def test_a_finding_that_nobody_acknowledged_fails_the_synthesis(tmp_path: Path, mode: str) -> None:
    """Without the acknowledgements the exit status is 1, by plain Python and in the mode that the cdk command sets.

    The findings are exactly those that infra/nag.py acknowledges, so no acknowledgement outlives its finding.
    """
    out = tmp_path / "out"
    result = _run(out, "-c", WITHOUT_ACKNOWLEDGEMENTS, CDK_APP_MODE=mode)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "AwsSolutions-SQS3" in result.stderr
    report = json.loads((out / "validation-report.json").read_text(encoding="utf-8"))
    findings = {
        (violation["ruleName"], construct["constructPath"])
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }
    wide = (f"{HOME}:group/*", f"{HOME}:policy/*", "arn:aws:iam::aws:policy/*")
    assert findings == {
        ("AwsSolutions-SQS3", "bootstrap-airlock/DeadLetters/Queue/Resource"),
        *(
            (f"AwsSolutions-IAM5[Resource::{arn}]", f"bootstrap-airlock/{function}/Role/Resource")
            for arn in wide
            for function in ("Watcher", "Sweeper")
        ),
        *(
            (f"AwsSolutions-IAM5[Resource::{arn}]", "bootstrap-airlock/Sweeper/Role/Resource")
            for arn in ("*", f"arn:aws:ec2:*:{ACCOUNT}:instance/*")
        ),
    }
