"""What people may write beside an answer or an order."""

from __future__ import annotations

import unicodedata

NOTE_LIMIT = 200
"""Characters."""
# Control characters, halves of characters, line and paragraph separators.
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Turn the direction of text around, so that a note could read as something else than it says (Unicode, annex 9).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class NoteError(ValueError):
    """A note is too long, or holds a character that it may not; the message says which."""


def checked_note(text: str) -> str:
    """The note without white space around it.

    Raises:
        NoteError: it has more than 200 characters, or one that can't be seen.
    """
    note = text.strip()
    if len(note) > NOTE_LIMIT:
        raise NoteError(f"a note has at most {NOTE_LIMIT} characters, this one has {len(note)}; shorten it")
    for character in note:
        if unicodedata.category(character) in _REFUSED or character in _TURNING:
            raise NoteError(f"a note is one line of plain text, this one holds U+{ord(character):04X}; leave it out")
    return note
