"""Hooks that a folder brings run as its user trusted them, to the byte, and never else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.brought import named_files
from cass.protocol.asking import ElicitationParams
from cass.sessions.trusting import LATER, REFUSE, TRUST
from support.house import RecordingClient, ask, call

from .conftest import HookHouse, command, results

_GUARD = "import json, sys\nsys.exit(2 if 'bad' in json.load(sys.stdin)['tool_input']['command'] else 0)\n"


def _bring(house: HookHouse) -> None:
    house.script("guard.py", _GUARD)
    house.claude({"PreToolUse": [command('python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.py', "Bash")]})


async def test_nothing_runs_before_and_all_of_it_after(house: HookHouse) -> None:
    _bring(house)
    client = RecordingClient(answer=REFUSE)
    steps = [call("shell", command="echo bad"), {"text": "ok"}]
    await ask(house.open(client, steps, trust="ask"), "go")
    assert results(client)[0][0] == "completed"
    client = RecordingClient()
    await ask(house.open(client, options={"model": house.model(steps, "second")}), "go")
    assert results(client)[0][0] == "failed"


async def test_a_guard_that_changed_lets_no_call_through_until_it_is_looked_at(house: HookHouse) -> None:
    _bring(house)
    client = RecordingClient(answer=TRUST)
    steps = [
        call("shell", command="echo good"),
        call("shell", command="echo >> .claude/hooks/guard.py"),
        call("shell", command="echo good"),
        {"text": "ok"},
        call("shell", command="echo good again"),
        {"text": "ok"},
    ]
    session = house.open(client, steps, trust="ask")
    await ask(session, "go")
    assert [status for status, _ in results(client)] == ["completed", "completed", "failed"]
    assert "not what the user trusted" in results(client)[2][1] and "/trust" in results(client)[2][1]
    await ask(session, "again")  # the user is asked, and says yes
    assert results(client)[3][0] == "completed"


async def test_a_guard_that_is_taken_away_lets_no_call_through(house: HookHouse) -> None:
    _bring(house)
    client = RecordingClient()
    steps = [
        call("shell", command="echo good"),
        call("shell", command="rm -r .claude"),
        call("shell", command="echo bad"),
        call("list_dir", path="."),
        {"text": "ok"},
    ]
    await ask(house.open(client, steps), "go")
    assert [status for status, _ in results(client)] == ["completed", "completed", "failed", "failed"]


@pytest.mark.parametrize(
    "line",
    [
        'python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.py',
        "python3 $CLAUDE_PROJECT_DIR/.claude/hooks/guard.py --strict",
        'uv run "${CLAUDE_PROJECT_DIR}/.claude/hooks/guard.py"',
        "bash -c 'python3 .claude/hooks/guard.py'",
        "cd . && ./.claude/hooks/guard.py > out.txt 2>&1",
        "FILE=.claude/hooks/guard.py; python3 $FILE",
        "cat x | python3 .claude/hooks/guard.py | tee -a out.txt",
    ],
)
def test_the_scripts_that_a_command_names_are_found_and_not_what_it_writes(tmp_path: Path, line: str) -> None:
    script = tmp_path / ".claude" / "hooks" / "guard.py"
    script.parent.mkdir(parents=True)
    script.touch()
    (tmp_path / "out.txt").touch()
    assert named_files(line, tmp_path) == [script]


def test_a_script_with_a_blank_in_its_name_is_found(tmp_path: Path) -> None:
    script = tmp_path / "my checks" / "a b.sh"
    script.parent.mkdir()
    script.touch()
    assert named_files('bash "$CASS_PROJECT_DIR/my checks/a b.sh"', tmp_path) == [script]


async def test_a_hook_in_a_folders_toml_needs_trust_too(house: HookHouse) -> None:
    house.toml('[[hooks.PreToolUse]]\nhooks = [{ command = "touch ran" }]\n', user=False)
    answers = iter([REFUSE])

    client = RecordingClient(answer=next(answers))
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}], trust="ask"), "go")
    assert not (house.project / "ran").exists()
    assert isinstance(client.questions[0], ElicitationParams)


async def test_files_that_say_what_a_hook_does_cannot_be_edited_unasked(house: HookHouse) -> None:
    client = RecordingClient(decide=None)
    steps = [call("write_file", path=f".claude/{name}", content="{}") for name in ("settings.json", "hooks/a.sh")]
    await ask(house.open(client, [*steps, {"text": "ok"}], options={"approval": "auto"}), "go")
    assert [status for status, _ in results(client)] == ["failed", "failed"]


@pytest.mark.parametrize("name", ["helper.py", "new.py", "__pycache__/helper.cpython-311.pyc"])
async def test_what_lies_beside_a_hook_and_nobody_trusted_is_not_used(house: HookHouse, name: str) -> None:
    house.script("helper.py", "")
    house.script("main.py", "import helper\nopen('ran', 'a').write('x')\n")
    house.claude({"UserPromptSubmit": [command("cd .claude/hooks && python3 main.py")]})
    ran = house.project / ".claude" / "hooks" / "ran"
    client = RecordingClient(answer=TRUST)
    session = house.open(client, [{"text": "ok"}] * 2, trust="ask")
    await ask(session, "go")
    assert ran.read_text() == "x"
    (house.project / ".claude/hooks/__pycache__").mkdir(exist_ok=True)
    (house.project / ".claude/hooks" / name).write_text("print()")
    client.answer = LATER
    await ask(session, "again")
    assert ran.read_text() == "x"


async def test_a_hook_in_python_leaves_nothing_behind_that_is_asked_about(house: HookHouse) -> None:
    house.script("helper.py", "")
    house.script("main.py", "import helper\n")
    house.claude({"UserPromptSubmit": [command("python3 .claude/hooks/main.py")]})
    client = RecordingClient(answer=TRUST)
    session = house.open(client, [{"text": "ok"}] * 2, trust="ask")
    await ask(session, "go")
    assert session.brought.trust.state == "trusted"


async def test_notes_that_a_hook_keeps_beside_it_do_not_stop_it(house: HookHouse) -> None:
    house.script("log.py", "import os\nopen(os.path.join(os.path.dirname(__file__), 'log.json'), 'a').write('x')\n")
    house.claude({"UserPromptSubmit": [command("python3 .claude/hooks/log.py")]})
    client = RecordingClient(answer=TRUST)
    session = house.open(client, [{"text": "ok"}] * 2, trust="ask")
    await ask(session, "go")
    await ask(session, "again")
    assert (house.project / ".claude/hooks/log.json").read_text() == "xx"


async def test_a_commands_hook_whose_script_changed_does_not_run(house: HookHouse) -> None:
    head = "hooks:\n  UserPromptSubmit:\n    - hooks:\n        - type: command\n          command: sh tools/x.sh\n"
    (house.project / ".cass/commands").mkdir(parents=True)
    (house.project / ".cass/commands/a.md").write_text(f"---\n{head}---\nwork\n")
    (house.project / "tools").mkdir()
    (house.project / "tools/x.sh").write_text("printf x >> ran")
    session = house.open(RecordingClient(), [{"text": "ok"}] * 3)
    await ask(session, "/a")
    assert (house.project / "ran").read_text() == "x"
    (house.project / "tools/x.sh").write_text("printf y >> ran")
    await ask(session, "/a")
    assert (house.project / "ran").read_text() == "x"


async def test_a_command_that_is_not_trusted_takes_no_name_from_the_users(house: HookHouse) -> None:
    for folder, text in ((house.home / "commands", "MINE"), (house.project / ".cass/commands", "THEIRS")):
        folder.mkdir(parents=True)
        (folder / "mend.md").write_text(text)
    session = house.open(client := RecordingClient(), [{"text": "ok"}], trust="no")
    await ask(session, "/mend")
    assert "MINE" in str(client.events) and "THEIRS" not in str(client.events)


async def test_what_changed_since_a_session_was_opened_with_trust_is_not_trusted_by_a_fork(
    house: HookHouse,
) -> None:
    (house.home / "commands").mkdir(parents=True)
    (house.home / "commands/job.md").write_text("---\ncontext: fork\n---\nWork.\n")
    house.script("note.sh", "printf x >> ran")
    house.claude({"UserPromptSubmit": [command("sh .claude/hooks/note.sh")]})
    client = RecordingClient(answer=LATER)
    session = house.open(client, [{"text": "ok"}] * 4)
    await ask(session, "go")
    before = (house.project / "ran").read_text()
    house.script("note.sh", "printf EVIL >> ran")
    await ask(session, "/job")
    await ask(session, "go")
    assert (house.project / "ran").read_text() == before
