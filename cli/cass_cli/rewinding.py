"""Going back in the terminal: pick a turn, say what is taken back, look at it, do it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

from cass_cli.client import CassClient, ServerError
from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, get_bool, get_int, get_list, get_text, get_texts
from cass_cli.paint import Paint
from cass_cli.terminal import Terminal
from cass_cli.words import REWIND_APPLY, REWIND_LIST, REWIND_PREVIEW, REWIND_UNDO

_TURNS = 20
_FILES = 30
_SCOPES = {"c": "conversation", "f": "files", "b": "both", "o": "files"}
_LIMIT = 120


class Rewinding:
    """The questions, one after the other. `put` is given the prompt of the turn that was gone back to."""

    def __init__(self, client: CassClient, terminal: Terminal, put: Callable[[str], None]) -> None:
        self._client = client
        self._terminal = terminal
        self._paint: Paint = terminal.paint
        self._put = put
        self.asks = False

    async def run(self, session_id: str, cwd: str) -> None:
        """Ask, and do what was asked for. Nothing is done without a yes."""
        prompt: str | None = None
        self.asks = True
        try:
            listed = await self._client.request(REWIND_LIST, {"sessionId": session_id}, limit=_LIMIT)
            turns = get_list(listed, "turns")[:_TURNS]
            async with self._terminal.question():
                try:
                    prompt = await self._ask(session_id, cwd, turns, get_text(listed, "undo"))
                except ServerError as error:
                    self._show(self._paint.red(escape(str(error))))
        finally:
            self.asks = False
        if prompt:
            self._put(prompt)

    async def _ask(self, session_id: str, cwd: str, turns: list[Json], undo: str) -> str | None:
        if not turns and not undo:
            self._show("There is no turn to go back to.")
            return None
        columns = self._terminal.output.get_size().columns
        for number, turn in enumerate(turns, 1):
            self._show(_turn_line(number, turn, columns))
        more = " u undoes the last rewind;" if undo else ""
        line = await self._terminal.ask_line(
            self._question(f"Back to before which? A number;{more} Enter for none:")
        )
        chosen = (line or "").strip()
        if chosen == "u" and undo:
            done = await self._client.request(REWIND_UNDO, {"sessionId": session_id}, limit=_LIMIT)
            self._report(done, cwd, "Undone.")
            return None
        if not chosen.isdecimal() or not 1 <= int(chosen) <= len(turns):
            return None
        return await self._take_back(session_id, cwd, turns[int(chosen) - 1])

    async def _take_back(self, session_id: str, cwd: str, turn: Json) -> str | None:
        question = "Take back the conversation, files, both, or only this turn's files? [c,f,b,o,q]"
        keys = "cfboq"
        if not get_bool(turn, "conversation", default=True):
            question, keys = "Take back files since then, or only this turn's? [f,o,q]", "foq"
        key = await self._terminal.ask_key(self._question(question), keys)
        if key not in _SCOPES:
            return None
        params: Json = {
            "sessionId": session_id,
            "turnId": get_text(turn, "turnId"),
            "scope": _SCOPES[key],
            "only": key == "o",
        }
        preview = await self._client.request(REWIND_PREVIEW, params, limit=_LIMIT)
        lost = get_int(preview, "turns")
        if lost:
            self._show(f"The conversation loses {lost} turn{'' if lost == 1 else 's'}.")
        self._files(get_list(preview, "files"), cwd)
        for problem in get_texts(preview, "problems"):
            self._show(self._paint.yellow(escape(problem)))
        if not lost and not get_list(preview, "files"):
            self._show("No file would change.")
            return None
        if await self._terminal.ask_key(self._paint.cyan("Do it? [y,n]"), "yn") != "y":
            return None
        done = await self._client.request(REWIND_APPLY, params, limit=_LIMIT)
        self._report(done, cwd, "Done. Esc Esc u takes it back.")
        return get_text(done, "prompt") or None

    def _report(self, done: Json, cwd: str, words: str) -> None:
        self._show(words if done.get("rewindId") else "Nothing was changed.")
        self._files(get_list(done, "refused"), cwd)
        for problem in get_texts(done, "problems"):
            self._show(self._paint.yellow(escape(problem)))

    def _files(self, files: list[Json], cwd: str) -> None:
        for file in files[:_FILES]:
            action, path, reason = (get_text(file, name) for name in ("action", "path", "reason"))
            name = Path(path).relative_to(cwd) if cwd and Path(path).is_relative_to(cwd) else Path(path)
            line = f"  {action:<9} {escape_line(str(name))}" + (f" ({escape_line(reason)})" if reason else "")
            self._show(self._paint.yellow(line) if action == "refused" else line)
        if len(files) > _FILES:
            self._show(f"  and {len(files) - _FILES} more")

    def _question(self, words: str) -> str:
        return self._paint.cyan(textwrap.fill(words, max(20, self._terminal.output.get_size().columns - 4)))

    def _show(self, line: str) -> None:
        self._terminal.show(line + "\n")


def _turn_line(number: int, turn: Json, columns: int) -> str:
    files = get_int(turn, "files")
    changed = f"  ({files} file{'' if files == 1 else 's'})" if files else ""
    room = max(10, columns - 6 - len(changed))
    words = escape_line(get_text(turn, "prompt"))
    return f"{number:>3}  {words if len(words) <= room else words[: room - 3] + '...'}{changed}"
