"""Races: the user types, saves, undoes, a formatter runs, commands change the disk, the editor lies, and meanwhile
the model edits the same files. Whatever the schedule, no byte of the user's is lost and the model sees the truth."""

from __future__ import annotations

import json
import os
import queue
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.editor import Buffer, SmallEditor, places
from support.server import Message, ServerProcess, running, script

SCHEDULES = int(os.environ.get("CASS_RACES", "100"))
SETUPS = [("utf-16", False), ("utf-8", False), ("utf-32", False), ("utf-16", True)]
LINES = 14


@pytest.mark.parametrize(("encoding", "full_sync"), SETUPS, ids=lambda v: str(v))
def test_random_schedules(tmp_path: Path, encoding: str, full_sync: bool) -> None:
    with running(tmp_path / "home") as server:
        server.call(
            "initialize",
            {"processId": None, "rootUri": None, "capabilities": SmallEditor.capabilities(encoding)},
        )
        server.notify("initialized")
        for number in range(SCHEDULES // len(SETUPS)):
            seed = f"{encoding}-{full_sync}-{number}"
            folder = tmp_path / f"p{number}"
            folder.mkdir()
            race = Race(server, folder, random.Random(seed), encoding, full_sync)
            try:
                race.run()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error


class Race:
    """One schedule."""

    def __init__(
        self, server: ServerProcess, folder: Path, rng: random.Random, encoding: str, full_sync: bool
    ) -> None:
        self.server, self.folder, self.rng = server, folder, rng
        self.editor = SmallEditor(server, encoding=encoding, full_sync=full_sync, formats=rng.random() < 0.4)
        self.tokens: dict[str, Buffer] = {}
        self.undone: set[str] = set()
        self.marks: dict[str, str] = {}
        self.files = [self._file(name) for name in ("a.txt", "b.txt")]
        self.appended: list[tuple[Path, str]] = []
        self.pending: list[tuple[int, Message]] = []
        self.states: dict[str, str] = {}
        self.proposals: dict[str, Message] = {}
        self.lied = False
        self.paths: dict[str, str] = {}

    def run(self) -> None:
        for path in self.files[: self.rng.randint(1, 2)]:
            self.editor.open(path)
        for _ in range(self.rng.randint(0, 3)):
            self._type()
        options = {
            "model": script(self.folder.parent / f"{self.folder.name}.json", *self._steps()),
            "approval": self.rng.choice(["ask", "edits", "auto"]),
        }
        opened = self.server.call("cass/session/new", {"cwd": str(self.folder), "configOptions": options})
        self.session = opened["sessionId"]
        self._prompt()
        self._turn()
        self.editor.manner = "honest"
        self.editor.catch_up()
        self._prompt()
        reads = self._turn(calm=True)
        self._check(reads)
        for uri in list(self.editor.buffers):
            self.editor.close(uri)
        self.server.call("cass/session/close", {"sessionId": self.session})

    # --- the model ---

    def _steps(self) -> Iterator[object]:
        for number in range(self.rng.randint(2, 5)):
            kind = self.rng.choice(["edit", "edit", "patch", "sed", "append", "read"])
            path = self.rng.choice(self.files)
            line = self.rng.randrange(LINES)
            if kind == "edit":
                mark = self._mark(f"m{number}{line}")
                yield _call(
                    "edit_file", path=path.name, old_string=f"L{line} = {line}", new_string=f"L{line} = {mark}"
                )
            elif kind == "patch":
                one, two = sorted(self.rng.sample(range(LINES), 2))
                ma, mb = self._mark(f"m{number}{one}0"), self._mark(f"m{number}{two}1")
                hunks = "".join(f"@@\n-L{n} = {n}\n+L{n} = {m}\n" for n, m in ((one, ma), (two, mb)))
                patch = f"*** Begin Patch\n*** Update File: {path.name}\n{hunks}*** End Patch"
                yield _call("apply_patch", patch=patch)
            elif kind == "sed":
                yield _call("shell", command=f"sed -i 's/L{line} = {line}$/L{line} = s{number}{line}/' {path.name}")
            elif kind == "append":
                word = f"s9{number}{line}"
                self.appended.append((path, word))
                yield _call("shell", command=f"printf '{word}\\n' >> {path.name}")
            else:
                yield _call("read_file", path=path.name)
        yield {"text": "done"}
        yield {"tool_calls": [{"name": "read_file", "arguments": {"path": p.name}} for p in self.files]}
        yield {"text": "seen"}

    def _mark(self, word: str) -> str:
        self.marks[word] = ""
        return word

    # --- the schedule ---

    def _prompt(self) -> None:
        self.server.request(
            "cass/session/prompt", {"sessionId": self.session, "prompt": [{"type": "text", "text": "go"}]}
        )

    def _turn(self, *, calm: bool = False) -> list[Message]:
        """Until the turn's end; the finished calls."""
        calls: list[Message] = []
        ended = False
        while not ended:
            try:
                message = self.server.next(0.01)
            except queue.Empty:
                message = None
            if message:
                if "method" in message and "id" in message:
                    self.pending.append((0 if calm else self.rng.randint(0, 3), message))
                else:
                    self.editor.hear(message)
                    ended = self._note(message, calls)
            if not calm and self.rng.random() < 0.35:
                self._act()
            self._answer(force=message is None and calm)
        assert not self.pending, self.pending
        return calls

    def _note(self, message: Message, calls: list[Message]) -> bool:
        if message.get("method") != "cass/session/update" or message["params"]["sessionId"] != self.session:
            return False
        update = message["params"]["update"]
        if update["sessionUpdate"] == "_edit_update":
            self.states[update["proposalId"]] = update["state"]
            if "proposal" in update:
                self.proposals[update["proposalId"]] = update["proposal"]
        if "rawInput" in update:
            self.paths[update["toolCallId"]] = str(update["rawInput"].get("path"))
        if update["sessionUpdate"] == "tool_call_update" and update["status"] in ("completed", "failed"):
            calls.append(update)
        return update["sessionUpdate"] == "state_update" and update["state"] == "idle"

    def _answer(self, *, force: bool = False) -> None:
        waiting = []
        for turns, message in self.pending:
            if turns > 0 and not force:
                waiting.append((turns - 1, message))
                continue
            result = self.editor.handle(message)
            if message["method"] == "cass/session/requestPermission":
                result = {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
            self.server.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        self.pending = waiting

    def _act(self) -> None:
        action = self.rng.random()
        buffer = self.rng.choice(list(self.editor.buffers.values()))
        if action < 0.55:
            self._type()
        elif action < 0.65:
            self.editor.save(buffer)
        elif action < 0.75:
            self._undo(buffer)
        elif action < 0.9:
            self.editor.manner = self.rng.choice(["honest", "honest", "honest", "refuses", "denies", "late"])
            self.lied = self.lied or self.editor.manner != "honest"
        elif action < 0.95:
            self.editor.reload(buffer)
        else:
            self.editor.catch_up()

    def _type(self) -> None:
        buffer = self.rng.choice(list(self.editor.buffers.values()))
        token = f"«u{len(self.tokens)}»"
        self.tokens[token] = buffer
        whole = self.rng.random() < 0.5
        at = places(buffer.text, self.rng)
        self.editor.insert(buffer, at, f"{token}\n" if whole else token)

    def _undo(self, buffer: Buffer) -> None:
        before = buffer.text
        self.editor.undo(buffer)
        for word in (*self.tokens, *self.marks):
            if word in before and word not in buffer.text:
                self.undone.add(word)

    # --- what must hold ---

    def _check(self, reads: list[Message]) -> None:
        for token, buffer in self.tokens.items():
            assert token in self.undone or token in buffer.text, f"{token} of {buffer.path.name} is lost"
        for buffer in self.editor.buffers.values():
            for token in self.tokens:
                assert buffer.text.count(token) <= 1, f"{token} is there twice"
        for path, word in self.appended:
            ran = word in path.read_text("utf-8", errors="strict")
            assert ran or word not in self._told(), f"{word} was overwritten on disk"
        assert all(state not in ("proposed", "accepted") for state in self.states.values()), self.states
        for id, state in self.states.items():
            self._check_proposal(self.proposals[id], state)
        assert len(reads) == len(self.files), reads
        for read in reads:
            path = self.folder / self.paths[read["toolCallId"]]
            self._check_read(json.dumps(read["result"], ensure_ascii=False), path)

    def _told(self) -> str:
        """Commands that were run to their end."""
        done = [
            m["params"]["update"]
            for m in self.server.seen
            if m.get("method") == "cass/session/update" and m["params"]["sessionId"] == self.session
        ]
        started = {u["toolCallId"]: u for u in done if u.get("rawInput")}
        ids = [u["toolCallId"] for u in done if u.get("status") == "completed"]
        return " ".join(str(started[id]["rawInput"]) for id in ids if id in started)

    def _check_proposal(self, proposal: Message, state: str) -> None:
        (file,) = proposal["files"]
        path = Path(file["path"])
        buffer = self.editor.buffers.get(path.as_uri())
        text = buffer.text if buffer else path.read_bytes().decode()
        marks = [m for hunk in file["hunks"] for m in re.findall(r"\bm\d+", hunk["newText"])]
        old = [m for hunk in file["hunks"] for m in re.findall(r"\bm\d+", hunk["oldText"])]
        for mark in set(marks) - set(old):
            if state == "applied" and mark not in self.undone:
                # on disk alone: the user began to type into a buffer that the disk had overtaken
                assert mark in text or mark in _disk(path), f"{mark} was said to be made and is not in {path.name}"
            if state in ("conflict", "stale", "rejected") and not self.lied:
                assert mark not in text, f"{mark} was said not to be made and is in {path.name}"

    def _check_read(self, said: str, path: Path) -> None:
        buffer = self.editor.buffers.get(path.as_uri())
        text = buffer.text if buffer and (buffer.dirty or buffer.loaded == _disk(path)) else _disk(path)
        for token in re.findall("«u\\d+»|\\bm\\d+|\\bs\\d+", text):
            assert token in said, f"the model does not see {token} of {path.name}"
        for token in re.findall("«u\\d+»|\\bm\\d+|\\bs\\d+", said):
            assert token in text, f"the model sees {token}, which is not in {path.name}"

    def _file(self, name: str) -> Path:
        end = self.rng.choice(["\n", "\n", "\r\n", "\r", None])
        filler = ["", "\x0c", "a\u2028b", "tab\there  ", "é 中 😀", "\x85"]
        rows = []
        for number in range(LINES):
            rows.append(f"L{number} = {number}")
            if self.rng.random() < 0.4:
                rows.append(self.rng.choice(filler))
        ends = [end or self.rng.choice(["\n", "\r\n", "\r"]) for _ in rows]
        if self.rng.random() < 0.3:
            ends[-1] = ""
        text = "".join(row + e for row, e in zip(rows, ends, strict=True))
        path = self.folder / name
        path.write_bytes((("\ufeff" if self.rng.random() < 0.2 else "") + text).encode())
        return path


def _disk(path: Path) -> str:
    return path.read_bytes().decode().removeprefix("\ufeff")


def _call(tool: str, **arguments: object) -> dict[str, Any]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}
