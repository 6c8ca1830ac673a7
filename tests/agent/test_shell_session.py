"""Commands as a session runs them: no keys in their environment, long output within reach, nothing left behind."""

from __future__ import annotations

from pathlib import Path

from cass.protocol.events import HistoryCleared, ToolCallUpdate
from support.house import House, RecordingClient, ask, call


async def test_a_command_sees_no_key_and_no_setting_of_cass(tmp_path: Path) -> None:
    house = House(
        tmp_path, OPENAI_API_KEY="sk-secret", ACME_API_KEY="acme-secret", MY_TOKEN="other-secret", KEPT="yes"
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        '[providers.acme]\nbase_url = "http://127.0.0.1:9/v1"\n[providers.b]\nbase_url = "http://x"\nkey_env = "MY_TOKEN"\n'
    )
    client = RecordingClient()
    session = house.open(client, [call("shell", command="env"), {"text": "ok"}], options={"approval": "auto"})
    await ask(session, "go")
    await house.app.close()
    (output,) = [e.result[0].text for e in client.of(ToolCallUpdate) if e.status == "completed"]
    assert "KEPT=yes" in output
    assert "secret" not in output
    assert "CASS_HOME" not in output


async def test_the_rest_of_a_long_output_can_be_read_without_asking(tmp_path: Path) -> None:
    house = House(tmp_path)
    client = RecordingClient(decide=None)
    command = call("shell", command="seq 1 200000")
    session = house.open(client, [command, {"text": "x"}], options={"approval": "auto"})
    await ask(session, "go")
    (output,) = [e.result[0].text for e in client.of(ToolCallUpdate) if e.status == "completed"]
    assert len(output) < 8_000
    (spill,) = (session.settings.spill_dir).iterdir()
    assert str(spill) in output
    assert spill.stat().st_mode & 0o777 == 0o600
    session.set_option("approval", "ask")
    session.set_option(
        "model", house.model([call("grep", pattern="^123456$", path=str(spill)), {"text": "x"}], "two")
    )
    session.emit(HistoryCleared())
    await ask(session, "look")
    assert "123456" in client.of(ToolCallUpdate)[-1].result[0].text
    session.set_option(
        "model", house.model([call("write_file", path=str(spill), content=""), {"text": "x"}], "three")
    )
    session.emit(HistoryCleared())
    await ask(session, "change it")
    assert client.of(ToolCallUpdate)[-1].status == "failed"
    await house.app.close()


async def test_closing_the_session_ends_what_runs_in_the_background(tmp_path: Path) -> None:
    house = House(tmp_path)
    client = RecordingClient()
    steps = [
        call("shell", command="echo $$ > pid; exec sleep 300", background=True),
        call("shell", command="until [ -s pid ]; do sleep 0.01; done"),
        {"text": "x"},
    ]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "go")
    pid = int((house.project / "pid").read_text())
    assert Path(f"/proc/{pid}").exists()
    await house.app.close()
    assert not Path(f"/proc/{pid}").exists()
