"""Ceph's S3, where a policy can stand in the user itself: a monitor, one store in memory and a gateway, on loopback.

Nothing that `make test` runs needs it. Debian has the programs, in the packages that ``PACKAGES`` names.
"""

from __future__ import annotations

import contextlib
import fnmatch
import http.client
import json
import secrets
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from mypy_boto3_iam import IAMClient
from mypy_boto3_s3 import S3Client

from demo.gate import require_addresses
from demo.play import OFFICE
from demo.processes import LOOPBACK, clean_environment, free_ports, listens, running
from demo.translation import for_gate
from tests.e2e.openings import ACTIONS, CALLERS, NODES, Principal

PACKAGES: Final = ("ceph-mon", "ceph-osd", "radosgw", "ceph-common")
_PROGRAMS: Final = ("monmaptool", "ceph-mon", "ceph", "ceph-osd", "radosgw", "radosgw-admin")
_READY_SECONDS: Final = 60.0
_REGION: Final = "us-east-1"
_ADMIN: Final = "airlock-admin"
_ALLOW_NAME: Final = "allow-everything"
_ALLOW_ALL: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
_CONFIG: Final = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})

# One copy of everything in memory, no authentication between these processes, and nothing outside of the folder.
_SETTINGS: Final = """\
[global]
fsid = {fsid}
mon host = v2:{loopback}:{monitor}
public addr = {loopback}
cluster addr = {loopback}
ms bind msgr1 = false
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
keyring = {folder}/keyring
run dir = {folder}
crash dir = {folder}
admin socket =
pid file =
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0

[mon]
mon data = {folder}/mon
mon allow pool size one = true
mon data avail crit = 0

[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824

[client]
rgw data = {folder}/rgw
rgw frontends = beast endpoint={loopback}:{gateway}
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
"""


class CephError(RuntimeError):
    """Ceph can't do what was asked."""


class PolicyRefusedError(CephError):
    """Ceph doesn't take a policy, and says no more than that."""


@dataclass(frozen=True, slots=True)
class CephUser:
    """A user of Ceph's gateway, who may do everything in S3 that its policies don't deny.

    Attributes:
        name: the user's ID.
    """

    name: str
    _s3: S3Client

    def presign(self, bucket: str, key: str, seconds: int = 3600, *, method: str = "GET") -> str:
        """Sign a GET or a PUT of an object with this user's keys."""
        call = {"GET": "get_object", "PUT": "put_object"}[method]
        return self._s3.generate_presigned_url(
            call, Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds, HttpMethod=method
        )


class Ceph:
    """A running Ceph; what it does for tests is what ``demo.gate.Gate`` does, with policies of the user's own."""

    def __init__(self, endpoint: str, keys: tuple[str, str], client: Callable[..., Any]) -> None:
        self._endpoint, self._client = endpoint, client
        self._credentials = Credentials(*keys)
        self._s3: S3Client = client("s3", *keys)
        self._iam: IAMClient = client("iam", *keys)

    def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Store an object, and make its bucket if need be."""
        self._s3.create_bucket(Bucket=bucket)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def add_user(self, name: str, *, colleague: CephUser | None = None) -> CephUser:
        """Make a user with access keys.

        Raises:
            CephError: the gateway doesn't make it; and no policy of this kind is shared with a colleague.
        """
        if colleague:
            raise CephError("a user's inline policy is nobody else's")
        keys = secrets.token_hex(10), secrets.token_hex(20)
        query = urlencode({"uid": name, "display-name": name, "access-key": keys[0], "secret-key": keys[1]})
        self._administer("PUT", f"/admin/user?{query}")
        self._put_policy(name, _ALLOW_NAME, _ALLOW_ALL)
        return CephUser(name, self._client("s3", *keys))

    def enforce_all(self, policies: Mapping[CephUser, Mapping[str, Mapping[str, Any]]]) -> None:
        """Put these policies in the place of all that the users had before; the gateway goes by them at once.

        Raises:
            PolicyRefusedError: Ceph doesn't take one of them.
        """
        for user, documents in policies.items():
            for name, document in documents.items():
                self._put_policy(user.name, name, document)
            for name in self._iam.list_user_policies(UserName=user.name)["PolicyNames"]:
                if name not in documents and name != _ALLOW_NAME:
                    self._iam.delete_user_policy(UserName=user.name, PolicyName=name)

    def held(self, user: CephUser) -> dict[str, Any]:
        """Read the user's policies as the server holds them, by their names."""
        names = self._iam.list_user_policies(UserName=user.name)["PolicyNames"]
        return {
            name: self._iam.get_user_policy(UserName=user.name, PolicyName=name)["PolicyDocument"]
            for name in names
            if name != _ALLOW_NAME
        }

    def _put_policy(self, user: str, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document)
        try:
            self._iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=text)
        except ClientError as error:
            # Ceph's errors aren't in the form that boto3 looks for.
            if "MalformedPolicyDocument" in error.response.values():
                raise PolicyRefusedError(f"Ceph doesn't take this policy: {text}") from error
            raise

    def _administer(self, method: str, path: str) -> None:
        """Make a call of Ceph's own administration, which is signed as S3's calls are."""
        request = AWSRequest(method, self._endpoint + path)
        S3SigV4Auth(self._credentials, "s3", _REGION).add_auth(request)
        connection = http.client.HTTPConnection(urlsplit(self._endpoint).netloc, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, headers=dict(request.headers))
            answer = connection.getresponse()
            said = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise CephError(f"{method} {path.partition('?')[0]} answered {answer.status}: {said[:200]!r}")


