"""Runs one command and takes it down with everything it started, once its own standard input closes.

Started by ``demo.processes`` as ``python keeper.py COMMAND...`` at the head of a process group of its own.
Standard input is the lifeline: whoever started the keeper holds the other end of that pipe and says nothing on it.
However that process ends, even by SIGKILL, the pipe closes and the whole group is killed; no server stays behind.
It imports only the standard library and nothing of this project, to be up in a few hundredths of a second.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def keep(command: list[str]) -> None:
    """Run the command until it ends or the lifeline closes, then kill this process's group, itself included.

    The servers hold nothing worth saving, so SIGKILL is right: SeaweedFS needs 15 s to stop by itself.

    Args:
        command: the program and its arguments.
    """
    try:
        # The keeper's own lifeline must not reach the server: it would read it, or hold a copy of it.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        sys.stderr.write(f"{command[0]} can't be started: {error}\n")
        return
    stopping = threading.Event()
    threading.Thread(target=_report_end, args=(process, command[0], stopping), daemon=True).start()
    sys.stdin.buffer.read()
    stopping.set()
    # First the server alone, so that it is collected here and leaves no zombie where nobody else collects them.
    process.kill()
    process.wait()
    _kill_group()


def _report_end(process: subprocess.Popen[bytes], name: str, stopping: threading.Event) -> None:
    status = process.wait()
    if not stopping.is_set():
        sys.stderr.write(f"{name} ended with status {status}\n")
        sys.stderr.flush()
    _kill_group()


def _kill_group() -> None:
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    keep(sys.argv[1:])
