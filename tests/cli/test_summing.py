"""`/summary edit` in the real terminal: the user's editor has the summary, and the model reads what was saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from support.terminal import Screen

Open = Callable[..., Screen]


def _open(terminal: Open, tmp_path: Path, edit: str) -> Screen:
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\n{edit} "$1"\n')
    editor.chmod(0o755)
    file = tmp_path / "long.json"
    steps = [{"text": "many words " * 3_000}, {"text": "Second."}]
    file.write_text(json.dumps({"steps": steps, "summary": "They said many words.", "context_window": 32_000}))
    screen = terminal("--model", f"scripted/{file}", env={"VISUAL": str(editor)})
    screen.see("/help shows")
    screen.line("/summary edit")
    screen.see("There is no summary")
    screen.line("first")
    screen.see("many words many")
    screen.line("second")
    screen.see("Second.")
    screen.line("/compact")
    screen.see("Made shorter")
    return screen


def test_what_was_saved_is_what_the_model_reads(terminal: Open, tmp_path: Path) -> None:
    screen = _open(terminal, tmp_path, "sed -i 's/many words/rhymes/'")
    screen.line("/summary edit")
    screen.see("reads your summary")
    screen.line("/summary")
    screen.see("They said rhymes.")


def test_an_emptied_summary_is_not_sent(terminal: Open, tmp_path: Path) -> None:
    screen = _open(terminal, tmp_path, "truncate -s 0")
    screen.line("/summary edit")
    screen.see("stays as it is")
    screen.line("/summary")
    screen.see("They said many words.")