def for_ceph(document: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """Write a policy so that Ceph decides a GetObject or a PutObject as AWS would.

    Conditions are decided for it as for SeaweedFS. Actions are Ceph's to decide, in their own words, but for those
    that it knows nothing of and therefore refuses: these say nothing of S3.
    """
    statements: list[dict[str, Any]] = []
    for statement in _listed(document["Statement"]):
        single = {**document, "Statement": [statement]}
        translated = for_gate(single, office=OFFICE, node=NODES, principal=principal, actions=ACTIONS)
        statements += [{**one, **_actions(statement)} for one in translated.document["Statement"]]
    return {"Version": "2012-10-17", "Statement": statements}


def _actions(statement: Mapping[str, Any]) -> dict[str, object]:
    """The statement's actions; NotAction alone never matches in Ceph, but it takes away from an Action beside it."""
    if "Action" in statement:
        return {"Action": _of_s3(statement["Action"])}
    beside = _of_s3(statement["NotAction"])
    return {"Action": "*", **({"NotAction": beside} if beside else {})}


def _of_s3(entries: str | Sequence[str]) -> list[str]:
    return [entry for entry in _listed(entries) if fnmatch.fnmatchcase("s3", entry.partition(":")[0].lower())]


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM takes a value and a list of one for the same
    return list(value) if isinstance(value, list) else [value]


@contextlib.contextmanager
def ceph(folder: Path) -> Iterator[Ceph]:
    """Run Ceph on free ports of the loopback address; whatever ends the context takes its processes down.

    Args:
        folder: takes its settings, its logs and its data.

    Raises:
        CephError: a program is missing, or one of the steps to start it failed.
        ProcessError: one of the servers doesn't start.
    """
    require_addresses(CALLERS)
    programs = _find_programs()
    monitor, gateway = free_ports(2)
    settings = folder / "ceph.conf"
    fsid, store, keys = str(uuid.uuid4()), str(uuid.uuid4()), (secrets.token_hex(10), secrets.token_hex(20))
    settings.write_text(_SETTINGS.format(fsid=fsid, loopback=LOOPBACK, monitor=monitor, gateway=gateway, folder=folder))
    for name in ("mon", "osd", "rgw"):
        (folder / name).mkdir()
    (folder / "keyring").touch()
    environment = clean_environment(HOME=str(folder), TMPDIR=str(folder))

    def run(program: str, *arguments: str) -> None:
        command = [programs[program], *([] if program == "monmaptool" else ["-c", str(settings)]), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, timeout=_READY_SECONDS, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise CephError(f"{program} ended with status {done.returncode}: {(done.stderr or done.stdout)[-1000:]}")

    with contextlib.ExitStack() as stack:

        def start(program: str, *arguments: str) -> Callable[[Callable[[], bool]], None]:
            command = [programs[program], "-c", str(settings), "-f", *arguments]
            child = stack.enter_context(running(program, command, folder=folder, environment=environment))
            return lambda ready: child.wait_until(ready, _READY_SECONDS)

        run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:{LOOPBACK}:{monitor}]", "monmap")
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap")
        start("ceph-mon", "-i", "a")(lambda: listens(monitor))
        run("ceph", "--connect-timeout", "30", "osd", "new", store)
        run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", store)
        start("ceph-osd", "-i", "0")
        start("radosgw", "-n", "client.rgw")(lambda: listens(gateway))
        names = ("--uid", _ADMIN, "--display-name", _ADMIN, "--access-key", keys[0], "--secret-key", keys[1])
        run("radosgw-admin", "user", "create", *names, "--caps", "users=*;user-policy=*")
        endpoint = f"http://{LOOPBACK}:{gateway}"
        yield Ceph(endpoint, keys, _maker(endpoint))


def _find_programs() -> dict[str, str]:
    found = {name: shutil.which(name) for name in _PROGRAMS}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        install = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        raise CephError(f"{', '.join(missing)}: not installed (on Debian: {install})")
    return {name: path for name, path in found.items() if path}


def _maker(endpoint: str) -> Callable[..., Any]:
    # One session: it reads each service's description once.
    make: Callable[..., Any] = boto3.session.Session().client

    def client(service: str, access_key: str, secret_key: str) -> Any:  # noqa: ANN401 - boto3 names a type per service
        return make(
            service,
            endpoint_url=endpoint,
            region_name=_REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=_CONFIG,
        )

    return client
