"""Licences of everything shipped and pinned: known, allowed, and told on a page that is up to date."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import pytest

from supply import licences, page
from supply.parts import ROOT, Part, Place, at_hand, in_account, pins


def test_what_runs_in_the_account_asks_for_no_more_than_a_notice() -> None:
    """Every part of asset, layer and runtime has a licence that is known and allowed."""
    assert _forbidden(in_account(), licences.SHIPPED) == {}


def test_what_is_pinned_has_an_allowed_licence() -> None:
    """Every pin has a licence that is known and allowed, and is installed as pinned."""
    parts = at_hand()
    assert _forbidden(parts, licences.AT_HAND) == {}
    assert {part.name: part.version for part in parts} == {part.name: version(part.name) for part in parts}


def _forbidden(parts: Iterable[Part], allowed: frozenset[str]) -> dict[str, set[str]]:
    found = {part.name: licences.forbidden(part.licence, allowed) for part in parts}
    return {name: bad for name, bad in found.items() if bad}


def test_the_page_is_up_to_date() -> None:
    """docs/licences.md is what `make licences` would write."""
    assert page.PATH.read_text(encoding="utf-8") == page.text(), "run `make licences`"


def test_every_pin_is_read() -> None:
    """Each line of the pins that begins a requirement is one."""
    lines = (ROOT / "requirements" / "airlock.txt").read_text(encoding="utf-8").splitlines()
    begun = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert [name for name, _ in pins()] == [line.split("==")[0] for line in begun]


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("MIT", set()),
        ("MIT OR GPL-3.0-only", set()),
        ("Apache-2.0 AND (MIT OR GPL-2.0-only)", set()),
        ("MIT AND GPL-3.0-only", {"GPL-3.0-only"}),
        ("GPL-2.0-only OR SSPL-1.0", {"GPL-2.0-only", "SSPL-1.0"}),
        ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0 WITH LLVM-exception"}),
        ("UNKNOWN", {"UNKNOWN"}),
        ("", {""}),
    ],
)
def test_one_allowed_licence_is_enough_where_there_is_a_choice(expression: str, left: set[str]) -> None:
    """What isn't allowed is named; a choice needs one allowed licence, and what comes together needs all."""
    assert licences.forbidden(expression, licences.SHIPPED) == left


def test_an_unknown_licence_is_an_error() -> None:
    """A package whose licence can't be told stops `make sbom` and `make licences`, and the error says what to do."""
    with pytest.raises(licences.UnknownLicenceError, match="run `make setup`"):
        licences.stated("a-package-that-is-missing")


def test_an_ambiguous_licence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mere "BSD" names no licence: somebody has to read it."""
    monkeypatch.delitem(licences.BY_HAND, "jinja2")
    with pytest.raises(licences.UnknownLicenceError, match="read jinja2's licence"):
        licences.stated("jinja2")


def test_the_layer_s_licences_are_those_of_the_installed_packages() -> None:
    """Where a part of the layer is pinned here too, the list says what the package itself says."""
    pinned = dict(pins())
    listed = {part.name: part.licence for part in in_account() if part.place is Place.LAYER and part.name in pinned}
    assert len(listed) > 5
    assert listed == {name: licences.stated(name) for name in listed}


@pytest.mark.parametrize("name", sorted(licences.BY_HAND))
def test_nothing_is_said_by_hand_that_the_metadata_says(name: str) -> None:
    """What somebody read is only used where the metadata is ambiguous, and only for what is pinned."""
    assert licences.in_fields(name) is None
    assert name in dict(pins())


def test_the_asset_has_what_the_functions_import() -> None:
    """The asset is this project with Jinja2 and MarkupSafe, and nothing else."""
    assert [part.name for part in in_account() if part.place is Place.ASSET] == [
        "bootstrap-airlock",
        "jinja2",
        "markupsafe",
    ]
