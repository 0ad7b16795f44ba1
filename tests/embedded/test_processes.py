"""Tests of the child processes: started, waited for, explained when they fail, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.processes import ProcessError, clean_environment, free_ports, listens, running, sigterm_as_exit

# Starts a child of its own, as MiniStack does for a function, and tells both process numbers.
PARENT = (
    "import os,subprocess,time; c=subprocess.Popen(['sleep','60']); print(os.getpid(),c.pid,flush=True); time.sleep(60)"
)


def numbers(log: Path) -> list[int]:
    """Wait for the process numbers that PARENT writes to its log."""
    deadline = time.monotonic() + 10
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the child said nothing"
        time.sleep(0.02)
    return [int(word) for word in log.read_text().split()]


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie, which a container's first process may never collect, doesn't."""
    if not Path("/proc/self/stat").exists():
        return subprocess.run(["kill", "-0", str(pid)], check=False, capture_output=True).returncode == 0
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def all_end(pids: list[int], seconds: float = 5) -> bool:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def script(folder: Path) -> list[str]:
    """Write a program that runs PARENT under ``running`` until it is stopped; it says when its context has ended."""
    text = f"""
import pathlib, sys, time
from demo.processes import running, sigterm_as_exit
folder = pathlib.Path({str(folder)!r})
with sigterm_as_exit(), running("parent", [sys.executable, "-c", {PARENT!r}], folder=folder):
    (folder / "started").touch()
    try:
        time.sleep(60)
    finally:
        (folder / "cleaned").touch()
"""
    return [sys.executable, "-c", text]


def start_and_end(folder: Path, number: signal.Signals) -> list[int]:
    """Run the program, send it a signal and return the numbers of its child and grandchild."""
    program = subprocess.Popen(script(folder), cwd=Path(__file__).parents[2])
    pids = numbers(folder / "parent.log")
    while not (folder / "started").exists():
        time.sleep(0.02)
    program.send_signal(number)
    program.wait(10)
    return pids


def test_children_and_grandchildren_end_with_the_context(tmp_path: Path) -> None:
    """When the context ends, the command and everything it started are gone."""
    with running("parent", [sys.executable, "-c", PARENT], folder=tmp_path):
        pids = numbers(tmp_path / "parent.log")
        assert all(is_alive(pid) for pid in pids)
    assert all_end(pids)


def test_an_exception_ends_the_children(tmp_path: Path) -> None:
    """An exception inside the context ends the children and goes on its way."""

    def fail() -> None:
        with running("parent", [sys.executable, "-c", PARENT], folder=tmp_path):
            numbers(tmp_path / "parent.log")
            raise KeyError("anything")

    with pytest.raises(KeyError, match="anything"):
        fail()
    assert all_end(numbers(tmp_path / "parent.log"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_and_lets_the_program_clean_up(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM leave no process, and the program's own clean-up runs."""
    assert all_end(start_and_end(tmp_path, number))
    assert (tmp_path / "cleaned").exists()


def test_killing_the_program_leaves_no_orphan(tmp_path: Path) -> None:
    """Even when the program is killed outright, its children end by their lifeline."""
    assert all_end(start_and_end(tmp_path, signal.SIGKILL))


def test_killing_the_keeper_leaves_no_orphan(tmp_path: Path) -> None:
    """When somebody kills the keeper alone, the context's end still takes the rest of its group down."""
    with running("parent", [sys.executable, "-c", PARENT], folder=tmp_path) as child:
        pids = numbers(tmp_path / "parent.log")
        os.kill(child.pid, signal.SIGKILL)
    assert all_end(pids)


def test_a_command_that_ends_early_is_explained_by_its_log(tmp_path: Path) -> None:
    """The error of a command that ends before it is ready shows its name, its status and its last words."""
    command = [sys.executable, "-c", "import sys; sys.exit('no such volume')"]
    with running("server", command, folder=tmp_path) as child, pytest.raises(ProcessError) as caught:
        child.wait_until(lambda: False, seconds=10)
    assert "server stopped before it was ready" in str(caught.value)
    assert "no such volume" in str(caught.value)
    assert "status 1" in str(caught.value)


def test_a_command_that_is_never_ready_is_explained_by_its_log(tmp_path: Path) -> None:
    """The error of a command that isn't ready in time names the limit and shows the end of its log."""
    with running("parent", [sys.executable, "-c", PARENT], folder=tmp_path) as child:
        pids = numbers(tmp_path / "parent.log")
        with pytest.raises(ProcessError, match=r"parent wasn't ready within 0.2 s") as caught:
            child.wait_until(lambda: False, seconds=0.2)
    assert str(pids[0]) in str(caught.value)
    assert all_end(pids)


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A missing program is an error that names it."""
    with (
        running("server", ["/nowhere/weed"], folder=tmp_path) as child,
        pytest.raises(ProcessError, match=r"/nowhere/weed can't be started"),
    ):
        child.wait_until(lambda: False, seconds=10)


def test_the_environment_is_what_was_given(tmp_path: Path) -> None:
    """A command given an environment sees that one alone."""
    command = [sys.executable, "-c", "import os; print(os.environ.get('ONLY'), 'HOME' in os.environ)"]
    with running("server", command, folder=tmp_path, environment={"ONLY": "this"}) as child:
        while child.is_running():
            time.sleep(0.02)
    assert (tmp_path / "server.log").read_text().startswith("this False")


def test_ports_differ_and_nobody_listens_on_them() -> None:
    """Ports found together are all different and free."""
    ports = free_ports(8)
    assert len(set(ports)) == 8
    assert not any(listens(port) for port in ports)


def test_a_taken_port_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody listens on isn't offered, and too few free ports are an error."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        monkeypatch.setattr("demo.processes._PORTS", range(taken, taken + 1))
        assert listens(taken)
        with pytest.raises(ProcessError, match="only 0 of 1 ports"):
            free_ports(1)


def test_a_real_accounts_variables_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS variable or proxy of the caller's reaches a server."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    environment = clean_environment(AWS_REGION="us-east-1")
    assert environment["AWS_REGION"] == "us-east-1"
    assert "AWS_PROFILE" not in environment
    assert "https_proxy" not in environment


def test_sigterm_is_put_back_as_it_was() -> None:
    """After the context SIGTERM means what it meant before."""
    before = signal.getsignal(signal.SIGTERM)
    with sigterm_as_exit():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
