"""A Neovim for each test, in both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.nvim import VERSIONS, Editor, binary


@pytest.fixture(params=VERSIONS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Editor]]:
    """Start a Neovim; further ones share home and project."""
    version = str(request.param)
    if not binary(version).exists():
        pytest.skip(f"no {version}: run .ci/nvim.sh PREFIX and set CASS_E2E=PREFIX")
    editors: list[Editor] = []

    def begin(**options: Any) -> Editor:
        editor = Editor(version, tmp_path, **options)
        editors.append(editor)
        return editor

    yield begin
    for editor in editors:
        editor.close()
