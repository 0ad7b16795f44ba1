"""What may be logged of an error while somebody answers: its text could repeat what was sent."""

from __future__ import annotations

import traceback


def without_text(error: Exception) -> dict[str, str]:
    """An error's kind and place, and AWS's code where it has one."""
    response = getattr(error, "response", None)
    code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return {"kind": type(error).__name__, "code": code, "place": place}
