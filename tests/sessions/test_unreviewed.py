"""Changes that wait for review: what belongs to the model, what to the user, and what is left after each decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.protocol.editing import ReviewResolveParams
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call, yes

LINES = "".join(f"line {n}\n" for n in range(1, 11))


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    (made.project / "a.txt").write_text(LINES)
    return made


def _open(house: House, *steps: object, **options: str) -> Session:
    return house.open(RecordingClient(decide=yes), list(steps), options={"approval": "edits", **options})


async def _hunks(session: Session) -> list[tuple[str, int, str, str]]:
    listed = await session.reviews.list()
    return [(Path(f.path).name, h.line, h.old_text, h.new_text) for f in listed.files for h in f.hunks]


async def _resolve(session: Session, action: str, **more: Any) -> Any:
    params = {"sessionId": session.session_id, "action": action, **more}
    return await session.reviews.resolve(ReviewResolveParams.model_validate(params))


def edit(old: str, new: str, path: str = "a.txt") -> dict[str, object]:
    return call("edit_file", path=path, old_string=old, new_string=new)


def patch(text: str) -> dict[str, object]:
    return call("apply_patch", patch=f"*** Begin Patch\n{text}\n*** End Patch")


async def test_a_moved_file_keeps_its_changes_to_review(house: House) -> None:
    move = patch("*** Update File: a.txt\n*** Move to: b.txt\n@@\n-line 9\n+LINE 9")
    session = _open(house, edit("line 2\n", "LINE 2\n"), move, {"text": "ok"})
    await ask(session, "go")
    assert await _hunks(session) == [
        ("b.txt", 2, "line 2\n", "LINE 2\n"),
        ("b.txt", 9, "line 9\n", "LINE 9\n"),
    ]
    await _resolve(session, "revert")
    assert (house.project / "b.txt").read_text() == LINES


async def test_what_was_asked_about_is_not_reviewed_again_and_does_not_hide_the_rest(house: House) -> None:
    session = _open(
        house, edit("line 2\n", "LINE 2\n"), {"text": "ok"}, edit("line 8\n", "LINE 8\n"), {"text": "ok"}
    )
    await ask(session, "go")
    session.set_option("approval", "ask")
    await ask(session, "more")
    assert await _hunks(session) == [("a.txt", 2, "line 2\n", "LINE 2\n")]


async def test_the_users_own_changes_stay_when_everything_is_taken_back(house: House) -> None:
    session = _open(
        house, edit("line 2\n", "LINE 2\n"), {"text": "ok"}, edit("line 8\n", "LINE 8\n"), {"text": "ok"}
    )
    await ask(session, "go")
    path = house.project / "a.txt"
    path.write_text("mine\n" + path.read_text().replace("line 5\n", "my line 5\n"))
    await ask(session, "more")
    assert [hunk[1] for hunk in await _hunks(session)] == [3, 9]
    await _resolve(session, "revert")
    assert path.read_text() == "mine\n" + LINES.replace("line 5\n", "my line 5\n")


async def test_a_file_that_the_user_deleted_leaves_nothing_to_keep(house: House) -> None:
    session = _open(house, call("write_file", path="new.txt", content="hello\n"), {"text": "ok"})
    await ask(session, "go")
    assert [name for name, *_ in await _hunks(session)] == ["new.txt"]
    (house.project / "new.txt").unlink()
    assert await _hunks(session) == []


async def test_a_change_inside_the_models_lines_stays_with_them(house: House) -> None:
    session = _open(house, edit("line 2\n", "LINE 2\n"), {"text": "ok"})
    await ask(session, "go")
    path = house.project / "a.txt"
    path.write_text(path.read_text().replace("LINE 2", "LINE two"))
    assert await _hunks(session) == [("a.txt", 2, "line 2\n", "LINE two\n")]
    await _resolve(session, "keep")
    assert await _hunks(session) == [] and "LINE two" in path.read_text()


async def test_a_line_typed_where_the_model_deleted_one_stays_the_users(house: House) -> None:
    session = _open(house, edit("line 3\n", ""), {"text": "ok"})
    await ask(session, "go")
    path = house.project / "a.txt"
    path.write_text(path.read_text().replace("line 2\n", "line 2\nmine\n"))
    assert [hunk[2:] for hunk in await _hunks(session)] == [("line 3\n", "")]
    await _resolve(session, "revert")
    assert path.read_text() == LINES.replace("line 3\n", "line 3\nmine\n")


async def test_undoing_a_deletion_by_hand_leaves_nothing(house: House) -> None:
    session = _open(house, edit("line 3\n", ""), {"text": "ok"})
    await ask(session, "go")
    path = house.project / "a.txt"
    path.write_text(LINES.replace("line 3\n", "line 3\nand more\n"))
    assert await _hunks(session) == []


async def test_a_line_typed_beside_a_made_change_stays_when_it_is_taken_back(house: House) -> None:
    session = _open(house, edit("line 3\n", "LINE 3\nnew\n"), {"text": "ok"})
    await ask(session, "go")
    path = house.project / "a.txt"
    path.write_text(path.read_text().replace("LINE 3\n", "above\nLINE 3\n").replace("new\n", "new\nbelow\n"))
    await _resolve(session, "revert")
    assert path.read_text() == LINES.replace("line 3\n", "above\nline 3\nbelow\n")


async def test_it_is_all_there_after_a_restart_with_what_happened_meanwhile(house: House) -> None:
    session = _open(house, edit("line 2\n", "LINE 2\n"), {"text": "ok"})
    await ask(session, "go")
    house.restart()
    path = house.project / "a.txt"
    path.write_text("typed while cass was away\n" + path.read_text())
    again = await house.resume(session.session_id, RecordingClient())
    assert await _hunks(again) == [("a.txt", 3, "line 2\n", "LINE 2\n")]


async def test_the_conversation_as_a_document(house: House) -> None:
    from cass.sessions import inspect

    session = _open(house, edit("line 2\n", "LINE 2\n"), {"text": "It is done."})
    await ask(session, "capitals please")
    written = inspect.transcript(session)
    assert "## You\n\ncapitals please" in written and "- Edit a.txt" in written and "It is done." in written
