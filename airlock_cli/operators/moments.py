"""Times as people write and read them; all of them are UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from airlock.policy.exemption import from_iso, iso
from airlock_cli.problems import InputError

DEFAULT_SINCE = "7d"
EARLIEST = timedelta(days=3660)
"""How far back a listing may begin: ten years, one query a month."""
_AGO = re.compile(r"([0-9]{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def moment_since(text: str, now: datetime) -> datetime:
    """Read how ``--since`` is written: ``90m``, ``24h`` or ``7d`` ago, a day, or an ISO 8601 time with its zone.

    Raises:
        InputError: the text is none of these, lies ahead, or is more than ten years back.
    """
    moment = _moment(text, now)
    if moment > now:
        raise InputError(f"--since {text} lies ahead; it is {iso(now)} now.\nGive a time that has passed.")
    if now - moment > EARLIEST:
        raise InputError(f"--since {text} is more than ten years back.\nGive a later time, such as 30d.")
    return moment


def _moment(text: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        return from_iso(text)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--since {text!r} isn't a time.\nGive one such as 24h, 7d, 2026-11-24 or 2026-11-24T03:00:00Z."
        ) from error


def told(moment: datetime, now: datetime) -> str:
    """A moment, and how far it is from now: ``2026-11-24T03:00:00Z (in 12 min)``."""
    return f"{iso(moment)} ({distance(moment, now)})"


def distance(moment: datetime, now: datetime) -> str:
    """How far a moment is from now: ``in 12 min``, ``8 min ago``."""
    seconds = round((moment - now).total_seconds())
    if seconds == 0:
        return "now"
    return f"in {length(seconds)}" if seconds > 0 else f"{length(-seconds)} ago"


def length(seconds: float) -> str:
    """A time span in the unit that suits it, rounded down: what is left is never told longer than it is."""
    whole = int(seconds)
    # Up to two of a unit its smaller ones tell more: 90 min, 36 h.
    if whole >= 2 * _DAY:
        return f"{whole // _DAY} days"
    if whole >= 2 * _HOUR:
        minutes = whole % _HOUR // _MINUTE
        return f"{whole // _HOUR} h {minutes} min" if minutes else f"{whole // _HOUR} h"
    return f"{whole // _MINUTE} min" if whole >= 2 * _MINUTE else f"{whole} s"
