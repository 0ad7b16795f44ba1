"""`make configuration`, `make picture`, and the second half of `make costs`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pages import configuration, costs, picture

MADE: Final[dict[str, tuple[Path, Callable[[], str]]]] = {
    "configuration": (configuration.PATH, configuration.text),
    "costs": (costs.PATH, costs.text),
    "picture": (picture.PATH, picture.text),
}
"""What there is to make: where it is written, and what makes its text."""


def main(what: str) -> None:
    """Write a page or a picture.

    Args:
        what: which one.
    """
    path, text = MADE[what]
    path.write_text(text(), encoding="utf-8")
    print(path.name)  # noqa: T201 - what it is for


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m pages", description="Write a page, or a picture.")
    parser.add_argument("what", choices=sorted(MADE))
    main(parser.parse_args().what)
