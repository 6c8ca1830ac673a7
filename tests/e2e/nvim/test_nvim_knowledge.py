"""What Neovim knows, for the model: diagnostics, definitions and symbols of other servers on the same buffer, what the
user looks at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.nvim import Editor
from support.server import script

Start = Callable[..., Editor]

OTHER_SERVER = """
from lsprotocol import types as t
from pygls.lsp.server import LanguageServer

server = LanguageServer("other", "1")

def place(line, start, end):
    return t.Range(start=t.Position(line=line, character=start), end=t.Position(line=line, character=end))

def look(uri):
    lines = server.workspace.get_text_document(uri).lines
    found = [
        t.Diagnostic(range=place(n, line.index("bad"), line.index("bad") + 3), message="bad word", source="other")
        for n, line in enumerate(lines) if "bad" in line
    ]
    server.text_document_publish_diagnostics(t.PublishDiagnosticsParams(uri=uri, diagnostics=found))

@server.feature(t.TEXT_DOCUMENT_DID_OPEN)
def opened(params): look(params.text_document.uri)

@server.feature(t.TEXT_DOCUMENT_DID_CHANGE)
def changed(params): look(params.text_document.uri)

@server.feature(t.TEXT_DOCUMENT_DEFINITION)
def definition(params): return t.Location(uri=params.text_document.uri, range=place(0, 6, 10))

@server.feature(t.TEXT_DOCUMENT_REFERENCES)
def references(params): return [t.Location(uri=params.text_document.uri, range=place(params.position.line, 2, 3))]

@server.feature(t.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def symbols(params):
    inner = t.DocumentSymbol(name="inner", kind=t.SymbolKind.Method, range=place(1, 0, 3), selection_range=place(1, 0, 3))
    return [t.DocumentSymbol(name="Outer", kind=t.SymbolKind.Class, range=place(0, 0, 3), selection_range=place(0, 0, 3), children=[inner])]

@server.feature(t.TEXT_DOCUMENT_RENAME)
def rename(params):
    return t.WorkspaceEdit(changes={params.text_document.uri: [t.TextEdit(range=place(0, 6, 10), new_text=params.new_name)]})

server.start_io()
"""

START_OTHER = """
local capabilities = vim.lsp.protocol.make_client_capabilities()
capabilities.general.positionEncodings = { 'utf-16' }
vim.lsp.start({ name = 'other', cmd = { ... }, root_dir = vim.uv.cwd(), capabilities = capabilities })
"""

ASK = """
local method, params = ...
local client = vim.lsp.get_clients({ name = 'cass' })[1]
_G.answer = nil
coroutine.wrap(function() _G.answer = client.handlers[method](nil, params, { client_id = client.id }) end)()
"""


def ask(editor: Editor, method: str, params: object) -> Any:
    """Ask as the server would."""
    editor.lua(ASK, method, params)
    return editor.until_lua("_G.answer")


def with_other_server(start: Start, tmp_path: Path) -> tuple[Editor, str]:
    """An editor in which another language server is attached to the same buffer."""
    program = tmp_path / "other.py"
    program.write_text(OTHER_SERVER)
    editor = start(model=script(tmp_path / "s.json", {"text": "ok"}))
    editor.edit("a.txt", "😀 a name\nthis is bad\n")
    editor.attached()
    editor.lua(START_OTHER, sys.executable, str(program))
    editor.until_lua("#vim.diagnostic.get(0) == 1")
    return editor, (editor.project / "a.txt").as_uri()


def test_other_servers_of_the_buffer_answer(start: Start, tmp_path: Path) -> None:
    editor, uri = with_other_server(start, tmp_path)
    wide = editor.lua("return vim.lsp.get_clients({ name = 'cass' })[1].offset_encoding") == "utf-8"
    column = 8 if wide else 6  # the face is four bytes, and two units of UTF-16
    found = ask(editor, "cass/ide/diagnostics", {"uris": [uri]})["diagnostics"]
    assert [(d["message"], d["severity"], d["range"]["start"]) for d in found] == [
        ("bad word", 1, {"line": 1, "character": 8})
    ]
    place = {"uri": uri, "position": {"line": 0, "character": column}}
    locations = ask(editor, "cass/ide/definition", place)["locations"]
    assert locations[0]["uri"] == uri and locations[0]["range"]["start"] == {"line": 0, "character": column}
    assert ask(editor, "cass/ide/references", place)["locations"][0]["uri"] == uri
    symbols = ask(editor, "cass/ide/documentSymbols", {"uri": uri})["symbols"]
    assert [(s["name"], s["kind"], s.get("container")) for s in symbols] == [
        ("Outer", "class", None),
        ("inner", "method", "Outer"),
    ]
    changes = ask(editor, "cass/ide/rename", {**place, "newName": "other"})["changes"]
    assert changes[uri][0]["newText"] == "other" and changes[uri][0]["range"]["start"]["character"] == column
    assert editor.lines[0] == "😀 a name", "renaming is only said, not done"


def test_diagnostics_are_waited_for_after_a_change(start: Start, tmp_path: Path) -> None:
    editor, uri = with_other_server(start, tmp_path)
    editor.lua(ASK, "cass/ide/diagnostics", {"uris": [uri], "settleMs": 20_000})
    editor.keys("Gotwo bad bad<Esc>")
    found = editor.until_lua("_G.answer")["diagnostics"]
    assert [d["range"]["start"]["line"] for d in found] == [1, 2]


def test_what_the_user_looks_at_is_told(start: Start, tmp_path: Path) -> None:
    editor = start(model=script(tmp_path / "s.json", {"text": "ok"}))
    editor.edit("b.txt", "other\n")
    editor.edit("a.txt", "one\ntwo\nthree\n")
    editor.attached()
    editor.keys("2GVj")
    editor.until(lambda: editor.lua("return vim.api.nvim_get_mode().mode") == "V", "the selection")
    told = ask(editor, "cass/ide/context", {})
    assert told["active"]["uri"].endswith("/a.txt") and told["active"]["selectedText"] == "two\nthree\n"
    assert told["active"]["selection"]["start"] == {"line": 1, "character": 0}
    assert sorted((t["uri"].rsplit("/", 1)[1], t["visible"]) for t in told["open"]) == [
        ("a.txt", True),
        ("b.txt", False),
    ]
