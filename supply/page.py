"""docs/licences.md, made from what is installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from infra.powertools import LAYER_NAME, LAYER_VERSION
from supply.parts import ROOT, Part, Place, at_hand, in_account

PATH: Final = ROOT / "docs" / "licences.md"

_HEAD: Final = """\
# Licences

`make licences` writes this page from the metadata of what is installed.
A test fails when it is out of date, and when a licence is unknown or not allowed.
Which ones are allowed is in `supply/licences.py`.
`make sbom` writes the same as CycloneDX, with the SHA-256 of each file in the functions' zips.
Where AWS chooses the version, none is said."""

_LAYER: Final = f"""\
AWS publishes it as `{LAYER_NAME}`, and the template names version {LAYER_VERSION}.
Which Powertools that has follows from its documentation.
The other parts are what its build installs (`supply/layer.json`), with their present licences."""

_MACHINE: Final = """\
The pins of `requirements/airlock.txt`, for the command line, the stack, the demonstration and the tests.
Nothing of these goes into the account but what is named above."""

_SECTIONS: Final = {
    Place.ASSET: ("In the functions' zips", "The page's function has all three, the others have the first alone."),
    Place.LAYER: ("In Powertools' layer", _LAYER),
    Place.RUNTIME: ("In Lambda's runtime", "AWS provides and renews it ([why](decisions/0017-supply.md))."),
    Place.MACHINE: ("On the deployer's machine", _MACHINE),
}


def text() -> str:
    """Write the page."""
    parts = [*in_account(), *at_hand()]
    sections = [_section(place, [part for part in parts if part.place is place]) for place in _SECTIONS]
    return "\n\n".join([_HEAD, *sections]) + "\n"


def _section(place: Place, parts: Iterable[Part]) -> str:
    title, words = _SECTIONS[place]
    rows = [f"| {part.name} | {part.version or ''} | {part.licence} |" for part in parts]
    return "\n".join([f"## {title}", "", words, "", "| package | version | licence |", "|---|---|---|", *rows])
