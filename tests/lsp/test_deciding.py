"""Deciding in odd ways: twice, about what vanished, about proposals that build on each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import Message, ServerProcess, running
from support.windows import Window, call

TEXT = "one = 1\ntwo = 2\n"
EDIT = call("edit_file", path="a.py", old_string="two = 2", new_string="two = 3")
ON_TOP = call("edit_file", path="a.py", old_string="two = 3", new_string="two = 33")
NEW = call("write_file", path="n.py", content="n\n")
DELETE = call("apply_patch", patch="*** Begin Patch\n*** Delete File: a.py\n*** End Patch")
END = {"text": "ok"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(tmp_path / "home") as process:
        yield process


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(TEXT)
    return folder


def resolve(server: ServerProcess, session: str, action: str, **more: object) -> Any:
    return server.call("cass/review/resolve", {"sessionId": session, "action": action, **more})


def listed(server: ServerProcess, session: str) -> list[Message]:
    files = server.call("cass/review/list", {"sessionId": session})["files"]
    return [hunk for file in files for hunk in file["hunks"]]


def states(server: ServerProcess) -> list[str]:
    found = [m["params"]["update"] for m in server.seen if m.get("method") == "cass/session/update"]
    return [u["state"] for u in found if u["sessionUpdate"] == "_edit_update" and u["state"] != "proposed"]


def test_deciding_twice_while_the_call_goes_on_applies_once(server: ServerProcess, project: Path) -> None:
    window = Window(server, cass={"permission": {}})
    window.answers["cass/session/requestPermission"] = lambda message: None
    session = window.session(project, EDIT, END, approval="ask")
    words = [{"type": "text", "text": "go"}]
    prompt = server.request("cass/session/prompt", {"sessionId": session, "prompt": words, "wait": True})
    asked = server.until(lambda m: m.get("method") == "cass/session/requestPermission")
    proposal = asked["params"]["subject"]["proposalId"]
    first = server.request("cass/review/resolve", {"sessionId": session, "action": "keep"})
    second = server.request("cass/review/resolve", {"sessionId": session, "action": "keep"})
    third = server.request("cass/edit/resolve", {"proposalId": proposal, "action": "accept"})
    waiting = {first, second, third, prompt}
    while waiting:
        answer = server.until(lambda m: m.get("id") in waiting and "method" not in m)
        assert "error" not in answer
        waiting.discard(answer["id"])
    assert states(server) == ["applied"]
    assert "two = 3" in (project / "a.py").read_text()
    assert "user applied" not in window.results()


def test_what_one_proposal_builds_on_is_kept_with_it(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    session = window.session(project, EDIT, NEW, ON_TOP, DELETE, END, mode="plan")
    window.prompt(session)
    assert resolve(server, session, "keep") == {"files": [], "conflicts": []}
    assert states(server) == ["applied"] * 4
    assert [path.name for path in project.iterdir()] == ["n.py"]


def test_deciding_about_one_file_leaves_proposals_for_others_as_they_are(
    server: ServerProcess, project: Path
) -> None:
    window = Window(server)
    session = window.session(project, EDIT, ON_TOP, NEW, END, mode="plan")
    window.prompt(session)
    resolve(server, session, "revert", uri=(project / "n.py").as_uri())
    assert states(server) == ["rejected"]
    resolve(server, session, "keep")
    assert (project / "a.py").read_text() == "one = 1\ntwo = 33\n"


def test_what_builds_on_a_refused_proposal_is_void_and_the_model_told(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    session = window.session(project, EDIT, ON_TOP, END, {"text": "told", "expect": "is void"}, mode="plan")
    window.prompt(session)
    answer = server.call("cass/review/list", {"sessionId": session})
    assert "Decide about that one first" in answer["conflicts"][0]
    resolve(server, session, "revert", hunkIds=[answer["files"][0]["hunks"][0]["hunkId"]])
    assert sorted(states(server)) == ["conflict", "rejected"]
    assert window.prompt(session)["text"] == "told"
    assert (project / "a.py").read_text() == TEXT


def test_refusing_all_refuses_what_cannot_be_shown(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    session = window.session(project, EDIT, END, mode="plan")
    window.prompt(session)
    (project / "a.py").write_text("one = 1\ntwo = mine\n")
    assert resolve(server, session, "revert") == {"files": [], "conflicts": []}
    assert states(server) == ["rejected"]


@pytest.mark.parametrize("what", ["deleted", "binary", "folder"])
def test_a_changed_file_that_is_no_text_any_more_is_not_called_deleted_by_cass(
    server: ServerProcess, project: Path, what: str
) -> None:
    window = Window(server)
    session = window.session(project, EDIT, END)
    window.prompt(session)
    server.call("cass/session/close", {"sessionId": session})
    path = project / "a.py"
    after = path.read_text()
    path.unlink()
    if what == "binary":
        path.write_bytes(b"\0\1\xff" * 50)
    elif what == "folder":
        path.mkdir()
    server.call("cass/session/resume", {"sessionId": session})
    assert listed(server, session) == []
    assert resolve(server, session, "revert")["conflicts"] == []
    if what == "deleted":
        assert not path.exists()
        path.write_text("# back\n" + after)
        (hunk,) = listed(server, session)
        assert (hunk["line"], hunk["oldText"], hunk["newText"]) == (3, "two = 2\n", "two = 3\n")


def test_amending_needs_one_change_and_a_text(server: ServerProcess, project: Path) -> None:
    window = Window(server)
    session = window.session(project, EDIT, NEW, END)
    window.prompt(session)
    (first, *_) = listed(server, session)
    for wrong in ({"text": "x"}, {"hunkIds": [first["hunkId"]]}):
        error = server.error("cass/review/resolve", {"sessionId": session, "action": "amend", **wrong})
        assert error["code"] == -32602 and "one change" in error["message"]
    resolve(server, session, "amend", hunkIds=[first["hunkId"]], text="")
    assert (project / "a.py").read_text() == "one = 1\n"


def test_an_edit_on_top_of_a_plan_that_is_not_applied_leaves_nothing_to_decide(
    server: ServerProcess, project: Path
) -> None:
    window = Window(server)
    again = {**END, "expect": "not applied yet"}
    session = window.session(project, EDIT, END, ON_TOP, again, mode="plan")
    window.prompt(session)
    server.call("cass/session/setConfigOption", {"sessionId": session, "configId": "mode", "value": "active"})
    assert window.prompt(session)["text"] == "ok"
    (hunk,) = listed(server, session)
    assert hunk["newText"] == "two = 3\n"
    assert states(server) == ["stale"]
