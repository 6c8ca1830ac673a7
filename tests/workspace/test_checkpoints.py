"""The store of what calls did to files: shared, cut off, damaged, full, and swept."""

from __future__ import annotations

import gc
import hashlib
import os
import sqlite3
import time
from pathlib import Path

import pytest

from cass.config import CheckpointConfig
from cass.errors import ToolError
from cass.ports import Effects, Entry
from cass.workspace import restoring, roots
from cass.workspace.checkpoints import DiskCheckpoints
from cass.workspace.contents import Contents
from support import planted


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "file").write_text("before\n")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "checkpoints"


def opened(root: Path, folder: Path, session: str = "s1", **settings: object) -> DiskCheckpoints:
    return DiskCheckpoints(session, [root], folder, CheckpointConfig.model_validate(settings))


async def changed(kept: DiskCheckpoints, path: Path, text: str) -> Effects:
    taken = await kept.take()
    path.write_text(text)
    effects = await kept.since(taken)
    assert effects
    return effects


async def test_two_processes_share_a_folder_and_both_read_what_either_kept(root: Path, folder: Path) -> None:
    one, two = opened(root, folder), opened(root, folder, "s2")
    mine = await changed(one, root / "file", "one\n")
    theirs = await changed(two, root / "file", "two\n")
    for kept in (one, two, opened(root, folder)):
        assert await kept.read(mine.effects_id) == mine.changes
        assert await kept.read(theirs.effects_id) == theirs.changes


async def test_a_change_within_the_same_tick_is_seen(root: Path, folder: Path) -> None:
    kept = opened(root, folder)
    for number in range(20):
        effects = await changed(kept, root / "file", f"{number:02}\n")
        after = effects.changes[0].after
        assert after and await kept.content(after) == f"{number:02}\n".encode()


async def test_a_file_that_comes_where_nothing_else_changed_is_seen(root: Path, folder: Path) -> None:
    kept = opened(root, folder)
    old = time.time_ns() - 10**10
    os.utime(root, ns=(old, old))
    for number in range(5):
        effects = await changed(kept, root / f"new{number}", "made")
        assert [effect.path.name for effect in effects.changes] == [f"new{number}"]


async def test_a_damaged_store_is_set_aside_and_begun_anew(root: Path, folder: Path) -> None:
    await changed(opened(root, folder), root / "file", "one\n")
    gc.collect()  # a connection that is still there would write its log over the damage when it is closed
    (store,) = roots.stores(folder)
    for more in ("-wal", "-shm"):
        Path(f"{store / 'store.sqlite'}{more}").unlink(missing_ok=True)
    (store / "store.sqlite").write_bytes(b"not a database " * 100)
    effects = await changed(opened(root, folder), root / "file", "two\n")
    assert await opened(root, folder).read(effects.effects_id) == effects.changes
    assert len(list(store.glob("*.damaged-*"))) == 1


