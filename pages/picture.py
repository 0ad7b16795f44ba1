"""docs/picture.svg, drawn from docs/picture.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "docs" / "picture.toml"
PATH: Final = ROOT / "docs" / "picture.svg"

_WIDTH: Final = 960
_HEIGHT: Final = 520
_BOX: Final = (190, 64)
_FIRST: Final = (20, 30)
_STEP: Final = (243, 130)
"""How far apart the upper left corners of neighbours are."""
_EDGE: Final = re.compile(r"(\w+)\.(left|right|top|bottom)([+-]\d+)?")
_STYLE: Final = """\
    text { fill: #0f172a; text-anchor: middle; font: 14px Helvetica, Arial, sans-serif }
    .small { font-size: 12px }
    .word { fill: #475569; font-size: 12px }
    .paper { fill: #ffffff }
    .box { fill: #f1f5f9; stroke: #334155 }
    .ours { fill: #dbeafe }
    .policy { fill: #fef9c3 }
    .arrow { fill: none; stroke: #334155; stroke-width: 1.5 }
    .tip { fill: #334155 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e2e8f0 }
      .word { fill: #94a3b8 }
      .paper { fill: #0d1117 }
      .box { fill: #1e293b; stroke: #94a3b8 }
      .ours { fill: #1e3a8a }
      .policy { fill: #713f12 }
      .arrow { stroke: #94a3b8 }
      .tip { fill: #94a3b8 }
    }"""
_TOLD_BY: Final = 'aria-labelledby="title desc"'
_TIP: Final = (
    '  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
)

Point = tuple[float, float]


class PictureError(ValueError):
    """The source names what isn't there, or says it in a way that isn't known."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        at: column and row; a half stands between two.
        name: its upper line.
        says: its lower line.
        kind: its colour, a class of the style.
    """

    at: Point
    name: str
    says: str
    kind: str

    @property
    def corner(self) -> Point:
        """The upper left corner."""
        return _FIRST[0] + self.at[0] * _STEP[0], _FIRST[1] + self.at[1] * _STEP[1]

    def edge(self, side: str, along: float) -> Point:
        """A point of an edge, so far from its middle."""
        (x, y), (width, height) = self.corner, _BOX
        match side:
            case "left":
                return x, y + height / 2 + along
            case "right":
                return x + width, y + height / 2 + along
            case "top":
                return x + width / 2 + along, y
            case _:
                return x + width / 2 + along, y + height


def text(source: str | None = None) -> str:
    """Draw the picture.

    Args:
        source: what docs/picture.toml holds, unless another text is to be drawn.

    Raises:
        PictureError: an arrow begins or ends at no box, or goes a way that isn't known.
    """
    told = tomllib.loads(SOURCE.read_text(encoding="utf-8") if source is None else source)
    boxes = {
        key: Box((one["at"][0], one["at"][1]), one["name"], one["says"], one["kind"])
        for key, one in told["boxes"].items()
    }
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" {_TOLD_BY}>',
            "  <!-- Drawn by `make picture` from docs/picture.toml. -->",
            f'  <title id="title">{escape(told["title"])}</title>',
            f'  <desc id="desc">{escape(" ".join(told["description"].split()))}</desc>',
            f"  <style>\n{_STYLE}\n  </style>",
            _TIP,
            f'  <rect class="paper" width="{_WIDTH}" height="{_HEIGHT}"/>',
            *(_drawn(box) for box in boxes.values()),
            *(_arrow(one, boxes) for one in told["arrows"]),
            "</svg>",
            "",
        ]
    )


def _drawn(box: Box) -> str:
    (x, y), (width, height) = box.corner, _BOX
    middle = x + width / 2
    return (
        f'  <rect class="box {box.kind}" x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="8"/>'
        f'<text x="{middle:g}" y="{y + 28:g}">{escape(box.name)}</text>'
        f'<text class="small" x="{middle:g}" y="{y + 48:g}">{escape(box.says)}</text>'
    )


def _arrow(told: Mapping[str, Any], boxes: Mapping[str, Box]) -> str:
    begin, end = _point(told["from"], boxes), _point(told["to"], boxes)
    by = told.get("by", "straight")
    across = re.fullmatch(r"across (\d+)", by)
    if by == "straight":
        between: list[Point] = []
    elif by == "down":
        between = [(begin[0], end[1])]
    elif across:
        turn = float(across[1])
        between = [(turn, begin[1]), (turn, end[1])]
    else:
        raise PictureError(
            f'the arrow from {told["from"]} goes by "{by}"; write "down" or "across 712", or leave it out'
        )
    points = [begin, *between, end]
    path = "M" + " ".join(f"{x:g} {y:g}" for x, y in points)
    drawn = f'  <path class="arrow" marker-end="url(#tip)" d="{path}"/>'
    return drawn + (_word(told["says"], points) if "says" in told else "")


def _word(says: str, points: list[Point]) -> str:
    """Set a word over the longest level part of an arrow; beside it, where there is none."""
    parts = list(pairwise(points))
    level = [part for part in parts if part[0][1] == part[1][1]]
    (x, y), (x2, y2) = max(level or parts, key=lambda part: abs(part[0][0] - part[1][0]) + abs(part[0][1] - part[1][1]))
    left, up = ((x + x2) / 2 - 2, y - 8) if level else ((x + x2) / 2 + 30, (y + y2) / 2)
    return f'<text class="word" x="{left:g}" y="{up:g}">{escape(says)}</text>'


def _point(told: str, boxes: Mapping[str, Box]) -> Point:
    found = _EDGE.fullmatch(told)
    if not found or found[1] not in boxes:
        raise PictureError(f'"{told}" is no box\'s edge; write one such as "{next(iter(boxes))}.right"')
    return boxes[found[1]].edge(found[2], float(found[3] or 0))
