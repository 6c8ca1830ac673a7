"""Nothing that a folder brings acts before its user trusted it, as it is, to the byte."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cass import layers
from cass.errors import TrustError
from cass.protocol.custom import TrustUpdate
from cass.protocol.events import Notice
from cass.sessions import trusting
from cass.trust import FolderTrust
from cass.trust.table import ROWS, settings
from support.house import House, RecordingClient, ask

BROUGHT = {
    ".cass/config.toml": '[ui]\nthinking = "hide"\n',
    ".claude/settings.json": '{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "sh tools/x.sh"}]}]}}',
    ".claude/settings.local.json": '{"hooks": {"Stop": []}}',
    ".cass/hooks/a.sh": "touch out",
    ".claude/hooks/a.sh": "touch out",
    ".cass/commands/db/migrate.md": "go",
    ".claude/commands/x.md": "go",
    ".cass/skills/s/SKILL.md": "---\nname: s\n---\n",
    ".claude/skills/s/run.py": "print(1)",
    ".agents/skills/s/SKILL.md": "go",
    ".cass/agents/a.md": "go",
    ".claude/agents/a.md": "go",
    ".mcp.json": "{}",
    ".cass/mcp.json": "{}",
    ".cass/schedules/s.toml": "x = 1",
    ".cass/plugins/p.py": "import os",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, HOME=str(tmp_path / "userhome"))
    yield made
    await made.app.close()


def _put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _trust(house: House) -> FolderTrust:
    return house.app.trust(house.project)


def _accept(folder: FolderTrust) -> None:
    assert folder.decide("trust", folder.look().digest).state == "trusted"


def test_every_row_of_the_table_is_tried_here() -> None:
    assert all(any(name == row.place or name.startswith(row.place + "/") for name in BROUGHT) or
               row.place == ".cass/config.local.toml" for row in ROWS)  # fmt: skip


@pytest.mark.parametrize("name", [name for name in BROUGHT if name != ".cass/config.toml"])
async def test_each_kind_is_held_back_until_trusted_and_asked_about_after_one_byte(house: House, name: str) -> None:
    _put(house.project, {name: BROUGHT[name]})
    file = house.project / name
    assert _trust(house).state == "undecided"
    assert not _trust(house).allows(file)
    _accept(_trust(house))
    assert _trust(house).allows(file)
    before = file.stat()
    text = file.read_text()
    file.write_text(text[:-1] + chr(ord(text[-1]) ^ 1) if not name.endswith("json") else text + " ")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # whoever changed it hides it
    again = _trust(house)
    assert again.state == "changed"
    assert not again.allows(file)
    item = next(item for item in again.look().items if item.state == "changed")
    assert item.path == name
    assert item.diff


async def test_a_running_process_sees_the_changed_byte_too(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    folder = _trust(house)
    _accept(folder)
    assert folder.allows(house.project / ".cass/hooks/a.sh")
    (house.project / ".cass/hooks/a.sh").write_text("touch ouu")
    assert not folder.allows(house.project / ".cass/hooks/a.sh")
    assert folder.state == "changed"


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "link"])
async def test_what_comes_or_goes_asks_again(house: House, change: str, tmp_path: Path) -> None:
    _put(house.project, {".cass/commands/a.md": "a", ".cass/commands/b.md": "b"})
    _accept(_trust(house))
    a = house.project / ".cass/commands/a.md"
    if change == "added":
        (a.parent / "c.md").write_text("c")
    elif change == "removed":
        a.unlink()
    elif change == "renamed":
        a.rename(a.parent / "z.md")
    else:
        (tmp_path / "elsewhere.md").write_text("x")
        a.unlink()
        a.symlink_to(tmp_path / "elsewhere.md")
    assert _trust(house).state == "changed"
    assert _trust(house).allows(a.parent / "b.md")  # this one is what was trusted


async def test_scripts_that_a_hook_names_are_pinned_with_it(house: House) -> None:
    _put(house.project, {".claude/settings.json": BROUGHT[".claude/settings.json"], "tools/x.sh": "echo"})
    folder = _trust(house)
    _accept(folder)
    assert folder.allows(house.project / "tools/x.sh")
    (house.project / "tools/x.sh").write_text("evil")
    assert not folder.allows(house.project / "tools/x.sh")
    assert folder.state == "changed"


async def test_trust_is_for_what_was_seen(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "good"})
    seen = _trust(house).look()
    _put(house.project, {".cass/hooks/a.sh": "evil"})
    with pytest.raises(TrustError, match="not what was shown"):
        _trust(house).decide("trust", seen.digest)
    assert _trust(house).state == "undecided"


async def test_an_old_state_that_was_trusted_once_is_asked_about_again(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "one"})
    _accept(_trust(house))
    _put(house.project, {".cass/hooks/a.sh": "two"})
    _accept(_trust(house))
    _put(house.project, {".cass/hooks/a.sh": "one"})
    assert _trust(house).state == "changed"


async def test_a_folder_inside_a_trusted_one_is_its_own(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "one"})
    (house.project / ".git").mkdir()
    _accept(_trust(house))
    inner = house.project / "vendor"
    _put(inner, {".cass/hooks/a.sh": "one"})
    (inner / ".git").write_text(f"gitdir: {house.project / '.git'}\n")
    assert house.app.trust(inner).state == "undecided"
    assert not house.app.trust(inner).allows(inner / ".cass/hooks/a.sh")


async def test_a_subfolder_of_the_project_has_what_its_root_brings(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "one", "src/.cass/hooks/b.sh": "two"})
    (house.project / ".git").mkdir()
    _accept(house.app.trust(house.project / "src"))
    folder = house.app.trust(house.project / "src")
    assert folder.allows(house.project / ".cass/hooks/a.sh")
    assert folder.allows(house.project / "src/.cass/hooks/b.sh")


async def test_a_refusal_stays_until_something_changes(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "one"})
    _trust(house).decide("refuse", _trust(house).look().digest)
    assert _trust(house).state == "refused"
    _put(house.project, {".cass/hooks/a.sh": "two"})
    assert _trust(house).state == "undecided"


@pytest.mark.parametrize("damage", ["", "{", '{"folder": "/else", "decision": "trust", "digest": ""}'])
async def test_a_damaged_decision_is_no_decision(house: House, damage: str) -> None:
    _put(house.project, {".cass/hooks/a.sh": "one"})
    _accept(_trust(house))
    [kept] = (house.home / "state" / "trust").iterdir()
    kept.write_text(damage)
    assert _trust(house).state == "undecided"


async def test_what_cannot_be_read_is_not_trusted(house: House) -> None:
    (house.project / ".cass/hooks").mkdir(parents=True)
    (house.project / ".cass/hooks/a.sh").symlink_to("/nowhere/at/all")
    with pytest.raises(TrustError, match=r"a\.sh cannot be read"):
        _trust(house).decide("trust", _trust(house).look().digest)


async def test_secrets_are_masked_where_decisions_are_kept(house: House) -> None:
    secret = "ghp_" + "a1B2" * 9
    _put(house.project, {".mcp.json": json.dumps({"env": {"TOKEN": secret}})})
    _accept(_trust(house))
    assert all(secret not in file.read_text() for file in (house.home / "state" / "trust").iterdir())
    assert all(secret not in item.text for item in _trust(house).look().items)


# --- settings ---


def test_the_table_of_settings_is_made_from_their_schema() -> None:
    rights = dict(settings())
    assert set(rights) == {key for key, _ in layers.fields()}
    may_act = {key for key, right in rights.items() if right == "any"}
    assert (
        may_act
        == {
            "compaction.at",
            "editor.save",
            "git.knowledge",
            "ui.color",
            "ui.completion.inline",
            "ui.completion.menu",
            "ui.thinking",
        }
    )  # each of these names no program, address, path or variable; a new one is to be looked at before it comes in here


async def test_a_setting_that_needs_trust_has_no_effect_before_it(house: House) -> None:
    _put(house.project, {".cass/config.toml": 'model = "other/model"\n'})
    assert house.app.load(house.project).config.model is None
    assert "/trust" in house.app.load(house.project).warnings[0]
    _accept(_trust(house))
    assert house.app.load(house.project).config.model == "other/model"
    _put(house.project, {".cass/config.toml": 'model = "other/modem"\n'})
    assert house.app.load(house.project).config.model is None


# --- asking ---

ANSWER = [{"text": "done"}]


async def test_the_user_is_asked_once_before_the_first_prompt(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    client = RecordingClient(answer=trusting.TRUST)
    session = house.open(client, [*ANSWER, *ANSWER])
    assert (await ask(session, "hi")).stop_reason == "end_turn"
    assert ".cass/hooks/a.sh" in client.questions[0].message
    assert session.brought.trust.state == "trusted"
    await ask(session, "again")
    assert len(client.questions) == 1
    assert [update.state for update in client.of(TrustUpdate)] == ["undecided", "trusted"]


async def test_not_now_goes_on_without_and_asks_again_after_a_change(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    client = RecordingClient(answer=trusting.LATER)
    session = house.open(client, [*ANSWER, *ANSWER, *ANSWER])
    assert (await ask(session, "hi")).stop_reason == "end_turn"
    await ask(session, "again")
    assert len(client.questions) == 1
    assert not session.brought.trust.allows(house.project / ".cass/hooks/a.sh")
    _put(house.project, {".cass/hooks/a.sh": "touch other"})
    await ask(session, "and again")
    assert len(client.questions) == 2


async def test_nobody_there_is_an_error_that_says_what_to_do(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    session = house.open(RecordingClient(decide=None), ANSWER)
    end = await ask(session, "hi")
    assert end.error.kind == "untrusted_folder"
    assert ".cass/hooks/a.sh" in end.error.message
    assert "--trust" in end.error.hint


@pytest.mark.parametrize(("word", "state"), [("yes", "trusted"), ("no", "refused")])
async def test_the_opener_may_decide_for_this_session(house: House, word: str, state: str) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    session = house.open(RecordingClient(decide=None), ANSWER, trust=word)
    assert (await ask(session, "hi")).stop_reason == "end_turn"
    assert session.brought.trust.state == state
    house.restart()
    assert _trust(house).state == "undecided"


async def test_trusted_for_a_session_is_pinned_as_well(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    session = house.open(RecordingClient(decide=None), ANSWER, trust="yes")
    _put(house.project, {".cass/hooks/a.sh": "touch evil"})
    assert not session.brought.trust.allows(house.project / ".cass/hooks/a.sh")
    assert (await ask(session, "hi")).error.kind == "untrusted_folder"


async def test_a_client_in_a_restricted_window_gets_nothing(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out"})
    _accept(_trust(house))
    house.app.configure(editor={}, flags={}, trust="no")
    session = house.open(RecordingClient(), ANSWER, trust="yes")
    assert not session.brought.trust.allows(house.project / ".cass/hooks/a.sh")


async def test_the_command_shows_first_and_decides_then(house: House) -> None:
    _put(house.project, {".cass/hooks/a.sh": "touch out-of-it"})
    client = RecordingClient(decide=None)
    session = house.open(client)
    await ask(session, "/trust yes")
    assert session.brought.trust.state == "undecided"
    assert "touch out-of-it" in client.of(Notice)[-1].text
    _put(house.project, {".cass/hooks/a.sh": "touch something-else"})
    await ask(session, "/trust yes")
    assert session.brought.trust.state == "undecided"
    await ask(session, "/trust yes")
    assert session.brought.trust.state == "trusted"
    await ask(session, "/trust forget")
    assert session.brought.trust.state == "undecided"


async def test_instructions_of_a_folder_are_information_until_it_is_trusted(house: House) -> None:
    (house.home).mkdir()
    (house.home / "CASS.md").write_text("the user's own rule")
    _put(house.project, {"AGENTS.md": "use tabs", ".cass/hooks/a.sh": "x"})
    client = RecordingClient(answer=trusting.TRUST)
    session = house.open(client, ANSWER)
    before = session.system_prompt()
    assert "AGENTS.md of this folder\n\nWritten by the project" in before
    assert f"# Rules from {house.home / 'CASS.md'}" in before
    await ask(session, "hi")
    assert "# Rules from AGENTS.md\n\nuse tabs" in session.system_prompt()


async def test_everything_is_shown_when_the_user_wants_to_see_it_first(house: House) -> None:
    _put(house.project, {f".cass/commands/c{n}.md": "go\n```\nfence" for n in range(15)})
    client = RecordingClient(answer=trusting.SHOW)
    session = house.open(client, ANSWER)
    assert (await ask(session, "hi")).stop_reason == "end_turn"
    assert "… and 3 more" in client.questions[0].message
    shown = client.of(Notice)[-2].text
    assert all(f"`.cass/commands/c{n}.md`" in shown for n in range(15))
    assert "````\ngo\n```" in shown  # a fence in a file does not end the one around it
    assert session.brought.trust.state == "undecided"  # showing is no decision


async def test_words_that_trust_does_not_know_are_said(house: House) -> None:
    client = RecordingClient()
    session = house.open(client)
    await ask(session, "/trust everything")
    assert "There is no `/trust everything`" in client.of(Notice)[-1].text
    await ask(session, "/trust")
    assert "nothing that could act" in client.of(Notice)[-1].text


async def test_two_folders_of_a_project_do_not_undo_each_others_decisions(house: House) -> None:
    (house.project / ".git").mkdir()
    folders = [house.project, house.project / "a", house.project / "b", house.project / "c"]
    for n, folder in enumerate(folders[:3]):
        _put(folder, {".cass/hooks/x.sh": f"echo {n}"})
    folders[3].mkdir()
    for folder in folders[:3]:
        _accept(house.app.trust(folder))
    assert [house.app.trust(folder).state for folder in folders] == ["trusted"] * 4
    _put(house.project, {".cass/hooks/x.sh": "another"})
    assert [house.app.trust(folder).state for folder in folders] == ["changed"] * 4
    _accept(house.app.trust(folders[1]))  # what was looked at once need not be looked at in each
    assert [house.app.trust(folder).state for folder in folders] == ["trusted"] * 4
    _put(house.project, {".cass/hooks/x.sh": "echo 0"})
    assert [house.app.trust(folder).state for folder in folders] == ["changed"] * 4
    _put(house.project, {".cass/hooks/x.sh": "another"})
    b = house.app.trust(folders[2])
    assert b.decide("refuse", b.look().digest).state == "refused"
    assert [house.app.trust(folder).state for folder in folders] == ["trusted", "trusted", "refused", "trusted"]
    b.decide("forget", "")
    assert house.app.trust(folders[2]).state == "undecided"


async def test_trust_for_one_run_leaves_what_was_decided_as_it_was(house: House) -> None:
    (house.project / ".git").mkdir()
    _put(house.project / "a", {".cass/hooks/x.sh": "one"})
    folder = house.app.trust(house.project / "a")
    folder.decide("refuse", folder.look().digest)
    assert house.app.trust(house.project / "a", "yes").state == "trusted"
    house.app.decisions.once.clear()
    assert house.app.trust(house.project / "a").state == "refused"
