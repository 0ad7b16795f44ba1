"""What the stack ships: zips by size and contents, one Powertools layer a partition, no code of anybody else's."""

from __future__ import annotations

import io
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from infra import powertools
from supply.parts import POWERTOOLS_IN_LAYER, asset_files
from tests.infra.builders import ACCOUNT
from tests.infra.template import Template

SHARED_ZIP = 235_000
PAGE_ZIP = 400_000
"""Bytes that a zip may have (docs/decisions/0017-supply.md); what pushes one over them wants a word there."""

LAYER = r"layer:AWSLambdaPowertoolsPythonV3-python314-arm64:27"


def _asset(template: Template, name: str) -> Path:
    key: str = template.properties(template.function(name))["Code"]["S3Key"]
    return template.path.parent / f"asset.{Path(key).stem}"


def _zipped(folder: Path) -> int:
    """The bytes of a folder's zip, packed with zlib's default, as CDK's command line packs it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return len(packed.getvalue())


@pytest.mark.parametrize(
    ("name", "most"),
    [("watcher", SHARED_ZIP), ("sweeper", SHARED_ZIP), ("operator", SHARED_ZIP), ("page", PAGE_ZIP)],
)
def test_zips_stay_small(template: Template, name: str, most: int) -> None:
    """Each function's zip stays within what the decision record says."""
    assert _zipped(_asset(template, name)) <= most


def test_the_bill_lists_what_is_in_the_zips(template: Template) -> None:
    """The bill of materials has each file of each zip, to the byte, and no other."""
    listed = {name: sha256(file.read_bytes()).hexdigest() for name, file in asset_files().items()}
    packed: dict[str, str] = {}
    for name in ("watcher", "page"):
        folder = _asset(template, name)
        files = (path for path in folder.rglob("*") if path.is_file())
        packed |= {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}
    assert packed == listed


def test_no_function_runs_other_code(template: Template) -> None:
    """Every function of the stack is one of the airlock's, with one layer: CDK has added none of its own."""
    functions = template.resources("AWS::Lambda::Function").values()
    handlers = {one["Properties"]["Handler"] for one in functions}
    names = ("watcher", "sweeper", "operator", "page", "removal")
    assert handlers == {f"airlock.handlers.{name}.handle" for name in names}
    assert {len(one["Properties"]["Layers"]) for one in functions} == {1}
    assert {one["Properties"]["Runtime"] for one in functions} == {"python3.14"}
    assert template.resources("AWS::Lambda::LayerVersion") == {}


@pytest.mark.parametrize(
    ("partition", "region", "publisher"),
    [
        ("aws", "us-east-1", "017000801446"),
        ("aws", "ap-northeast-1", "017000801446"),
        ("aws-us-gov", "us-gov-east-1", "165087284144"),
        ("aws-us-gov", "us-gov-west-1", "165093116878"),
        ("aws-cn", "cn-north-1", "498634801083"),
    ],
)
def test_the_layer_is_pinned_in_each_partition(partition: str, region: str, publisher: str) -> None:
    """Each partition has its publisher's layer, by a number; it is one that GovCloud has too."""
    arn = powertools.layer_arn(partition, region)
    assert re.fullmatch(rf"arn:{partition}:lambda:{region}:{publisher}:{LAYER}", arn)


def test_the_layer_s_powertools_is_known() -> None:
    """Who pins another layer says which Powertools it has, so that bill and licences stay true."""
    assert powertools.LAYER_VERSION in POWERTOOLS_IN_LAYER


def test_each_template_names_the_pinned_layer(template: Template) -> None:
    """What is deployed is the layer that the bill names, from AWS's account and not the user's own."""
    functions = template.resources("AWS::Lambda::Function").values()
    layers = {str(layer) for one in functions for layer in one["Properties"]["Layers"]}
    (layer,) = layers
    assert layer.endswith(f":017000801446:{LAYER}")
    assert ACCOUNT not in layer
