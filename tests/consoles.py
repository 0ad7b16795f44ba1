"""Builders of a bootstrap node's serial console, as RHCOS of 4.14 and 4.18 writes it on EC2.

The shapes are those of published logs of such nodes and of the sources that `airlock.install.console` names.
"""

from __future__ import annotations

from airlock.install.names import Era, bootstrap_bucket, bootstrap_object_key
from tests.events import Install

TOKEN = "IQoJb3JpZ2luX2VjE" + "Ab9%2F" * 200
LINUX = {
    Era.TERRAFORM: "5.14.0-284.86.1.el9_2.x86_64",
    Era.CAPA: "5.14.0-427.57.1.el9_4.x86_64",
}
KERNEL_LIMIT = 1024 - 48


def url(one: Install, host: str = "", token: str = "") -> str:
    """The presigned URL of an install's Ignition file; with a session's token if a role signed it."""
    host = host or f"{bootstrap_bucket(one.infra_id, one.era)}.s3.{one.region}.amazonaws.com"
    signature = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2F20261124%2Fus-east-2%2Fs3%2Faws4_request"
    )
    signature += "&X-Amz-Date=20261124T020000Z&X-Amz-Expires=3600"
    signature += f"&X-Amz-Security-Token={token}" if token else ""
    signature += f"&X-Amz-SignedHeaders=host&X-Amz-Signature={'0f' * 32}"
    return f"https://{host}/{bootstrap_object_key(one.infra_id, one.era)}?{signature}"


def kernel(*said: str, pid: int = 735, second: float = 9.5) -> str:
    """Lines that Ignition wrote, as the kernel shows them; what is too long for it is missing."""
    lines = [(second + number / 100, f"ignition[{pid}]: {text}") for number, text in enumerate(said)]
    return "".join(f"[{at:12.6f}] {text}\r\n" for at, text in lines if len(text) <= KERNEL_LIMIT)


def boot(one: Install, result: str | None = "Forbidden", *, address: str = "", pid: int = 735) -> str:
    """One boot, up to the fetch's result; None where it is still under way."""
    said = [
        "Ignition 2.16.2" if one.era is Era.TERRAFORM else "Ignition 2.19.0",
        "Stage: fetch",
        'no config dir at "/usr/lib/ignition/base.platform.d/aws"',
        "PUT http://169.254.169.254/latest/api/token: attempt #1",
        "PUT result: OK",
        "GET http://169.254.169.254/2019-10-01/user-data: attempt #1",
        "GET result: OK",
        f"GET {address or url(one)}: attempt #1",
        *([] if result is None else [f"GET result: {result}"]),
    ]
    if one.era is Era.CAPA:
        said = [f"INFO     : {text}" for text in said]
    start = (
        f"[    0.000000] Linux version {LINUX[one.era]} (mockbuild@x86-64.example) #1 SMP PREEMPT_DYNAMIC\r\n"
        "[    0.000000] Command line: BOOT_IMAGE=(hd0,gpt3)/ostree/rhcos ignition.firstboot ignition.platform.id=aws "
        "console=tty0 console=ttyS0,115200n8\r\n"
        "[    6.104211] systemd[1]: Running in initrd.\r\n"
        "         Starting \x1b[0;1;39mIgnition (fetch)\x1b[0m...\r\n"
        "\x1bM\r\x1b[K[ \x1b[0;31m*\x1b[0;1;31m*\x1b[0m\x1b[0;31m* \x1b[0m] "
        "A start job is running for Ignition (fetch) (9s / no limit)\r\n"
    )
    return start + kernel(*said, pid=pid)


def failed(one: Install, *, address: str = "", pid: int = 735, shown: int = 10) -> str:
    """What follows a fetch that failed: the kernel's last lines, and the emergency shell's look at the unit."""
    ends = [f"failed to {what}: failed to fetch resource" for what in ("fetch config", "acquire config")]
    log = [
        "GET http://169.254.169.254/2019-10-01/user-data: attempt #1",
        "GET result: OK",
        f"parsing config with SHA512: {'8a' * 64}",
        f"GET {address or url(one)}: attempt #1",
        "GET result: Forbidden",
        *ends,
        "Ignition failed: failed to fetch resource",
    ]
    level = "INFO     : " if one.era is Era.CAPA else ""
    unit = [f"\x1b[0;1;39mignition[{pid}]: {level}{text}\x1b[0m" for text in log]
    unit += [
        "systemd[1]: ignition-fetch.service: Main process exited, code=exited, status=1/FAILURE",
        "systemd[1]: ignition-fetch.service: Failed with result 'exit-code'.",
        "systemd[1]: Failed to start Ignition (fetch).",
    ]
    return (
        kernel(*ends, pid=pid, second=9.7)
        + "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mIgnition (fetch)\x1b[0m.\r\n"
        + "Displaying logs from failed units: ignition-fetch.service\r\n"
        + "".join(f"Nov 24 02:01:09 {line}\r\n" for line in unit[-shown:])
        + "Press Enter for emergency shell or wait 4 minutes 45 seconds for reboot.      \r"
    )


def refused(one: Install, *, address: str = "", pid: int = 735) -> str:
    """The console of a node that S3 refused."""
    return boot(one, "Forbidden", address=address, pid=pid) + failed(one, address=address, pid=pid)


def fetched(one: Install, *, address: str = "", pid: int = 735) -> str:
    """The console of a node that has its file, some minutes later."""
    return (
        boot(one, "OK", address=address, pid=pid)
        + kernel(
            'fetched base config from "system"', "fetch: fetch complete", "fetch: fetch passed", pid=pid, second=9.8
        )
        + kernel("INFO     : Stage: files", "files: op(1): [started]  writing file", pid=pid + 165, second=15)
        + "Red Hat Enterprise Linux CoreOS\r\nip-10-0-12-34 login: "
    )
