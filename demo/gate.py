"""SeaweedFS as the S3 that enforces: a real server that answers a presigned GET with 200 or 403.

It decides by the caller's real address: "the office" calls from 127.0.0.1, "the node" from 127.0.0.2.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_iam import IAMClient
from mypy_boto3_s3 import S3Client

from demo.local_world import NODE_ADDRESS, OFFICE_ADDRESS
from demo.processes import LOOPBACK, Child, ProcessError, clean_environment, free_ports, running

READY_SECONDS: Final = 30.0
# A change is enforced at once as a rule; nobody promises it, so it is waited for.
ENFORCED_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.01
_REGION: Final = "us-east-1"
_WITNESS: Final = "airlock-witness"
_CONFIG: Final = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1})

# Group policies: SeaweedFS enforces no Deny in a user's own.
_ALLOW_ALL: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
_ALLOW_NAME: Final = "allow-everything"


class GateError(RuntimeError):
    """The gate can't do what was asked."""


@dataclass(frozen=True, slots=True)
class GateUser:
    """A user of the gate, who may do everything in S3 that its policies don't deny.

    Attributes:
        name: the user's name.
        group: the group that its policies are in.
    """

    name: str
    group: str
    _s3: S3Client

    def presign(self, bucket: str, key: str, seconds: int = 3600, *, method: str = "GET") -> str:
        """Sign a GET or a PUT of an object with this user's keys.

        Args:
            bucket: the bucket's name.
            key: the object's key.
            seconds: how long the signature holds.
            method: GET or PUT.
        """
        call = {"GET": "get_object", "PUT": "put_object"}[method]
        return self._s3.generate_presigned_url(
            call, Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds, HttpMethod=method
        )


