"""The whole product from outside: commands, a real server, programs that call it."""

from pathlib import Path

import pytest

from tests.labeler.cli.conftest import Terminal


@pytest.fixture
def terminal(address: str, tmp_path: Path) -> Terminal:
    """A terminal on a fresh installation, on each back end in turn."""
    return Terminal({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)})
