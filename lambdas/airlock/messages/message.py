"""One message to people and machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SUBJECT_LIMIT = 99
"""Characters: "less than 100" (SNS API reference, "Publish")."""


class Language(StrEnum):
    """The languages that people may be told in."""

    ENGLISH = "en"
    JAPANESE = "ja"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent to a topic.

    Attributes:
        subject: of the e-mail, one line of at most 99 characters.
        text: the e-mail, one screen of plain text.
        data: the same for machines, as JSON; it goes to every subscriber but e-mail.
        attributes: by which subscribers filter; their values are texts.
    """

    subject: str
    text: str
    data: Mapping[str, object]
    attributes: Mapping[str, str] = field(default_factory=dict)
