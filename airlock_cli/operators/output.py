"""The file that a report is written to: a regular one or none yet, and put there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from uuid import uuid4

from airlock_cli.problems import InputError

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
"""What file systems without hard links say: vfat and some network ones (link(2) names EPERM), and FUSE's."""
_MODE = 0o666
"""Of a new file, before the umask."""


def check(output: Path, *, force: bool) -> int:
    """See whether a file can be written there, as far as looking tells.

    Returns:
        The mode that it is to have: its own where it is replaced; else what the umask leaves of the usual one.

    Raises:
        InputError: there is something that isn't a file, or a file that nobody said may be replaced.
    """
    try:
        mode = output.lstat().st_mode
    except FileNotFoundError:
        if not output.absolute().parent.is_dir():
            raise InputError(f"--output {output} can't be written: there is no such folder.\nMake it first.") from None
        return _MODE
    except (OSError, ValueError) as error:
        raise _not_written(output, error) from error
    if stat.S_ISDIR(mode):
        raise InputError(f"--output {output} is a folder.\nGive a file, such as {output / 'report.html'}.")
    if stat.S_ISLNK(mode):
        raise InputError(f"--output {output} is a symbolic link.\nGive the file itself that it leads to.")
    if not stat.S_ISREG(mode):
        raise InputError(f"--output {output} is no regular file, and isn't replaced.\nGive another name.")
    if not force:
        raise _exists(output)
    return stat.S_IMODE(mode) & _MODE


def write(output: Path, text: str, *, force: bool) -> None:
    """Put a text there as UTF-8. What came there meanwhile, and may not be replaced, is kept.

    Raises:
        InputError: it can't be written, or would be overwritten.
    """
    mode = check(output, force=force)
    # Beside it, for nothing can be moved to another file system; its name is nobody's guess.
    part = output.absolute().parent / f".airlock-{uuid4().hex}"
    try:
        try:
            _make(part, text)
            if mode != _MODE:
                part.chmod(mode)
            if force:
                part.replace(output)
            else:
                _link(part, output, text)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError as error:
        raise _exists(output) from error
    except OSError as error:
        raise _not_written(output, error) from error


def _make(path: Path, text: str) -> None:
    """A new file, with a mode as the umask says; one that can't be written to its end is taken away."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "w", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            path.unlink()
            raise


def _link(part: Path, output: Path, text: str) -> None:
    """Unlike a rename, a link never takes the place of what has come there meanwhile; nor does making a file."""
    try:
        output.hardlink_to(part)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _make(output, text)


def _exists(output: Path) -> InputError:
    return InputError(f"--output {output} is there already.\nGive another name, or --force to replace it.", "exists")


def _not_written(output: Path, error: OSError | ValueError) -> InputError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"--output {output} can't be written: {why}.\nGive another place.")
