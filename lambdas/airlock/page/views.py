"""What the page shows, as values. Nothing here is HTML yet, and nothing is escaped. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airlock.page.note import NOTE_LIMIT


@dataclass(frozen=True, slots=True)
class Row:
    """One fact.

    Attributes:
        label: what it is.
        value: what it is in this case.
        code: whether the value is a name that machines use.
        moment: the value as machines read it, if it is a time.
        language: of the value, if that isn't the page's.
    """

    label: str
    value: str
    code: bool = False
    moment: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a heading."""

    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What opens, and what doesn't.

    Attributes:
        lead: what it is about; of a lift, the warning.
        objects: ARNs.
        choice: a sentence about the objects, where it will be one of them only; else empty.
        more: further sentences.
        stays: what stays denied.
        lifted: whether everything opens.
        wider: what it lets through beyond what was asked, a sentence each; of a lift, the lead says it.
        why: why the exact opening can't be had, in English; None where it is as asked.
    """

    lead: str
    objects: tuple[str, ...]
    more: tuple[str, ...]
    stays: str
    lifted: bool
    choice: str = ""
    wider: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference.

    Attributes:
        kind: ``added``, ``removed``, ``kept`` or ``place``.
        sign: ``+``, ``-`` or a space; it says the same as the kind, for those who don't see colours.
        text: without the sign.
    """

    kind: str
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of one policy."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The form.

    Attributes:
        token: of the link.
        until: until when an answer counts, in a sentence.
        approve: what the button says by which it is approved.
        lifted: whether a lift is asked for.
    """

    token: str
    until: str
    approve: str
    lifted: bool
    note_limit: int = NOTE_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole page.

    Attributes:
        status: of the HTTP response.
        heading: what it is about.
        lead: what happened, and what to do next: a paragraph each.
        sections: facts.
        opening: what opens, where that is of interest.
        differences: of the policies; None where they are of no interest.
        no_differences: what to say where there are none.
        question: the form, where an answer counts.
    """

    status: int
    heading: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    opening: Opening | None = None
    differences: tuple[Difference, ...] | None = None
    no_differences: str = ""
    question: Question | None = None


def time_row(label: str, text: str, at: datetime) -> Row:
    """A fact that is a time."""
    return Row(label, text, moment=at.isoformat(timespec="seconds").replace("+00:00", "Z"))
