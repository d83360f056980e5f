"""The stage, once for each module on SQLite, and for each test on both where that matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.addresses import Addresses
from tests.security.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The site on SQLite, shared by the tests of a module."""
    address = addresses.take("sqlite")
    with staged(address, tmp_path_factory.mktemp("stage")) as stage:
        yield stage
    addresses.give_back(address)


@pytest.fixture
def fresh(address: str, tmp_path: Path) -> Iterator[Stage]:
    """A site of this test's own, on each back end in turn."""
    with staged(address, tmp_path) as stage:
        yield stage
