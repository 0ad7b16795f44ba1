"""`make demo`: both eras' installs, one after the other, behind a source-IP deny, from 403 to 200 and back."""

from __future__ import annotations

import time

from airlock.install.names import Era
from demo.cloud import ROLE, USER, default_configuration, embedded_cloud
from demo.deployment import DeploymentError
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
    except (ProcessError, GateError, SynthesisError, DeploymentError) as error:
        notes = "\n".join(getattr(error, "__notes__", ()))
        screen.verdict(f"The embedded AWS can't run: {error}\n{notes}", good=False)
        return 1
    screen.title("In short")
    for scenario, outcome in zip(SCENARIOS, outcomes, strict=True):
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
    with embedded_cloud(default_configuration()) as cloud:
        cloud.events.switch_schedules(on=False)
        screen.say(f"Ready: {len(cloud.events.rules)} rules of the template decide which event starts the watcher.")
        return [Play(cloud, scenario, screen).run() for scenario in SCENARIOS]


def _sum_up(screen: Screen, scenario: Scenario, outcome: Outcome) -> None:
    stages = "  ".join(
        f"{stage.name} {'/'.join(str(came) for _, came, _ in stage.statuses[:2])}" for stage in outcome.stages
    )
    screen.verdict(f"{scenario.title}\n  office/node: {stages}", good=all(stage.good for stage in outcome.stages))
    screen.verdict("the policy equals the baseline to the byte", good=outcome.restored)
    if not outcome.good:
        screen.verdict(f"the airlock reported: {', '.join(outcome.happened) or 'nothing'}", good=False)
