"""Runs the CDK app as ``make synth`` does, with a configuration of its own, and reads what it wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.processes import clean_environment

ROOT: Final = Path(__file__).parents[1]
SYNTH_SECONDS: Final = 120.0


class SynthesisError(RuntimeError):
    """The CDK app failed; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or folder that a template refers to.

    Attributes:
        path: the file or folder.
        is_folder: whether it is uploaded as a zip archive of the folder.
        bucket: the bucket that the template expects it in.
        key: the key that the template expects it under.
    """

    path: Path
    is_folder: bool
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Synthesis:
    """One synthesised stack.

    Attributes:
        stack: the stack's name.
        account: the account that it is meant for.
        region: the region that it is meant for.
        template: the CloudFormation template.
        assets: what the template refers to.
    """

    stack: str
    account: str
    region: str
    template: dict[str, Any]
    assets: tuple[Asset, ...]


def synthesise(configuration: Mapping[str, Any], folder: Path) -> list[Synthesis]:
    """Run ``python app.py`` with a configuration in the place of the one in cdk.json.

    Args:
        configuration: what cdk.json holds under "airlock".
        folder: takes the output; it may exist.

    Returns:
        The stacks, in the order in which they can be deployed.

    Raises:
        SynthesisError: the app failed.
    """
    environment = clean_environment(
        CDK_CONTEXT_JSON=json.dumps({"airlock": configuration}),
        CDK_OUTDIR=str(folder),
        # They are about Node's age, not about this project.
        JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION="1",
        JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION="1",
    )
    try:
        done = subprocess.run(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SYNTH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SynthesisError(f"`python app.py` didn't end within {SYNTH_SECONDS:g} s") from error
    if done.returncode:
        raise SynthesisError(f"`python app.py` ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return list(_stacks(folder))


def _stacks(folder: Path) -> Iterator[Synthesis]:
    artifacts: dict[str, Any] = _read(folder / "manifest.json")["artifacts"]
    waiting = {name: one for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"}
    while waiting:
        ready = [name for name, one in waiting.items() if not set(one.get("dependencies", ())) & set(waiting)]
        if not ready:
            raise SynthesisError(f"these stacks depend on each other: {', '.join(waiting)}")
        for name in ready:
            stack = waiting.pop(name)
            account, region = stack["environment"].removeprefix("aws://").split("/")
            template = _read(folder / stack["properties"]["templateFile"])
            wanted = [artifacts[other] for other in stack.get("dependencies", ())]
            manifests = [one["properties"]["file"] for one in wanted if one["type"] == "cdk:asset-manifest"]
            assets = tuple(asset for file in manifests for asset in _assets(folder, file))
            yield Synthesis(stack["properties"].get("stackName", name), account, region, template, assets)


def _assets(folder: Path, manifest: str) -> Iterator[Asset]:
    for file in _read(folder / manifest)["files"].values():
        source = file["source"]
        for destination in file["destinations"].values():
            yield Asset(
                folder / source["path"],
                source["packaging"] == "zip",
                destination["bucketName"],
                destination["objectKey"],
            )


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
