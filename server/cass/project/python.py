"""How Python projects are worked on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cass.project.tasks import Purpose, Task
from cass.project.tree import Tree, table

_REQUIREMENTS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "Pipfile", "noxfile.py")


def tasks(tree: Tree) -> Iterator[Task]:
    """Tests, checks, installing and building, with the project's own runner before them."""
    if not tree.has(
        "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "Pipfile", "manage.py", "requirements.txt"
    ):
        return
    project = tree.toml("pyproject.toml")
    tools = table(project, "tool")
    run = _runner(tree)
    source = next((name for name in _REQUIREMENTS if tree.has(name)), "requirements.txt")
    yield from _install(tree, run, source)
    yield from _tests(tree, tools, run, source)
    uses: tuple[tuple[str, str, Purpose], ...] = (
        ("ruff", "ruff check .", "lint"),
        ("flake8", "flake8", "lint"),
        ("mypy", "mypy", "types"),
        ("pyright", "pyright", "types"),
        ("black", "black --check .", "format"),
    )
    for tool, command, purpose in uses:
        where = _configured(tree, tools, tool)
        if where:
            yield Task(purpose, f"{run}{command}{_target(tree, tools, tool)}", where)
    if where := _configured(tree, tools, "ruff"):
        formats = (
            "format" in table(tools, "ruff")
            or "ruff format" in "".join(tree.texts.values())
            or "ruff-format" in (tree.text(".pre-commit-config.yaml"))
        )
        if formats:
            yield Task("format", f"{run}ruff format --check .", where)
    if tree.has(".pre-commit-config.yaml"):
        yield Task("lint", "pre-commit run --all-files", ".pre-commit-config.yaml")
    if table(project, "build-system") and table(project, "project"):
        yield Task("build", "uv build" if tree.has("uv.lock") else "python -m build", "pyproject.toml")
    elif table(tools, "poetry"):
        yield Task("build", "poetry build", "pyproject.toml")


def _runner(tree: Tree) -> str:
    for lock, run in (("uv.lock", "uv run "), ("poetry.lock", "poetry run "), ("pdm.lock", "pdm run "), ("Pipfile.lock", "pipenv run ")):  # fmt: skip
        if tree.has(lock):
            return run
    return ""


def _install(tree: Tree, run: str, source: str) -> Iterator[Task]:
    by_runner = {"uv run ": "uv sync", "poetry run ": "poetry install", "pdm run ": "pdm install", "pipenv run ": "pipenv install --dev"}  # fmt: skip
    if run:
        yield Task("install", by_runner[run], source, weight=2)
        return
    project = tree.toml("pyproject.toml")
    extras = table(project, "project", "optional-dependencies")
    extra = next((name for name in ("dev", "test", "tests", "testing", "all") if name in extras), "")
    groups = table(project, "dependency-groups")
    group = next((name for name in ("dev", "test", "tests") if name in groups), "")
    if tree.has("setup.py") or table(project, "project"):
        more = f" --group {group}" if group and not extra else ""
        what = f"'.[{extra}]'" if extra else "."
        yield Task("install", f"pip install -e {what}{more}", source)
    for name in ("requirements-dev.txt", "dev-requirements.txt", "requirements_dev.txt", "requirements/dev.txt", "requirements.txt"):  # fmt: skip
        if tree.has(name):
            yield Task("install", f"pip install -r {name}", name)
            break


def _tests(tree: Tree, tools: dict[str, object], run: str, source: str) -> Iterator[Task]:
    if tree.has("manage.py"):
        yield Task(
            "test",
            f"{run}python manage.py test",
            "manage.py",
            single=f"{run}python manage.py test app.tests.TestCase",
        )
    if tree.has("tox.ini") or table(tools, "tox"):
        yield Task("test", "tox", "tox.ini" if tree.has("tox.ini") else "pyproject.toml")
    if tree.has("noxfile.py"):
        yield Task("test", "nox", "noxfile.py")
    if table(tools, "hatch", "envs", "hatch-test"):
        yield Task("test", "hatch test", tree.line("pyproject.toml", "hatch-test"), weight=2)
    where = _pytest(tree, tools)
    example = next((path for path in tree.paths if re.search(r"(^|/)test_[^/]*\.py$", path)), "tests/test_x.py")
    if where:
        yield Task("test", f"{run}pytest" if run else "python -m pytest", where, weight=3, single=f"{run}pytest {example}" if run else f"python -m pytest {example}")  # fmt: skip
    elif any(re.search(r"(^|/)test_?[^/]*\.py$", path) for path in tree.paths):
        yield Task("test", f"{run}python -m unittest discover", source, single=f"{run}python -m unittest {example}")


def _pytest(tree: Tree, tools: dict[str, object]) -> str:
    if tree.has("pytest.ini"):
        return "pytest.ini"
    if "pytest" in tools:
        return tree.line("pyproject.toml", "[tool.pytest")
    names = [
        *_REQUIREMENTS,
        *(name for name in tree.texts if re.search(r"requirements[^/]*\.(txt|in)$|^requirements/", name)),
    ]
    for name in names:
        if re.search(r"\bpytest\b", tree.text(name)):
            return tree.line(name, "pytest")
    return next((path for path in tree.paths if path.rsplit("/", 1)[-1] == "conftest.py"), "")


def _configured(tree: Tree, tools: dict[str, object], tool: str) -> str:
    """Where the project says that it uses this tool; empty for nowhere."""
    own = {"ruff": ("ruff.toml", ".ruff.toml"), "flake8": (".flake8",), "mypy": ("mypy.ini", ".mypy.ini"), "pyright": ("pyrightconfig.json",)}  # fmt: skip
    for name in own.get(tool, ()):
        if tree.has(name):
            return name
    if tool in tools:
        return tree.line("pyproject.toml", f"[tool.{tool}")
    for name in ("setup.cfg", "tox.ini"):
        if re.search(rf"^\[{tool}\]", tree.text(name), re.MULTILINE):
            return tree.line(name, f"[{tool}]")
    return ""


def _target(tree: Tree, tools: dict[str, object], tool: str) -> str:
    """mypy wants to be told what to look at, unless its configuration says so."""
    if (
        tool != "mypy"
        or "files" in table(tools, "mypy")
        or "packages" in table(tools, "mypy")
        or re.search(r"^(files|packages)\s*=", tree.text("mypy.ini") + tree.text("setup.cfg"), re.MULTILINE)
    ):
        return ""
    return " src" if tree.below("src") else " ."
