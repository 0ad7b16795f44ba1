"""Tests of the embedded AWS on the real servers: the template is deployed, wired by itself, and gone afterwards."""

from __future__ import annotations

import copy
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.cloud import ROLE, USER, EmbeddedCloud, default_configuration, embedded_cloud
from demo.events import DeliveryError
from demo.processes import listens
from demo.synthesis import SynthesisError

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SOCKETS = Path("/tmp")  # noqa: S108 - where SeaweedFS puts them
INSTALLS = ROOT / "tests" / "samples" / "installs"
WATCHER, SWEEPER = "bootstrap-airlock-watcher", "bootstrap-airlock-sweeper"


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """One embedded AWS for all tests here, with its schedules switched off."""
    with embedded_cloud(default_configuration()) as running:
        running.events.switch_schedules(on=False)
        yield running


def read_events(name: str) -> list[dict[str, Any]]:
    """Read the events of a sample stream."""
    return [json.loads(line)["event"] for line in (INSTALLS / name).read_text().splitlines()]


def sweeps_logged(cloud: EmbeddedCloud) -> int:
    """Count the sweeper's runs by its own log group."""
    logs = cloud.aws.client("logs")
    found = logs.filter_log_events(logGroupName=f"/aws/lambda/{SWEEPER}")["events"]
    return sum("START RequestId" in one["message"] for one in found)


def test_the_functions_environment_comes_from_the_template(cloud: EmbeddedCloud) -> None:
    """Each function is told the names of the resources that CloudFormation made."""
    outputs = cloud.deployment.outputs
    for function in (WATCHER, SWEEPER):
        found = cloud.aws.client("lambda").get_function_configuration(FunctionName=function)
        variables = found["Environment"]["Variables"]
        assert variables["AIRLOCK_TABLE"] == outputs["LedgerTableName"]
        assert variables["AIRLOCK_AUDIT_LOG_GROUP"] == outputs["AuditLogGroupName"]
        assert variables["AIRLOCK_NOTICES_TOPIC"] == outputs["NoticesTopicArn"]
        assert set(json.loads(variables["AIRLOCK_PRINCIPALS"])) == {USER, ROLE}


def test_the_audit_streams_exist_although_cloudformation_made_none(cloud: EmbeddedCloud) -> None:
    """What was left out of the template is made by hand where the functions need it."""
    group = cloud.deployment.outputs["AuditLogGroupName"]
    streams = cloud.aws.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert {stream["logStreamName"] for stream in streams} == {"watcher", "sweeper", "removal"}


def test_rules_of_the_template_decide_who_gets_an_event(cloud: EmbeddedCloud) -> None:
    """An enrolled user's call and an instance's end reach the watcher by one rule each; anybody else's call nobody."""
    events = read_events("4.14-terraform-user.jsonl")
    assert [len(cloud.events.matching(one)) for one in (events[0], events[-1])] == [1, 1]
    (delivery,) = cloud.events.deliver(events[-1])
    assert delivery.function == WATCHER
    assert delivery.error is None
    assert "InstanceEnds" in delivery.source
    stranger = copy.deepcopy(events[0])
    stranger["detail"]["userIdentity"]["arn"] = "arn:aws:iam::111122223333:user/somebody-else"
    assert cloud.events.deliver(stranger) == []


def test_a_role_is_known_by_its_session(cloud: EmbeddedCloud) -> None:
    """A call by a session of an enrolled role reaches the watcher by the roles' rule."""
    (rule,) = cloud.events.matching(read_events("4.18-capa-role.jsonl")[0])
    assert "RoleCalls" in rule.name


def test_a_sweep_runs_what_the_schedule_targets(cloud: EmbeddedCloud) -> None:
    """A sweep starts the sweeper and gives its result."""
    (delivery,) = cloud.events.sweep()
    delivery.raise_for_error()
    assert delivery.function == SWEEPER
    assert "happened" in delivery.result


def test_the_schedule_fires_by_itself(cloud: EmbeddedCloud) -> None:
    """MiniStack's scheduler starts the sweeper by the template's target, without this program."""
    before = sweeps_logged(cloud)
    cloud.events.fire_schedules()
    deadline = time.monotonic() + 30
    while sweeps_logged(cloud) == before:
        assert time.monotonic() < deadline, "the schedule hasn't fired"
        time.sleep(0.2)


