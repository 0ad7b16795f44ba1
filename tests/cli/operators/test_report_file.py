"""The report's file: nothing that isn't one is replaced, and it is there whole or not at all."""

import errno
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from airlock_cli.operators import output as output_file
from airlock_cli.problems import InputError
from airlock_cli.progress import Later
from tests.cli.operators.conftest import Desk

FORCE = pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])


@pytest.fixture
def umask() -> Iterator[None]:
    """A umask of 027, whatever the machine has."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_file_isnt_replaced_unless_told(busy: Desk, tmp_path: Path) -> None:
    """A file that is there is kept, status 2, before AWS is asked; --force replaces it; nothing else is left behind."""
    output = tmp_path / "report.html"
    output.write_text("precious")
    busy.door.refuse_stacks = "AccessDenied"
    done = busy.run("report", "prod", "--output", output)
    assert (done.status, output.read_text()) == (2, "precious")
    assert done.err.endswith("is there already.\nGive another name, or --force to replace it.\n")
    busy.door.refuse_stacks = None
    assert busy.run("report", "prod", "--output", output, "--force").status == 0
    assert output.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [output]


def test_a_file_that_came_meanwhile_is_kept(busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever takes the place while the report is made isn't overwritten either."""
    output = tmp_path / "report.html"
    monkeypatch.setattr(Later, "__enter__", lambda self: output.write_text("precious") and self)
    done = busy.run("report", "prod", "--output", output)
    assert (done.status, output.read_text()) == (2, "precious")
    assert list(tmp_path.iterdir()) == [output]


def test_places_that_cant_be_written(busy: Desk, tmp_path: Path) -> None:
    """A folder, or a file in a folder that isn't there, ends with status 2."""
    for output in (tmp_path, tmp_path / "no" / "r.html"):
        done = busy.run("report", "prod", "--output", output)
        assert done.status == 2
        assert len(done.err.splitlines()) == 2


@FORCE
@pytest.mark.parametrize("kind", ["fifo", "link", "dangling", "link-to-fifo"])
def test_what_is_no_file_is_left_alone(busy: Desk, tmp_path: Path, kind: str, force: tuple[str, ...]) -> None:
    """A pipe, as a device would be, and a link, wherever it leads: status 2, with --force too, before AWS is asked."""
    output, other = tmp_path / "report.html", tmp_path / "other"
    if kind == "fifo":
        os.mkfifo(output)
    else:
        output.symlink_to(other)
        if kind == "link":
            other.touch()
        elif kind == "link-to-fifo":
            os.mkfifo(other)
    before = {path: (path.lstat().st_mode, path.lstat().st_ino) for path in tmp_path.iterdir()}
    busy.door.refuse_stacks = "AccessDenied"
    done = busy.run("report", "prod", "--output", output, *force)
    assert done.status == 2
    assert ("is no regular file" if kind == "fifo" else "is a symbolic link") in done.err
    assert {path: (path.lstat().st_mode, path.lstat().st_ino) for path in tmp_path.iterdir()} == before


def test_a_pipe_that_came_meanwhile_is_left_alone(busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --force too: it is looked at again before it is replaced."""
    output = tmp_path / "report.html"

    def enter(later: Later) -> Later:
        if not output.exists():
            os.mkfifo(output)
        return later

    monkeypatch.setattr(Later, "__enter__", enter)
    assert busy.run("report", "prod", "--output", output, "--force").status == 2
    assert stat.S_ISFIFO(output.lstat().st_mode)
    assert list(tmp_path.iterdir()) == [output]


@FORCE
@pytest.mark.parametrize("name", ["r" * 300, "r" * 250, "a/r.html"], ids=["too-long", "long", "in-a-file"])
def test_names_that_may_not_be(busy: Desk, tmp_path: Path, name: str, force: tuple[str, ...]) -> None:
    """A name that the file system takes is written, however long; of another it is told why, in two lines."""
    (tmp_path / "a").touch()
    done = busy.run("report", "prod", "--output", tmp_path / name, *force)
    if name == "r" * 250:
        assert done.status == 0
        return
    assert (done.status, len(done.err.splitlines())) == (2, 2)
    assert "can't be written: File name too long." in done.err or "can't be written: Not a directory." in done.err


@pytest.mark.usefixtures("umask")
def test_it_has_the_mode_that_files_have(busy: Desk, tmp_path: Path) -> None:
    """A new one as the umask says; one that is replaced keeps its own, so that it isn't opened to others."""
    output = tmp_path / "report.html"
    busy.run("report", "prod", "--output", output)
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    output.chmod(0o600)
    busy.run("report", "prod", "--output", output, "--force")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_file_systems_without_hard_links(
    busy: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """There too it is written, and nothing that came meanwhile is replaced."""
    output = tmp_path / "report.html"
    _no_links(monkeypatch, number)
    assert busy.run("report", "prod", "--output", output).status == 0
    assert output.read_text().endswith("</html>")
    assert stat.S_IMODE(output.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [output]
    output.unlink()
    monkeypatch.setattr(Later, "__enter__", lambda self: output.write_text("precious") and self)
    assert busy.run("report", "prod", "--output", output).status == 2
    assert (output.read_text(), list(tmp_path.iterdir())) == ("precious", [output])


def test_half_a_file_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a text can't be written to its end, nothing is left that could be taken for a report."""
    output = tmp_path / "report.html"
    for links in (True, False):
        if not links:
            _no_links(monkeypatch, errno.EPERM)
        with pytest.raises(UnicodeEncodeError):
            output_file.write(output, "half " * 10_000 + "\ud800", force=False)
        assert list(tmp_path.iterdir()) == []


def test_half_a_file_is_taken_away_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the text is written a second time, for which there may be no room any more."""
    output, limits = tmp_path / "report.html", resource.getrlimit(resource.RLIMIT_FSIZE)

    def refuse(_: Path, __: Path) -> NoReturn:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    try:
        with pytest.raises(InputError, match="File too large"):
            output_file.write(output, "half " * 10_000, force=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_fails_for_another_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk isn't a file system without links."""
    _no_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(InputError, match="No space left on device"):
        output_file.write(tmp_path / "report.html", "whole", force=False)
    assert list(tmp_path.iterdir()) == []


def _no_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(_: Path, __: Path) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
