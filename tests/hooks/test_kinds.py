"""Functions, questions to a model, matchers, and the events that only cass has."""

from __future__ import annotations

import json

import pytest

from cass.errors import ConfigError
from cass.protocol.events import CompactionUpdate, EditUpdate, UserMessage
from support.house import RecordingClient, ask, call

from .conftest import RECORD, HookHouse, command, ends, results, told


async def test_a_function_of_the_users_own_is_called(house: HookHouse) -> None:
    folder = house.home / "hooks"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(
        "class Checks:\n"
        "    @staticmethod\n"
        "    def check(data):\n"
        "        print('said aside')\n"
        "        if 'rm' in data['tool_input']['command']:\n"
        "            return {'decision': 'block', 'reason': 'no ' + data['tool_name']}\n"
    )
    house.toml(
        '[[hooks.PreToolUse]]\nmatcher = "Bash"\nhooks = [{ type = "python", function = "mine:Checks.check" }]\n'
    )
    client = RecordingClient()
    steps = [call("shell", command="rm x"), call("shell", command="echo hi"), {"text": "ok"}]
    await ask(house.open(client, steps), "go")
    assert results(client)[0] == ("failed", "A hook refused this call: no shell")
    assert results(client)[1][0] == "completed"


async def test_a_function_that_fails_or_is_not_there_says_so(house: HookHouse) -> None:
    folder = house.project / ".cass" / "hooks"
    folder.mkdir(parents=True)
    (folder / "checks.py").write_text("def bad(data):\n    raise ValueError('broken')\n")
    house.toml(
        '[[hooks.PreToolUse]]\nhooks = [{ type = "python", function = "checks:bad" }, '
        '{ type = "python", function = "nowhere:f" }]\n',
        user=False,
    )
    client = RecordingClient()
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}]), "go")
    assert results(client)[0][0] == "completed"
    texts = [text for _, _, text in ends(client)]
    assert "broken" in texts[0] and "nowhere" in texts[1]


@pytest.mark.parametrize(
    ("answer", "status", "state"),
    [
        ('{"ok": true}', "completed", "done"),
        ('Sure:\n{"ok": false, "reason": "it deletes things"}', "failed", "blocked"),
        ("I would rather not say", "completed", "failed"),
    ],
)
async def test_a_model_is_asked(house: HookHouse, answer: str, status: str, state: str) -> None:
    judge = house.model([{"text": answer}], "judge")
    house.toml(
        f'[[hooks.PreToolUse]]\nmatcher = "Bash"\nhooks = [{{ type = "prompt", prompt = "Is it safe? $ARGUMENTS", '
        f'model = "{judge}" }}]\n'
    )
    client = RecordingClient()
    await ask(house.open(client, [call("shell", command="echo hi"), {"text": "ok"}]), "go")
    assert [(s, st) for (s, _), (_, st, _) in zip(results(client), ends(client), strict=True)] == [(status, state)]
    if state == "blocked":
        assert "it deletes things" in results(client)[0][1]


async def test_a_model_that_is_not_there_blocks_only_where_it_is_required(house: HookHouse) -> None:
    house.toml(
        '[[hooks.PreToolUse]]\nmatcher = "glob"\nhooks = [{ type = "prompt", prompt = "?", model = "nowhere/x" }]\n'
        '[[hooks.PreToolUse]]\nmatcher = "grep"\n'
        'hooks = [{ type = "prompt", prompt = "?", model = "nowhere/x", required = true }]\n'
    )
    client = RecordingClient()
    await ask(house.open(client, [call("glob", pattern="*"), call("grep", pattern="x"), {"text": "ok"}]), "go")
    assert [status for status, _ in results(client)] == ["completed", "failed"]


async def test_matchers_of_name_path_and_command(house: HookHouse) -> None:
    (house.project / "src").mkdir()
    (house.project / "src" / "a.py").write_text("x")
    (house.project / "b.md").write_text("x")
    house.toml(
        """
[[hooks.PreToolUse]]
path = "src/**"
hooks = [{ command = "echo path >> ran.txt" }]
[[hooks.PreToolUse]]
path = ["*.md", "nothing"]
hooks = [{ command = "echo name >> ran.txt" }]
[[hooks.PreToolUse]]
command = "git push*"
hooks = [{ command = "echo push >> ran.txt" }]
[[hooks.PreToolUse]]
matcher = "Read|shell"
hooks = [{ command = "echo listed >> ran.txt" }]
[[hooks.PreToolUse]]
matcher = "Rea."
hooks = [{ command = "echo regex >> ran.txt" }]
[[hooks.PreToolUse]]
matcher = "Rea"
hooks = [{ command = "echo never >> ran.txt" }]
[[hooks.PreToolUse]]
hooks = [{ command = "echo if >> ran.txt", if = "Bash(git push *)" }]
"""
    )
    client = RecordingClient()
    session = house.open(
        client,
        [
            call("read_file", path="src/a.py"),
            call("read_file", path="b.md"),
            call("shell", command="cd . && git push origin main; true"),
            {"text": "ok"},
        ],
        options={"approval": "auto"},
    )
    await ask(session, "go")
    assert (house.project / "ran.txt").read_text().split() == [
        *("path", "listed", "regex"),
        *("name", "listed", "regex"),
        *("push", "listed", "if"),
    ]


