"""Reviewing in an editor that speaks cass: hunk by hunk, before and after, undone, resumed, by two windows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.editor import Buffer, SmallEditor
from support.server import Message, ServerProcess, running, script

CODE = "".join(f"line {n}\n" for n in range(1, 31))
THREE = (
    "*** Begin Patch\n*** Update File: a.txt\n"
    "@@\n-line 3\n+LINE 3\n@@\n-line 13\n+LINE 13\n@@\n-line 23\n+LINE 23\n*** End Patch"
)


class Window:
    """One editor's window with a session in it."""

    def __init__(self, server: ServerProcess, folder: Path, *steps: object, **options: str) -> None:
        self.server, self.folder = server, folder
        server.call(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": SmallEditor.capabilities("utf-16")},
        )
        server.notify("initialized")
        self.editor = SmallEditor(server, encoding="utf-16", full_sync=False, formats=False)
        self.decide: Callable[[Message], object] = lambda ask: {"outcome": "selected", "optionId": "allow_once"}
        server.on_request = self._answer
        self.model = script(folder.parent / f"{len(list(folder.parent.iterdir()))}.json", *steps)
        options = {"model": self.model, "approval": "edits", **options}
        self.session = server.call("cass/session/new", {"cwd": str(folder), "configOptions": options})["sessionId"]

    def _answer(self, message: Message) -> object:
        if message["method"] == "cass/session/requestPermission":
            outcome = self.decide(message["params"])
            return {"outcome": outcome} if outcome is not None else None
        return self.editor.handle(message)

    def prompt(self, text: str = "go") -> int:
        params = {"sessionId": self.session, "prompt": [{"type": "text", "text": text}], "wait": True}
        return self.server.request("cass/session/prompt", params)

    def ask(self, text: str = "go") -> Message:
        return self.server.answer(self.prompt(text))["result"]

    def hunks(self) -> list[Message]:
        listed = self.server.call("cass/review/list", {"sessionId": self.session})
        return [hunk for file in listed["files"] for hunk in file["hunks"]]

    def resolve(self, action: str, *hunks: str, **more: str) -> Message:
        params = {"sessionId": self.session, "action": action, "hunkIds": list(hunks), **more}
        return self.server.call("cass/review/resolve", params)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "a.txt").write_text(CODE)
    return place


@pytest.fixture
def window(tmp_path: Path, folder: Path) -> Iterator[Callable[..., Window]]:
    servers: list[Any] = []

    def open_window(*steps: object, **options: str) -> Window:
        context = running(tmp_path / "home")
        servers.append(context)
        return Window(context.__enter__(), folder, *steps, **options)

    yield open_window
    for context in servers:
        context.__exit__(None, None, None)


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


EDIT = call("edit_file", path="a.txt", old_string="line 3\n", new_string="LINE 3\n")


def _opened(window: Window) -> Buffer:
    return window.editor.open(window.folder / "a.txt")


def test_three_hunks_decided_before_they_are_made(window: Any) -> None:
    here = window(call("apply_patch", patch=THREE), {"text": "ok", "expect": "too loud"}, approval="ask")
    buffer = _opened(here)
    here.decide = lambda ask: None
    number = here.prompt()
    here.server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    first, second, third = here.hunks()
    assert [h["line"] for h in (first, second, third)] == [3, 13, 23] and first["kind"] == "proposed"
    here.resolve("keep", first["hunkId"])
    here.resolve("amend", second["hunkId"], text="mine 13\n")
    assert buffer.text == CODE
    here.resolve("revert", third["hunkId"], comment="too loud")
    assert here.server.answer(number)["result"]["text"] == "ok"
    wanted = CODE.replace("line 3\n", "LINE 3\n", 1).replace("line 13\n", "mine 13\n")
    assert buffer.text == wanted
    assert buffer.path.read_text() == wanted, "what was changed is saved"
    assert here.editor.undo(buffer) == "cass" and buffer.text == CODE, "one step takes it back"


def test_made_changes_are_decided_afterwards_and_the_users_own_are_none(window: Any) -> None:
    here = window(call("apply_patch", patch=THREE), {"text": "ok"}, {"text": "seen", "expect": "not this one"})
    buffer = _opened(here)
    assert here.ask()["text"] == "ok"
    here.editor.insert(buffer, 0, "typed by hand\n")
    first, second, third = here.hunks()
    assert [(h["line"], h["kind"]) for h in (first, second, third)] == [(4, "made"), (14, "made"), (24, "made")]
    here.resolve("keep", first["hunkId"])
    here.resolve("amend", second["hunkId"], text="mine 13\n")
    left = here.resolve("revert", third["hunkId"], comment="not this one")
    assert left["files"] == []
    wanted = "typed by hand\n" + CODE.replace("line 3\n", "LINE 3\n", 1).replace("line 13\n", "mine 13\n")
    assert buffer.text == wanted
    assert here.ask()["text"] == "seen"


