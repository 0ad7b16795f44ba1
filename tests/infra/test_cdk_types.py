"""What mypy reads of CDK's package, which is far too large to be read as a whole: see pyproject.toml."""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("infra", "demo", "pages", "supply", "tests")


def _read() -> set[str]:
    """The modules of CDK's that mypy reads."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
    (listed,) = (one["module"] for one in overrides if one["follow_imports"] == "normal")
    return set(listed)


def _imported() -> Iterator[str]:
    """The modules of CDK's that this project imports."""
    for file in (ROOT / "app.py", *(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names if one.name.split(".")[0] == "aws_cdk")
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aws_cdk":
                yield str(node.module)
                yield from (f"{node.module}.{one.name}" for one in node.names if one.name.islower())


def test_mypy_reads_what_is_imported_of_cdk() -> None:
    """Whatever is used of CDK has its types; a new import has to be listed."""
    assert set(_imported()) - _read() == set()


def test_mypy_reads_what_that_is_derived_from() -> None:
    """Each class of those modules has all its bases' types, so that a misspelt name is told with any of them."""
    read = _read()
    wanted = {
        (f"{one.__module__}.{one.__qualname__}", base.__module__)
        for name in read
        if not name.endswith("*")
        for one in vars(import_module(name)).values()
        if inspect.isclass(one) and one.__module__ == name
        for base in one.__mro__
        if base.__module__.split(".")[0] == "aws_cdk" and not base.__module__.startswith("aws_cdk.interfaces")
    }
    assert len(wanted) > 1000
    assert {(one, module) for one, module in wanted if module not in read} == set()
    assert "aws_cdk.interfaces.*" in read
