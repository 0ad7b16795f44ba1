"""MiniStack: the AWS that the template is deployed to. It runs the functions but enforces no IAM policy."""

from __future__ import annotations

import contextlib
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from demo.processes import LOOPBACK, Child, clean_environment, free_ports, running

ACCOUNT = "111122223333"
REGION = "us-east-1"
READY_SECONDS = 30.0

# Longer than any function's timeout, so that it is the function's own time-out that is seen; no second attempt, since
# a repeated Invoke would run the function twice.
_CONFIG = Config(connect_timeout=2, read_timeout=120, retries={"total_max_attempts": 1})

_SERVER = Path(__file__).with_name("ministack_server.py")

# boto3's stubs want each service's name literally; here it is a variable.
_make_client: Callable[..., Any] = boto3.client


@dataclass(frozen=True, slots=True)
class MiniStack:
    """A running MiniStack.

    Attributes:
        endpoint: its URL, for every service.
        account: the account that calls are made in.
        region: the region that calls are made in.
        child: the process.
    """

    endpoint: str
    account: str
    region: str
    child: Child
    # boto3 says of its sessions that they aren't safe to share between threads while clients are made.
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def client(self, service: str, *, region: str | None = None, config: Config = _CONFIG) -> Any:  # noqa: ANN401 - boto3 names a type per service
        """Make a boto3 client of this MiniStack.

        MiniStack takes an access key of twelve digits for the account that the call is made in.

        Args:
            service: the service's boto3 name.
            region: another region than the home region.
            config: how it calls; this is the signature of a boto3 session's ``client``, as far as the airlock uses it.
        """
        with self._lock:
            return _make_client(
                service,
                endpoint_url=self.endpoint,
                region_name=region or self.region,
                aws_access_key_id=self.account,
                aws_secret_access_key="any",
                config=config,
            )


@contextlib.contextmanager
def ministack(folder: Path, *, account: str = ACCOUNT, region: str = REGION) -> Iterator[MiniStack]:
    """Run MiniStack on a free port of the loopback address, in this interpreter's own environment.

    Functions run in that environment too, whatever runtime and layers their template names.

    Args:
        folder: takes its log and its temporary files.
        account: twelve digits.
        region: the region it falls back to.

    Raises:
        ProcessError: it doesn't start.
    """
    (port,) = free_ports(1)
    scratch = folder / "ministack"
    scratch.mkdir()
    environment = clean_environment(
        GATEWAY_PORT=str(port),
        # The first is the address to listen on (else all of them), the second the name in the URLs it gives out.
        BIND_HOST=LOOPBACK,
        MINISTACK_HOST=LOOPBACK,
        MINISTACK_ACCOUNT_ID=account,
        MINISTACK_REGION=region,
        LAMBDA_EXECUTOR="local",
        # Functions are ready at once, not after half a second of "Pending" each.
        LAMBDA_STATE_TRANSITION_SECONDS="0",
        # Servers that it starts on fixed ports.
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        PERSIST_STATE="0",
        S3_PERSIST="0",
        TMPDIR=str(scratch),
        PYTHONUNBUFFERED="1",
    )
    # -P: modules of this folder mustn't stand in for others of their names.
    command = [sys.executable, "-P", str(_SERVER)]
    with running("ministack", command, folder=folder, environment=environment) as child:
        endpoint = f"http://{LOOPBACK}:{port}"
        child.wait_until(lambda: _is_healthy(endpoint), READY_SECONDS)
        yield MiniStack(endpoint, account, region, child)


def _is_healthy(endpoint: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
    except (urllib.error.URLError, OSError):
        return False
