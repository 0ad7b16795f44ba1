"""How texts are made safe to show, and laid out: lines, subjects, times, what somebody else wrote."""

from __future__ import annotations

import re
from datetime import UTC, datetime

COLUMNS = 96
"""No line of prose is longer; an ARN or a link may be."""
LINE_LIMIT = 1_000
"""Characters of one value, such as an ARN; IAM's longest are shorter (IAM user guide, "IAM and AWS STS quotas")."""
FREE_LIMIT = 400
"""Characters of what somebody else wrote: five lines."""
_WIDE = 0x2E80
"""From this character on, the scripts of East Asia begin, whose characters take two columns."""


def one_line(text: str, limit: int = LINE_LIMIT) -> str:
    """The text on one line: what can't be seen, control characters and line breaks included, becomes a space."""
    seen = "".join(character if character.isprintable() else " " for character in text)
    return cut(" ".join(seen.split()), limit)


def free_text(text: str, limit: int = FREE_LIMIT) -> str:
    """What somebody else wrote, on one line, without what could be a secret.

    A console's line or a pasted link can hold a presigned URL; of a URL, only the host is shown.
    """
    hosts_only = re.sub(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#@]*@)?([^\s/?#]*)[/?#]\S*", r"\1\2/…", text)
    return one_line(re.sub(r"(?i)\b(x-amz-[a-z-]+|signature|token)=\S+", r"\1=…", hosts_only), limit)


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def moment(at: datetime) -> str:
    """A time as people read it, ``2026-11-24 03:00 UTC``."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def minutes(since: datetime, until: datetime) -> int:
    """Whole minutes between two times, none if they are the wrong way round."""
    return max(0, int((until - since).total_seconds() // 60))


def cluster_of(infra_id: str) -> str:
    """The cluster's part of an infra ID: all but the hyphen and the five random characters."""
    return infra_id.rpartition("-")[0] or infra_id


def name_of(principal: str) -> str:
    """The user's or role's name: the ARN's last part."""
    return principal.rpartition("/")[2] or principal


def wrapped(text: str, indent: str = "") -> list[str]:
    """Break a line between words; a word that is too long stays whole, but between wide characters may be a break."""
    lines: list[str] = []
    line = ""
    for word in _words(text):
        if line.strip() and len(indent) + _width(line + word.rstrip()) > COLUMNS:
            lines.append(indent + line.rstrip())
            line = ""
        line += word
    return [*lines, indent + line.rstrip()] if line.strip() else lines


def _words(text: str) -> list[str]:
    """The text in pieces that may stand on lines of their own, each with the white space after it."""
    return re.findall(r"[\u2e80-\U0010ffff]\s*|[^\s\u2e80-\U0010ffff]+\s*", text)


def _width(text: str) -> int:
    return sum(2 if ord(character) >= _WIDE else 1 for character in text)
