"""Fixtures of these tests alone."""

import gc
from collections.abc import Iterator
from functools import lru_cache
from unittest.mock import patch

import botocore.session
import pytest


@pytest.fixture(scope="session", autouse=True)
def _long_lived_things_left_alone() -> Iterator[None]:
    """Keep the collector from walking moto's and botocore's thousands of objects again for each world."""
    import moto.iam.models  # noqa: F401, PLC0415 - the import is what makes them

    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _moto_does_less() -> Iterator[None]:
    """Worlds are asked hundreds of times each; moto answers the same, sooner."""
    from tests.simulation.quick_moto import less_for_each_call  # noqa: PLC0415 - with moto, as above

    with less_for_each_call():
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """Let botocore's sessions share what they read of AWS's models: a command makes a session of its own each time."""
    with patch.object(botocore.session, "create_loader", lru_cache(botocore.session.create_loader)):
        yield
