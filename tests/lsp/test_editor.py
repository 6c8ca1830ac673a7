"""A real LSP client (pytest-lsp): open buffers are what the model reads, unsaved ones are never overwritten."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from support.server import script

LIMIT = 20


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-P", "-m", "cass", "serve", "--stdio"])
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    capabilities = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(apply_edit=True),
        text_document=types.TextDocumentClientCapabilities(
            synchronization=types.TextDocumentSyncClientCapabilities(dynamic_registration=True)
        ),
        experimental={"cass": {"protocolVersions": [1], "permission": {}}},
    )
    result = await lsp_client.initialize_session(
        types.InitializeParams(capabilities=capabilities, process_id=None, root_uri=None)
    )
    assert result.capabilities.experimental
    yield
    await lsp_client.shutdown_session()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASS_HOME", str(tmp_path / "home"))


class Buffer:
    """A document in a small editor: applies the edits it is sent, unless it is told to lie."""

    def __init__(self, client: LanguageClient, path: Path, text: str, *, lies: bool = False) -> None:
        self.client, self.uri, self.text, self.version, self.lies = client, path.as_uri(), text, 1, lies
        client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(self.uri, "python", self.version, text))
        )

        @client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            if not self.lies:
                self.change(params)
            return types.ApplyWorkspaceEditResult(applied=True)

    def change(self, params: types.ApplyWorkspaceEditParams) -> None:
        assert params.edit.document_changes
        (change,) = params.edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == self.version
        lines = self.text.splitlines(keepends=True)
        for edit in reversed(change.edits):
            assert isinstance(edit, types.TextEdit)
            start = sum(map(len, lines[: edit.range.start.line])) + edit.range.start.character
            end = sum(map(len, lines[: edit.range.end.line])) + edit.range.end.character
            self.text = self.text[:start] + edit.new_text + self.text[end:]
        self.type(self.text)

    def type(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.version, self.uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )


async def _turn(client: LanguageClient, project: Path, *steps: object) -> Any:
    @client.feature("cass/session/requestPermission")
    def permit(params: Any) -> dict[str, object]:
        return {"outcome": {"outcome": "selected", "optionId": "allow_once"}}

    async with asyncio.timeout(LIMIT):
        opened = await client.protocol.send_request_async(
            "cass/session/new",
            {"cwd": str(project), "configOptions": {"model": script(project.parent / "s.json", *steps)}},
        )
        return await client.protocol.send_request_async(
            "cass/session/prompt",
            {"sessionId": opened.sessionId, "prompt": [{"type": "text", "text": "go"}], "wait": True},
        )


def _call(tool: str, **arguments: object) -> dict[str, object]:
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("saved = 1\nlast")
    return folder


EDIT = _call("edit_file", path="a.py", old_string="two = 2", new_string="two = 'zwei'")


async def test_an_unsaved_buffer_is_read_and_changed_in_the_editor(client: LanguageClient, project: Path) -> None:
    buffer = Buffer(client, project / "a.py", "typed = 0\ntwo = 2\nlast")
    read = {**_call("read_file", path="a.py")}
    answer = await _turn(client, project, read, {**EDIT, "expect": "typed = 0"}, {"text": "done"})
    assert answer.text == "done", answer
    assert buffer.text == "typed = 0\ntwo = 'zwei'\nlast"
    assert (project / "a.py").read_text() == "saved = 1\nlast"


async def test_an_editor_that_lies_is_not_believed(client: LanguageClient, project: Path) -> None:
    buffer = Buffer(client, project / "a.py", "two = 2\n", lies=True)
    answer = await _turn(client, project, EDIT, {"text": "told", "expect": "did not take the change"})
    assert answer.text == "told", answer
    assert buffer.text == "two = 2\n"
    assert (project / "a.py").read_text() == "saved = 1\nlast"


async def test_an_editor_that_cannot_save_is_changed_and_the_model_told(
    client: LanguageClient, project: Path
) -> None:
    (project / "a.py").write_text("two = 2\n")
    buffer = Buffer(client, project / "a.py", "two = 2\n")
    answer = await _turn(client, project, EDIT, {"text": "done", "expect": "commands see the old text on disk"})
    assert answer.text == "done", answer
    assert buffer.text == "two = 'zwei'\n"
    assert (project / "a.py").read_text() == "two = 2\n"


async def test_unknown_requests_of_lsp_are_refused(client: LanguageClient) -> None:
    with pytest.raises(Exception, match="no method"):
        await client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier("file:///x"), types.Position(0, 0))
        )


async def test_a_search_sees_what_is_not_saved(client: LanguageClient, project: Path) -> None:
    (project / "other.py").write_text("saved = 3\n")
    (project / ".gitignore").write_text("ignored.py\n")
    (project / "ignored.py").write_text("")
    Buffer(client, project / "a.py", "typed = 0\n")
    ignored = types.TextDocumentItem((project / "ignored.py").as_uri(), "python", 1, "typed = 1\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(ignored))
    grep = _call("grep", pattern="typed|saved")
    answer = await _turn(client, project, grep, {"text": "seen", "expect": "1:typed = 0"})
    assert answer.text == "seen", answer
    log = " ".join(str(m) for m in (await _results(client, answer)))
    assert "other.py" in log and "saved = 1" not in log and "ignored.py" not in log


async def _results(client: LanguageClient, answer: Any) -> list[Any]:
    replayed: list[Any] = []
    client.feature("cass/session/update")(lambda params: replayed.append(params))
    found = await client.protocol.send_request_async("cass/session/list", {})
    await client.protocol.send_request_async(
        "cass/session/resume", {"sessionId": found.sessions[0].sessionId, "replayFrom": {"type": "start"}}
    )
    return replayed
