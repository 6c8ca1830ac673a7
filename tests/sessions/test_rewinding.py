"""Going back: exactly what a turn did is taken back, whatever was done by others stays, and all of it can be undone."""

from __future__ import annotations

import asyncio
import random
import subprocess
from pathlib import Path

import pytest

from cass.errors import CassError
from cass.protocol.events import CompactionUpdate, EffectsUpdate, Notice
from cass.protocol.messages import Message, Text
from cass.protocol.rewinding import RewindParams, RewindResult
from cass.sessions import rewinding
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call, prompt
from support.trees import command, content, grow, tree


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def params(session: Session, number: int = 0, **more: object) -> RewindParams:
    """Back to before a turn, the newest being 0."""
    turn = rewinding.turns(session).turns[number]
    return RewindParams.model_validate({"sessionId": session.session_id, "turnId": turn.turn_id, **more})


def actions(result: RewindResult, house: House) -> dict[str, str]:
    files = (*result.restored, *result.refused)
    return {str(Path(file.path).relative_to(house.project)): file.reason or file.action for file in files}


@pytest.mark.parametrize("seed", range(12))
async def test_a_random_turn_is_taken_back_and_given_again(house: House, seed: int) -> None:
    rng = random.Random(seed)
    names = grow(house.project, rng, 25)
    steps = [call("shell", command=command(rng, names)) for _ in range(rng.randrange(1, 4))]
    session = house.open(RecordingClient(), [*steps, {"text": "done"}])
    before = tree(house.project)
    await ask(session, "wreck it")
    after = tree(house.project)
    result = await rewinding.apply(session, params(session))
    assert not result.refused
    assert tree(house.project) == before
    undone = await rewinding.undo(session)
    assert not undone.refused
    assert tree(house.project) == after


@pytest.mark.parametrize("seed", range(12))
async def test_what_others_did_since_stays_byte_for_byte(house: House, seed: int) -> None:
    rng = random.Random(100 + seed)
    names = grow(house.project, rng, 25)
    session = house.open(RecordingClient(), [call("shell", command=command(rng, names)), {"text": "done"}])
    before = tree(house.project)
    await ask(session, "wreck it")
    theirs: dict[str, bytes] = {}
    for path in sorted(house.project.rglob("*")):
        if path.is_file() and not path.is_symlink() and rng.random() < 0.3:
            path.chmod(0o644)
            path.write_bytes(b"theirs\n" + content(rng))
            theirs[str(path.relative_to(house.project))] = path.read_bytes()
    (house.project / "their own").write_bytes(b"new")
    mixed = tree(house.project)
    result = await rewinding.apply(session, params(session))
    now = tree(house.project)
    told = actions(result, house)
    for name in before.keys() | now.keys():
        if name in theirs and name in mixed and now.get(name) != mixed[name]:
            assert told[name] == "merged", name
        elif name not in theirs and name != "their own" and name not in told and now.get(name) != before.get(name):
            # a folder that stays for what is theirs in it, and what stands in its way
            inside = any(other.startswith(f"{name}/") for other in theirs)
            assert inside or mixed.get(name) == now.get(name), (name, now.get(name), before.get(name))
    assert now["their own"] == mixed["their own"]


# --- what is refused, and what is kept ---


def put(house: House, name: str, text: str | bytes, mode: int = 0o644) -> Path:
    path = house.project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


async def wrecked(house: House, *commands: str, client: RecordingClient | None = None) -> Session:
    """A session of one turn for each command."""
    steps = [step for line in commands for step in (call("shell", command=line), {"text": "done"})]
    session = house.open(client or RecordingClient(), steps)
    for line in commands:
        await ask(session, f"do {line}")
    return session


LINES = "".join(f"line {n}\n" for n in range(30))


