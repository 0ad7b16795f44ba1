"""The bills of materials: valid CycloneDX, whole, and the same each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.powertools import LAYER_NAME, LAYER_VERSION
from supply import bill
from supply.parts import POWERTOOLS, POWERTOOLS_IN_LAYER, Place, asset_files, in_account, pins

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2026, 11, 27, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def account() -> dict[str, Any]:
    """The bill of the account."""
    return dict(json.loads(bill.of_account(MOMENT)))


def _named(components: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in components}


def test_make_sbom_writes_both_the_same_each_time(tmp_path: Path) -> None:
    """The command writes two valid CycloneDX 1.6 documents, and at a given moment the same bytes."""
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(int(MOMENT.timestamp())), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "supply", "sbom"], cwd=tmp_path, env=env, check=True)
    written = {path.name: path.read_text() for path in (tmp_path / "build" / "sbom").iterdir()}
    assert written == {"account.cdx.json": bill.of_account(MOMENT), "machine.cdx.json": bill.of_machine(MOMENT)}
    for text in written.values():
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_each_file_of_the_zips_is_there_with_its_sum(account: dict[str, Any]) -> None:
    """A deployed zip can be held against the bill, file by file."""
    parts = [account["metadata"]["component"], *account["components"]]
    files = {file["name"]: file["hashes"] for part in parts for file in part.get("components", []) if "hashes" in file}
    assert files == {
        name: [{"alg": "SHA-256", "content": sha256(file.read_bytes()).hexdigest()}]
        for name, file in asset_files().items()
    }


def test_layer_and_runtime_hold_their_parts(account: dict[str, Any]) -> None:
    """The layer has its version and Powertools' own; the runtime's SDK has none, for AWS renews it."""
    components = _named(account["components"])
    assert components.keys() == {"jinja2", "markupsafe", LAYER_NAME, "AWS Lambda runtime"}
    layer = components[LAYER_NAME]
    assert layer["version"] == str(LAYER_VERSION)
    assert _named(layer["components"])[POWERTOOLS]["version"] == POWERTOOLS_IN_LAYER[LAYER_VERSION]
    runtime = _named(components["AWS Lambda runtime"]["components"])
    assert runtime["python"]["version"] == "3.14"
    assert {"boto3", "botocore"} <= runtime.keys()
    assert "version" not in runtime["botocore"]


def test_the_machine_has_every_pin() -> None:
    """The deployer's bill is the pinned requirements, each with its version and a licence."""
    components = json.loads(bill.of_machine(MOMENT))["components"]
    assert sorted((one["name"], one["version"]) for one in components) == sorted(pins())
    assert all(one["licenses"] for one in components)


def test_the_layer_s_parts_are_what_powertools_asks_for() -> None:
    """Whatever the installed Powertools wants for its extra `all` is in the layer's list, or comes from the runtime."""
    listed = {part.name for part in in_account() if part.place in {Place.LAYER, Place.RUNTIME}}
    wanted = [Requirement(one) for one in requires(POWERTOOLS) or []]
    needed = {canonicalize_name(one.name) for one in wanted if not one.marker or one.marker.evaluate({"extra": "all"})}
    # PyJWT came to the extra with later releases than the layer's.
    assert needed - listed == {"pyjwt"}
