"""A foreign ACP client for tests: raw lines against the real process, and every message held against the protocol's
types as its own Python package has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from acp import schema
from support.server import Message, ServerProcess, running, script

RESULTS: dict[str, Any] = {
    "initialize": schema.InitializeResponse,
    "authenticate": schema.AuthenticateResponse,
    "session/new": schema.NewSessionResponse,
    "session/load": schema.LoadSessionResponse,
    "session/resume": schema.ResumeSessionResponse,
    "session/list": schema.ListSessionsResponse,
    "session/close": schema.CloseSessionResponse,
    "session/delete": None,
    "session/prompt": schema.PromptResponse,
    "session/set_mode": schema.SetSessionModeResponse,
    "session/set_config_option": schema.SetSessionConfigOptionResponse,
}

ASKED: dict[str, Any] = {
    "session/update": schema.SessionNotification,
    "session/request_permission": schema.RequestPermissionRequest,
    "fs/read_text_file": schema.ReadTextFileRequest,
    "fs/write_text_file": schema.WriteTextFileRequest,
    "elicitation/create": schema.CreateElicitationRequest,
    "$/cancel_request": None,
}


def allow(message: Message, option: str = "allow_once") -> object:
    """The answer to a permission request; None for any other."""
    if message["method"] != "session/request_permission":
        return None
    return {"outcome": {"outcome": "selected", "optionId": option}}


class AcpProcess(ServerProcess):
    """`cass acp` with its messages in a queue."""

    command = "acp"

    def __init__(self, home: Path, **more: Any) -> None:
        self.asked: dict[int, str] = {}
        super().__init__(home, lines=True, **{"CASS_MODEL": "scripted/none", **more})

    def flags(self, lines: bool) -> list[str]:
        """None."""
        return []

    def request(self, method: str, params: object = None) -> int:
        """Send a request without waiting; its id."""
        number = super().request(method, params)
        self.asked[number] = method
        return number

    def start(self, **capabilities: object) -> Any:
        """The usual start, for a client that can do this."""
        return self.call("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities})

    def open(self, cwd: Path, *steps: object, **options: str) -> str:
        """A new session in which the model plays these steps; its id."""
        session = self.call("session/new", {"cwd": str(cwd), "mcpServers": []})["sessionId"]
        model = script(cwd.parent / f"script{len(list(cwd.parent.iterdir()))}.json", *steps)
        for id, value in {"model": model, **options}.items():
            self.call("session/set_config_option", {"sessionId": session, "configId": id, "value": value})
        return session

    def prompt(self, session: str, text: str = "go", *more: object) -> int:
        """Say something without waiting; the request's id."""
        return self.request(
            "session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": text}, *more]}
        )

    def said(self, session: str, kind: str | None = None) -> list[Message]:
        """All updates of a session seen so far, or those of one kind."""
        found = [
            m["params"]["update"]
            for m in self.seen
            if m.get("method") == "session/update" and m["params"]["sessionId"] == session
        ]
        return [u for u in found if kind in (None, u["sessionUpdate"])]

    def text(self, session: str, kind: str = "agent_message_chunk") -> str:
        """The text of all chunks of one kind."""
        return "".join(u["content"].get("text", "") for u in self.said(session, kind))

    def next(self, kind: str, **fields: object) -> Message:
        """The next update of a kind with these fields."""

        def wanted(message: Message) -> bool:
            update = (
                message.get("params", {}).get("update", {}) if message.get("method") == "session/update" else {}
            )
            return update.get("sessionUpdate") == kind and all(update.get(k) == v for k, v in fields.items())

        return self.until(wanted)["params"]["update"]

    def check(self) -> None:
        """Hold every message that came against the protocol: known fields only, each of its type."""
        for message in self.seen:
            assert message["jsonrpc"] == "2.0"
            if "method" in message:
                _is(ASKED[message["method"]], message["params"])
            elif "result" in message:
                _is(RESULTS[self.asked[message["id"]]], message["result"])
            else:
                _is(schema.Error, message["error"])


def _is(model: Any, value: Message) -> None:
    if model is None or value.get("update", {}).get("sessionUpdate") == "notice":  # newer than the package
        return
    kinds: TypeAdapter[Any] = TypeAdapter(model)
    again = kinds.dump_python(kinds.validate_python(value), mode="json", by_alias=True, exclude_unset=True)
    assert _known(again) == _known(value), f"{model} has no such fields"


def _known(value: Any) -> Any:
    """Without what is absent, and without categories of our own, which the package drops."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if v is not None and (k, v) != ("category", "_approval")}
        return {k: _known(v) for k, v in kept.items()}
    return [_known(item) for item in value] if isinstance(value, list) else value


@contextmanager
def acp(home: Path, *, made_by: type[AcpProcess] = AcpProcess, **environ: Any) -> Iterator[AcpProcess]:
    """A server that is gone at the end, and that said nothing which is not ACP."""
    with running(home, made_by=made_by, **environ) as server:
        assert isinstance(server, AcpProcess)
        yield server
        server.check()
