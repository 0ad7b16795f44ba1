"""What a bootstrap node's serial console tells of the fetch of its Ignition file.

Ignition writes ``GET <URL>: attempt #1`` before each try, then ``GET result: <HTTP status text>`` or ``GET error: ...``
(coreos/ignition, internal/resource/http.go). Its lines reach the console in two shapes:

- by the kernel, while it runs: ``[    9.512034] ignition[735]: GET result: OK`` (coreos/fedora-coreos-config,
  99journal-conf: ``ForwardToKMsg=yes``);
- by the emergency shell, after a failure: the unit's last ten lines as journalctl shows them, without a host name
  (the same, 99emergency-shell-setup/emergency-shell.sh).

The kernel takes no line from /dev/kmsg that is longer than about 1,000 characters (kernel/printk/printk.c,
devkmsg_write), and the journal drops what it doesn't take. A URL that a role's session signed carries the session's
token and is longer as a rule. So, of an install by a role, the kernel's lines show results that no request precedes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from airlock.install.names import bootstrap_object_key, infra_id_of_bucket


class Verdict(StrEnum):
    """How the last fetch of the Ignition file that the console shows went."""

    NOTHING = "nothing"
    """The console doesn't tell, or a try is under way, or it ended in another way than the two below."""
    REFUSED = "refused"
    """S3 answered 403."""
    FETCHED = "fetched"


class _Asked(Enum):
    """What a process's unanswered GET asks for."""

    BOOTSTRAP_FILE = auto()
    USER_DATA = auto()
    OTHER = auto()


# Colours, cursor movements, window titles and the two-character sequences (ECMA-48).
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
# The kernel's time stamp may follow the torn beginning of another; a caller (T735) follows where that is switched on.
_BY_KERNEL = r"(?:\[ *[\d.]{0,13})?\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d+\])?"
_BY_JOURNALCTL = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?: [\w.-]{1,253})?"
_LINE = re.compile(
    rf"(?:(?P<kernel>{_BY_KERNEL})|{_BY_JOURNALCTL}) ignition\[(?P<pid>\d{{1,10}})\]: (?:[A-Z]{{4,9}} *: )?(?P<said>.*)"
)
_BOOT = re.compile(r"\[ *0\.000000\](?:\[ *[TC]\d+\])? Linux version ")
_REQUEST = re.compile(r"GET https?://(?P<host>[^/?#\s]+)(?P<path>(?:/[^?#\s]*?)?)(?:[?#]\S*)?: attempt #\d{1,9} *")
_RESULT = re.compile(r"GET result: ?(?P<status>[A-Za-z' -]*)")
_METADATA = ("169.254.169.254", "[fd00:ec2::254]")
_VERDICTS = {"OK": Verdict.FETCHED, "Forbidden": Verdict.REFUSED}


def read_console(text: str) -> Verdict:
    """Tell how the last fetch of the bootstrap Ignition file went.

    A result counts for the request before it, by the same process in the same shape of line, and only if that asked
    for a bootstrap bucket's Ignition file; the object's name tells, so endpoints of any kind will do. A result without
    a request counts only in the kernel's lines, of a process that has just been given its user data: then its request
    was too long for the kernel, and of all that the node asks for before it has its file, only a presigned URL is.

    URLs, which hold a presigned credential, go no further than this function. Whoever writes to the console at will
    owns the node, and can gain a reboot of it or an early end of its own grant.

    Args:
        text: the console's text as EC2 gives it, which may begin in the middle of a line.
    """
    console = _Console()
    for line in re.split(r"[\r\n]+", _ESCAPE.sub("", text)):
        console.hear(line)
    return console.verdict


@dataclass(slots=True)
class _Console:
    """What the lines so far have told.

    Attributes:
        verdict: of the last fetch.
        asked: by shape of line and process: what its last GET asks for, until it is answered.
        served: the processes that got their user data.
    """

    verdict: Verdict = Verdict.NOTHING
    asked: dict[tuple[bool, str], _Asked] = field(default_factory=dict)
    served: set[tuple[bool, str]] = field(default_factory=set)

    def hear(self, line: str) -> None:
        """Take in one line."""
        found = _LINE.fullmatch(line)
        if found is not None:
            speaker = (found["kernel"] is not None, found["pid"])
            if request := _REQUEST.fullmatch(found["said"]):
                self._ask(speaker, request["host"], request["path"])
            elif result := _RESULT.fullmatch(found["said"]):
                self._answer(speaker, result["status"].rstrip())
            elif found["said"].startswith("GET error: "):
                self.asked.pop(speaker, None)
        elif _BOOT.match(line):
            self._boot()

    def _ask(self, speaker: tuple[bool, str], host: str, path: str) -> None:
        self.asked[speaker] = _asked_for(host, path)
        if self.asked[speaker] is _Asked.BOOTSTRAP_FILE:
            self.verdict = Verdict.NOTHING

    def _answer(self, speaker: tuple[bool, str], status: str) -> None:
        asked = self.asked.pop(speaker, None)
        if asked is _Asked.USER_DATA and status == "OK":
            self.served.add(speaker)
        elif asked is _Asked.BOOTSTRAP_FILE or (asked is None and speaker in self.served):
            self.verdict = _VERDICTS.get(status, Verdict.NOTHING)

    def _boot(self) -> None:
        """Forget a refusal: the node tries again. A node that has its file doesn't fetch it again."""
        self.asked.clear()
        self.served.clear()
        if self.verdict is Verdict.REFUSED:
            self.verdict = Verdict.NOTHING


def _asked_for(host: str, path: str) -> _Asked:
    if host in _METADATA:
        return _Asked.USER_DATA if path.endswith("/user-data") else _Asked.OTHER
    is_file = any(_is_bootstrap_file(bucket, key) for bucket, key in _readings(host, path))
    return _Asked.BOOTSTRAP_FILE if is_file else _Asked.OTHER


def _readings(host: str, path: str) -> Iterator[tuple[str, str]]:
    """The bucket and key that a URL names, by virtual host and by path (Amazon S3 User Guide, virtual hosting)."""
    yield host.partition(".")[0], path.removeprefix("/")
    bucket, _, key = path.removeprefix("/").partition("/")
    yield bucket, key


def _is_bootstrap_file(bucket: str, key: str) -> bool:
    read = infra_id_of_bucket(bucket)
    return read is not None and key == bootstrap_object_key(*read)
