"""What the user reads of a session's updates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass_cli import stepview
from cass_cli.approve import Asker
from cass_cli.demo import SaysYes
from cass_cli.diffview import Base, draw_file_header, draw_hunk, draw_patch
from cass_cli.elicit import elicit
from cass_cli.fields import Json
from cass_cli.paint import Paint
from cass_cli.render import Renderer
from cass_cli.toolview import duration

PLAIN = Paint(color=False)
COLOR = Paint(color=True)


class Page:
    """A renderer and what it gave out."""

    def __init__(self, thinking: str = "short", paint: Paint = PLAIN) -> None:
        self.pieces: list[str] = []
        self.renderer = Renderer(self.pieces.append, paint, thinking)

    def take(self, *updates: Json, replay: bool = False) -> str:
        for update in updates:
            self.renderer.update(update, replay=replay)
        return "".join(self.pieces)


def chunk(text: str, message: str = "m1") -> Json:
    return {
        "sessionUpdate": "agent_message_chunk", "messageId": message, "content": {"type": "text", "text": text}
    }  # fmt: skip


def thought(text: str) -> Json:
    return {"sessionUpdate": "agent_thought_chunk", "messageId": "m1", "content": {"type": "text", "text": text}}


def whole(text: str, message: str = "m1", **more: object) -> Json:
    return {
        "sessionUpdate": "agent_message", "messageId": message, "content": [{"type": "text", "text": text}], **more
    }  # fmt: skip


def tool(status: str, **more: object) -> Json:
    return {"sessionUpdate": "tool_call_update", "toolCallId": "t1", "status": status, **more}


def idle(**more: object) -> Json:
    return {"sessionUpdate": "state_update", "state": "idle", **more}


def test_an_answer_is_given_out_once_and_block_by_block() -> None:
    page = Page()
    assert page.take(chunk("one\n\ntw")) == "one\n"
    assert page.renderer.live() == ["tw"]
    assert page.take(chunk("o"), whole("one\n\ntwo"), idle(stopReason="end_turn")) == "one\n\ntwo\n"
    assert page.renderer.live() == []


def test_a_replayed_answer_is_the_same_as_a_live_one() -> None:
    live, again = Page(), Page()
    shown = live.take(chunk("one\n\ntwo"), whole("one\n\ntwo"))
    assert again.take(whole("one\n\ntwo"), replay=True) == shown


def test_an_interrupted_answer_is_not_taken_for_a_whole_one() -> None:
    assert "(interrupted)" in Page().take(chunk("half"), whole("half", interrupted=True))


def test_a_broken_stream_starts_again() -> None:
    discarded: Json = {"sessionUpdate": "_message_discarded", "messageId": "m1"}
    page = Page()
    shown = page.take(chunk("first try\n\nand"), discarded, chunk("second try"), whole("second try"))
    assert shown == "first try\n\n(the connection broke; the answer starts again)\n\nsecond try\n"
    assert "broke" not in Page().take(chunk("unseen"), discarded, whole("seen"))


@pytest.mark.parametrize(
    ("setting", "shown", "hidden"),
    [("short", "long thought", "\nof many"), ("show", "long thought\nof many", "..."), ("hide", "", "thought")],
)
def test_thinking_is_shown_as_wanted(setting: str, shown: str, hidden: str) -> None:
    text = Page(setting).take(thought("a long thought\nof many lines " * 20), chunk("answer"), whole("answer"))
    assert shown in text
    assert hidden not in text
    assert text.endswith("answer\n")


def test_thinking_is_seen_while_it_lasts() -> None:
    page = Page()
    page.take(thought("so far"))
    assert page.renderer.live() == ["thinking: so far"]
    hidden = Page("hide")
    hidden.take(thought("so far"))
    assert hidden.renderer.live() == []


def test_a_tool_is_seen_running_and_then_in_one_line() -> None:
    page = Page()
    output: Json = {
        "sessionUpdate": "tool_call_content_chunk",
        "toolCallId": "t1",
        "content": {"type": "content", "content": {"type": "text", "text": "a\nb\nc\nd\n"}},
    }
    page.take(tool("in_progress", name="shell", title="make\tall", kind="execute"), output)
    assert page.renderer.live() == ["▸ make\\tall", "  b", "  c", "  d"]
    result = [{"type": "text", "text": "\n".join(f"line {n}" for n in range(30))}]
    shown = page.take(tool("failed", result=result, exitCode=2, elapsedMs=1500))
    assert shown.startswith("✗ make\\tall  exit code 2  1.5 s\n  (14 lines above)\n  line 14\n")
    assert shown.endswith("  line 29\n")
    assert page.renderer.live() == []


def test_a_read_is_one_line_and_an_edit_shows_its_diff_once() -> None:
    patch = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"
    edit = (tool("pending", title="Edit x", kind="edit", content=[{"type": "diff", "path": "x", "patch": patch}]),)
    assert Page().take(tool("completed", title="Read x", kind="read", elapsedMs=3)) == "✓ Read x  3 ms\n"
    assert "+new" in Page().take(*edit, tool("completed"))
    approved = Page()
    approved.renderer.tools.seen.add("t1")
    assert "+new" not in approved.take(*edit, tool("completed"))
    assert "+new" not in Page().take(*edit, tool("failed", result=[{"type": "text", "text": "refused"}]))


def test_a_long_diff_is_cut_and_says_so() -> None:
    patch = "@@ -0,0 +1,500 @@\n" + "".join(f"+{n}\n" for n in range(500))
    content = [{"type": "diff", "path": "x", "patch": patch}]
    assert "381 more lines" in Page().take(tool("completed", title="Write x", kind="edit", content=content))


def test_todos_are_listed() -> None:
    entries = [{"content": c, "status": s} for c, s in (("a", "completed"), ("b", "in_progress"), ("c", "pending"))]
    assert Page().take({"sessionUpdate": "plan_update", "entries": entries}) == "☑ a\n◐ b\n☐ c\n"
    ascii_only = Page(paint=Paint(color=False, symbols=False))
    assert ascii_only.take({"sessionUpdate": "plan_update", "entries": entries}) == "[x] a\n[>] b\n[ ] c\n"


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (idle(stopReason="cancelled"), "Cancelled."),
        (idle(stopReason="max_tokens"), "not finished"),
        (idle(stopReason="max_turn_requests"), "limit of requests"),
        (idle(stopReason="refusal"), "refused"),
        (
            idle(stopReason="error", error={"kind": "x", "message": "It broke.", "hint": "Mend it."}),
            "It broke.\nMend it.",
        ),
        ({"sessionUpdate": "_edit_update", "proposalId": "p", "state": "conflict"}, "not made"),
        ({"sessionUpdate": "_edit_update", "proposalId": "p", "state": "stale"}, "changed meanwhile"),
        ({"sessionUpdate": "_edit_update", "proposalId": "p", "state": "reverted"}, "taken back"),
        ({"sessionUpdate": "_permission_granted", "rule": "shell(ls *)"}, "shell(ls *)"),
        ({"sessionUpdate": "_history_cleared"}, "afresh"),
        ({"sessionUpdate": "_notice", "level": "warning", "text": "mind\x1b[2J"}, "mind\\x1b[2J"),
        ({"sessionUpdate": "_notice", "level": "info", "text": "- by the way"}, "- by the way"),
    ],
)
def test_what_happens_is_told_in_words(update: Json, words: str) -> None:
    assert words in Page().take(update)


@pytest.mark.parametrize("update", [{"sessionUpdate": "of_the_future", "x": 1}, {}, {"sessionUpdate": 3}, idle()])
def test_what_is_not_known_is_passed_over(update: Json) -> None:
    assert Page().take(update) == ""


def test_a_retry_is_told_and_counted_down() -> None:
    page = Page()
    retry: Json = {"sessionUpdate": "_retry", "attempt": 1, "maxAttempts": 4, "inMs": 30_000, "reason": "slow down"}
    assert page.take(retry) == "slow down; trying again in 30.0 s (1 of 4)\n"
    assert page.renderer.live()[0].startswith("trying again in 30 s") or "29 s" in page.renderer.live()[0]
    page.take(chunk("there"))
    assert page.renderer.live() == ["there"]


def test_own_words_are_not_repeated_but_those_of_others_are() -> None:
    said: Json = {
        "sessionUpdate": "user_message",
        "clientKey": "k",
        "content": [{"type": "text", "text": "hi\nyou"}],
    }
    page = Page()
    page.renderer.own_keys.add("k")
    assert page.take(said) == ""
    assert page.take(said, replay=True) == "> hi\n> you\n"
    assert Page().take(said) == "> hi\n> you\n"
    long: Json = {**said, "content": [{"type": "text", "text": "x\n" * 100}]}
    assert "(80 more lines)" in Page().take(long, replay=True)


def test_colours_are_drawn_only_where_wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "\x1b[32m✓" in Page(paint=COLOR).take(tool("completed", title="Read x"))
    assert "\x1b[1mbold" in Page(paint=COLOR).take(whole("**bold**"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        assert not Paint.for_stream(file).color
        assert Paint.for_stream(file, "always").color
        monkeypatch.setenv("NO_COLOR", "1")
        assert not Paint.for_stream(file, "always").color


def test_a_patch_is_escaped_and_windows_line_ends_stay_quiet() -> None:
    assert draw_patch("@@ -1 +1 @@\r\n-a\r\n+b\x1b[2J\r\n", PLAIN) == "@@ -1 +1 @@\n-a\n+b\\x1b[2J"
    assert draw_patch("@@ -1 +1 @@\n-a\r\n+a\n", PLAIN) == "@@ -1 +1 @@\n-a\\r\n+a"
    assert draw_patch("@@ -1 +0,0 @@\n--- a comment\n\\ no newline\n", COLOR).count("\x1b[31m") == 1


def test_a_hunk_shows_the_lines_around_it_only_when_they_are_its_own(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "f"
    path.write_text("1\n2\n3\n4\n5\n")
    file: Json = {"path": str(path), "baseHash": hashlib.sha256(path.read_bytes()).hexdigest(), "op": "modify"}
    hunk: Json = {"oldStart": 3, "oldLines": 1, "newStart": 3, "newLines": 1, "oldText": "3\n", "newText": "three"}
    drawn = draw_hunk(hunk, Base.of(file), PLAIN)
    assert drawn == "@@ -1,5 +1,5 @@\n 1\n 2\n-3\n+three\n\\ no newline at end of file\n 4\n 5"
    path.write_text("other\n")
    assert "other" not in draw_hunk(hunk, Base.of(file), PLAIN)
    assert Base.of({"path": str(tmp_path / "gone")}).lines == ()
    moved = draw_file_header({"path": "/p/a", "op": "move", "moveTo": "/p/b"}, PLAIN, "/p")
    assert moved == "a → b  move"


class Answers(SaysYes):
    """A person with a list of answers."""

    def __init__(self, *lines: str | None, key: str = "y") -> None:
        object.__setattr__(self, "lines", list(lines))
        object.__setattr__(self, "key", key)

    async def ask_key(self, question: str, keys: str) -> str:
        return self.key

    async def ask_line(self, question: str, default: str = "") -> str | None:
        return self.lines.pop(0)


@pytest.mark.parametrize(
    ("schema", "lines", "answer"),
    [
        ({"answer": {"type": "string", "enum": ["a", "b"]}}, ["2"], {"action": "accept", "content": {"answer": "b"}}),
        ({"answer": {"type": "string", "enum": ["a"]}}, ["7"], {"action": "accept", "content": {"answer": "7"}}),
        ({"answer": {"type": "string"}}, [""], {"action": "decline"}),
        ({"answer": {"type": "string"}}, [None], {"action": "cancel"}),
        ({"n": {"type": "integer"}, "ok": {"type": "boolean"}}, ["x", "3"],
         {"action": "accept", "content": {"n": 3, "ok": True}}),
        ({"n": {"type": "number"}}, ["1.5"], {"action": "accept", "content": {"n": 1.5}}),
    ],
)  # fmt: skip
async def test_a_question_is_answered_field_by_field(schema: Json, lines: list[str | None], answer: Json) -> None:
    asker: Asker = Answers(*lines)
    params: Json = {"message": "Well?", "requestedSchema": {"type": "object", "properties": schema}}
    assert await elicit(params, asker, PLAIN) == answer


@pytest.mark.parametrize(
    ("schema", "required", "lines", "answer"),
    [
        ({"k": {"type": "string", "enum": ["a", "b"]}}, ["k"], ["z", "", "2"], {"k": "b"}),
        ({"k": {"type": "string", "enum": ["a", "b"], "default": "b"}}, [], [""], {"k": "b"}),
        ({"n": {"type": "integer", "default": 7}, "s": {"type": "string"}}, [], ["", ""], {"n": 7}),
        ({"b": {"type": "boolean", "default": False}}, [], ["maybe", "y"], {"b": True}),
        ({"s": {"type": "string", "description": "Words"}}, ["s"], ["", "x"], {"s": "x"}),
    ],
)
async def test_a_form_of_a_command_takes_what_fits_and_its_defaults(
    schema: Json, required: list[str], lines: list[str | None], answer: Json
) -> None:
    asker: Asker = Answers(*lines)
    form = {"type": "object", "properties": schema, "required": required}
    assert await elicit({"message": "/try", "requestedSchema": form}, asker, PLAIN) == {
        "action": "accept",
        "content": answer,
    }


async def test_leaving_a_form_can_be_taken_back() -> None:
    form: Json = {"type": "object", "properties": {"s": {"type": "string"}, "t": {"type": "string"}}}
    asker: Asker = Answers("x", None, "y", key="b")
    answer = await elicit({"message": "?", "requestedSchema": form}, asker, PLAIN)
    assert answer == {"action": "accept", "content": {"s": "x", "t": "y"}}


@pytest.mark.parametrize(
    ("update", "shown"),
    [
        ({"step": "a", "state": "running", "title": "ls\x1b[2J"}, "▸ a ls"),
        ({"step": "a", "state": "running", "title": "ls", "attempt": 2}, "▸ a ls (try 2)"),
        ({"step": "p/a", "state": "running", "childSessionId": "x"}, ""),
        ({"step": "a", "state": "done"}, ""),
        ({"step": "p/a", "state": "done"}, "✓ p/a"),
        ({"step": "a", "state": "failed"}, "✗ a"),
        ({"step": "a", "state": "skipped"}, "– a (not its turn)"),
        ({"step": "", "state": "done"}, "✓ /run"),
        ({"step": "", "state": "failed"}, "/run failed."),
        ({"step": "", "state": "cancelled"}, "/run was stopped."),
    ],
)
def test_a_step_is_a_line(update: Json, shown: str) -> None:
    line = stepview.line({"command": "run", **update}, PLAIN)
    assert line.startswith(shown) and bool(line) == bool(shown) and "\x1b" not in line


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0 ms"), (0.5, "500 ms"), (59.9, "59.9 s"), (125, "2 m 05 s")]
)
def test_time_spans_are_readable(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
