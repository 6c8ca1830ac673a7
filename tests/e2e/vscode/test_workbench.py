"""The packaged extension in a fresh, real VS Code workbench, used as a person uses it: by looking and clicking.
Pictures go to the folder that CASS_PICTURES names, else they are thrown away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.vscode import codeserver
from e2e.vscode.codeserver import EXTENSION, Workbench
from support.hostile import listening, plant
from support.mcphouse import EVERYTHING, real_server

pytestmark = pytest.mark.skipif(codeserver.missing() is not None, reason=str(codeserver.missing()))

THEMES = {"dark": "Default Dark Modern", "light": "Default Light Modern", "contrast": "Default High Contrast"}

BASKET = '''\
"""Adds up a shopping basket. Prices are in cents."""


def total(items):
    """The sum of the pairs; from 10,000 cents on there is 10 % off."""
    result = 0
    for price, count in items:
        result += price * count
    if result > 10_000:
        result -= result // 10
    return result


def cheapest(items):
    """The lowest price."""
    best = None
    for price, count in items:
        if best is None or price < best:
            best = price
    return best


def count(items):
    """How many things there are."""
    n = 0
    for price, number in items:
        n = n + number
    return n
'''

TIDY = (
    BASKET.replace("result > 10_000", "result >= 10_000")
    .replace(
        BASKET[BASKET.index("    best = None") : BASKET.index("\n\n\ndef count")],
        "    return min((price for price, _ in items), default=None)",
    )
    .replace(BASKET[BASKET.index("    n = 0") :], "    return sum(number for _, number in items)\n")
)

TEST = """\
import unittest

from basket import total


class TotalTest(unittest.TestCase):
    def test_discount_begins_at_exactly_10000(self):
        self.assertEqual(total([(5_000, 2)]), 9_000)


if __name__ == "__main__":
    unittest.main()