async def test_a_later_edit_on_other_lines_is_merged_and_on_the_same_lines_refused(house: House) -> None:
    put(house, "apart", LINES)
    put(house, "same", LINES)
    session = await wrecked(house, "sed -i 's/line 3$/LINE 3/' apart same")
    put(house, "apart", LINES.replace("line 3\n", "LINE 3\n").replace("line 20\n", "mine\n"))
    put(house, "same", LINES.replace("line 3\n", "mine\n"))
    seen = await rewinding.preview(session, params(session))
    assert {file.path.rpartition("/")[2]: file.action for file in seen.files} == {
        "apart": "merged",
        "same": "refused",
    }
    assert (house.project / "same").read_text() == LINES.replace("line 3\n", "mine\n")
    result = await rewinding.apply(session, params(session))
    assert actions(result, house) == {"apart": "merged", "same": "it was changed later in the same lines"}
    assert (house.project / "apart").read_text() == LINES.replace("line 20\n", "mine\n")
    assert (house.project / "same").read_text() == LINES.replace("line 3\n", "mine\n")
    await rewinding.undo(session)
    assert (house.project / "apart").read_text() == LINES.replace("line 3\n", "LINE 3\n").replace(
        "line 20\n", "mine\n"
    )


async def test_each_refusal_says_why_and_leaves_the_path_alone(house: House) -> None:
    for name in ("binary", "deleted", "replaced", "mode", "kind"):
        put(house, name, b"\0before")
    put(house, "removed", "before\n")
    command = "for f in binary deleted replaced kind; do printf '\\0after' > $f; done; chmod 755 mode; rm removed; "
    session = await wrecked(house, f"{command} echo made > made")
    put(house, "binary", b"\0mine")
    (house.project / "deleted").unlink()
    (house.project / "mode").chmod(0o600)
    put(house, "removed", "mine\n")
    put(house, "made", "made and mine\n")
    (house.project / "kind").unlink()
    (house.project / "kind").symlink_to("mine")
    mine = tree(house.project)
    result = await rewinding.apply(session, params(session))
    assert actions(result, house) == {
        "binary": "it was changed later, and is no text",
        "deleted": "it was deleted later",
        "replaced": "restored",
        "mode": "its mode was changed later, too",
        "removed": "something else was made in its place later",
        "made": "it was changed later",
        "kind": "it was made something else later",
    }
    mine["replaced"] = ("file", 0o644, b"\0before")
    assert tree(house.project) == mine


async def test_what_the_user_did_between_two_turns_is_no_part_of_either(house: House) -> None:
    put(house, "file", LINES)
    session = house.open(RecordingClient(), [
        call("shell", command="sed -i 's/line 2$/LINE 2/' file"), {"text": "one"},
        call("shell", command="sed -i 's/line 25$/LINE 25/' file; echo x > made"), {"text": "two"},
    ])  # fmt: skip
    await ask(session, "one")
    put(house, "file", (house.project / "file").read_text().replace("line 12\n", "mine\n"))
    put(house, "own", "mine\n")
    await ask(session, "two")
    await rewinding.apply(session, params(session, 1))
    assert (house.project / "file").read_text() == LINES.replace("line 12\n", "mine\n")
    assert (house.project / "own").read_text() == "mine\n"
    assert not (house.project / "made").exists()


async def test_one_turn_alone_and_single_files_are_taken_back(house: House) -> None:
    for name in ("a", "b", "c"):
        put(house, name, LINES)
    session = await wrecked(house, "sed -i 's/line 2$/LINE 2/' a b c", "sed -i 's/line 25$/LINE 25/' a")
    result = await rewinding.apply(session, params(session, 1, scope="files", only=True, paths=["a", "b"]))
    assert actions(result, house) == {"a": "merged", "b": "restored"}
    assert (house.project / "a").read_text() == LINES.replace("line 25\n", "LINE 25\n")
    assert (house.project / "b").read_text() == LINES
    assert (house.project / "c").read_text() == LINES.replace("line 2\n", "LINE 2\n")
    with pytest.raises(CassError, match="nothing was done to zzz"):
        await rewinding.preview(session, params(session, 1, scope="files", paths=["zzz"]))