def test_a_comment_goes_to_the_model_and_decides_nothing(window: Any) -> None:
    here = window(EDIT, {"text": "ok"}, {"text": "answered", "expect": "why capitals?"})
    _opened(here)
    here.ask()
    (hunk,) = here.hunks()
    here.resolve("comment", hunk["hunkId"], comment="why capitals?")
    here.ask()
    said = [u for _, u in here.server.updates(here.session) if u["sessionUpdate"] == "agent_message"]
    assert "answered" in str(said[-2]["content"])
    assert here.hunks()[0]["hunkId"] == hunk["hunkId"]


def test_undo_in_the_editor_is_noticed_and_told(window: Any) -> None:
    here = window(EDIT, {"text": "ok"}, {"text": "seen", "expect": "your change was undone"})
    buffer = _opened(here)
    here.ask()
    assert here.editor.undo(buffer) == "cass"
    here.server.update("_edit_update", state="reverted")
    assert here.hunks() == []
    assert here.ask()["text"] == "seen"


def test_what_the_shell_changed_is_told_and_the_clean_buffer_reloaded(window: Any) -> None:
    sed = call("shell", command="sed -i 's/line 5$/shell 5/' a.txt")
    read = call("read_file", path="a.txt")
    here = window(read, sed, {"text": "ok", "expect": "+shell 5"}, approval="auto")
    buffer = _opened(here)
    assert here.ask()["text"] == "ok"
    here.editor.hear(_reload(here))
    assert "shell 5" in buffer.text


def _reload(here: Window) -> Message:
    found = [m for m in here.server.seen if m.get("method") == "cass/document/reload"]
    assert found, "the editor was not told that the file changed"
    return found[-1]


def test_what_cass_changed_is_saved_before_a_command_runs(window: Any) -> None:
    cat = call("shell", command="cat a.txt")
    here = window(EDIT, {"text": "ok"}, cat, {"text": "ok", "expect": "typed by hand"}, approval="auto")
    buffer = _opened(here)
    here.ask()
    here.editor.insert(buffer, 0, "typed by hand\n")
    assert here.ask()["text"] == "ok"


def test_what_only_the_user_changed_is_the_users_to_save(window: Any) -> None:
    read, run = call("read_file", path="a.txt"), call("shell", command="true")
    here = window(read, run, {"text": "ok", "expect": "the user has not saved it"}, approval="auto")
    buffer = _opened(here)
    here.editor.insert(buffer, 0, "typed by hand\n")
    assert here.ask()["text"] == "ok"
    assert buffer.dirty and buffer.path.read_text() == CODE


def test_a_proposal_of_plan_mode_follows_the_file_and_says_where_it_cannot(window: Any) -> None:
    plan = call("apply_patch", patch=THREE)
    here = window(plan, {"text": "ok"}, mode="plan")
    buffer = _opened(here)
    here.ask()
    assert buffer.text == CODE and buffer.path.read_text() == CODE
    here.editor.insert(buffer, 0, "above\n")
    assert [h["line"] for h in here.hunks()] == [4, 14, 24]
    left = here.resolve("keep")
    assert left["files"] == [] and not left["conflicts"]
    assert buffer.text == "above\n" + CODE.replace("line 3\n", "LINE 3\n", 1).replace(
        "line 13\n", "LINE 13\n"
    ).replace("line 23\n", "LINE 23\n")


def test_a_conflict_leaves_the_users_text_and_is_said(window: Any) -> None:
    here = window(EDIT, {"text": "ok"}, mode="plan")
    buffer = _opened(here)
    here.ask()
    here.editor.insert(buffer, buffer.text.index("line 3\n"), "my ")
    result = here.server.call("cass/review/list", {"sessionId": here.session})
    assert result["conflicts"] and not result["files"]
    proposal = next(u for _, u in here.server.updates(here.session) if u["sessionUpdate"] == "_edit_update")
    answer = here.server.call("cass/edit/resolve", {"proposalId": proposal["proposalId"], "action": "accept"})
    assert answer["state"] == "conflict"
    assert buffer.text == CODE.replace("line 3\n", "my line 3\n", 1)


def test_what_waits_for_review_outlives_the_process(window: Any, tmp_path: Path) -> None:
    here = window(EDIT, {"text": "ok"})
    here.ask()
    here.server.process.kill()
    here.server.process.wait()
    with running(tmp_path / "home") as again:
        again.initialize()
        again.call("cass/session/resume", {"sessionId": here.session})
        listed = again.call("cass/review/list", {"sessionId": here.session})
        (hunk,) = listed["files"][0]["hunks"]
        again.call(
            "cass/review/resolve",
            {"sessionId": here.session, "action": "revert", "hunkIds": [hunk["hunkId"]]},
        )
    assert (here.folder / "a.txt").read_text() == CODE


def test_two_windows_on_one_folder_do_not_fight(window: Any) -> None:
    one = window(EDIT, {"text": "ok"}, {"text": "still here"})
    one.ask()
    other = window({"text": "fine"})
    error = other.server.error("cass/session/resume", {"sessionId": one.session})
    assert error["data"]["kind"] == "session_busy"
    assert other.ask()["text"] == "fine" and one.ask()["text"] == "still here"