"""


def todos(*done: str) -> dict[str, object]:
    """The to-do list in three states."""
    words = ("Mend the discount", "Simplify the loops", "Run the tests")
    entries = [{"content": word, "status": status} for word, status in zip(words, done, strict=True)]
    return {"name": "todos", "arguments": {"entries": entries}}


STEPS = [
    {
        "thinking": "The docstring says from 10,000 cents on, the code says more than 10,000. Two loops are expressions.",
        "text": "I'll look at the module and its test first.",
        "tool_calls": [
            todos("in_progress", "pending", "pending"),
            {"name": "read_file", "arguments": {"path": "basket.py"}},
            {"name": "read_file", "arguments": {"path": "test_basket.py"}},
        ],
    },
    {
        "text": "The docstring promises the discount **from** 10,000 cents on, but `total` compares with `>`. "
        "While I am there, two loops become expressions:",
        "tool_calls": [{"name": "write_file", "arguments": {"path": "basket.py", "content": TIDY}}],
    },
    {
        "text": "Now the tests:",
        "tool_calls": [
            todos("completed", "completed", "in_progress"),
            {"name": "shell", "arguments": {"command": "python3 -m unittest -v"}},
        ],
    },
    {
        "text": "Done: the tests pass.\n\n```python\nif result >= 10_000:  # from 10,000 cents on\n    result -= result // 10\n```\n\n"
        "| function | change |\n|---|---|\n| `total` | discount from exactly 10,000 |\n"
        "| `cheapest` | left as it is, as you said |\n| `count` | an expression |\n",
        "tool_calls": [],
        "usage": {"input": 4180, "output": 212, "cost": 0.013},
    },
]


PLAN = [
    {
        "text": "In plan mode I change nothing. I'd do it in three steps:",
        "tool_calls": [
            todos("pending", "pending", "pending"),
            {"name": "write_file", "arguments": {"path": "basket.py", "content": TIDY}},
        ],
    },
    {
        "text": "1. **Mend the discount**: `>` becomes `>=`, as the docstring says.\n"
        "2. **Simplify** `cheapest` and `count`: the loops become expressions.\n"
        "3. **Run the tests**; the one for exactly 10,000 cents fails today.\n\n"
        "The changes are shown in the editor. Keep them, and they are made."
    },
]


@pytest.fixture(scope="module")
def vsix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as it is shipped, packaged without a network."""
    made = tmp_path_factory.mktemp("vsix") / "cass.vsix"
    vsce = EXTENSION / "node_modules" / ".bin" / "vsce"
    subprocess.run(
        [
            str(vsce),
            "package",
            "--no-dependencies",
            "--allow-missing-repository",
            "--no-rewrite-relative-links",
            "-o",
            str(made),
        ],
        cwd=EXTENSION,
        env={**os.environ, "PATH": f"{codeserver.node().parent}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )
    return made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go."""
    place = Path(os.environ.get("CASS_PICTURES") or tmp_path / "pictures")
    place.mkdir(parents=True, exist_ok=True)
    return place


@contextmanager
def project(
    tmp_path: Path, vsix: Path, steps: object, *, completions: object = (), **settings: object
) -> Iterator[tuple[Workbench, Path]]:
    """A workbench with the packaged extension, a small project, and a script for the model."""
    folder = tmp_path / "basket"
    folder.mkdir()
    (folder / "basket.py").write_text(BASKET)
    (folder / "test_basket.py").write_text(TEST)
    script = tmp_path / "demo"
    script.write_text(json.dumps({"steps": steps, "completions": completions, "context_window": 32_000}))
    with codeserver.running(tmp_path / "cs", {"cass.model": f"scripted/{script}", **settings}, vsix) as workbench:
        yield workbench, folder


@pytest.mark.parametrize("theme", THEMES)
def test_a_tour_in_each_theme(theme: str, tmp_path: Path, vsix: Path, pictures: Path) -> None:
    settings = {"workbench.colorTheme": THEMES[theme], "window.autoDetectColorScheme": False}
    with project(tmp_path, vsix, STEPS, **settings) as (workbench, folder):
        plan = tmp_path / "demo-plan"
        plan.write_text(json.dumps({"steps": PLAN, "context_window": 32_000}))
        workbench.run("tour.mjs", str(folder), str(pictures), theme, str(plan))
    assert {p.name for p in pictures.glob(f"vscode-*-{theme}.png")} >= {
        f"vscode-{what}-{theme}.png" for what in ("approval", "chat", "diff", "plan")
    }


def test_in_restricted_mode_nothing_that_the_folder_brings_acts(tmp_path: Path, vsix: Path) -> None:
    folder, marks = tmp_path / "hostile", tmp_path / "marks"
    folder.mkdir()
    script = tmp_path / "demo"
    script.write_text(json.dumps({"steps": [{"text": "Answered."}], "loop": True, "context_window": 32_000}))
    with listening() as listener:
        plant(folder, marks, listener.port)
        for name in (".cass/config.toml", ".mcp.json", ".cass/mcp.json"):
            (folder / name).unlink()
        settings = {"cass.model": f"scripted/{script}"}
        with codeserver.running(tmp_path / "cs", settings, vsix, restricted=True) as workbench:
            decided = [sys.executable, "-P", "-m", "cass", "trust", "yes"]
            subprocess.run(decided, cwd=folder, env=dict(workbench.environ), check=True, capture_output=True)
            workbench.run("restricted.mjs", str(folder), str(marks))
        assert listener.received == 0


def test_going_back_keeping_sessions_and_the_context(tmp_path: Path, vsix: Path, pictures: Path) -> None:
    edit = {"name": "edit_file", "arguments": {"path": "basket.py", "old_string": "cents.", "new_string": "CENTS."}}
    shell = {"name": "shell", "arguments": {"command": "rm test_basket.py; echo made > made.txt"}}
    steps = [
        {"tool_calls": [edit, shell]},
        {"text": "Wrecked."},
        {"text": "Nothing but aubergines. " * 400, "usage": {"input": 4180, "output": 1600, "cost": 0.013}},
    ]
    with project(tmp_path, vsix, steps, **{"cass.approval": "auto"}) as (workbench, folder):
        workbench.run("keeping.mjs", str(folder), str(pictures))


def test_ten_thousand_pieces_leave_the_chat_quick(tmp_path: Path, vsix: Path) -> None:
    words = "".join(f"word{n % 97} " + ("\n\n" if n % 60 == 59 else "") for n in range(10_000))
    code = "".join(f"line_{n} = {n}\n" for n in range(1_500))
    steps = [{"text": f"{words}\n\n```python\n{code}```\n", "chunk": 6, "delay_ms": 0.5}] * 3
    with project(tmp_path, vsix, steps) as (workbench, folder):
        said = workbench.run("flood.mjs", str(folder))
    found = {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", said)}
    print(said)
    assert found["pieces"] >= 10_000
    assert found["key_p95_ms"] < 200, said
    assert found["heap_growth_mb"] < 40, said


def test_completion_is_off_until_switched_on_and_never_stale(tmp_path: Path, vsix: Path) -> None:
    offers = [{"after": "greet(", "text": "name)"}, {"after": "slow(", "text": "late)", "delay_ms": 700}]
    with project(tmp_path, vsix, STEPS, completions=offers) as (workbench, folder):
        workbench.run("ghost.mjs", str(folder))


def test_missing_server_is_said_with_a_way_out(tmp_path: Path, vsix: Path) -> None:
    gone = str(shutil.which("false")) + "-not-there"
    with project(tmp_path, vsix, STEPS, **{"cass.server.command": [gone]}) as (workbench, folder):
        workbench.run("missing.mjs", str(folder))


@pytest.mark.skipif(not EVERYTHING.exists(), reason="no servers: .ci/mcp.sh PREFIX, then CASS_E2E=PREFIX")
def test_forms_of_a_server_are_filled_in_and_refused(tmp_path: Path, vsix: Path, pictures: Path) -> None:
    form = {"tool_calls": [{"name": "mcp__it__trigger-elicitation-request", "arguments": {}}]}
    url = {"url": "http://127.0.0.1:9/sign-in", "message": "Sign in"}
    address = {"tool_calls": [{"name": "mcp__it__trigger-url-elicitation", "arguments": url}]}
    steps = [form, {"text": "So be it."}, form, {"text": "As you wish."}, address, {"text": "Well done."}, form]
    with project(tmp_path, vsix, steps) as (workbench, folder):
        real_server(Path(workbench.environ["CASS_HOME"]))
        workbench.run("forms.mjs", str(folder), str(pictures))
