"""The chain of a grant's audit lines: each carries the hash of the one before, so that none goes missing unseen. Pure.

A line is hashed as it is written: SHA-256 of its text in UTF-8, as ``sha256sum`` has it. See docs/audit-log.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256


def link(
    lines: Sequence[Mapping[str, object]], heads: Mapping[str, str | None]
) -> tuple[list[str], dict[str, str | None]]:
    """Let lines follow those that their grants have already.

    Args:
        lines: in the order in which they are to be written; each names its grants under ``grants``.
        heads: by grant, the hash of its last line; None, or nothing, where it has none yet.

    Returns:
        The lines' texts, each with its grants' previous hashes under ``previous``; and the heads after them.
    """
    texts: list[str] = []
    now = dict(heads)
    for line in lines:
        grants = _names(line)
        text = json.dumps({**line, "previous": {one: now.get(one) for one in grants}}, ensure_ascii=False)
        now |= dict.fromkeys(grants, hash_of(text))
        texts.append(text)
    return texts, now


def hash_of(text: str) -> str:
    """A line's hash: 64 hexadecimal digits. Of any text, even one with a lone surrogate, which UTF-8 can't have."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _names(line: Mapping[str, object]) -> list[str]:
    grants = line["grants"]
    return [str(one) for one in grants] if isinstance(grants, list) else []
