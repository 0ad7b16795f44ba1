"""Which licence a package has, as an SPDX expression, by what its own metadata says."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from typing import Any, Final

from license_expression import ExpressionError, get_spdx_licensing  # type: ignore[import-untyped]

SHIPPED: Final = frozenset({"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"})
"""Licences that what goes into an account may have: they ask for no more than a notice."""

AT_HAND: Final = SHIPPED | {"CC0-1.0", "CNRI-Python", "MIT-CMU", "MPL-2.0", "Unlicense", "Zlib"}
"""Licences of what only runs on the deployer's machine. MPL-2.0 binds who hands changed files on; we don't."""

# What packages wrote before metadata had a field for SPDX expressions.
_TEXTS: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}
_CLASSIFIERS: Final = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
BY_HAND: Final = {
    "contourpy": "BSD-3-Clause",
    "cycler": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "PSF-2.0",
    "mpmath": "BSD-3-Clause",
    "nodeenv": "BSD-3-Clause",
    "pysocks": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "sympy": "BSD-3-Clause",
}
"""Of packages whose metadata is ambiguous, such as "BSD", or holds the whole text: somebody read the licence."""


class UnknownLicenceError(Exception):
    """A package's metadata says no licence that is known here."""


def stated(name: str) -> str:
    """Read the licence that an installed package states.

    Args:
        name: the package's name, in any spelling.

    Returns:
        An SPDX expression.

    Raises:
        UnknownLicenceError: it says none, or one that this module can't tell for sure; or the package isn't installed.
    """
    try:
        found = metadata(name)
    except PackageNotFoundError as error:
        raise UnknownLicenceError(f"{name} isn't installed; run `make setup`") from error
    candidate = _in_fields(found) or BY_HAND.get(name)
    if candidate is None:
        raise UnknownLicenceError(f"read {name}'s licence, and write it into BY_HAND of supply/licences.py")
    return candidate


def in_fields(name: str) -> str | None:
    """Read the licence from an installed package's metadata alone, None where that is ambiguous."""
    return _in_fields(metadata(name))


def forbidden(expression: str, allowed: frozenset[str]) -> set[str]:
    """Tell which licences of an expression aren't allowed; where there is a choice, one allowed licence is enough."""
    try:
        parsed = _spdx().parse(expression, validate=True)
    except ExpressionError:
        return {expression}
    if parsed is None:
        return {expression}
    return _not_allowed(parsed.simplify(), allowed)


@cache
def _spdx() -> Any:  # noqa: ANN401 - the package has no types
    """SPDX's list of licences, which takes a tenth of a second to read."""
    return get_spdx_licensing()


def _not_allowed(node: object, allowed: frozenset[str]) -> set[str]:
    parts = [_not_allowed(part, allowed) for part in getattr(node, "args", ())]
    if not parts:
        return set() if str(node) in allowed else {str(node)}
    either = getattr(node, "operator", "").strip() == "OR"
    return set() if either and not all(parts) else set().union(*parts)


def _in_fields(found: PackageMetadata) -> str | None:
    if "License-Expression" in found:
        return found["License-Expression"]
    text = found["License"].strip() if "License" in found else ""
    if text in _TEXTS:
        return _TEXTS[text]
    if text and "\n" not in text and not _spdx().validate(text).errors:
        return text
    stated_kinds = [_CLASSIFIERS.get(one) for one in found.get_all("Classifier", []) if one.startswith("License ::")]
    (only,) = stated_kinds if len(stated_kinds) == 1 else (None,)
    return only
