"""What somebody may put in a file's place: cass neither hangs at it nor trusts what it cannot look at."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cass.errors import ConfigError, TrustError
from cass.trust import FolderTrust, finding
from support.house import House, RecordingClient, ask

_HOOK = json.dumps({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh tools/x.sh"}]}]}})
_PLACES = (".claude/settings.json", ".cass/config.toml", ".cass/hooks/x", ".mcp.json", ".cass/commands/x.md",
           ".cass/skills/s/SKILL.md")  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, HOME=str(tmp_path / "userhome"))
    yield made
    await made.app.close()


def _trust(house: House) -> FolderTrust:
    return house.app.trust(house.project)


def _place(house: House, name: str) -> Path:
    path = house.project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize("name", _PLACES)
async def test_a_pipe_is_neither_waited_for_nor_trusted(house: House, name: str) -> None:
    os.mkfifo(_place(house, name))
    trust = _trust(house)
    assert trust.state == "undecided"
    with pytest.raises(TrustError, match="cannot be read"):
        trust.decide("trust", trust.look().digest)


@pytest.mark.parametrize("name", [name for name in _PLACES if name != ".cass/config.toml"])
async def test_a_session_works_beside_a_pipe(house: House, name: str) -> None:
    os.mkfifo(_place(house, name))
    client = RecordingClient()
    ended = await ask(house.open(client, [{"text": "ANSWER"}], trust="no"), "go")
    assert ended.stop_reason == "end_turn"


async def test_a_socket_and_a_device_are_not_trusted(house: House) -> None:
    folder = _place(house, ".cass/hooks/x").parent
    (folder / "zero").symlink_to("/dev/zero")
    here = Path.cwd()
    os.chdir(folder)  # names of sockets are short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s")
            assert {item.sha256 for item in _trust(house).items().values()} == {""}
    finally:
        os.chdir(here)


async def test_a_giant_is_not_read(house: House) -> None:
    with _place(house, ".cass/hooks/x").open("wb") as file:
        file.truncate(1 << 40)
    trust = _trust(house)
    with pytest.raises(TrustError, match="cannot be read"):
        trust.decide("trust", trust.look().digest)


async def test_a_change_within_one_tick_of_the_clock_is_seen(house: House) -> None:
    path = _place(house, ".cass/hooks/x.sh")
    trust = _trust(house)
    for n in range(200):
        path.write_text(f"good {n:04}")
        before = trust.items()[".cass/hooks/x.sh"].sha256
        with path.open("r+b") as file:
            file.write(b"evil")
        assert trust.items()[".cass/hooks/x.sh"].sha256 != before


async def test_a_file_that_stays_is_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _place(house, ".cass/hooks/x.sh")
    path.write_text("x")
    trust = _trust(house)
    real = finding.time.time_ns
    monkeypatch.setattr(finding.time, "time_ns", lambda: real() + 10_000_000_000)
    first = trust.items()[".cass/hooks/x.sh"]
    monkeypatch.setattr(finding, "_read", None)
    assert trust.items()[".cass/hooks/x.sh"] == first


@pytest.mark.parametrize("name", [b"\xff\xfe.sh", b"a\n  hooks: b (trusted)", b"\x1b[2Jx", "naïve.sh".encode()])
async def test_any_name_can_be_shown_and_trusted(house: House, name: bytes) -> None:
    folder = _place(house, ".cass/hooks/x").parent
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.write_text("echo")
    trust = _trust(house)
    found = trust.look()
    assert all(item.path.isprintable() for item in found.items)
    assert trust.decide("trust", found.digest).state == "trusted"
    assert trust.allows(path)
    path.write_text("evil")
    assert not trust.allows(path)
    client = RecordingClient()
    await ask(house.open(client, [{"text": "ANSWER"}], trust="yes"), "go")


async def test_scripts_of_a_settings_file_with_a_byte_order_mark_are_pinned(house: House) -> None:
    _place(house, ".claude/settings.json").write_bytes(b"\xef\xbb\xbf" + _HOOK.encode())
    _place(house, "tools/x.sh").write_text("echo")
    assert set(_trust(house).items()) == {".claude/settings.json", "tools/x.sh"}


async def test_scripts_that_lie_where_the_user_works_are_pinned(house: House) -> None:
    """A hook runs in the session's folder: what it names counts from there, too."""
    (house.project / ".git").mkdir()
    _place(house, ".claude/settings.json").write_text(_HOOK)
    _place(house, "sub/tools/x.sh").write_text("echo")
    trust = house.app.trust(house.project / "sub")
    assert set(trust.items()) == {".claude/settings.json", "sub/tools/x.sh"}


async def test_scripts_in_a_folder_that_a_hook_goes_into_are_pinned(house: House) -> None:
    hooks = {
        "Stop": [{"hooks": [{"type": "command", "command": 'cd "$CLAUDE_PROJECT_DIR"/tools && npx tsx x.ts'}]}]
    }
    _place(house, ".claude/settings.json").write_text(json.dumps({"hooks": hooks}))
    _place(house, "tools/x.ts").write_text("1")
    assert "tools/x.ts" in _trust(house).items()


async def test_scripts_of_a_commands_hooks_are_pinned(house: House) -> None:
    head = "hooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: sh tools/x.sh\n"
    _place(house, ".cass/commands/a.md").write_text(f"---\n{head}---\ngo\n")
    _place(house, "tools/x.sh").write_text("echo")
    assert set(_trust(house).items()) == {".cass/commands/a.md", "tools/x.sh"}


async def test_a_key_of_endless_depth_is_no_settings_file(house: House) -> None:
    _place(house, ".cass/config.toml").write_text(".".join(["a"] * 200_000) + " = 1")
    assert _trust(house).state == "undecided"
    with pytest.raises(ConfigError, match="nested"):
        house.open(RecordingClient(), trust="no")
