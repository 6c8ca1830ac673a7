"""An editor for tests that opens documents by whatever URI it likes, and answers as it is told to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.server import Message, ServerProcess, script

CAPABILITIES: dict[str, Any] = {
    "textDocument": {"synchronization": {"didSave": True}},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
}


class Window:
    """Documents by URI. `answers` has what it answers to a method instead of what is right."""

    def __init__(self, server: ServerProcess, *, cass: object = None, **workspace: object) -> None:
        self.server = server
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.asked: list[Message] = []
        self.answers: dict[str, Callable[[Message], object]] = {}
        capabilities = {**CAPABILITIES, "workspace": {**CAPABILITIES["workspace"], **workspace}}
        if cass is not None:
            capabilities["experimental"] = {"cass": cass}
        server.on_request = self._answer
        server.call("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        server.notify("initialized")

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        self.texts[uri], self.versions[uri] = text, 1
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.server.notify("textDocument/didOpen", {"textDocument": item})

    def type(self, uri: str, text: str) -> None:
        """The document holds another text now."""
        self.texts[uri] = text
        self.versions[uri] += 1
        identifier = {"uri": uri, "version": self.versions[uri]}
        changes = {"textDocument": identifier, "contentChanges": [{"text": text}]}
        self.server.notify("textDocument/didChange", changes)

    def close(self, uri: str) -> None:
        """Close a document."""
        del self.texts[uri]
        self.server.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def session(self, folder: Path, *steps: object, approval: str = "edits", mode: str = "active") -> str:
        """A new session that plays these steps."""
        model = script(folder.parent / f"{folder.name}-{len(self.asked)}-{id(steps)}.json", *steps)
        options = {"model": model, "approval": approval, "mode": mode}
        return self.server.call("cass/session/new", {"cwd": str(folder), "configOptions": options})["sessionId"]

    def prompt(self, session: str, words: str = "go") -> Any:
        """One turn, to its end."""
        text = [{"type": "text", "text": words}]
        return self.server.call("cass/session/prompt", {"sessionId": session, "prompt": text, "wait": True})

    def turn(self, folder: Path, *steps: object, **more: str) -> Any:
        """One turn in a session of its own."""
        return self.prompt(self.session(folder, *steps, **more))

    def results(self) -> str:
        """What all calls so far told the model."""
        found = [m["params"]["update"] for m in self.server.seen if m.get("method") == "cass/session/update"]
        return "\n".join(str(u["result"]) for u in found if u.get("result"))

    def _answer(self, message: Message) -> object:
        self.asked.append(message)
        if message["method"] in self.answers:
            return self.answers[message["method"]](message)
        match message["method"]:
            case "workspace/applyEdit":
                return {"applied": self.apply(message["params"]["edit"])}
            case "cass/session/requestPermission":
                return {"outcome": {"outcome": "selected", "optionId": "allow_once"}}
            case _:
                return {}

    def apply(self, edit: Message) -> bool:
        """Make a workspace edit."""
        for change in edit["documentChanges"]:
            if "kind" in change:
                self._operate(change)
                continue
            uri, version = change["textDocument"]["uri"], change["textDocument"]["version"]
            if uri not in self.texts or version != self.versions[uri]:
                return False
            rows = re.split(r"(?<=\n)", self.texts[uri])
            for one in reversed(change["edits"]):
                start, end = one["range"]["start"], one["range"]["end"]
                before = "".join(rows[: start["line"]]) + _part(rows, start["line"])[: start["character"]]
                after = _part(rows, end["line"])[end["character"] :] + "".join(rows[end["line"] + 1 :])
                rows = re.split(r"(?<=\n)", before + one["newText"] + after)
            self.type(uri, "".join(rows))
        return True

    def _operate(self, change: Message) -> None:
        if change["kind"] == "delete":
            path = _path(change["uri"])
            path.unlink()
            if change["uri"] in self.texts:
                self.close(change["uri"])
        elif change["kind"] == "rename":
            old, new = change["oldUri"], change["newUri"]
            _path(old).rename(_path(new))
            text = self.texts.get(old)
            if text is not None:
                self.close(old)
                self.open(new, text)


def call(tool: str, **arguments: object) -> dict[str, Any]:
    """A step of a script: one call."""
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


def _part(rows: list[str], line: int) -> str:
    return rows[line] if line < len(rows) else ""


def _path(uri: str) -> Path:
    from urllib.parse import unquote, urlsplit

    return Path(unquote(urlsplit(uri).path))
