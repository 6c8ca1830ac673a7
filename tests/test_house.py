"""The walls of the house: floors, sizes, where a library may be named, and that generated files are fresh."""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "server" / "cass"
CLI = ROOT / "cli" / "cass_cli"
SOURCES = sorted([*SERVER.rglob("*.py"), *CLI.rglob("*.py")])

MAX_LINES = 330
"""300 is the rule; a tenth more is let through, so that a fix need not be a redesign."""
MAX_FUNCTION = 60
SMALL = {SERVER / "agent" / "turn.py": 200, SERVER / "agent" / "gate.py": 200}

ROOMS = {
    "pygls": (SERVER / "lsp",),
    "lsprotocol": (SERVER / "lsp",),
    "openai": (SERVER / "llm",),
    "httpx2": (SERVER / "llm", SERVER / "mcp"),
    "tiktoken": (SERVER / "llm",),
    "keyring": (SERVER / "llm",),
    "mcp": (SERVER / "mcp", SERVER / "mcp_server"),
    "mcp_types": (SERVER / "mcp", SERVER / "mcp_server"),
    "apscheduler": (SERVER / "schedules",),
    "h11": (SERVER / "web",),
    "lxml": (SERVER / "web",),
    "trafilatura": (SERVER / "web",),
    "pypdf": (SERVER / "web",),
    "ddgs": (SERVER / "web",),
    "acp": (SERVER / "acp",),
    "rich": (CLI,),
    "prompt_toolkit": (CLI,),
}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_has_one_subject_and_stays_small(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= SMALL.get(path, MAX_LINES)
    tree = ast.parse("\n".join(lines))
    assert not lines or ast.get_docstring(tree), "the first line says what the room is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MAX_FUNCTION, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_are_named_only_in_their_rooms(path: Path) -> None:
    for library in _imports(path) & ROOMS.keys():
        rooms = ROOMS[library]
        assert any(map(path.is_relative_to, rooms)), f"{library} belongs into {' or '.join(r.name for r in rooms)}/"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_keeps_state(path: Path) -> None:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Global):
            pytest.fail("global")
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.List | ast.Set):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.id if isinstance(target, ast.Name) else ""
            assert name == "__all__" or name.lstrip("_").isupper(), f"{name} is a mutable value of the module"


def test_nobody_names_a_plug_in() -> None:
    """Tools, providers and commands are found by the registry; only `app` names concrete parts."""
    plug_ins = re.compile(r"from cass\.(tools|llm\.providers|commands)[. ]")
    for path in SERVER.rglob("*.py"):
        room = path.relative_to(SERVER).parts[0]
        for line in path.read_text("utf-8").splitlines():
            if plug_ins.match(line.strip()):
                allowed = re.match(
                    rf"from cass\.{room}(\.providers)?\._?\w+ import|from cass\.{room} import", line.strip()
                )
                assert allowed, f"{path}: {line}"


def test_imports_go_in_no_circle() -> None:
    """Also inside a room: whichever module is loaded first, it works."""
    names = {_module(path): path for path in SOURCES}
    graph = {name: _needed(path, names.keys()) - {name} for name, path in names.items()}
    graphlib.TopologicalSorter(graph).prepare()


def _module(path: Path) -> str:
    base = SERVER if path.is_relative_to(SERVER) else CLI
    parts = [base.name, *path.relative_to(base).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _needed(path: Path, known: Collection[str]) -> set[str]:
    """The modules that are loaded with this one; what stands under TYPE_CHECKING or in a function is not."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & set(known)) or {node.module}
    return found & set(known)


def test_the_floors_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("code", "kept_out"),
    [
        ("import cass.protocol.methods", ["pygls", "openai", "mcp", "rich"]),
        ("import cass_cli.main", ["pydantic", "click", "rich", "prompt_toolkit", "openai", "asyncio"]),
        (
            "import cass.app",
            [
                "openai",
                "pygls",
                "lsprotocol",
                "tiktoken",
                "mcp",
                "click",
                "keyring",
                "h11",
                "lxml",
                "trafilatura",
                "ddgs",
                "apscheduler",
            ],
        ),
        ("import cass.lsp.serve", ["openai", "pygls", "lsprotocol"]),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str, kept_out: list[str]) -> None:
    probe = f"{code}; import sys; print([m for m in {kept_out!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wire_schema_that_is_committed_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cass", "protocol", "schema"], capture_output=True, text=True, timeout=60, check=True
    )
    committed = (ROOT / "docs" / "protocol.schema.json").read_text("utf-8")
    assert json.loads(done.stdout) == json.loads(committed), "run: python dev.py generate"


@pytest.mark.parametrize("page", ["configuration", "trust"])
def test_pages_that_are_made_from_the_code_are_fresh(page: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--print", page],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == (ROOT / "docs" / f"{page}.md").read_text("utf-8"), "run: python dev.py generate"


def test_agents_md_stays_short() -> None:
    assert len((ROOT / "AGENTS.md").read_text("utf-8").splitlines()) <= 80
