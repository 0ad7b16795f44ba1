"""Stored texts that what people read is compared with.

To renew them after a change that is meant, and look at what git shows:

    AIRLOCK_RENEW_GOLDEN=1 .venv/bin/python -m pytest tests/cli -k "golden or help or outputs"
"""

import os
import re
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden")
RENEW = os.environ.get("AIRLOCK_RENEW_GOLDEN") == "1"


def assert_golden(name: str, text: str) -> None:
    """Compare a text with the stored one; or store it, when asked to."""
    # How many calls the handlers need is bench's business, and changes more often than the text.
    text = re.sub(r"\d+ AWS calls", "N AWS calls", text)
    path = GOLDEN / name
    if RENEW:
        path.write_text(text)
    assert text == path.read_text(), f"{name} differs; see the top of {Path(__file__).name} for how to renew it"
