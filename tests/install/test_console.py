"""What a serial console tells of the fetch: as 4.14 and 4.18 write it, cut, torn, coloured, and forged."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.install.console import Verdict, read_console
from airlock.install.names import Era
from tests.consoles import TOKEN, boot, failed, fetched, kernel, refused, url
from tests.events import Install

USER = "arn:aws:iam::111122223333:user/ocp-installer"
ERAS = [
    Install(infra_id="prod-7xk2q", principal=USER, region="us-east-2", era=Era.TERRAFORM),
    Install(infra_id="lab-9mz4c", principal=USER, region="eu-central-1", era=Era.CAPA),
]
ONE = ERAS[0]
each_era = pytest.mark.parametrize("one", ERAS, ids=["4.14", "4.18"])


@each_era
def test_a_refusal_is_read(one: Install) -> None:
    """A 403 is a refusal, as soon as its line is there and after the emergency shell has shown the unit's log."""
    assert read_console(boot(one, "Forbidden")) is Verdict.REFUSED
    assert read_console(refused(one)) is Verdict.REFUSED


@each_era
def test_a_fetch_is_read(one: Install) -> None:
    """A 200 of the same request is a fetch, whatever the later stages write."""
    assert read_console(fetched(one)) is Verdict.FETCHED


@each_era
def test_the_last_fetch_counts(one: Install) -> None:
    """After a reboot the second boot's result counts, and until it comes there is none."""
    first = refused(one)
    assert read_console(first + fetched(one, pid=741)) is Verdict.FETCHED
    assert read_console(first + refused(one, pid=741)) is Verdict.REFUSED
    assert read_console(first + boot(one, None, pid=741)) is Verdict.NOTHING
    assert read_console(first + boot(one, None, pid=741).splitlines()[0]) is Verdict.NOTHING


def test_a_node_that_has_its_file_keeps_it_over_a_reboot() -> None:
    """Ignition runs on the first boot only, so a later boot without a fetch takes nothing back."""
    assert read_console(fetched(ONE) + boot(ONE, "OK").splitlines()[0]) is Verdict.FETCHED


@each_era
def test_a_url_too_long_for_the_kernel_leaves_its_result(one: Install) -> None:
    """A role's URL never reaches the console by the kernel; the result that follows the user data's is the file's."""
    address = url(one, token=TOKEN)
    for result, verdict in {"Forbidden": Verdict.REFUSED, "OK": Verdict.FETCHED, "Not Found": Verdict.NOTHING}.items():
        text = boot(one, result, address=address)
        assert "s3" not in text
        assert read_console(text) is verdict
    assert read_console(refused(one, address=address)) is Verdict.REFUSED
    assert read_console(refused(one, address=address) + fetched(one, address=address, pid=741)) is Verdict.FETCHED


def test_a_result_without_its_request_is_none_of_the_files_before_the_user_data() -> None:
    """Where the line of the metadata's request was torn away, its result isn't taken for the file's."""
    assert read_console(kernel("PUT result: OK", "GET result: OK")) is Verdict.NOTHING
    assert read_console(kernel("GET result: Forbidden")) is Verdict.NOTHING


@pytest.mark.parametrize("shown", range(1, 12))
@each_era
def test_the_emergency_shell_may_show_the_end_of_the_log_alone(one: Install, shown: int) -> None:
    """However few lines it shows, what the kernel's lines told stands, and its own cut beginning adds nothing."""
    assert read_console(boot(one, "Forbidden") + failed(one, shown=shown)) is Verdict.REFUSED
    log = failed(one, shown=shown)
    assert read_console(log) is (Verdict.REFUSED if f"GET {url(one)}" in log else Verdict.NOTHING)


@each_era
def test_a_console_cut_anywhere_tells_nothing_wrong(one: Install) -> None:
    """The last 64 KB may begin in the middle of any line: a refused node's never read as fetched, nor the other way."""
    whole = refused(one)
    assert {read_console(whole[start:]) for start in range(len(whole))} == {Verdict.REFUSED, Verdict.NOTHING}
    assert Verdict.FETCHED not in {read_console(whole[:end]) for end in range(len(whole))}
    whole = fetched(one)
    assert {read_console(whole[start:]) for start in range(len(whole))} == {Verdict.FETCHED, Verdict.NOTHING}


@pytest.mark.parametrize(
    "host",
    [
        "s3.us-east-2.amazonaws.com/prod-7xk2q-bootstrap",
        "prod-7xk2q-bootstrap.s3.amazonaws.com",
        "prod-7xk2q-bootstrap.s3-us-gov-west-1.amazonaws.com",
        "prod-7xk2q-bootstrap.s3.cn-north-1.amazonaws.com.cn",
        "prod-7xk2q-bootstrap.bucket.vpce-0a1b2c.s3.us-east-2.vpce.amazonaws.com:443",
    ],
)
def test_any_endpoint_of_s3_will_do(host: str) -> None:
    """By path or by host name, in any partition, or at an endpoint of the network's own: the object's name tells."""
    assert read_console(boot(ONE, "Forbidden", address=url(ONE, host))) is Verdict.REFUSED