async def test_a_store_that_cannot_be_written_leaves_a_gap_and_says_so_once(root: Path, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file in its place")
    kept = opened(root, folder)
    for text in ("one", "two"):
        taken = await kept.take()
        (root / "file").write_text(text)
        assert await kept.since(taken) is None
    assert len(kept.news()) == 1
    assert not kept.news()


async def test_a_full_store_keeps_what_it_has_and_says_what_is_not_covered(root: Path, folder: Path) -> None:
    (root / "big").write_bytes(os.urandom(1_200_000))
    kept = opened(root, folder, max_total_mb=1)
    await kept.take()
    effects = await changed(kept, root / "new", "x" * 500)
    assert "max_total_mb" in kept.news()[0]
    after = effects.changes[0].after
    assert after and not after.is_kept


async def test_a_forgotten_session_leaves_room_and_the_others_stay(root: Path, folder: Path) -> None:
    one = await changed(opened(root, folder), root / "file", "one\n")
    two = await changed(opened(root, folder, "s2"), root / "file", "two\n")
    roots.forget(folder, "s1")
    (store,) = roots.stores(folder)
    db = sqlite3.connect(store / "store.sqlite")
    with db:
        db.execute("update contents set used = 0")
    contents = Contents(store, 10**9)
    contents.sweep()
    assert contents.recorded(one.effects_id) is None
    kept = opened(root, folder)
    (effect,) = await kept.read(two.effects_id) or ()
    assert effect.before and await kept.content(effect.before) == b"one\n"
    before = one.changes[0].before
    assert before and await kept.content(before) is None


async def test_what_changed_under_the_hand_is_not_replaced(root: Path, folder: Path) -> None:
    kept = opened(root, folder)
    effects = await changed(kept, root / "file", "after\n")
    (effect,) = effects.changes
    (root / "file").write_text("mine\n")
    with pytest.raises(ToolError, match="just been changed"):
        await kept.put(effect.path, effect.after, effect.before)
    assert (root / "file").read_text() == "mine\n"


async def test_a_lost_content_is_said_and_nothing_is_changed(root: Path, folder: Path) -> None:
    kept = opened(root, folder)
    now = await kept.look(root / "file")
    with pytest.raises(ToolError, match="not kept any more"):
        await kept.put(root / "file", now, Entry("file", 0o644, "0" * 64, 3))
    assert sorted(path.name for path in root.iterdir()) == ["file"]


async def test_a_file_with_two_names_keeps_both(root: Path, folder: Path) -> None:
    (root / "other").hardlink_to(root / "file")
    kept = opened(root, folder)
    effects = await changed(kept, root / "file", "after\n")
    assert {effect.path.name for effect in effects.changes} == {"file", "other"}
    for effect in effects.changes:
        await kept.put(effect.path, effect.after, effect.before)
    assert (root / "other").read_text() == "before\n"
    assert (root / "other").samefile(root / "file")


def test_a_pipe_is_left_alone(root: Path, folder: Path) -> None:
    os.mkfifo(root / "pipe")
    contents = Contents(folder / "k", 10**9)
    with pytest.raises(ToolError, match="neither a file"):
        restoring.put(root / "pipe", None, Entry("file", 0o644, "0" * 64), contents)


async def test_a_store_inside_the_folder_does_not_keep_itself(root: Path) -> None:
    inside = root / "home" / "data" / "checkpoints"
    kept = opened(root, inside)
    await kept.take()
    effects = await changed(kept, root / "file", "after\n")
    assert [effect.path.name for effect in effects.changes] == ["file"]


async def test_a_nested_root_is_covered_once(root: Path, folder: Path) -> None:
    (root / "sub").mkdir()
    kept = DiskCheckpoints("s1", [root, root / "sub"], folder, CheckpointConfig())
    effects = await changed(kept, root / "sub" / "file", "made")
    assert [effect.path for effect in effects.changes] == [root / "sub" / "file"]


@pytest.mark.parametrize("files", [1, 700])
async def test_what_is_kept_is_found_by_no_search(root: Path, folder: Path, files: int) -> None:
    for number in range(files):
        (root / f"f{number}").write_text(f"TOKEN={number:05}-{planted.PLANTED['openrouter'][0]}\n")
    (root / ".env").write_text(planted.PLANTED["github"][0])
    (root / "big.log").write_text("".join(planted.text(name) + "\n" for name in planted.PLANTED) * 1_000)
    kept = opened(root, folder)
    taken = await kept.take()
    for path in root.iterdir():
        path.write_text("new\n")
    effects = await kept.since(taken)
    assert effects and not effects.missing
    for effect in effects.changes:
        assert effect.before and effect.after
        assert hashlib.sha256(await kept.content(effect.before) or b"").hexdigest() == effect.before.hash
        await kept.put(effect.path, effect.after, effect.before)
    assert (root / ".env").read_text() == planted.PLANTED["github"][0]
    for file in (path for path in folder.rglob("*") if path.is_file()):
        data = file.read_bytes()
        assert planted.leaked(data.decode("latin-1")) == [], file
        assert b"TOKEN" not in data


async def test_links_and_names_that_are_no_text_are_kept(root: Path, folder: Path) -> None:
    (root / os.fsdecode(b"l\xfe")).symlink_to(os.fsdecode(b"/no\xffwhere"))
    kept = opened(root, folder)
    taken = await kept.take()
    (root / os.fsdecode(b"l\xfe")).unlink()
    (root / "file").write_text("changed\n")
    effects = await kept.since(taken)
    assert effects and [os.fsencode(e.path.name) for e in effects.changes] == [b"file", b"l\xfe"]
    assert await opened(root, folder).read(effects.effects_id) == effects.changes
    await opened(root, folder).put(effects.changes[1].path, None, effects.changes[1].before)
    assert os.fsencode((root / os.fsdecode(b"l\xfe")).readlink()) == b"/no\xffwhere"
    assert kept.news() == ()


async def test_a_file_outside_of_the_folder_is_kept_too(root: Path, folder: Path) -> None:
    kept, path = opened(root, folder), root.parent / "outside"
    path.write_text("before\n")
    entry = await kept.look(path)
    assert entry and await kept.content(entry) == b"before\n"
