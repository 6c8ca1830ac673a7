"""The VS Code extension's manifest and types are those of the server of today."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

EXTENSION = Path(__file__).resolve().parents[1] / "editors" / "vscode"


@pytest.mark.parametrize(
    ("script", "make", "made"),
    [("settings.py", "manifest", "package.json"), ("protocol_types.py", "types", "src/protocol.ts")],
)
def test_generated_files_are_fresh(script: str, make: str, made: str) -> None:
    text = runpy.run_path(str(EXTENSION / "scripts" / script))[make]()
    assert (EXTENSION / made).read_text("utf-8") == text, "run `npm run generate` in editors/vscode"


def test_nothing_in_the_lock_file_says_where_it_was_downloaded() -> None:
    assert '"resolved"' not in (EXTENSION / "package-lock.json").read_text("utf-8")


def test_an_untrusted_folder_sets_nothing() -> None:
    manifest = _manifest()
    settings = manifest["contributes"]["configuration"]["properties"]
    trust = manifest["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == set(settings)
    for name in ("cass.server.command", "cass.providers", "cass.permissions.allow", "cass.approval"):
        assert settings[name]["scope"] == "machine", f"{name} must not come from a folder's settings"


def test_every_command_that_is_named_is_declared() -> None:
    contributes = _manifest()["contributes"]
    declared = {command["command"] for command in contributes["commands"]}
    named = {binding["command"] for binding in contributes["keybindings"]}
    named |= {item["command"] for items in contributes["menus"].values() for item in items if "command" in item}
    source = "".join(path.read_text("utf-8") for path in (EXTENSION / "src").glob("*.ts"))
    assert named <= declared
    missing = [command for command in declared if f'"{command}"' not in source]
    assert not missing, "declared, but nothing answers"


def _manifest() -> Any:
    return json.loads((EXTENSION / "package.json").read_text("utf-8"))