async def test_ignored_and_git_files_are_left_alone_with_or_without_git(house: House) -> None:
    put(house, ".gitignore", "ignored/\n*.log\n")
    put(house, "ignored/file", "before")
    put(house, ".git/config", "before")
    put(house, "sub/.git", "gitdir: ../elsewhere")
    put(house, "sub/file", "before")
    lines = "echo after | tee ignored/file .git/config sub/.git sub/file new.log; mkdir ignored/more; ln -s x l.log"
    session = await wrecked(house, lines)
    await rewinding.apply(session, params(session))
    after = {"ignored/file", ".git/config", "sub/.git", "new.log"}
    assert {name for name in after if (house.project / name).read_text() == "after\n"} == after
    assert (house.project / "ignored/more").is_dir()
    assert (house.project / "l.log").is_symlink()
    assert (house.project / "sub/file").read_text() == "before"


async def test_files_that_ignore_rules_hide_or_show_are_not_taken_for_deleted_or_made(house: House) -> None:
    put(house, ".gitignore", "secret\n")
    put(house, "secret", "the user's")
    put(house, "plain", "the user's")
    session = await wrecked(house, "sleep 0.1; echo plain > .gitignore")
    result = await rewinding.apply(session, params(session))
    assert actions(result, house) == {".gitignore": "restored"}
    assert (house.project / "secret").read_text() == "the user's"
    assert (house.project / "plain").read_text() == "the user's"


async def test_an_edit_and_the_folders_made_for_it_are_taken_back(house: House) -> None:
    put(house, "old", "before\n", 0o755)
    steps = [
        call("write_file", path="new/deep/file", content="made\n"),
        call("read_file", path="old"),
        call("edit_file", path="old", old_string="before", new_string="after"),
        {"text": "done"},
    ]
    session = house.open(RecordingClient(), steps, options={"approval": "edits"})
    before = tree(house.project)
    await ask(session, "edit")
    after = tree(house.project)
    assert after["old"] == ("file", 0o755, b"after\n")
    assert session.unreviewed.made
    await rewinding.apply(session, params(session))
    assert tree(house.project) == before
    assert not session.unreviewed.made
    await rewinding.undo(session)
    assert tree(house.project) == after


async def test_a_big_file_is_kept_beside_and_one_over_the_limit_is_named(house: House) -> None:
    house.environ["CASS_CHECKPOINTS__MAX_FILE_MB"] = "3"
    house.restart()
    big = random.Random(1).randbytes(2_500_000)
    put(house, "big", big, 0o600)
    put(house, "huge", b"x" * 3_500_000)
    client = RecordingClient()
    session = await wrecked(house, "truncate -s 10 big; rm huge", client=client)
    assert client.of(EffectsUpdate)[0].missing == (str(house.project / "huge"),)
    result = await rewinding.apply(session, params(session))
    assert actions(result, house)["big"] == "restored"
    assert "max_file_mb" in actions(result, house)["huge"]
    assert (house.project / "big").read_bytes() == big
    stored = list((house.home / "data/checkpoints").rglob("*"))
    assert {path.stat().st_mode & 0o77 for path in stored} == {0}


async def test_a_folder_with_too_many_files_is_covered_in_edits_only_and_that_is_said_once(house: House) -> None:
    house.environ["CASS_CHECKPOINTS__MAX_FILES"] = "3"
    house.restart()
    for number in range(5):
        put(house, f"f{number}", "before")
    client = RecordingClient()
    steps = [
        call("shell", command="echo after > f0"),
        call("shell", command="echo after > f1"),
        call("write_file", path="f2", content="after"),
        {"text": "done"},
    ]
    session = house.open(client, steps)
    await ask(session, "go")
    said = [notice.text for notice in client.of(Notice) if "max_files" in notice.text]
    assert len(said) == 1
    await rewinding.apply(session, params(session))
    assert (house.project / "f0").read_text() == "after\n"
    assert (house.project / "f2").read_text() == "before"


async def test_a_command_that_is_cut_off_is_covered(house: House) -> None:
    put(house, "file", "before")
    client = RecordingClient()
    session = house.open(
        client, [call("shell", command="echo after > file; touch ready; sleep 60"), {"text": "no"}]
    )
    turn = prompt(session, "go")
    async with asyncio.timeout(20):
        while not (house.project / "ready").exists():
            await asyncio.sleep(0)
    session.work.cancel()
    await session.work.finished(turn)
    await rewinding.apply(session, params(session))
    assert (house.project / "file").read_text() == "before"
    assert not (house.project / "ready").exists()


