"""Reads a page as a browser would: what it says, its buttons and fields, its differences."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = frozenset({"meta", "input", "link", "br", "img", "hr", "base"})


@dataclass(slots=True)
class Read:
    """A page.

    Attributes:
        text: what is to be read.
        buttons: their words by their values.
        fields: the form's other fields, with their values.
        lines: of differences: element, kind and text.
        elements: all tags with their attributes.
        open: elements that were never closed.
    """

    status: int
    headers: dict[str, str]
    text: str = ""
    heading: str = ""
    language: str = ""
    buttons: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """All classes in use."""
        return {name for _, attributes in self.elements for name in (attributes.get("class") or "").split()}


class _Reader(HTMLParser):
    def __init__(self, page: Read) -> None:
        super().__init__()
        self._page = page
        self._path: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"{tag} has an attribute twice"
        self._page.elements.append((tag, attributes))
        if tag == "html":
            self._page.language = attributes["lang"] or ""
        if tag == "input":
            self._page.fields[attributes["name"] or ""] = attributes.get("value") or ""
        kinds = (attributes.get("class") or "").split()
        if kinds[:1] == ["line"]:
            self._page.lines.append((tag, kinds[1], ""))
        if tag not in _VOID:
            self._path.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        assert self._path, f"{tag} was never opened"
        assert self._path.pop()[0] == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        tag, attributes = self._path[-1] if self._path else ("", {})
        if tag == "style":
            return
        self._page.text += data
        if tag == "h1":
            self._page.heading += data
        if tag == "button" and attributes.get("value"):
            self._page.buttons[attributes["value"] or ""] = data
        if (attributes.get("class") or "").startswith("line "):
            last = self._page.lines.pop()
            self._page.lines.append((last[0], last[1], last[2] + data))

    def close(self) -> None:
        super().close()
        self._page.open = [tag for tag, _ in self._path]


def read(response: dict[str, Any]) -> Read:
    """Read a response of the page's function; its HTML must be well formed."""
    page = Read(response["statusCode"], response["headers"])
    reader = _Reader(page)
    reader.feed(response["body"])
    reader.close()
    assert page.open == []
    return page
