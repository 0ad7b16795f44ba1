"""Synthesises the CloudFormation template: ``python app.py``, or through ``cdk synth``.

It writes to the folder that CDK_OUTDIR names (the cdk command sets it), else to cdk.out beside this file.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aws_cdk import App

from infra import nag
from infra.configuration import ConfigurationError, parse
from infra.configuration_problems import KEY
from infra.context import read_context
from infra.region_stack import RegionStack
from infra.stack import AirlockStack

HERE = Path(__file__).parent


def main() -> None:
    """Synthesise the app.

    Raises:
        SystemExit: with status 1 and the reasons on stderr, if the configuration or the template isn't sound.
    """
    try:
        context = read_context(HERE / "cdk.json", os.environ)
    except ConfigurationError as error:
        sys.exit(f"The configuration can't be used:\n{error}")
    app = App(
        context=context,
        outdir=os.environ.get("CDK_OUTDIR", str(HERE / "cdk.out")),
        # Eight seconds for warnings that cfn-lint gives too, in the tests.
        builtin_cloud_formation_validation=False,
        # Under the cdk command an app is synthesised once more when the process ends, whatever its outcome; this
        # program says itself when.
        auto_synth=False,
    )
    try:
        configuration = parse(app.node.try_get_context(KEY))
    except ConfigurationError as error:
        sys.exit(f"The configuration can't be used:\n{error}")
    nag.check(app)
    AirlockStack(app, configuration)
    for region in configuration.forwarding_regions:
        RegionStack(app, configuration, region)
    try:
        nag.synthesise(app)
    except nag.FindingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
