"""The user types while cass edits, a formatter runs on save and a command changes the file: nothing typed is ever lost."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.nvim import Editor
from support.server import script
from support.terminal import call

Start = Callable[..., Editor]

LINES = 40
SEEDS = range(int(os.environ.get("CASS_NVIM_RACES", "4")))
FORMATTER = r"autocmd BufWritePre <buffer> silent! keeppatterns %s/\s\+$//e"


def steps(chance: random.Random) -> list[object]:
    """What the model does: edits of single lines, a rewrite by the shell between them."""
    made: list[object] = []
    for number in chance.sample(range(1, LINES + 1), 10):
        edit = call("edit_file", path="a.txt", old_string=f"line {number};", new_string=f"LINE {number}; changed  ")
        made.append(
            {"tool_calls": [edit], "text": "word " * chance.randint(0, 10), "delay_ms": chance.choice([0, 2, 5])}
        )
        if chance.random() < 0.2:
            made.append({"tool_calls": [call("shell", command="sed -i 's/^line 1;/sed 1;/' a.txt")]})
    return [*made, {"text": "Done."}]


def type_meanwhile(editor: Editor, chance: random.Random) -> list[str]:
    """Type words at random places until the turn is over; the words."""
    words: list[str] = []
    end = time.monotonic() + 60
    while editor.state() != "idle":
        assert time.monotonic() < end, "the turn never ended"
        word = f"[{len(words)}]"
        line = chance.randint(1, LINES)
        editor.keys(chance.choice([f"{line}GA{word}", f"{line}GI{word}", f"{line}Go{word}", f"{line}GO{word}"]))
        editor.until(lambda word=word: word in "\n".join(editor.lines), f"{word} in the buffer")
        words.append(word)
        editor.keys("<Esc>")
        editor.lua("vim.wait(...)", chance.choice([5, 40, 150]))  # people type in bursts
    return words


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_typed_is_lost(start: Start, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    model = script(tmp_path / "s.json", *steps(chance))
    editor = start(settings={"model": model, "approval": "auto", "mode": "active"})
    editor.edit("a.txt", "".join(f"line {n};\n" for n in range(1, LINES + 1)))
    editor.do(FORMATTER)
    editor.attached()
    editor.do("Cass go")
    editor.do("wincmd t")
    editor.until(lambda: editor.state() != "idle", "the turn")
    words = type_meanwhile(editor, chance)
    editor.until(lambda: editor.state() == "idle", "the end")
    text = "\n".join(editor.lines)
    lost = [word for word in words if text.count(word) != 1]
    assert not lost, f"seed {seed}: {lost} of {len(words)} words\n{text}"
    done = editor.transcript.count("▸ ✓ Edit")
    assert text.count("changed") == done, (
        f"seed {seed}: {done} edits were told as made\n{editor.transcript}\n{text}"
    )