async def test_a_hook_of_casss_own_is_told_casss_names_and_what_is_written(house: HookHouse) -> None:
    (house.project / "a.py").write_text("one\ntwo\n")
    house.toml(f"[[hooks.PreToolUse]]\nmatcher = 'Edit'\nhooks = [{{ command = '{RECORD}' }}]\n")
    client = RecordingClient()
    steps = [call("edit_file", path="a.py", old_string="two", new_string="2"), {"text": "ok"}]
    await ask(house.open(client, steps), "go")
    (seen,) = house.seen()
    assert seen["tool_name"] == "edit_file"
    assert seen["tool_input"] == {"path": "a.py", "old_string": "two", "new_string": "2"}
    assert seen["paths"] == [str(house.project / "a.py")]
    (edit,) = seen["edits"]  # type: ignore[misc]
    assert (edit["op"], edit["old_text"], edit["new_text"]) == ("modify", "one\ntwo\n", "one\n2\n")
    assert edit["hunks"] == [{"old_start": 2, "old_lines": 1, "new_start": 2, "new_lines": 1}]


@pytest.mark.parametrize("mode", ["active", "plan"])
async def test_a_proposed_edit_can_be_refused_before_anybody_sees_it(house: HookHouse, mode: str) -> None:
    house.toml("[[hooks.EditProposed]]\nhooks = [{ command = 'echo too big >&2; exit 2' }]\n")
    client = RecordingClient()
    steps = [call("write_file", path="a.py", content="x"), {"text": "ok"}]
    await ask(house.open(client, steps, options={"mode": mode}), "go")
    assert results(client) == [("failed", "A hook refused this call: too big")]
    assert not client.of(EditUpdate) and not client.asks


async def test_after_an_edit_what_the_hook_makes_of_the_file_is_told_with_the_result(house: HookHouse) -> None:
    (house.project / "a.py").write_text("x = 1\n")
    house.toml(
        "[[hooks.EditApplied]]\npath = '*.py'\n"
        "hooks = [{ command = 'cat > told.json; sed -i \"s/ = /=/\" a.py; echo formatted >&2; exit 2' }]\n"
    )
    client = RecordingClient()
    steps = [
        call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2"),
        call("edit_file", path="a.py", old_string="x=2", new_string="x=3"),
        {"text": "ok"},
    ]
    session = house.open(client, steps)
    await ask(session, "go")
    assert [status for status, _ in results(client)] == ["completed", "completed"]
    assert "+x=2" in results(client)[0][1] and "[Told by a hook]\nformatted" in results(client)[0][1]
    assert (house.project / "a.py").read_text() == "x=3\n"
    seen = json.loads((house.project / "told.json").read_text())
    assert seen["paths"] == [str(house.project / "a.py")]
    assert seen["edits"][0]["new_text"] == "x=3\n"


