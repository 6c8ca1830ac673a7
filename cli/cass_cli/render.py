"""Turns a session's updates into what the user reads, in the order in which things happened."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable

from cass_cli import mcpview, reminderview, stepview
from cass_cli.agentview import AgentView
from cass_cli.escape import escape, escape_controls, escape_line
from cass_cli.fields import Json, block_text, get_bool, get_int, get_list, get_number, get_object, get_text
from cass_cli.findings import draw_findings
from cass_cli.hookview import HookView
from cass_cli.markdown import Block, BlockSplitter, draw_markdown, wrap_plain
from cass_cli.paint import Paint
from cass_cli.toolview import ToolView, duration

USER_LINES = 20
_TOLD = {
    "editor": "The model was told what became of files that it knows.",
    "hook": "The model was told something by a hook.",
    "agent": "The model was told what a sub-agent in the background came to.",
}


class Renderer:
    """Gives finished pieces of text to `out`, each once; nothing that was given out is changed later. What is not
    finished yet is in `live`. `thinking` is `show`, `short` or `hide`."""

    def __init__(self, out: Callable[[str], object], paint: Paint, thinking: str = "short") -> None:
        self.tools = ToolView(paint)
        self.hooks = HookView(paint)
        self.agents = AgentView(paint)
        self.own_keys: set[str] = set()
        self._out = out
        self._paint = paint
        self._thinking = thinking
        self._splitter = BlockSplitter()
        self._message_id = ""
        self._printed_of_message = False
        self._thought = ""
        self._thought_since = 0.0
        self._last = ""
        self._retry = ("", 0.0)
        self._replay = False

    def update(self, update: Json, *, replay: bool = False) -> None:
        """Take in one update; `replay` marks one that is told again from the journal."""
        self._replay = replay
        draw = {
            "user_message": self._user_message,
            "agent_message_chunk": self._message_chunk,
            "agent_thought_chunk": self._thought_chunk,
            "agent_message": self._message,
            "_message_discarded": self._discarded,
            "tool_call_update": self._tool_call,
            "tool_call_content_chunk": self.tools.chunk,
            "plan_update": self._plan,
            "state_update": self._state,
            "_edit_update": self._edit,
            "_permission_granted": self._granted,
            "_history_cleared": self._cleared,
            "compaction_update": self._compacted,
            "_rewound": self._rewound,
            "_hook_update": self._hook,
            "_mcp_update": self._mcp,
            "_retry": self._retrying,
            "_notice": self._notice,
            "_findings_update": self._findings,
            "_step_update": self._step,
            "_agent_update": self._agent,
            "_reminder_update": self._reminder,
        }.get(get_text(update, "sessionUpdate"))
        if draw is not None:
            draw(update)

    def finish(self) -> None:
        """Give out what is left of a message."""
        self._end_thought()
        self._blocks(self._splitter.finish())

    def typed(self) -> None:
        """The user typed something above what comes next."""
        self._last = "user"

    def wrapped(self, text: str) -> str:
        """Plain text broken at blanks to fit the terminal; unchanged for a file or a pipe."""
        if not self._paint.terminal:
            return text
        return "\n".join(textwrap.fill(line, self._paint.width - 1) or "" for line in text.split("\n"))

    def say(self, text: str, *, kind: str = "notice") -> None:
        """The client's own words, already safe and styled. A gap is left where the kind of text changes."""
        if self._last and (kind != self._last or kind == "text"):
            text = "\n" + text
        self._last = kind
        self._out(text + "\n")

    def live(self) -> list[str]:
        """Lines about what is under way, newest last; empty when nothing is."""
        lines: list[str] = []
        if self._thought and self._thinking != "hide":
            lines.append(self._paint.dim("thinking: " + _last_words(self._thought, self._paint.width - 12)))
        rest = escape(self._splitter.rest).strip("\n").expandtabs(4)
        lines += rest.split("\n") if rest else []
        lines += [*self.tools.live(), *self.agents.live(), *self.hooks.live()]
        reason, at = self._retry
        if reason and at > time.monotonic():
            lines.append(self._paint.yellow(f"trying again in {at - time.monotonic():.0f} s: {reason}"))
        return lines

    def _user_message(self, update: Json) -> None:
        # What the user just typed is on the screen; messages without a key were made by the server from that.
        if not self._replay and get_text(update, "clientKey") in ("", *self.own_keys):
            return
        lines = escape(block_text(update.get("content"))).strip("\n").split("\n")
        if words := _TOLD.get(get_text(update, "source")):
            self.say(self._paint.dim(words), kind="notice")
            return
        more = [f"({len(lines) - USER_LINES} more lines)"] if len(lines) > USER_LINES else []
        if any(lines):
            shown = [*lines[:USER_LINES], *more]
            self.say("\n".join(self._paint.bold("> " + line) for line in shown), kind="user")

    def _findings(self, update: Json) -> None:
        if shown := draw_findings(update, self._paint):
            self.say(shown, kind="findings")

    def _message_chunk(self, update: Json) -> None:
        self._begin(get_text(update, "messageId"))
        self._end_thought()
        self._retry = ("", 0.0)
        self._blocks(self._splitter.feed(get_text(get_object(update, "content"), "text")))

    def _thought_chunk(self, update: Json) -> None:
        self._begin(get_text(update, "messageId"))
        if not self._thought:
            self._thought_since = time.monotonic()
        self._thought += get_text(get_object(update, "content"), "text")

    def _message(self, update: Json) -> None:
        message_id = get_text(update, "messageId")
        if message_id != self._message_id or not (self._printed_of_message or self._splitter.rest or self._thought):
            self._begin(message_id)
            self._thought = "".join(
                get_text(block, "text")
                for block in get_list(update, "content")
                if get_text(block, "type") == "thinking"
            )
            self._end_thought()
            self._blocks(self._splitter.feed(block_text(update.get("content"))))
        self.finish()
        self._message_id = ""
        if get_bool(update, "interrupted", False):
            self.say(self._paint.dim("(interrupted)"))

    def _begin(self, message_id: str) -> None:
        if message_id != self._message_id:
            self.finish()
            self._message_id, self._printed_of_message = message_id, False

    def _discarded(self, update: Json) -> None:
        self._splitter = BlockSplitter()
        self._thought = ""
        if self._printed_of_message:
            self.say(self._paint.dim("(the connection broke; the answer starts again)"))
        self._printed_of_message = False

    def _blocks(self, blocks: list[Block]) -> None:
        for block in blocks:
            self._printed_of_message = True
            text = self._markdown(block.text)
            if block.joined:
                self._out(text + "\n")
            else:
                self.say(text, kind="text")

    def _markdown(self, text: str) -> str:
        if self._paint.color:
            return draw_markdown(text, min(self._paint.width, 100))
        return (
            wrap_plain(escape(text), min(self._paint.width - 1, 100))
            if self._paint.terminal
            else escape_controls(text)
        )

    def _end_thought(self) -> None:
        thought, self._thought = escape(self._thought).strip(), ""
        if not thought or self._thinking == "hide":
            return
        if self._thinking == "show":
            self.say(self._paint.dim(thought), kind="thought")
            return
        seconds = time.monotonic() - self._thought_since
        head = f"thought for {duration(seconds)}: " if self._thought_since and not self._replay else "thought: "
        room = max(10, min(self._paint.width, 100) - len(head) - 4)
        line = " ".join(thought.split())
        self.say(self._paint.dim(head + (line if len(line) <= room else line[:room] + "...")), kind="thought")

    def _tool_call(self, update: Json) -> None:
        self.finish()
        text = self.tools.update(update)
        if text:
            self.say(text, kind="tool")

    def _plan(self, update: Json) -> None:
        self.finish()
        paint = self._paint
        marks = {"completed": paint.green(paint.symbol("☑", "[x]")), "in_progress": paint.symbol("◐", "[>]")}
        lines: list[str] = []
        for entry in get_list(update, "entries"):
            status = get_text(entry, "status")
            text = escape_line(get_text(entry, "content"))
            lines.append(f"{marks.get(status, paint.symbol('☐', '[ ]'))} {_by_status(paint, status)(text)}")
        if lines:
            self.say("\n".join(lines), kind="plan")

    def _state(self, update: Json) -> None:
        if get_text(update, "state") != "idle":
            return
        self.finish()
        self.tools.clear()
        self.hooks.clear()
        self.agents.end_turn()
        self._message_id, self._retry = "", ("", 0.0)
        error = get_object(update, "error")
        reason = get_text(update, "stopReason")
        if error:
            hint = get_text(error, "hint")
            text = self._paint.red(self.wrapped(escape(get_text(error, "message"))))
            self.say(text + (f"\n{self.wrapped(escape(hint))}" if hint else ""))
            return
        line = {
            "cancelled": "Cancelled.",
            "max_tokens": "The answer reached the model's length limit and is not finished.",
            "max_turn_requests": "Stopped: the turn reached its limit of requests. Say `go on` to continue.",
            "refusal": "The model refused to answer.",
        }.get(reason)
        if line:
            self.say(self._paint.yellow(line))

    def _edit(self, update: Json) -> None:
        line = {
            "stale": "The file changed meanwhile; the edit was not made.",
            "conflict": "The edit does not fit the file any more and was not made.",
            "reverted": "The edit was taken back.",
        }.get(get_text(update, "state"))
        if line:
            self.say(self._paint.yellow(line))

    def _granted(self, update: Json) -> None:
        self.say(self._paint.dim(f"Allowed in this session: {escape_line(get_text(update, 'rule'))}"))

    def _cleared(self, _: Json) -> None:
        self.say(self._paint.dim("The model starts afresh from here."))

    def _compacted(self, update: Json) -> None:
        self.finish()
        if get_text(update, "status") == "in_progress":
            why = "" if get_text(update, "trigger") == "manual" else "The conversation grows too long. "
            self.say(self._paint.dim(self.wrapped(f"{why}Making it shorter...")))
        elif get_text(update, "status") == "completed":
            self.say(self._paint.dim(self.wrapped(compaction_line(update))))

    def _rewound(self, update: Json) -> None:
        what = {"conversation": "the conversation", "files": "the files"}.get(
            get_text(update, "scope"), "conversation and files"
        )
        done = "Going back was undone" if get_text(update, "undoes") else "Went back to before a turn"
        self.say(self._paint.dim(f"{done}: {what}."))

    def _hook(self, update: Json) -> None:
        if line := self.hooks.line(update):
            self.finish()
            self.say(self.wrapped(line))

    def _mcp(self, update: Json) -> None:
        if not self._replay and (line := mcpview.line(update)):
            self.finish()
            self.say(self._paint.yellow(self.wrapped(line)))

    def _retrying(self, update: Json) -> None:
        reason = escape_line(get_text(update, "reason"))
        seconds = (get_number(update, "inMs") or 0) / 1000
        self._retry = (reason, time.monotonic() + seconds)
        attempt = f"{get_int(update, 'attempt')} of {get_int(update, 'maxAttempts')}"
        self.say(self._paint.yellow(self.wrapped(f"{reason}; trying again in {seconds:.1f} s ({attempt})")))

    def _notice(self, update: Json) -> None:
        self.finish()
        text, level = escape(get_text(update, "text")), get_text(update, "level")
        style = {"error": self._paint.red, "warning": self._paint.yellow}.get(level)
        self.say(style(self.wrapped(text)) if style else self._markdown(text))

    def _agent(self, update: Json) -> None:
        if line := self.agents.line(update):
            self.finish()
            self.say(line, kind="step")

    def _step(self, update: Json) -> None:
        self.finish()
        if line := stepview.line(update, self._paint):
            self.say(line, kind="step")

    def _reminder(self, update: Json) -> None:
        if line := reminderview.line(update):
            self.finish()
            self.say(self._paint.dim(self.wrapped(line)))


def compaction_line(update: Json) -> str:
    """What a compaction did, in a line."""
    folded, replaced = len(get_object(update, "folded")), get_int(update, "replaced")
    did = [f"{folded} result{'' if folded == 1 else 's'} folded"] if folded else []
    did += [f"{replaced} messages summed up"] if replaced else []
    more = "/summary shows the notes, " if replaced else ""
    before, after = get_int(update, "before"), get_int(update, "after")
    return f"Made shorter: ~{before:,} → ~{after:,} tokens ({', '.join(did)}). {more}/uncompact takes it back."


def _last_words(text: str, room: int) -> str:
    line = " ".join(escape(text).split())
    return line if len(line) <= room else "..." + line[-max(10, room - 3) :]


def _by_status(paint: Paint, status: str) -> Callable[[str], str]:
    return {"completed": paint.dim, "in_progress": paint.bold}.get(status, str)
