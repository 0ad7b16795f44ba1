"""The embedded AWS as a whole: MiniStack with the template deployed, and the gate that enforces."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.deployment import Deployment, deploy
from demo.events import Events
from demo.gate import Gate, gate
from demo.ministack import ACCOUNT, REGION, MiniStack, ministack
from demo.regions import Regions
from demo.synthesis import synthesise

USER: Final = f"arn:aws:iam::{ACCOUNT}:user/ocp-installer"
CAREFUL_USER: Final = f"arn:aws:iam::{ACCOUNT}:user/ocp-careful"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/OpenShiftInstaller"


@dataclass(slots=True)
class EmbeddedCloud:
    """Everything that the demonstration and the end-to-end tests run against.

    Attributes:
        aws: MiniStack: holds policies and runs functions, enforces nothing.
        deployment: the deployed stack.
        events: brings events to the functions, wherever they happened, as if the home region's bus had them.
        regions: brings events to the bus of the region where they happened, and on from there by its stack's rules.
        gate: S3 that enforces.
        folder: logs of all processes; removed at the end unless ``keep_folder`` is set or an exception passes.
        keep_folder: set it to keep the folder.
    """

    aws: MiniStack
    deployment: Deployment
    events: Events
    regions: Regions
    gate: Gate
    folder: Path
    keep_folder: bool = False


@contextlib.contextmanager
def embedded_cloud(configuration: Mapping[str, Any]) -> Iterator[EmbeddedCloud]:
    """Run the embedded AWS.

    Both servers and the synthesis start together; whatever ends the context, even SIGKILL, takes the servers down.

    Args:
        configuration: the airlock's, as cdk.json holds it under "airlock", in one account of MiniStack's.

    Yields:
        The cloud, ready: functions deployed, gate without users.

    Raises:
        ProcessError: a server doesn't start.
        GateError: this machine can't run the gate.
        SynthesisError: the configuration or the CDK app isn't sound.
        DeploymentError: CloudFormation refused the template.
    """
    folder = Path(tempfile.mkdtemp(prefix="airlock-"))
    keep = False
    try:
        with _running(folder, configuration) as cloud:
            try:
                yield cloud
            finally:
                keep = cloud.keep_folder
    except Exception as error:
        keep = True
        error.add_note(f"The logs are in {folder}")
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(folder: Path, configuration: Mapping[str, Any]) -> Iterator[EmbeddedCloud]:
    with contextlib.ExitStack() as stack:
        # The pool waits for its threads before the stack unwinds, so that no server is started after that.
        with ThreadPoolExecutor(max_workers=3) as pool:
            synthesis = pool.submit(synthesise, configuration, folder / "cdk")
            aws = pool.submit(lambda: stack.enter_context(ministack(folder)))
            door = pool.submit(lambda: stack.enter_context(gate(folder)))
            stacks = {one.region: deploy(aws.result(), one) for one in synthesis.result()}
            deployment = stacks.pop(configuration["home_region"])
            events = Events(aws.result(), deployment)
            others = {region: Events(aws.result(), one) for region, one in stacks.items()}
            cloud = EmbeddedCloud(
                aws=aws.result(),
                deployment=deployment,
                events=events,
                regions=Regions(deployment, events, others),
                gate=door.result(),
                folder=folder,
            )
        yield cloud


def default_configuration(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON of any shape
    """Write a configuration that enrols the sample streams' user and role.

    Args:
        changes: keys to set on top.
    """
    return {"home_region": REGION, "principals": [{"arn": USER}, {"arn": ROLE}], **changes}
