"""The catalogue of one language, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping

from airlock.messages.layout import cut, one_line
from airlock.messages.message import SUBJECT_LIMIT, Language


class Voice:
    """Says things in one language. What goes into its texts is made safe: no value can begin a line of its own."""

    def __init__(self, language: Language) -> None:
        self._texts = _texts_of(language)

    def say(self, key: str, **values: object) -> str:
        """The text of this name, with the values in it.

        Raises:
            KeyError: the catalogue has no such text, or the text needs another value.
        """
        return self._texts[key].format_map({name: one_line(str(value)) for name, value in values.items()})

    def lines(self, key: str, **values: object) -> list[str]:
        """The same, as lines."""
        return self.say(key, **values).split("\n")

    def subject(self, key: str, longest: str, **values: str) -> str:
        """A subject that SNS takes: one line of UTF-8, less than 100 characters (SNS API reference, "Publish").

        Args:
            key: the text's name.
            longest: the value that is cut where it is too long for that.
            values: what goes into the text.
        """
        room = SUBJECT_LIMIT - len(self.say(key, **{**values, longest: ""}))
        shorter = cut(one_line(values[longest]), max(room, 1))
        return cut(self.say(key, **{**values, longest: shorter}), SUBJECT_LIMIT)

    def first_of(self, *keys: str) -> str:
        """The first of the names that the catalogue knows; the last where it knows none."""
        return next((key for key in keys if key in self._texts), keys[-1])


def _texts_of(language: Language) -> Mapping[str, str]:
    # Only the language that is spoken is loaded: the watcher's cold start counts.
    if language is Language.JAPANESE:
        from airlock.messages.japanese import TEXTS as JAPANESE  # noqa: PLC0415 - see above

        return JAPANESE
    from airlock.messages.english import TEXTS as ENGLISH  # noqa: PLC0415 - see above

    return ENGLISH
