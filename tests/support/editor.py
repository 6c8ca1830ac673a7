"""A small editor for tests: buffers with versions, an undo stack, saving with a formatter, and, when told so, lies."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from support.server import Message, ServerProcess

ENDS = re.compile(r"\r\n|\n|\r")
UNITS = {
    "utf-8": lambda text: len(text.encode("utf-8")),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}

Manner = Literal["honest", "refuses", "denies", "late"]
"""How it answers `applyEdit`: as it is; says yes and does nothing; does it and says no; says yes and does it later."""


@dataclass
class Buffer:
    """An open document. `loaded` is the text that the file had when it was last read or written by the editor."""

    path: Path
    text: str
    loaded: str
    version: int = 1
    undo: list[tuple[str, str]] = field(default_factory=list)

    @property
    def dirty(self) -> bool:
        """Whether there are unsaved changes."""
        return self.text != self.loaded


class SmallEditor:
    """The editor's side of one connection."""

    def __init__(self, server: ServerProcess, *, encoding: str, full_sync: bool, formats: bool) -> None:
        self.server, self.encoding, self.full_sync, self.formats = server, encoding, full_sync, formats
        self.buffers: dict[str, Buffer] = {}
        self.manner: Manner = "honest"
        self.late: list[Message] = []
        self.refused: set[Path] = set()

    @staticmethod
    def capabilities(encoding: str) -> dict[str, Any]:
        """What it declares."""
        return {
            "general": {"positionEncodings": [encoding]},
            "textDocument": {"synchronization": {"didSave": True}},
            "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
            "experimental": {"cass": {"protocolVersions": [1], "permission": {}, "save": {}, "reload": {}}},
        }

    def open(self, path: Path) -> Buffer:
        """Open a file."""
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        buffer = self.buffers[path.as_uri()] = Buffer(path, text, text)
        item = {"uri": path.as_uri(), "languageId": "text", "version": 1, "text": text}
        self.server.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    def close(self, uri: str) -> None:
        """Close a document; what was not saved is gone."""
        del self.buffers[uri]
        self.server.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def insert(self, buffer: Buffer, at: int, text: str) -> None:
        """The user types."""
        new = buffer.text[:at] + text + buffer.text[at:]
        place = self._position(buffer.text, at)
        self._set(buffer, new, [{"range": {"start": place, "end": place}, "text": text}], by="user")

    def undo(self, buffer: Buffer) -> str:
        """The editor's undo, one step; whose step it was, empty when there is none."""
        if not buffer.undo:
            return ""
        before, by = buffer.undo.pop()
        self._set(buffer, before, [{"text": before}], by="")
        return by

    def save(self, buffer: Buffer) -> str:
        """Save, formatting first; the reason when the file on disk is a newer one."""
        on_disk = buffer.path.read_bytes().decode("utf-8")
        if on_disk.removeprefix("\ufeff") != buffer.loaded:
            return "the file on disk is newer"
        if self.formats:
            self._format(buffer)
        mark = "\ufeff" if on_disk.startswith("\ufeff") else ""
        buffer.path.write_bytes((mark + buffer.text).encode("utf-8"))
        buffer.loaded = buffer.text
        self.server.notify("textDocument/didSave", {"textDocument": {"uri": buffer.path.as_uri()}})
        return ""

    def reload(self, buffer: Buffer) -> None:
        """Load the file again, unless there are unsaved changes."""
        if buffer.dirty:
            return
        text = buffer.path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        if text != buffer.text:
            self._set(buffer, text, [{"text": text}], by="")
            buffer.undo.clear()
        buffer.loaded = text

    def handle(self, message: Message) -> object:
        """The answer to a request of the server; None for one that is not the editor's."""
        params = message["params"]
        match message["method"]:
            case "workspace/applyEdit":
                (change,) = params["edit"]["documentChanges"]
                return {"applied": self._apply(change)}
            case "cass/document/save":
                failed = []
                for uri in params["uris"]:
                    problem = self.save(self.buffers[uri]) if uri in self.buffers else ""
                    failed += [{"uri": uri, "message": problem}] if problem else []
                return {"saved": [], "failed": failed}
            case _:
                return None

    def hear(self, message: Message) -> None:
        """A notification of the server."""
        if message.get("method") == "cass/document/reload":
            for uri in message["params"]["uris"]:
                if uri in self.buffers:
                    self.reload(self.buffers[uri])

    def catch_up(self) -> None:
        """Make the edits that were put off."""
        waiting, self.late = self.late, []
        for change in waiting:
            self._make(change)

    def _apply(self, change: Message) -> bool:
        match self.manner:
            case "refuses":
                return True
            case "denies":
                self._make(change)
                return False
            case "late":
                self.late.append(change)
                return True
            case _:
                return self._make(change)

    def _make(self, change: Message) -> bool:
        uri, version = change["textDocument"]["uri"], change["textDocument"]["version"]
        buffer = self.buffers.get(uri)
        assert isinstance(version, int)
        if buffer is None or buffer.version != version:
            return False
        new, changes = buffer.text, []
        for edit in sorted(change["edits"], key=lambda e: e["range"]["start"]["line"], reverse=True):
            start, end = (self._offset(buffer.text, edit["range"][side]) for side in ("start", "end"))
            assert buffer.text[start:end] != edit["newText"], "an edit that changes nothing"
            new = new[:start] + edit["newText"] + new[end:]
            changes.append({"range": edit["range"], "text": edit["newText"]})
        self._set(buffer, new, changes, by="cass")
        return True

    def _format(self, buffer: Buffer) -> None:
        new = re.sub(r"[ \t]+(?=\r\n|\n|\r|\Z)", "", buffer.text)
        if new != buffer.text:
            self._set(buffer, new, [{"text": new}], by="formatter")

    def _set(self, buffer: Buffer, new: str, changes: list[Message], *, by: str) -> None:
        if by:
            buffer.undo.append((buffer.text, by))
        buffer.text, buffer.version = new, buffer.version + 1
        told = [{"text": new}] if self.full_sync else changes
        identifier = {"uri": buffer.path.as_uri(), "version": buffer.version}
        self.server.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": told})

    def _position(self, text: str, at: int) -> dict[str, int]:
        starts = [0, *(m.end() for m in ENDS.finditer(text) if m.end() <= at)]
        return {"line": len(starts) - 1, "character": UNITS[self.encoding](text[starts[-1] : at])}

    def _offset(self, text: str, place: Message) -> int:
        found = list(ENDS.finditer(text))
        starts = [0, *(m.end() for m in found)]
        if place["line"] >= len(starts):
            return len(text)
        at = starts[place["line"]]
        while UNITS[self.encoding](text[starts[place["line"]] : at]) < place["character"]:
            at += 1
        return at


def places(text: str, rng: random.Random) -> int:
    """A place where a user may type: not within a line end, and not within what stands in «»."""
    bad = {m.start() + 1 for m in re.finditer("\r\n", text)}
    for token in re.finditer("«[^»]*»|m\\d+|s\\d+", text):
        bad.update(range(token.start() + 1, token.end()))
    return rng.choice([at for at in range(len(text) + 1) if at not in bad])


def path_of(uri: str) -> Path:
    """The file of a URI."""
    return Path(unquote(urlsplit(uri).path))
