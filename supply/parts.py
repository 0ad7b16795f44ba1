"""What is put into an account, and what runs on the deployer's machine, part by part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.code import CODE, RENDERERS, SUFFIXES
from infra.powertools import LAYER_NAME, LAYER_VERSION
from supply import licences

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = "bootstrap-airlock"
POWERTOOLS: Final = "aws-lambda-powertools"

POWERTOOLS_IN_LAYER: Final = {27: "3.23.0"}
"""Which Powertools a version of the layer holds.

AWS publishes no list. Powertools' page "Installation" says that Python 3.9's layers stopped at 27, and by its metadata
3.23.0 is the last release for Python 3.9.
"""

# The Python SDK that AWS puts into the runtime, and what it brings along; all of them are pinned here for the tests.
_SDK: Final = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class Place(StrEnum):
    """Where a part is."""

    ASSET = "asset"
    """In the functions' zips: this project puts it there."""
    LAYER = "layer"
    """In AWS's public Powertools layer, which the functions name by its version."""
    RUNTIME = "runtime"
    """In Lambda's runtime, which AWS renews by itself."""
    MACHINE = "machine"
    """On the deployer's or developer's machine, by requirements/airlock.txt."""


@dataclass(frozen=True, slots=True)
class Part:
    """One package.

    Attributes:
        name: as the package index spells it.
        version: None where AWS chooses it.
        licence: an SPDX expression.
        place: where it is.
        files: of a part of the asset, its files in the zip and their SHA-256.
    """

    name: str
    version: str | None
    licence: str
    place: Place
    files: tuple[tuple[str, str], ...] = ()


def in_account() -> list[Part]:
    """List all that runs in the account: the asset's parts, the layer's, the runtime's."""
    return [*_asset(), *_layer(), *_runtime()]


def at_hand() -> list[Part]:
    """List the pinned requirements, as installed."""
    return [Part(name, pinned, licences.stated(name), Place.MACHINE) for name, pinned in pins()]


def pins() -> list[tuple[str, str]]:
    """Read names and versions from requirements/airlock.txt."""
    return _PIN.findall((ROOT / "requirements" / "airlock.txt").read_text(encoding="utf-8"))


def asset_files() -> dict[str, Path]:
    """Every file of the page's zip, which holds all that the other functions' holds: name there, and file here."""
    folders = {"airlock": (CODE / "airlock", SUFFIXES), **{name: (_folder(name), (".py",)) for name in RENDERERS}}
    return {
        f"{name}/{file.relative_to(folder).as_posix()}": file
        for name, (folder, suffixes) in folders.items()
        for file in sorted(folder.rglob("*"))
        if file.suffix in suffixes
    }


def python_of_the_runtime() -> str:
    """Read the runtime's Python from the layer's name, such as 3.14."""
    found = re.search(r"-python(\d)(\d+)-", LAYER_NAME)
    if found is None:
        raise ValueError(f"the layer's name, {LAYER_NAME}, names no Python")
    return ".".join(found.groups())


def _asset() -> Iterator[Part]:
    sums = [(name, sha256(file.read_bytes()).hexdigest()) for name, file in asset_files().items()]
    for package, name in {"airlock": PROJECT, **{name: name for name in RENDERERS}}.items():
        files = tuple(one for one in sums if one[0].startswith(f"{package}/"))
        yield Part(name, version(name), licences.stated(name), Place.ASSET, files)


def _layer() -> Iterator[Part]:
    yield Part(POWERTOOLS, POWERTOOLS_IN_LAYER[LAYER_VERSION], licences.stated(POWERTOOLS), Place.LAYER)
    parts: dict[str, str] = json.loads((ROOT / "supply" / "layer.json").read_text(encoding="utf-8"))["parts"]
    for name, licence in parts.items():
        yield Part(name, None, licence, Place.LAYER)


def _runtime() -> Iterator[Part]:
    yield Part("python", python_of_the_runtime(), "PSF-2.0", Place.RUNTIME)
    for name in _SDK:
        yield Part(name, None, licences.stated(name), Place.RUNTIME)


def _folder(package: str) -> Path:
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} isn't installed; run `make setup`", name=package)
    return Path(found.submodule_search_locations[0])
