"""`make sbom` and `make licences`."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from supply import bill, page

FOLDER: Final = Path("build") / "sbom"


def main(what: str) -> None:
    """Write the bills of materials, or the page of licences.

    Args:
        what: ``sbom`` or ``licences``.
    """
    if what == "licences":
        page.PATH.write_text(page.text(), encoding="utf-8")
        print(page.PATH.name)  # noqa: T201 - what it is for
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, write in {"account": bill.of_account, "machine": bill.of_machine}.items():
        path = FOLDER / f"{name}.cdx.json"
        path.write_text(write(_moment()), encoding="utf-8")
        print(path)  # noqa: T201 - what it is for


def _moment() -> datetime:
    """SOURCE_DATE_EPOCH, where builds that must come out the same say it; else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC).replace(microsecond=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m supply", description="Write the bills of materials, or the page of licences."
    )
    parser.add_argument("what", choices=("licences", "sbom"))
    main(parser.parse_args().what)
