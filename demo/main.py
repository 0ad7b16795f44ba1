"""`make demo`: installs behind a source-IP deny, from 403 to 200 and back; the last one with a person in it."""

from __future__ import annotations

import time

from airlock.install.names import Era
from demo.approved_play import ApprovedPlay
from demo.approver import NobodyAskedError
from demo.cloud import CAREFUL_USER, ROLE, USER, EmbeddedCloud, default_configuration, embedded_cloud
from demo.deployment import DeploymentError
from demo.ec2_console import ec2_console
from demo.gate import GateError
from demo.play import Outcome, Play, Scenario
from demo.processes import ProcessError, forget_the_callers_aws, sigterm_as_exit
from demo.screen import Screen
from demo.synthesis import SynthesisError

SCENARIOS = (
    Scenario(
        title="OpenShift 4.14 (Terraform era), installed by a user",
        stream="4.14-terraform-user.jsonl",
        policy="aws-example.json",
        principal=USER,
        era=Era.TERRAFORM,
    ),
    Scenario(
        title="OpenShift 4.18 (Cluster API era), installed by a role",
        stream="4.18-capa-role.jsonl",
        policy="with-allow-and-mfa.json",
        principal=ROLE,
        era=Era.CAPA,
    ),
)
ASKED = Scenario(
    title="OpenShift 4.14, installed by a user whose deny is lifted only with approval, which comes late",
    stream="4.14-terraform-user.jsonl",
    policy="aws-example.json",
    principal=CAREFUL_USER,
    era=Era.TERRAFORM,
    renamed={"ocp-installer": "ocp-careful", "test-l8dh4": "safe-2wq7n"},
    decisions=("ask", "approve", "open", "rescue", "fetched", "close"),
)
ASKED_REGION = "ap-northeast-1"


def main() -> int:
    """Play every scenario; 0 only if everything held."""
    forget_the_callers_aws()
    screen = Screen()
    start = time.monotonic()
    try:
        with sigterm_as_exit():
            outcomes = _play_all(screen)
    except KeyboardInterrupt:
        screen.verdict("Stopped. The servers are down.", good=False)
        return 130
    except (ProcessError, GateError, SynthesisError, DeploymentError, NobodyAskedError) as error:
        notes = "\n".join(getattr(error, "__notes__", ()))
        screen.verdict(f"The embedded AWS can't run: {error}\n{notes}", good=False)
        return 1
    screen.title("In short")
    for scenario, outcome in zip((*SCENARIOS, ASKED), outcomes, strict=True):
        _sum_up(screen, scenario, outcome)
    screen.say(f"{time.monotonic() - start:.0f} s in all.")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _play_all(screen: Screen) -> list[Outcome]:
    screen.title("Bootstrap Airlock")
    screen.say(
        "Two servers start on this machine: MiniStack runs the synthesised template, functions and all, and holds "
        "IAM's policies without enforcing them; SeaweedFS is an S3 that enforces them by the caller's address. "
        "The office calls it from 127.0.0.1, the bootstrap node from 127.0.0.2. Time is compressed."
    )
    principals = [{"arn": USER}, {"arn": ROLE}, {"arn": CAREFUL_USER, "strategy": "lift"}]
    # Nothing has to spread here, as it has in IAM.
    with embedded_cloud(default_configuration(principals=principals, propagation_seconds=1)) as cloud:
        cloud.events.switch_schedules(on=False)
        screen.say(f"Ready: {len(cloud.events.rules)} rules of the template decide which event starts the watcher.")
        return [*(Play(cloud, scenario, screen).run() for scenario in SCENARIOS), _play_asked(cloud, screen)]


def _play_asked(cloud: EmbeddedCloud, screen: Screen) -> Outcome:
    with ec2_console(cloud.aws.endpoint) as console:
        # MiniStack has no serial consoles; for the sweeper EC2 is a stand-in that has, and passes all else on.
        console.tell(cloud.aws.client("lambda"), [cloud.deployment.outputs["SweeperFunctionName"]])
        return ApprovedPlay(cloud, ASKED, screen, console, ASKED_REGION).run()


def _sum_up(screen: Screen, scenario: Scenario, outcome: Outcome) -> None:
    stages = "  ".join(
        f"{stage.name} {'/'.join(str(came) for _, came, _ in stage.statuses[:2])}" for stage in outcome.stages
    )
    screen.verdict(f"{scenario.title}\n  office/node: {stages}", good=all(stage.good for stage in outcome.stages))
    screen.verdict("the policy equals the baseline to the byte", good=outcome.restored)
    if not outcome.good:
        screen.verdict(f"the airlock reported: {', '.join(outcome.happened) or 'nothing'}", good=False)