async def test_a_link_that_leads_out_is_never_followed(house: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("the user's")
    put(house, "dir/file", "before")
    session = await wrecked(house, "echo after > dir/file")
    (house.project / "dir" / "file").unlink()
    (house.project / "dir").rmdir()
    (house.project / "dir").symlink_to(outside)
    result = await rewinding.apply(session, params(session))
    assert (outside / "file").read_text() == "the user's"
    assert actions(result, house).keys() == {"dir/file"}
    assert not result.restored


# --- the conversation ---


def said(session: Session) -> list[str]:
    return [block.text for m in session.messages for block in m.content if isinstance(block, Text)]


async def test_the_conversation_goes_back_alone_and_comes_again_also_after_a_restart(house: House) -> None:
    put(house, "file", "before\n")
    session = await wrecked(house, "echo one > file", "echo two > file")
    whole = list(session.messages)
    result = await rewinding.apply(session, params(session, 0, scope="conversation"))
    assert result.prompt == "do echo two > file"
    assert (house.project / "file").read_text() == "two\n"
    assert not any("echo two" in text for text in said(session) if "Changed since" not in text)
    assert any(str(house.project / "file") in text for text in said(session))
    kept = list(session.messages)
    turns = rewinding.turns(session).turns
    assert [(turn.prompt, turn.conversation) for turn in turns] == [
        ("do echo two > file", False),
        ("do echo one > file", True),
    ]
    house.restart()
    again = await house.resume(session.session_id, RecordingClient())
    assert list(again.messages) == kept
    await rewinding.undo(again)
    assert list(again.messages)[: len(whole)] == whole


async def test_both_go_back_after_a_restart_and_the_next_prompt_begins_there(house: House) -> None:
    put(house, "file", "before\n")
    session = await wrecked(house, "echo one > file", "echo two > file")
    house.restart()
    again = await house.resume(session.session_id, RecordingClient())
    await rewinding.apply(again, params(again, 1))
    assert (house.project / "file").read_text() == "before\n"
    assert not again.messages
    assert not rewinding.turns(again).turns
    assert (await ask(again, "anew")).stop_reason == "end_turn"
    assert (house.project / "file").read_text() == "one\n"
    assert [turn.prompt for turn in rewinding.turns(again).turns] == ["anew"]


async def test_a_compaction_in_between_goes_and_comes_with_its_turn(house: House) -> None:
    session = house.open(RecordingClient(), [{"text": "one"}, {"text": "two"}, {"text": "three"}])
    await ask(session, "first")
    await ask(session, "second")
    summary = Message(role="user", content=(Text(text="Summary of it all"),))
    session.emit(CompactionUpdate(compaction_id="c1", status="completed", replaced=4, kept=(summary,)))
    await ask(session, "third")
    compacted = said(session)
    assert compacted[:2] == ["Summary of it all", "third"]
    await rewinding.apply(session, params(session, 0))
    assert said(session) == ["Summary of it all"]
    await rewinding.apply(session, params(session, 0))
    assert said(session) == ["first", "one"]
    await rewinding.undo(session)
    assert said(session) == ["Summary of it all"]
    await rewinding.undo(session)
    assert said(session) == compacted


async def test_the_model_is_told_what_was_taken_back_from_under_it(house: House) -> None:
    put(house, "file", "before\n")
    session = await wrecked(house, "echo after > file")
    await rewinding.apply(session, params(session, 0, scope="files"))
    assert "took back what was done to" in said(session)[-1]
    assert str(house.project / "file") in said(session)[-1]
    await rewinding.undo(session)
    assert "changed again" in said(session)[-1]


async def test_a_proposal_of_a_turn_that_is_gone_is_dropped(house: House) -> None:
    put(house, "file", "before\n")
    session = house.open(
        RecordingClient(),
        [call("write_file", path="file", content="after\n"), {"text": "ok"}],
        options={"mode": "plan"},
    )
    await ask(session, "plan")
    assert session.stream.state.pending_proposals()
    await rewinding.apply(session, params(session))
    assert not session.stream.state.pending_proposals()
    assert (await session.workspace.read(house.project / "file")).text == "before\n"


async def test_going_back_waits_for_no_turn_and_lets_none_begin(house: House) -> None:
    session = house.open(RecordingClient(), [{"text": "slow", "delay_ms": 50}, {"text": "later"}])
    turn = prompt(session, "go")
    with pytest.raises(CassError, match="working"):
        async with session.work.held():
            pass
    await session.work.finished(turn)
    async with session.work.held():
        late = prompt(session, "meanwhile")
        assert session.state == "idle"
    assert (await session.work.finished(late)).stop_reason == "end_turn"


async def test_the_command_lists_shows_does_and_undoes(house: House) -> None:
    client = RecordingClient()
    put(house, "file", "before\n")
    session = await wrecked(house, "echo after > file", client=client)

    async def say(line: str) -> str:
        await ask(session, line)
        return client.of(Notice)[-1].text

    assert "1. do echo after > file (1 file changed)" in await say("/rewind")
    assert "- restored: file" in await say("/rewind 1 files")
    assert (house.project / "file").read_text() == "after\n"
    assert "- restored: file" in await say("/rewind 1 files file yes")
    assert (house.project / "file").read_text() == "before\n"
    assert "- restored: file" in await say("/rewind undo")
    assert (house.project / "file").read_text() == "after\n"
    assert "The prompt was:\n\n> do echo after > file" in await say("/rewind 1 yes")
    assert not session.messages
    end = await ask(session, "/rewind 7")
    assert "no turn '7'" in end.error.message
    end = await ask(session, "/rewind undo")
    end = await ask(session, "/rewind undo")
    assert "no rewind" in end.error.message


def git(cwd: Path, *words: str) -> str:
    named = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *named, *words], cwd=cwd, check=True, capture_output=True, text=True).stdout


