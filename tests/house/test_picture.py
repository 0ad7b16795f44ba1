"""The picture in the README: drawn from its source, whole, and readable in light and dark."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from pages import picture

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_up_to_date() -> None:
    """docs/picture.svg is what `make picture` would draw."""
    assert picture.PATH.read_text(encoding="utf-8") == picture.text(), "run `make picture`"


def test_the_picture_is_whole() -> None:
    """It is XML, all its boxes are on the paper, none lies over another, and it tells those who can't see it."""
    root = ET.fromstring(picture.text())  # noqa: S314 - the project's own file
    assert {root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")}.isdisjoint({None, ""})
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    boxes = [
        tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        for rect in root.iter(f"{SVG}rect")
        if rect.attrib["class"].startswith("box")
    ]
    assert len(boxes) >= 10
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for (x, y, w, h), (x2, y2, w2, h2) in combinations(boxes, 2):
        assert x + w < x2 or x2 + w2 < x or y + h < y2 or y2 + h2 < y


def test_every_colour_has_one_for_the_dark() -> None:
    """Each class that the drawing gives a colour has another one where the reader's screen is dark."""
    style = re.search(r"<style>(.*)</style>", picture.text(), re.DOTALL)
    assert style
    light, dark = style[1].split("@media (prefers-color-scheme: dark)")
    coloured = re.compile(r"(\.?\w+) \{[^}]*#[0-9a-f]{6}")
    assert sorted(coloured.findall(light)) == sorted(coloured.findall(dark))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('from = "nobody.right"', '"nobody.right" is no box\'s edge; write one such as "a.right"'),
        ('from = "a.middle"', '"a.middle" is no box\'s edge'),
        ('from = "a.right"\nby = "air"', 'the arrow from a.right goes by "air"; write "down" or "across 712"'),
    ],
)
def test_a_wrong_arrow_is_named(wrong: str, told: str) -> None:
    """What the source says wrong is told in its own words."""
    box = '{ at = [0, 0], name = "a", says = "b", kind = "ours" }'
    source = f'title = "t"\ndescription = "d"\n[boxes]\na = {box}\n[[arrows]]\nto = "a.left"\n{wrong}\n'
    with pytest.raises(picture.PictureError, match=re.escape(told)):
        picture.text(source)