async def test_what_a_hook_did_to_a_file_is_taken_back_with_the_turn(house: HookHouse) -> None:
    (house.project / "a.py").write_text("x = 1\n")
    house.toml("[[hooks.EditApplied]]\nhooks = [{ command = 'sed -i \"s/ = /=/\" a.py; echo made > b.txt' }]\n")
    client = RecordingClient()
    steps = [call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2"), {"text": "ok"}]
    session = house.open(client, steps)
    await ask(session, "go")
    assert (house.project / "b.txt").exists()
    await ask(session, "/rewind 1 yes")
    assert (house.project / "a.py").read_text() == "x = 1\n"
    assert not (house.project / "b.txt").exists()


async def test_requests_to_the_model_and_answers_can_be_refused(house: HookHouse) -> None:
    house.toml("[[hooks.PreModel]]\nhooks = [{ command = 'cat >> seen.jsonl; echo; echo not now >&2; exit 2' }]\n")
    client = RecordingClient()
    session = house.open(client, [{"text": "ok"}])
    end = await ask(session, "go")
    assert end.error.kind == "hook_blocked" and "not now" in end.error.message
    assert house.seen()[0]["messages"] == 1
    house.toml("[[hooks.PostModel]]\nhooks = [{ command = 'cat >> seen.jsonl; echo bad words >&2; exit 2' }]\n")
    session = house.open(client, options={"model": house.model([call("shell", command="touch x")], "second")})
    end = await ask(session, "go")
    assert "bad words" in end.error.message
    assert house.seen()[1]["tool_calls"][0]["tool_name"] == "shell"  # type: ignore[index]
    assert not (house.project / "x").exists()


async def test_what_a_hook_says_of_an_answer_is_told_with_the_next_request(house: HookHouse) -> None:
    answer = json.dumps({"hookSpecificOutput": {"additionalContext": "watch out"}})
    house.toml(f"[[hooks.PostModel]]\nhooks = [{{ command = '''echo '{answer}' ''', once = true }}]\n")
    client = RecordingClient()
    session = house.open(client, [call("list_dir", path="."), {"text": "ok"}])
    end = await ask(session, "go")
    assert end.stop_reason == "end_turn"
    assert [m.role for m in session.messages] == ["user", "assistant", "tool", "user", "assistant"]
    assert told(client) == ["[Told by a hook, not typed by the user]\nwatch out"]


async def test_a_hook_adds_context_to_a_request(house: HookHouse) -> None:
    answer = json.dumps({"hookSpecificOutput": {"additionalContext": "be brief"}})
    house.toml(f"[[hooks.PreModel]]\nhooks = [{{ command = '''echo '{answer}' ''', once = true }}]\n")
    client = RecordingClient()
    session = house.open(client, [{"text": "ok"}])
    await ask(session, "go")
    assert told(client) == ["[Told by a hook, not typed by the user]\nbe brief"]


async def test_compaction_is_told_and_an_automatic_one_can_be_refused(house: HookHouse) -> None:
    house.claude(
        {
            "PreCompact": [command(RECORD + "; exit 2")],
            "PostCompact": [command(RECORD)],
            "SessionStart": [command("echo remember the rules", "compact")],
        }
    )
    client = RecordingClient()
    session = house.open(
        client, [{"text": "long " * 3000}, {"text": "two"}, {"text": "three"}, {"text": "a summary"}]
    )
    for text in ("one", "two", "three"):
        await ask(session, text)
    end = await ask(session, "/compact the plan")
    assert end.error is None, end
    assert [e.status for e in client.of(CompactionUpdate)][-1] == "completed"
    assert [(s["hook_event_name"], s["trigger"]) for s in house.seen()] == [
        ("PreCompact", "manual"),
        ("PostCompact", "manual"),
    ]
    assert house.seen()[0]["custom_instructions"] == "the plan"
    assert any("remember the rules" in text for text in told(client))


async def test_words_meant_to_steer_are_checked_too(house: HookHouse) -> None:
    house.claude({"UserPromptSubmit": [command("grep -q secret && exit 2 || true")]})
    client = RecordingClient()
    session = house.open(client, [call("shell", command="true"), {"text": "ok"}])

    def steer(asked: object) -> object:
        from support.house import prompt, yes

        prompt(session, "the secret", mode="steer")
        return yes(asked)  # type: ignore[arg-type]

    client.decide = steer  # type: ignore[assignment]
    await ask(session, "go")
    assert [m.content[0].text for m in client.of(UserMessage) if m.source == "user"] == ["go"]


async def test_hooks_of_a_command_listen_for_a_while(house: HookHouse) -> None:
    client = RecordingClient()
    session = house.open(
        client, [call("list_dir", path="."), {"text": "ok"}, call("list_dir", path="."), {"text": "ok"}]
    )
    rules = {"PreToolUse": [command("echo no >&2; exit 2", "LS")]}
    with session.hooks.also(rules, "a.md"):
        await ask(session, "one")
    await ask(session, "two")
    assert [status for status, _ in results(client)] == ["failed", "completed"]
    with pytest.raises(ConfigError, match=r"a\.md"), session.hooks.also({"PreToolUse": "x"}, "a.md"):
        pass


async def test_rules_of_all_files_add_up(house: HookHouse) -> None:
    house.claude({"PreToolUse": [command("echo 1 >> ran.txt")]}, user=True)
    house.toml('[[hooks.PreToolUse]]\nhooks = [{ command = "echo 2 >> ran.txt" }]\n')
    house.claude({"PreToolUse": [command("echo 3 >> ran.txt")]})
    house.claude({"PreToolUse": [command("echo 4 >> ran.txt")]}, name="settings.local.json")
    house.toml('[[hooks.PreToolUse]]\nhooks = [{ command = "echo 5 >> ran.txt" }]\n', user=False)
    house.app.configure(editor={"hooks": {"PreToolUse": [command("echo 0 >> ran.txt")]}}, flags={})
    client = RecordingClient()
    await ask(house.open(client, [call("list_dir", path="."), {"text": "ok"}]), "go")
    assert (house.project / "ran.txt").read_text().split() == list("012345")