def test_the_server_goes_when_the_editor_is_killed(tmp_path: Path, folder: Path) -> None:
    """The editor is a process of its own that starts the server, and dies of kill -9 with a command running."""
    model = script(tmp_path / "s.json", call("shell", command="sleep 300 & echo $! > pid; wait"), {"text": "no"})
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from pathlib import Path\n"
        "from support.server import ServerProcess\n"
        "s = ServerProcess(Path(sys.argv[2]))\n"
        "s.initialize()\n"
        "n = s.call('cass/session/new', {'cwd': sys.argv[3], 'configOptions': {'model': sys.argv[4], "
        "'approval': 'auto'}})\n"
        "s.request('cass/session/prompt', {'sessionId': n['sessionId'], 'prompt': [{'type': 'text', 'text': 'x'}]})\n"
        "print(s.process.pid, flush=True)\n"
        "s.update('tool_call_update', status='failed')\n"
    )
    tests = str(Path(__file__).parent.parent)
    editor = subprocess.Popen(
        [sys.executable, "-c", code, tests, str(tmp_path / "home"), str(folder), model],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert editor.stdout
    server = int(editor.stdout.readline())
    assert _until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip() != "", 20)
    child = int((folder / "pid").read_text())
    editor.send_signal(signal.SIGKILL)
    editor.wait()
    editor.stdout.close()
    assert _until(lambda: not _lives(server) and not _lives(child), 6), "something was left behind"
    with running(tmp_path / "home") as again:
        again.initialize()
        listed = again.call("cass/session/list", {"cwd": str(folder)})["sessions"]
        id = listed[0]["sessionId"]
        again.call("cass/session/resume", {"sessionId": id, "replayFrom": {"type": "start"}})
        states = [u for _, u in again.updates(id) if u["sessionUpdate"] == "state_update"]
        assert states[-1]["state"] == "idle" and states[-1]["stopReason"] == "cancelled"
        ended = [u for _, u in again.updates(id) if u.get("status") == "cancelled"]
        assert "The user stopped" not in str(ended[-1]["result"])


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Callable[[], bool], seconds: float) -> bool:
    waiter = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    while not true():
        if waiter.poll() is not None:
            return true()
        os.sched_yield()
    waiter.kill()
    waiter.wait()
    return True


def test_review_is_a_slash_command_too_for_clients_without_an_editor(window: Any) -> None:
    here = window(call("apply_patch", patch=THREE), {"text": "ok"}, {"text": "seen", "expect": "too loud"})
    here.ask()
    listed = here.ask("/review")["text"]
    assert "**2.**" in listed and "+LINE 13" in listed
    assert "2 changes left" in here.ask("/review revert 2 too loud")["text"]
    assert "0 changes left" in here.ask("/review keep all")["text"]
    assert "No change waits" in here.ask("/review")["text"]
    assert (here.folder / "a.txt").read_text().count("LINE") == 2
    assert "there is no change" in here.ask("/review keep 9")["error"]["message"]
    assert here.ask()["text"] == "seen"


def test_a_new_file_and_a_deletion_can_be_taken_back(window: Any) -> None:
    new = call("write_file", path="new.txt", content="hello\n")
    gone = call("apply_patch", patch="*** Begin Patch\n*** Delete File: a.txt\n*** End Patch")
    here = window(new, gone, {"text": "ok"})
    here.ask()
    assert (here.folder / "new.txt").exists() and not (here.folder / "a.txt").exists()
    listed = here.server.call("cass/review/list", {"sessionId": here.session})["files"]
    assert {Path(file["path"]).name: file["op"] for file in listed} == {"new.txt": "add", "a.txt": "delete"}
    assert here.resolve("revert")["conflicts"] == []
    assert not (here.folder / "new.txt").exists()
    assert (here.folder / "a.txt").read_text() == CODE


def test_hunks_that_are_asked_about_move_with_what_the_user_types(window: Any) -> None:
    here = window(EDIT, {"text": "ok"}, approval="ask")
    buffer = _opened(here)
    here.decide = lambda ask: None
    number = here.prompt()
    here.server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    here.editor.insert(buffer, 0, "above\n")
    (hunk,) = here.hunks()
    assert hunk["line"] == 4
    here.resolve("keep", hunk["hunkId"])
    assert here.server.answer(number)["result"]["text"] == "ok"
    assert buffer.text == "above\n" + CODE.replace("line 3\n", "LINE 3\n", 1)


def test_a_slash_command_is_one_whatever_the_user_is_looking_at(window: Any) -> None:
    here = window({"text": "explained", "expect": "line 3"})
    context = {"activeUri": (here.folder / "a.txt").as_uri(), "selection": "line 3"}
    for words, answer in (("/mode plan", "plan"), ("/explain", "explained")):
        prompt = [{"type": "text", "text": words}]
        params = {"sessionId": here.session, "prompt": prompt, "context": context, "wait": True}
        assert answer in here.server.call("cass/session/prompt", params)["text"]
