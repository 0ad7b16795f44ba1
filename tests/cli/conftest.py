"""Fixtures of these tests alone."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _long_lived_things_left_alone() -> Iterator[None]:
    """Keep the collector from walking moto's and botocore's thousands of objects again for each world."""
    import moto.iam.models  # noqa: F401, PLC0415 - the import is what makes them

    gc.freeze()
    yield
    gc.unfreeze()
