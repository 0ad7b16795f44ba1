"""What checkers say of the template and of the code that goes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_sqs as sqs

from infra import nag
from infra.configuration import parse
from infra.functions import CODE
from infra.stack import AirlockStack
from tests.infra.builders import configuration
from tests.infra.template import Template

pytestmark = pytest.mark.xdist_group("template")


def test_cfn_lint_has_nothing_to_say(template: Template) -> None:
    """The template is sound CloudFormation for the region that it is meant for."""
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("cfn-lint")),
            "--regions",
            "us-east-1",
            # CDK makes each function depend on its role, though the reference to the role does so already.
            "--ignore-checks",
            "W3005",
            "--",
            str(template.path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_a_planted_finding_fails_the_synthesis(tmp_path: Path) -> None:
    """A queue that takes requests without TLS isn't acknowledged, so there is no quiet way to deploy it."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    nag.check(app)
    stack = AirlockStack(app, parse(configuration()))
    sqs.Queue(stack, "Planted", retention_period=Duration.days(1))
    with pytest.raises(nag.FindingsError, match="AwsSolutions-SQS4"):
        nag.synthesise(app)


def test_the_asset_is_the_functions_code_and_nothing_else(template: Template) -> None:
    """The functions' zip holds exactly the Python files of lambdas/airlock: no caches, no packaging leftovers."""
    (asset,) = template.path.parent.glob("asset.*")
    packed = {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}
    expected = {str(path.relative_to(CODE)) for path in (CODE / "airlock").rglob("*.py")}
    assert packed == expected
    assert not [path for path in asset.rglob("*") if path.is_dir() and not any(path.rglob("*.py"))]
    assert sum((asset / name).stat().st_size for name in packed) < 1_000_000


def test_both_functions_share_one_asset(template: Template) -> None:
    """Watcher and sweeper run the same code, uploaded once."""
    code = [one["Properties"]["Code"] for one in template.resources("AWS::Lambda::Function").values()]
    assert code[0] == code[1]


def test_the_asset_s_hash_does_not_follow_caches(template: Template, tmp_path: Path) -> None:
    """Synthesising again after a cache file came gives the same asset, so nothing is deployed for nothing."""
    cache = CODE / "airlock" / "__pycache__"
    cache.mkdir(exist_ok=True)
    leftover = cache / "made-by-a-test.pyc"
    leftover.write_bytes(b"cache")
    try:
        app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
        AirlockStack(app, parse(configuration()))
        app.synth()
    finally:
        leftover.unlink()
    assert {path.name for path in tmp_path.glob("asset.*")} == {
        path.name for path in template.path.parent.glob("asset.*")
    }
