"""A place of its own for each test, and a provider that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.outside import Place
from support.provider import ProviderServer


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A home and a project."""
    return Place(tmp_path)


@pytest.fixture
def provider(place: Place) -> Iterator[ProviderServer]:
    """A provider that the place reaches as openai/m."""
    with ProviderServer() as server:
        place.reach(server)
        yield server
