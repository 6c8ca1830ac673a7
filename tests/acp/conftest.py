"""A project and a started ACP server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.acp import AcpProcess, acp


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AcpProcess]:
    with acp(tmp_path / "home") as made:
        made.start()
        yield made
