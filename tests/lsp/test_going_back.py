"""Going back with an editor's open buffers: as changes that can be undone there, and with what is typed kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp.test_reviewing import Window
from lsp.test_reviewing import _reload as reload
from support.server import Message, running

CODE = "".join(f"line {n}\n" for n in range(1, 31))
EDITED = CODE.replace("line 3\n", "LINE 3\n", 1)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    servers: list[Any] = []
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.txt").write_text(CODE)

    def open_window(*steps: object) -> Window:
        context = running(tmp_path / "home")
        servers.append(context)
        return Window(context.__enter__(), folder, *steps, approval="auto")

    yield open_window
    for context in servers:
        context.__exit__(None, None, None)


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


EDIT = call("edit_file", path="a.txt", old_string="line 3\n", new_string="LINE 3\n")


def back(here: Window, method: str = "apply", **more: object) -> Message:
    turn = here.server.call("cass/rewind/list", {"sessionId": here.session})["turns"][0]
    params = {"sessionId": here.session, "turnId": turn["turnId"], "scope": "files", **more}
    return here.server.call(f"cass/rewind/{method}", params)


def test_an_open_buffer_goes_back_as_one_change_that_the_editor_can_undo(window: Any) -> None:
    here = window(EDIT, {"text": "ok"})
    buffer = here.editor.open(here.folder / "a.txt")
    here.ask()
    assert buffer.path.read_text() == EDITED
    assert [file["action"] for file in back(here, "preview")["files"]] == ["restored"]
    done = back(here)
    assert [file["action"] for file in done["restored"]] == ["restored"]
    assert buffer.text == CODE == buffer.path.read_text()
    assert here.hunks() == []
    assert here.editor.undo(buffer) == "cass" and buffer.text == EDITED
    here.editor.save(buffer)
    here.server.call("cass/review/list", {"sessionId": here.session})


def test_what_was_typed_and_not_saved_is_kept_in_the_buffer(window: Any) -> None:
    here = window(EDIT, {"text": "ok"})
    buffer = here.editor.open(here.folder / "a.txt")
    here.ask()
    here.editor.insert(buffer, len(buffer.text), "typed\n")
    done = back(here)
    assert [file["action"] for file in done["restored"]] == ["merged"]
    assert buffer.text == CODE + "typed\n"
    assert here.hunks() == []
    here.server.call("cass/rewind/undo", {"sessionId": here.session})
    assert buffer.text == EDITED + "typed\n"


def test_typing_in_the_same_lines_leaves_the_buffer_alone(window: Any) -> None:
    here = window(EDIT, {"text": "ok"})
    buffer = here.editor.open(here.folder / "a.txt")
    here.ask()
    here.editor.insert(buffer, buffer.text.index("LINE 3"), "my ")
    typed = buffer.text
    done = back(here)
    assert [file["action"] for file in done["refused"]] == ["refused"]
    assert buffer.text == typed


def test_what_a_command_did_to_a_file_whose_buffer_was_never_saved_goes_back_on_disk(window: Any) -> None:
    here = window(call("shell", command="sed -i 's/line 20$/LINE 20/' a.txt"), {"text": "ok"})
    buffer = here.editor.open(here.folder / "a.txt")
    here.editor.insert(buffer, 0, "typed\n")
    here.ask()
    assert buffer.text == "typed\n" + CODE
    assert "LINE 20" in buffer.path.read_text()
    back(here)
    assert buffer.text == "typed\n" + CODE
    assert buffer.path.read_text() == CODE


def test_a_clean_buffer_follows_what_a_command_did_and_back(window: Any) -> None:
    here = window(call("shell", command="sed -i 's/line 20$/LINE 20/' a.txt"), {"text": "ok"})
    buffer = here.editor.open(here.folder / "a.txt")
    here.ask()
    here.editor.hear(reload(here))
    assert "LINE 20" in buffer.text
    back(here)
    assert buffer.text == CODE == buffer.path.read_text()
    assert here.editor.undo(buffer) == "cass"


def test_an_open_file_that_was_made_goes_and_comes_again(window: Any) -> None:
    here = window(call("write_file", path="new.txt", content="made\n"), {"text": "ok"})
    here.ask()
    here.editor.open(here.folder / "new.txt")
    done = back(here)
    assert [file["action"] for file in done["restored"]] == ["removed"]
    assert not (here.folder / "new.txt").exists()
    here.server.call("cass/rewind/undo", {"sessionId": here.session})
    assert (here.folder / "new.txt").read_text() == "made\n"


def test_an_unknown_turn_and_nothing_to_undo_are_said(window: Any) -> None:
    here = window({"text": "ok"})
    here.ask()
    params = {"sessionId": here.session, "turnId": "turn-nowhere", "scope": "both"}
    answer = here.server.answer(here.server.request("cass/rewind/preview", params))
    assert answer["error"]["data"]["kind"] == "turn_not_found"
    answer = here.server.answer(here.server.request("cass/rewind/undo", {"sessionId": here.session}))
    assert answer["error"]["data"]["kind"] == "rewind_not_found"
