"""What checkers say of the template and of the code that goes with it."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_sqs as sqs

from infra import code, nag
from infra.code import CODE
from infra.configuration import parse
from infra.stack import AirlockStack
from tests.infra.builders import configuration
from tests.infra.lint import complaints
from tests.infra.template import Template


@pytest.mark.parametrize("which", ["template", "small_template", "http_template"])
def test_cfn_lint_has_nothing_to_say(request: pytest.FixtureRequest, which: str) -> None:
    """The template is sound CloudFormation for its region, with links and without, by URLs and by APIs."""
    template: Template = request.getfixturevalue(which)
    assert complaints(template.path, "us-east-1") == set()


def test_cfn_lint_sees_what_is_wrong(template: Template, tmp_path: Path) -> None:
    """A misspelt property, and a type that the region hasn't got, are told; so is what isn't a template."""
    broken = copy.deepcopy(template.body)
    properties = broken["Resources"][template.only("AWS::DynamoDB::Table")]["Properties"]
    properties["BilingMode"] = properties.pop("BillingMode")
    path = tmp_path / "broken.template.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    told = complaints(path, "us-gov-west-1")
    assert any(rule == "E3002" and "BilingMode" in message for rule, message in told)
    assert any(rule == "E3006" and "AWS::Lambda::Url" in message for rule, message in told)
    path.write_text("{", encoding="utf-8")
    assert complaints(path, "us-east-1") != set()


def test_a_planted_finding_fails_the_synthesis(tmp_path: Path) -> None:
    """A queue that takes requests without TLS isn't acknowledged, so there is no quiet way to deploy it."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    nag.check(app)
    stack = AirlockStack(app, parse(configuration()))
    sqs.Queue(stack, "Planted", retention_period=Duration.days(1))
    with pytest.raises(nag.FindingsError, match="AwsSolutions-SQS4"):
        nag.synthesise(app)


def _assets(template: Template, name: str) -> Path:
    """The folder that a function's zip is made of."""
    key: str = template.properties(template.function(name))["Code"]["S3Key"]
    return template.path.parent / f"asset.{Path(key).stem}"


def _packed(asset: Path) -> set[str]:
    return {str(path.relative_to(asset)) for path in asset.rglob("*") if path.is_file()}


def _sources() -> set[str]:
    files = (CODE / "airlock").rglob("*")
    return {str(path.relative_to(CODE)) for path in files if path.suffix in {".py", ".html", ".css"}}


def _imported(modules: list[str]) -> set[Path]:
    """The package's files that modules import, wherever in them, and those import in turn."""
    found: set[Path] = set()
    left = list(modules)
    while left:
        parts = left.pop().split(".")
        path = CODE.joinpath(*parts)
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if file in found or not file.is_file():
            continue
        found.add(file)
        left += [".".join(parts[:length]) for length in range(1, len(parts))]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                left += [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                left += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return found


@pytest.mark.parametrize("name", ["watcher", "sweeper", "operator", "removal"])
def test_the_asset_is_the_functions_code_and_nothing_else(template: Template, name: str) -> None:
    """The zip holds what the four import, at once or later, and nothing else; it is uploaded once."""
    asset = _assets(template, name)
    packed = _packed(asset)
    handlers = [f"airlock.handlers.{one}" for one in ("watcher", "sweeper", "operator", "removal")]
    assert packed == {str(path.relative_to(CODE)) for path in _imported(handlers)}
    assert packed < _sources()
    assert "airlock/handlers/watcher.py" in packed
    assert not [
        path for path in asset.rglob("*") if path.is_dir() and not any(one.is_file() for one in path.rglob("*"))
    ]
    assert sum((asset / name).stat().st_size for name in packed) < 1_000_000
    assert asset == _assets(template, "watcher")


def test_the_shared_asset_is_all_that_its_functions_load(template: Template) -> None:
    """Python finds all four entry points in it, and nothing of the package anywhere else."""
    asset = _assets(template, "watcher")
    program = (
        f"import sys; sys.path.insert(0, {str(asset)!r}); import airlock;"
        "from airlock.handlers import operator, removal, sweeper, watcher; print(*airlock.__path__)"
    )
    result = subprocess.run([sys.executable, "-I", "-B", "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == [str(asset / "airlock")]


def test_the_page_s_asset_holds_what_renders_it(template: Template) -> None:
    """The page's zip has the Python files of Jinja2 and MarkupSafe besides, and nothing made for one machine."""
    packed = _packed(_assets(template, "page"))
    renderers = packed - _sources()
    assert packed - renderers == _sources()
    assert {name.split("/", maxsplit=1)[0] for name in renderers} == {"jinja2", "markupsafe"}
    assert {Path(name).suffix for name in renderers} == {".py"}
    assert {"jinja2/environment.py", "markupsafe/_native.py"} <= renderers


def test_the_page_s_asset_works_without_compiled_parts(template: Template) -> None:
    """Python finds the renderers in the asset alone, and they escape what they put into a page."""
    program = (
        "import jinja2, markupsafe; print(jinja2.__file__); print(markupsafe.__file__);"
        "print(jinja2.Environment(autoescape=True).from_string('{{ it }}').render(it='<b>'))"
    )
    asset = _assets(template, "page")
    result = subprocess.run(
        [sys.executable, "-I", "-B", "-S", "-c", f"import sys; sys.path.insert(0, {str(asset)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    where_jinja, where_markup, page = result.stdout.splitlines()
    assert where_jinja.startswith(str(asset))
    assert where_markup.startswith(str(asset))
    assert page == "&lt;b&gt;"


def test_without_a_renderer_the_synthesis_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that couldn't render anything is never packed."""
    monkeypatch.setattr(code, "RENDERERS", ("jinja2", "renderer_that_is_missing"))
    with (
        pytest.raises(ModuleNotFoundError, match=r"renderer_that_is_missing, .* run `make setup`"),
        code.package_with_renderers(),
    ):
        pass


def test_the_asset_s_hash_does_not_follow_caches(template: Template, tmp_path: Path) -> None:
    """Synthesising again after a cache file came gives the same assets, so nothing is deployed for nothing."""
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
