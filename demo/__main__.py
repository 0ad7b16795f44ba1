"""``python -m demo``: quick to start, so that Ctrl-C is answered while the rest is still being loaded."""

from __future__ import annotations

import sys


def run() -> int:
    """Load the demonstration and play it; its exit status."""
    try:
        from demo.main import main  # noqa: PLC0415 - boto3 and all the rest take a second to load

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


if __name__ == "__main__":
    sys.exit(run())
