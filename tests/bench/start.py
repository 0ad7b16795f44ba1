"""How long the watcher takes to be ready, against boto3 with two clients, both in fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from operator import truediv
from statistics import median

START_AIM = 1.3
ROUNDS = 9
_SETTINGS = {
    "AIRLOCK_ACCOUNT": "111122223333",
    "AIRLOCK_TABLE": "ledger",
    "AIRLOCK_AUDIT_LOG_GROUP": "audit",
    "AIRLOCK_AUDIT_LOG_STREAM": "watcher",
    "AIRLOCK_NOTICES_TOPIC": "arn:aws:sns:us-east-1:111122223333:notices",
    "AIRLOCK_APPROVALS_TOPIC": "arn:aws:sns:us-east-1:111122223333:approvals",
    "AIRLOCK_EVENT_SOURCE": "bootstrap-airlock",
    "AIRLOCK_PAGE_URL": "https://bench.lambda-url.us-east-1.on.aws/",
    "AIRLOCK_LINK_KEY": "arn:aws:kms:us-east-1:111122223333:key/bench",
    "AIRLOCK_PRINCIPALS": '{"arn:aws:iam::111122223333:user/ocp-installer":{}}',
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "POWERTOOLS_METRICS_NAMESPACE": "BootstrapAirlock",
    "POWERTOOLS_SERVICE_NAME": "watcher",
}
_TIMED = "import time; began = time.perf_counter(); {}; print((time.perf_counter() - began) * 1000)"
PROGRAMS = {
    "boto3": (
        "import boto3, clients of IAM and DynamoDB",
        "import boto3; boto3.client('iam'); boto3.client('dynamodb')",
    ),
    "watcher": ("import the watcher, and its parts wired", "from airlock.handlers import watcher; watcher.airlock()"),
    "imports": ("  of that, the imports", "from airlock.handlers import watcher"),
    "powertools": (
        "  for comparison: Powertools' Logger and Metrics alone",
        "from aws_lambda_powertools.logging import Logger; from aws_lambda_powertools.metrics import Metrics",
    ),
}


@dataclass(frozen=True, slots=True)
class StartTime:
    """How long a program took.

    Attributes:
        what: the program, in words.
        median: milliseconds.
        fastest: milliseconds.
        ratio: to boto3's time in the same round, the median of all rounds.
    """

    what: str
    median: float
    fastest: float
    ratio: float


def start_times() -> dict[str, StartTime]:
    """Run each program in turn, several times, so that whatever else the machine does falls on all of them alike."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for round_number in range(ROUNDS + 1):
        for name, (_, program) in PROGRAMS.items():
            time = _run(program)
            if round_number:  # the first round only fills the caches
                taken[name].append(time)
    return {
        name: StartTime(PROGRAMS[name][0], median(times), min(times), median(map(truediv, times, taken["boto3"])))
        for name, times in taken.items()
    }


def _run(program: str) -> float:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRLOCK_", "POWERTOOLS_"))
    }
    done = subprocess.run(  # the interpreter itself isn't counted: both pay for it
        [sys.executable, "-c", _TIMED.format(program)], env=kept | _SETTINGS, capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])
