"""What surrounds `cass acp`: its flags, setting a key up, and its entry for the registry of agents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cass import __version__
from support.acp import AcpProcess, acp
from support.provider import ProviderServer
from support.server import Message

ROOT = Path(__file__).parents[2]


class Flagged(AcpProcess):
    """`cass acp` with flags."""

    def flags(self, lines: bool) -> list[str]:
        return ["--mode", "plan", "--approval", "edits", "--model", "scripted/other"]


def test_flags_go_before_everything_configured(tmp_path: Path, project: Path) -> None:
    with acp(tmp_path / "home", made_by=Flagged) as agent:
        agent.start()
        opened = agent.call("session/new", {"cwd": str(project), "mcpServers": []})
    values = {option["id"]: option["currentValue"] for option in opened["configOptions"]}
    assert values == {"mode": "plan", "approval": "edits", "model": "scripted/other", "effort": "default"}
    assert opened["modes"]["currentModeId"] == "plan"


def test_a_wrong_setting_is_said_when_a_session_is_opened(tmp_path: Path, project: Path) -> None:
    (project / ".cass").mkdir()
    (project / ".cass" / "config.toml").write_text("mode = [")
    with acp(tmp_path / "home") as agent:
        agent.start()
        error = agent.error("session/new", {"cwd": str(project), "mcpServers": []})
    assert error["data"]["kind"] == "config_error"


def test_the_models_to_choose_from_are_looked_up_beside_everything_else(tmp_path: Path, project: Path) -> None:
    with ProviderServer(models=["small", "large"]) as provider:
        place = {"CASS_MODEL": "openai/small", "OPENAI_BASE_URL": provider.url, "OPENAI_API_KEY": "sk-1"}
        with acp(tmp_path / "home", **place) as agent:
            agent.start()
            session = agent.call("session/new", {"cwd": str(project), "mcpServers": []})["sessionId"]
            assert _models(agent.next("config_option_update")) >= {"openai/small", "openai/large"}
            agent.call("session/set_mode", {"sessionId": session, "modeId": "auto"})
            assert _models(agent.said(session, "config_option_update")[-1]) >= {"openai/small", "openai/large"}
            agent.call("authenticate", {"methodId": "cass-setup"})


def test_without_any_model_a_prompt_says_that_setting_up_is_needed(tmp_path: Path, project: Path) -> None:
    with acp(tmp_path / "home", CASS_MODEL="") as agent:
        agent.start()
        session = agent.call("session/new", {"cwd": str(project), "mcpServers": []})["sessionId"]
        error = agent.answer(agent.prompt(session))["error"]
        assert error["code"] == -32000
        assert "API_KEY" in error["message"]
        assert agent.error("authenticate", {"methodId": "cass-setup"})["code"] == -32000


def _models(update: Message) -> set[str]:
    (option,) = [option for option in update["configOptions"] if option["id"] == "model"]
    return {choice["value"] for choice in option["options"]}


@pytest.mark.parametrize(
    ("typed", "backend", "code", "said"),
    [
        ("ollama\n\n", "null", 0, "without a key"),
        ("openai\nsk-1\n", "null", 0, "The key of openai is in the keyring"),
        ("openai\nsk-1\n", "fail", 3, "environment variable"),
        ("nobody\n", "null", 1, "is not one of"),
    ],
)
def test_setting_up_in_a_terminal(tmp_path: Path, typed: str, backend: str, code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-P", "-m", "cass", "acp", "--setup"],
        input=typed,
        env={
            **os.environ,
            "CASS_HOME": str(tmp_path),
            "PYTHON_KEYRING_BACKEND": f"keyring.backends.{backend}.Keyring",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "sk-1" not in done.stdout + done.stderr


def test_the_registrys_entry_is_this_version_and_its_icon_takes_any_colour() -> None:
    entry = json.loads((ROOT / "editors" / "acp-registry" / "agent.json").read_text("utf-8"))
    assert entry["version"] == __version__
    assert entry["distribution"]["uvx"] == {"package": f"cass=={__version__}", "args": ["acp"]}
    icon = ET.parse(ROOT / "editors" / "acp-registry" / "icon.svg").getroot()
    assert (icon.get("width"), icon.get("height"), icon.get("viewBox")) == ("16", "16", "0 0 16 16")
    assert {value for name, value in icon.attrib.items() if name in ("fill", "stroke")} == {"none", "currentColor"}
