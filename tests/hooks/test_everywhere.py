"""A hook that blocks does so whichever way a call comes about."""

from __future__ import annotations

import pytest

from cass.protocol.custom import HookUpdate
from support.house import RecordingClient, ask, call

from .conftest import HookHouse, command

_TOUCH = [call("shell", command="touch made"), {"text": "ok"}]


def _guard(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command("echo NO-SHELL >&2; exit 2", "Bash")]}, user=True)


def _command(house: HookHouse, text: str, name: str = "job") -> None:
    folder = house.home / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Work.\n",
        "---\ncontext: fork\n---\nWork.\n",
        "---\nsteps:\n  - prompt: Work.\n---\n",
        "---\ncontext: fork\nsteps:\n  - parallel:\n      - prompt: Work.\n      - prompt: Work too.\n---\n",
        "---\nsteps:\n  - run: touch made\n---\n",
        "Look: !`touch made`\n",
        "---\ncontext: fork\n---\nLook: !`touch made`\n",
        "---\nverify: touch made\n---\nWork.\n",
    ],
)
@pytest.mark.parametrize("approval", ["ask", "auto"])
async def test_in_every_part_of_a_command(house: HookHouse, text: str, approval: str) -> None:
    _guard(house)
    _command(house, text)
    client = RecordingClient()
    session = house.open(client, _TOUCH * 6, options={"approval": approval})
    await ask(session, "/job")
    assert not (house.project / "made").exists()
    hooks = client.of(HookUpdate)
    assert any("NO-SHELL" in hook.text for hook in hooks), hooks
