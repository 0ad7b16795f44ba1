"""The page's texts in two languages, and how they look: same names, same placeholders, enough contrast."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from airlock import page as package
from airlock.grants.approval import Way
from airlock.grants.grant import CloseReason
from airlock.messages.message import Language
from airlock.page import english, japanese
from airlock.page.problems import Problem
from airlock.page.speech import Speech
from airlock.page.standing import Standing
from airlock.policy.ladder import Widening
from tests.page.people import START

FOLDER = Path(package.__file__).parent
STYLE = (FOLDER / "templates" / "style.css").read_text()
# Ink on paper, as the style pairs them.
PAIRS = (
    ("ink", "page"),
    ("quiet", "page"),
    ("ink", "box"),
    ("quiet", "box"),
    ("on-button", "yes"),
    ("on-button", "no"),
    ("loud-ink", "loud-page"),
    ("added-ink", "added-page"),
    ("removed-ink", "removed-page"),
)


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    """Each text has its like, with the same placeholders, and none is empty."""
    assert english.TEXTS.keys() == japanese.TEXTS.keys()
    for name, text in english.TEXTS.items():
        assert placeholders(text) == placeholders(japanese.TEXTS[name]), name
        assert text.strip()
        assert japanese.TEXTS[name].strip()


def test_no_text_was_left_in_the_other_language() -> None:
    """English has no Japanese characters, and Japanese sentences have some."""
    kana = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
    assert not any(kana.search(text) for text in english.TEXTS.values())
    foreign = {name for name, text in japanese.TEXTS.items() if not kana.search(text)}
    assert foreign == {"title", "why.other"}


def test_every_text_is_used_and_every_name_is_known() -> None:
    """No text is dead, and none is missing: those named by a value are there for each of its values."""
    sources = [file.read_text() for file in FOLDER.rglob("*") if file.suffix in (".py", ".html")]
    code = "\n".join(source for source in sources if "TEXTS = {" not in source)
    named = {f"decision.by.{way}" for way in Way} | {f"ask.heading.{form}" for form in ("scoped", "wider", "lifted")}
    named |= {f"answer.{approve}" for approve in ("approve", "approve-wider", "approve-lift")}
    named |= {f"wider.{one}" for one in Widening if one is not Widening.LIFT}
    named |= {f"{what}.{network}" for what in ("stays", "stays.any-action") for network in ("network", "any")}
    named |= {
        f"standing.{one}.{part}"
        for one in Standing
        if one is not Standing.WAITING
        for part in ("heading", "what", "next")
    }
    named |= {f"problem.{one.text_key}.{part}" for one in Problem for part in ("heading", "what", "next")}
    named |= {f"why.{reason}" for reason in CloseReason}
    missing = named - english.TEXTS.keys()
    assert missing == set()
    unused = {name for name in english.TEXTS.keys() - named if f'"{name}"' not in code}
    assert unused == set()


@pytest.mark.parametrize("language", list(Language))
def test_values_cant_break_a_text(language: Language) -> None:
    """What is put into a text stays on its line, can be seen, and is no placeholder itself."""
    told = Speech(language).say("decision.by.link", by="{by}\n\u202e\x00 x")
    assert "{by}" in told
    assert told.isprintable()


def test_a_text_without_its_values_is_an_error() -> None:
    """It isn't shown half."""
    with pytest.raises(KeyError):
        Speech(Language.ENGLISH).say("decision.by.link")
    with pytest.raises(KeyError):
        Speech(Language.ENGLISH).say("nothing")


def test_times_are_told_in_utc_and_in_japanese_also_in_japans() -> None:
    """To the minute."""
    assert Speech(Language.ENGLISH).time(START) == "2026-11-24 02:00 UTC"
    assert Speech(Language.JAPANESE).time(START) == "2026年11月24日 11:00（日本時間、2026-11-24 02:00 UTC）"  # noqa: RUF001


def palettes() -> dict[str, dict[str, str]]:
    """The colours by name: light, dark and print."""
    found = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", one)) for one in found]
    light, dark, paper = colours
    return {"light": light, "dark": light | dark, "print": light | paper}


def luminance(colour: str) -> float:
    """Relative luminance (W3C, "WCAG 2.2", definition)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize(("theme", "pair"), list(product(palettes(), PAIRS)))
def test_what_is_written_can_be_read(theme: str, pair: tuple[str, str]) -> None:
    """Each pair of colours has a contrast of 4.5 to 1 (WCAG 2.2, success criterion 1.4.3)."""
    colours = palettes()[theme]
    assert contrast(colours[pair[0]], colours[pair[1]]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_focus_and_edges_can_be_seen(theme: str) -> None:
    """Each has a contrast of 3 to 1 (WCAG 2.2, success criterion 1.4.11)."""
    colours = palettes()[theme]
    for name in ("focus", "edge"):
        assert contrast(colours[name], colours["page"]) >= 3


def test_every_colour_is_one_of_the_palette() -> None:
    """So that the contrasts above are all there are."""
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-f]{3,8}\b", rules)
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) == palettes()["light"].keys()