def test_schedules_can_be_switched_and_stay_as_they_were(cloud: EmbeddedCloud) -> None:
    """Switching changes a schedule's state and nothing else."""
    (name,) = cloud.deployment.named("AWS::Scheduler::Schedule").values()
    scheduler = cloud.aws.client("scheduler")
    states = []
    found = []
    for on in (True, False):
        cloud.events.switch_schedules(on=on)
        schedule = scheduler.get_schedule(Name=name)
        states.append(schedule.pop("State"))
        found.append({key: schedule[key] for key in ("ScheduleExpression", "Target", "FlexibleTimeWindow")})
    assert states == ["ENABLED", "DISABLED"]
    assert found[0] == found[1]
    assert found[0]["ScheduleExpression"] == "rate(1 minute)"


def test_a_functions_failure_is_told_and_ends_as_a_dead_letter(cloud: EmbeddedCloud) -> None:
    """A failing function shows its error when waited for; posted, the event is retried and then a dead letter."""
    functions = cloud.aws.client("lambda")
    handler = functions.get_function_configuration(FunctionName=WATCHER)["Handler"]
    functions.update_function_configuration(FunctionName=WATCHER, Handler="airlock.handlers.nowhere.handle")
    try:
        event = read_events("4.14-terraform-user.jsonl")[0]
        (delivery,) = cloud.events.deliver(event)
        assert "airlock.handlers.nowhere" in str(delivery.error)
        with pytest.raises(DeliveryError, match=WATCHER):
            delivery.raise_for_error()
        assert len(cloud.events.post(event)) == 1
        queue = cloud.deployment.outputs["DeadLetterQueueUrl"]
        letters = _receive(cloud.aws.client("sqs"), queue, seconds=60)
        # MiniStack puts a _request_id of its own beside what was sent.
        assert [json.loads(letter["Body"])["requestPayload"]["id"] for letter in letters] == [event["id"]]
    finally:
        functions.update_function_configuration(FunctionName=WATCHER, Handler=handler)


def _receive(sqs: Any, queue: str, seconds: float) -> list[dict[str, Any]]:  # noqa: ANN401 - boto3's type
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        letters: list[dict[str, Any]] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages", [])
        if letters:
            return letters
    return []


def test_a_wrong_configuration_is_told_and_leaves_nothing_running() -> None:
    """A configuration that the CDK app refuses is an error with the app's words; the logs' folder is named and kept."""
    with (
        pytest.raises(SynthesisError, match=r"airlock\.principals") as caught,
        embedded_cloud(default_configuration(principals=[])),
    ):
        pytest.fail("the cloud shouldn't have started")
    (note,) = caught.value.__notes__
    folder = Path(note.removeprefix("The logs are in "))
    assert (folder / "seaweedfs.log").exists()
    assert (folder / "ministack.log").exists()
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_server_outlives_the_program(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and even SIGKILL take both servers and the functions' processes down; Ctrl-C removes the files too."""
    sockets = set(SOCKETS.glob("seaweedfs-*.sock"))
    program = f"""
import json, pathlib, time
from demo.cloud import default_configuration, embedded_cloud
from demo.processes import sigterm_as_exit
with sigterm_as_exit(), embedded_cloud(default_configuration()) as cloud:
    cloud.events.sweep()[0].raise_for_error()
    told = [cloud.aws.endpoint, cloud.gate.endpoint, str(cloud.folder)]
    pathlib.Path({str(tmp_path / "new")!r}).write_text(json.dumps(told))
    pathlib.Path({str(tmp_path / "new")!r}).rename({str(tmp_path / "told")!r})
    time.sleep(60)
"""
    running = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tmp_path / "told").exists():
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    *endpoints, folder = json.loads((tmp_path / "told").read_text())
    running.send_signal(number)
    running.wait(20)
    deadline = time.monotonic() + 10
    # Whatever still runs has the folder in its command line (functions, SeaweedFS) or listens (MiniStack).
    while any(listens(int(endpoint.rsplit(":", 1)[1])) for endpoint in endpoints) or _processes_of(folder):
        assert time.monotonic() < deadline, _processes_of(folder)
        time.sleep(0.05)
    assert Path(folder).exists() == (number == signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    for socket in set(SOCKETS.glob("seaweedfs-*.sock")) - sockets:
        # Another gate may run beside this test; its sockets have ports that somebody listens on.
        if not listens(int(socket.stem.rsplit("-", 1)[1])):
            socket.unlink()


def _processes_of(folder: str) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if folder in line]