@dataclass(slots=True)
class Gate:
    """A running SeaweedFS.

    Attributes:
        endpoint: the URL of its S3 and IAM.
        child: the process.
    """

    endpoint: str
    child: Child
    _client: Callable[..., Any]
    _known: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    _witness: GateUser | None = None
    _generation: int = 0
    _s3: S3Client = field(init=False)
    _iam: IAMClient = field(init=False)

    def __post_init__(self) -> None:
        """Make the clients that act as the server's root."""
        self._s3 = self._client("s3")
        self._iam = self._client("iam")

    def answers(self) -> bool:
        """Tell whether S3 is ready to serve signed requests."""
        try:
            self._s3.list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object, and make its bucket if need be."""
        with contextlib.suppress(self._s3.exceptions.BucketAlreadyOwnedByYou, self._s3.exceptions.BucketAlreadyExists):
            self._s3.create_bucket(Bucket=bucket)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def add_user(self, name: str, *, colleague: GateUser | None = None) -> GateUser:
        """Make a user with access keys, alone in a group that allows everything in S3.

        Args:
            name: the user's name.
            colleague: whose group to share, with all its policies, instead.
        """
        keys = self._known.get(name) or self._create_user(name)
        group = colleague.group if colleague else name
        if colleague is None:
            self._iam.create_group(GroupName=group)
            self._put_policy(group, _ALLOW_NAME, _ALLOW_ALL)
        self._iam.add_user_to_group(GroupName=group, UserName=name)
        return GateUser(name, group, self._client("s3", *keys))

    def enforce(self, user: GateUser, policies: Mapping[str, Mapping[str, Any]]) -> float:
        """Put these policies in the place of all that the user had before, and wait until the server goes by them.

        Args:
            user: whose policies.
            policies: from any name to a document that ``demo.translation.for_gate`` has made.

        Returns:
            Seconds that the server took to go by them, after it had accepted them.

        Raises:
            GateError: it doesn't go by them within ENFORCED_SECONDS.
        """
        return self.enforce_all({user: policies})

    def enforce_all(self, policies: Mapping[GateUser, Mapping[str, Mapping[str, Any]]]) -> float:
        """Do for each of several users what ``enforce`` does for one, and wait once."""
        for user, documents in policies.items():
            self._replace_policies(user.group, documents)
        return self._wait_until_enforced()

    def held(self, user: GateUser) -> dict[str, Any]:
        """Read the user's policies as the server holds them, by their names."""
        names = self._iam.list_group_policies(GroupName=user.group)["PolicyNames"]
        return {
            name: self._iam.get_group_policy(GroupName=user.group, PolicyName=name)["PolicyDocument"]
            for name in names
            if name != _ALLOW_NAME
        }

    def fetch(self, url: str, source: str) -> int:
        """Send a GET from one of this machine's loopback addresses.

        Args:
            url: a presigned URL of this gate.
            source: the address to call from, such as OFFICE_ADDRESS or NODE_ADDRESS.

        Returns:
            The HTTP status.
        """
        return send("GET", url, source)

    def from_office(self, url: str) -> int:
        """Send a GET from the office; returns the HTTP status."""
        return self.fetch(url, OFFICE_ADDRESS)

    def from_node(self, url: str) -> int:
        """Send a GET from the bootstrap node; returns the HTTP status."""
        return self.fetch(url, NODE_ADDRESS)

    def _create_user(self, name: str) -> tuple[str, str]:
        self._iam.create_user(UserName=name)
        keys = self._iam.create_access_key(UserName=name)["AccessKey"]
        return keys["AccessKeyId"], keys["SecretAccessKey"]

    def _replace_policies(self, group: str, policies: Mapping[str, Mapping[str, Any]]) -> None:
        # SeaweedFS takes no policy without statements; it says as much as no policy.
        wanted = {name: document for name, document in policies.items() if document["Statement"]}
        if _ALLOW_NAME in wanted:
            raise GateError(f"the policy name {_ALLOW_NAME} is taken by the gate")
        for name, document in wanted.items():
            self._put_policy(group, name, document)
        for name in self._iam.list_group_policies(GroupName=group)["PolicyNames"]:
            if name not in wanted and name != _ALLOW_NAME:
                self._iam.delete_group_policy(GroupName=group, PolicyName=name)

    def _put_policy(self, group: str, name: str, document: Mapping[str, Any]) -> None:
        self._iam.put_group_policy(GroupName=group, PolicyName=name, PolicyDocument=json.dumps(document))

    def _wait_until_enforced(self) -> float:
        """Change another user's policy last, and wait until that change shows: the server takes them in order.

        The probe is of a user apart, since a policy under test may well refuse every probe of its own user.
        """
        if self._witness is None:
            self._s3.create_bucket(Bucket=_WITNESS)
            self._witness = self.add_user(_WITNESS)
        self._generation += 1
        key = f"generation-{self._generation}"
        deny = {"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{_WITNESS}/{key}"}
        self._put_policy(_WITNESS, "probe", {"Version": "2012-10-17", "Statement": [deny]})
        url = self._witness.presign(_WITNESS, key)
        start = time.monotonic()
        # No such object: 404 until the new policy refuses to say so.
        while self.from_office(url) != http.HTTPStatus.FORBIDDEN:
            if time.monotonic() - start > ENFORCED_SECONDS:
                raise GateError(f"SeaweedFS doesn't go by a changed policy after {ENFORCED_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - start


def send(method: str, url: str, source: str) -> int:
    """Send a GET, or a PUT of ``{}``, from one of this machine's loopback addresses.

    Args:
        method: GET or PUT.
        url: a presigned URL for that method.
        source: the address to call from.

    Returns:
        The HTTP status.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}", b"{}" if method == "PUT" else None)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@contextlib.contextmanager
def gate(folder: Path, *, callers: Sequence[str] = (NODE_ADDRESS,), users: Sequence[str] = ()) -> Iterator[Gate]:
    """Run SeaweedFS on free ports of the loopback address.

    Args:
        folder: takes its log, its data and its temporary files.
        callers: the loopback addresses that nodes will call from.
        users: names that will be given to ``Gate.add_user``. It works without; but whatever it makes slows down each
            later one, to half a second after 80, unless the server has known them from its start.

    Raises:
        GateError: the server's program is missing, or this machine lacks one of the addresses.
        ProcessError: it doesn't start.
    """
    require_addresses(callers)
    program = _program()
    scratch = folder / "seaweedfs"
    scratch.mkdir()
    keys = _make_keys()
    known = {name: _make_keys() for name in users}
    ports = free_ports(8)
    command = [program, *_arguments(scratch, ports), *_introduce(known, scratch)]
    environment = clean_environment(
        AWS_ACCESS_KEY_ID=keys[0],
        AWS_SECRET_ACCESS_KEY=keys[1],
        # Where it looks for settings of its own, and writes logs.
        HOME=str(scratch),
        TMPDIR=str(scratch),
    )
    endpoint = f"http://{LOOPBACK}:{ports[6]}"

    # One session: it reads each service's description once.
    make: Callable[..., Any] = boto3.session.Session().client

    def client(service: str, access_key: str = keys[0], secret_key: str = keys[1]) -> Any:  # noqa: ANN401 - boto3 names a type per service
        return make(
            service,
            endpoint_url=endpoint,
            region_name=_REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_CONFIG,
        )

    with contextlib.ExitStack() as stack:
        stack.callback(_remove_sockets, ports)
        child = stack.enter_context(running("seaweedfs", command, folder=folder, environment=environment))
        server = Gate(endpoint, child, client, known)
        child.wait_until(server.answers, READY_SECONDS)
        yield server


def _arguments(scratch: Path, ports: list[int]) -> list[str]:
    master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc = ports
    return [
        "server",
        f"-dir={scratch}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        f"-master.port={master}",
        f"-master.port.grpc={master_grpc}",
        "-master.telemetry=false",
        "-master.volumePreallocate=false",
        "-master.volumeSizeLimitMB=64",
        f"-volume.port={volume}",
        f"-volume.port.grpc={volume_grpc}",
        "-volume.max=400",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={filer_grpc}",
        f"-filer.localSocket={scratch / 'filer.sock'}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={s3_grpc}",
        f"-s3.localSocket={scratch / 's3.sock'}",
        # These would listen on fixed ports.
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.iam=true",
        "-s3.iam.readOnly=false",
    ]


def _make_keys() -> tuple[str, str]:
    return secrets.token_hex(10), secrets.token_hex(20)


def _introduce(users: Mapping[str, tuple[str, str]], scratch: Path) -> list[str]:
    """Tell the server of users whom it is to know from its start; returns the arguments for it."""
    if not users:
        return []
    identities = [
        {"name": name, "credentials": [{"accessKey": access_key, "secretKey": secret_key}]}
        for name, (access_key, secret_key) in users.items()
    ]
    path = scratch / "identities.json"
    path.write_text(json.dumps({"identities": identities}), encoding="utf-8")
    return [f"-s3.config={path}"]


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise GateError(f"SeaweedFS's program isn't at {beside}; `make setup` installs it")
    return found


def _remove_sockets(ports: list[int]) -> None:
    """Remove the sockets that SeaweedFS makes in /tmp, wherever TMPDIR points, and leaves behind when killed."""
    for part, port in zip(("master", "volume", "filer", "s3"), ports[1::2], strict=True):
        Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108 - the server's choice


def require_addresses(callers: Sequence[str]) -> None:
    """Make sure that this machine can call from these addresses.

    Raises:
        GateError: it can't; the message says how to change that.
    """
    for address in callers:
        with socket.socket() as probe:
            try:
                probe.bind((address, 0))
            except OSError as error:
                raise GateError(
                    f"this machine has no address {address} for the node to call from; "
                    f"on macOS: sudo ifconfig lo0 alias {address} up"
                ) from error


__all__ = ["Gate", "GateError", "GateUser", "ProcessError", "gate", "require_addresses", "send"]
