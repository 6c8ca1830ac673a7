"""Hooks in the terminal."""

from __future__ import annotations

from cass_cli.fields import Json
from cass_cli.hookview import HookView, plain
from cass_cli.paint import Paint
from cass_cli.render import Renderer


def _hook(state: str, text: str = "", **more: object) -> Json:
    update: Json = {"sessionUpdate": "_hook_update", "hookId": "h1", "hookEvent": "PreToolUse", "name": "check.sh"}
    return {**update, "state": state, "text": text, **more}


def _drawn(*updates: Json) -> str:
    pieces: list[str] = []
    renderer = Renderer(pieces.append, Paint(color=False))
    for update in updates:
        renderer.update(update)
    return "".join(pieces)


def test_a_hook_that_did_nothing_is_not_shown() -> None:
    assert _drawn(_hook("running"), _hook("done")) == ""


def test_what_a_hook_says_or_does_wrong_is_a_line_and_obeys_nothing() -> None:
    assert _drawn(_hook("done", "formatted 2 files")) == "Hook check.sh: formatted 2 files\n"
    assert (
        _drawn(_hook("failed", "exit code 1\n\x1b[31mred")) == "Hook check.sh failed: exit code 1\n  \\x1b[31mred\n"
    )
    assert _drawn(_hook("timed_out", "stopped")) == "Hook check.sh ran too long: stopped\n"


def test_the_reason_of_a_refused_call_is_not_said_twice() -> None:
    assert plain(_hook("blocked", "no\nbecause", toolCallId="c1")) == "Hook check.sh said no: no"
    assert plain(_hook("blocked", "no\nbecause")) == "Hook check.sh said no: no\n  because"


def test_a_long_text_is_shown_by_its_beginning() -> None:
    assert plain(_hook("done", "\n".join("abcdefghij"))).endswith("e\n  (5 more lines)")


def test_one_that_takes_long_is_shown_while_it_runs() -> None:
    view = HookView(Paint(color=False))
    view.line(_hook("running"))
    assert view.live() == []
    view.quiet_seconds = 0.0
    assert view.live() == ["PreToolUse hook check.sh..."]
    view.line(_hook("done"))
    assert view.live() == []


def test_words_of_a_hook_are_marked_when_they_are_told_again() -> None:
    pieces: list[str] = []
    content = [{"type": "text", "text": "[Told by a hook]\nIt is Monday."}]
    update: Json = {"sessionUpdate": "user_message", "messageId": "m", "source": "hook", "content": content}
    Renderer(pieces.append, Paint(color=False)).update(update, replay=True)
    assert "".join(pieces) == "The model was told something by a hook.\n"