async def test_git_is_never_touched_in_a_worktree_with_a_submodule(house: House, tmp_path: Path) -> None:
    for name in ("lib", "main"):
        repository = tmp_path / name
        repository.mkdir()
        git(repository, "init", "-q")
        (repository / "file").write_text(f"{name}\n")
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "one")
    git(tmp_path / "main", "submodule", "add", "-q", str(tmp_path / "lib"), "lib")
    git(tmp_path / "main", "commit", "-qm", "two")
    house.project.rmdir()
    git(tmp_path / "main", "worktree", "add", "-q", str(house.project))
    git(house.project, "submodule", "update", "-q", "--init")
    (house.project / "file").write_text("staged\n")
    git(house.project, "add", "file")
    (house.project / "file").write_text("and changed\n")
    (house.project / "untracked").write_text("mine\n")
    work, kept = tree(house.project), tree(tmp_path / "main" / ".git")
    session = await wrecked(house, "echo x | tee file lib/file untracked new; mv lib/file lib/moved")
    assert tree(house.project) != work
    result = await rewinding.apply(session, params(session))
    assert not result.refused
    assert tree(house.project) == work
    assert tree(tmp_path / "main" / ".git") == kept
    assert "MM file" in git(house.project, "status", "--short")


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("echo more >> ignored/f; rm .gitignore", "ignored/f"),
        ("sed -i s/their/Their/ ignored/f; echo > .gitignore", "ignored/f"),
        ("mv ignored shown; echo more >> shown/f", "shown/f"),
        ("mv ../outside in; echo more >> in/f", "in/f"),
        ("rm .gitignore; sed -i s/their/Their/ .env", ".env"),
    ],
)
async def test_what_was_ignored_or_elsewhere_before_is_never_taken_away(house: House, line: str, kept: str) -> None:
    put(house, ".gitignore", "ignored\n.env\n")
    for name in ("ignored/f", "../outside/f", ".env"):
        put(house, name, "theirs\n")
    session = await wrecked(house, line)
    after = (house.project / kept).read_bytes()
    await rewinding.apply(session, params(session))
    assert (house.project / kept).read_bytes() == after
    assert (house.project / ".gitignore").read_text() == "ignored\n.env\n"