@pytest.mark.parametrize(
    "address",
    [
        "https://api-int.prod.example.com:22623/config/master",
        "http://169.254.169.254/2019-10-01/meta-data/placement/availability-zone",
        "https://prod-7xk2q-image-registry-us-east-2-abc.s3.us-east-2.amazonaws.com/bootstrap.ign",
        "https://prod-7xk2q-bootstrap.s3.us-east-2.amazonaws.com/other.ign",
        "https://mirror.example.com/prod-7xk2q-bootstrap/",
        "https://[broken/prod-7xk2q-bootstrap",
    ],
)
def test_other_requests_are_not_the_files(address: str) -> None:
    """A result for a machine config, metadata, another bucket or another key isn't the Ignition file's."""
    for result in ("OK", "Forbidden"):
        assert read_console(boot(ONE, result, address=address)) is Verdict.NOTHING
    told = fetched(ONE) + kernel(f"GET {address}: attempt #1", "GET result: Forbidden", pid=801, second=20)
    assert read_console(told) is Verdict.FETCHED


def test_a_later_request_under_a_prefix_is_not_the_files() -> None:
    """A file that the Ignition file names is fetched under the operation's name."""
    said = [f"files: op(3): GET {url(ONE)}: attempt #1", "files: op(3): GET result: Forbidden"]
    assert read_console(fetched(ONE) + kernel(*said)) is Verdict.FETCHED


@pytest.mark.parametrize("answer", ["result: Service Unavailable", "result: ", "error: dial tcp: i/o timeout"])
def test_a_try_that_failed_in_passing_leaves_it_open(answer: str) -> None:
    """Ignition tries again after a 5xx or a network error, and the next result counts."""
    tries = kernel(f"GET {url(ONE)}: attempt #1", f"GET {answer}", f"GET {url(ONE)}: attempt #2")
    assert read_console(tries) is Verdict.NOTHING
    assert read_console(tries + kernel("GET result: OK")) is Verdict.FETCHED


def test_lines_may_be_torn_and_stamped_in_several_ways() -> None:
    """A torn time stamp, the caller's number, a host name, bare line feeds and colours hide nothing."""
    asked = f"ignition[735]: GET {url(ONE)}: attempt #1"
    assert read_console(
        f"[    5.8720[    6.141473] {asked}\n[    6.2] x\n[    6.151473] ignition[735]: GET result: OK\n"
    )
    for start in ("[    6.141473][  T735] ", "Nov 24 02:01:09 ip-10-0-0-5 ", "\x1b[0;32m[    6.141473]\x1b[0m "):
        assert read_console(f"{start}{asked}\n{start}ignition[735]: GET result: Forbidden") is Verdict.REFUSED


@pytest.mark.parametrize(
    "line",
    [
        "ignition[735]: GET result: OK",
        "[   20.114211] bootkube.sh[2210]: ignition[735]: GET result: OK",
        "[   20.114211] bootkube.sh[2210]: [   12.345678] ignition[735]: GET result: OK",
        "[   12.345678] ignition[999]: GET result: OK",
        "[   12.345678] myignition[735]: GET result: OK",
        "[   12.345678] ignition[735]: GET result: OK, said the shell",
        '[   12.345678] ignition[735]: INFO     : parsing {"x": "GET result: OK"}',
        "[   12.345678] cloud-init[735]: INFO     : GET result: OK",
        f"[   12.345678] ignition[735]: no config at GET {url(ONE)}: attempt #1",
    ],
)
def test_a_line_of_another_shape_is_no_result(line: str) -> None:
    """Text inside user data, a script's output or another process can't pass for the fetch's result."""
    assert read_console(refused(ONE) + "\r\n" + line + "\r\n") is Verdict.REFUSED
    assert read_console(kernel(f"GET {url(ONE)}: attempt #1") + line + "\r\n") is Verdict.NOTHING


@given(
    st.text() | st.lists(st.sampled_from([*boot(ONE).splitlines(), "\x1b]", "\x1b[", "\r", "[", "x" * 99])).map("".join)
)
def test_any_text_is_read(text: str) -> None:
    """No text makes the reader fail."""
    assert read_console(text) in set(Verdict)


@pytest.mark.parametrize("start", ["", "[    9.500000] ignition[735]: ", "[    9.500000] ignition[735]: GET http://x"])
@pytest.mark.parametrize(
    "piece", ["\x1b[0", "\x1b]", "[ 1.111111] ", "[", " ", "ignition[1]: ", "a", "/", "?", ": attempt #1"]
)
def test_hostile_text_takes_no_long_time(start: str, piece: str) -> None:
    """64 KB of one piece, in a line, are read at once."""
    started = time.perf_counter()
    read_console(start + piece * (65536 // len(piece)) + "!")
    assert time.perf_counter() - started < 1
