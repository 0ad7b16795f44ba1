"""What the functions' zips hold: the package of lambdas/, and for the page also what makes and renders pages."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_

CODE: Final = Path(__file__).parents[1] / "lambdas"
# Only sources of the package, no caches or packaging leftovers: the asset's hash follows the code alone.
SUFFIXES: Final = (".py", ".html", ".css")
PAGE_ONLY: Final = (
    "airlock/handlers/page.py",
    *(f"airlock/page/{name}.py" for name in ("english", "form", "japanese", "pages", "problems")),
    *(f"airlock/page/{name}.py" for name in ("render", "speech", "views")),
    "airlock/page/templates/",
)
"""What nothing but the page imports; the operator function shares the rest of the page's package."""
_LEFT_OUT: Final = [
    "*",
    "!airlock/",
    "!airlock/**/",
    *(f"!airlock/**/*{suffix}" for suffix in SUFFIXES),
    "__pycache__/",
    *PAGE_ONLY,
]
# Neither the runtime nor Powertools' layer has them. MarkupSafe does without its compiled half, which would be this
# machine's and not Lambda's.
RENDERERS: Final = ("jinja2", "markupsafe")


def package() -> lambda_.Code:
    """The package of lambdas/ as it stands, without what is the page's alone."""
    return lambda_.Code.from_asset(str(CODE), exclude=_LEFT_OUT, ignore_mode=IgnoreMode.GIT)


@contextmanager
def package_with_renderers() -> Iterator[lambda_.Code]:
    """The package of lambdas/ with the Python files of the installed Jinja2 and MarkupSafe beside it.

    CDK copies an asset when the function is made, so the function must be made within the context. The asset's hash
    follows the names and contents of its files alone, whatever the folder is called.

    Yields:
        The code.

    Raises:
        ModuleNotFoundError: one of the two isn't installed.
    """
    with tempfile.TemporaryDirectory(prefix="airlock-page-") as folder:
        target = Path(folder)
        _copy(CODE / "airlock", target / "airlock", SUFFIXES)
        for name in RENDERERS:
            _copy(_installed(name), target / name, (".py",))
        yield lambda_.Code.from_asset(folder)


def _installed(name: str) -> Path:
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"the approval page needs {name}, which isn't installed; run `make setup`", name=name)
    return Path(found.submodule_search_locations[0])


def _copy(package_folder: Path, target: Path, suffixes: tuple[str, ...]) -> None:
    for file in package_folder.rglob("*"):
        if file.suffix in suffixes:
            copy = target / file.relative_to(package_folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
