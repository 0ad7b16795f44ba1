"""The page's texts in one language, with times as its readers write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airlock.messages.layout import moment, one_line
from airlock.messages.message import Language

_JAPAN = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1951."""


class Speech:
    """Says things in one language. Values stand on one line and hold nothing that can't be seen; HTML isn't its task.

    Attributes:
        language: which one.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        if language is Language.JAPANESE:
            from airlock.page.japanese import TEXTS  # noqa: PLC0415 - only the language that is spoken is loaded
        else:
            from airlock.page.english import TEXTS  # noqa: PLC0415 - as above
        self._texts = TEXTS

    def say(self, key: str, **values: object) -> str:
        """The text of this name, with the values in it; times are written out.

        Raises:
            KeyError: there is no such text, or it needs another value.
        """
        return self._texts[key].format_map({name: self._written(value) for name, value in values.items()})

    def knows(self, key: str) -> bool:
        """Whether there is a text of this name."""
        return key in self._texts

    def time(self, at: datetime) -> str:
        """A moment to the minute, in UTC; in Japanese also in Japan's time."""
        if self.language is Language.JAPANESE:
            there = at.astimezone(_JAPAN)
            return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}（日本時間、{moment(at)}）"  # noqa: RUF001
        return moment(at)

    def _written(self, value: object) -> str:
        return self.time(value) if isinstance(value, datetime) else one_line(str(value))
