"""Commands that a project names itself: Makefile targets, just recipes, package scripts, Taskfile tasks, CI steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from cass.project.tasks import Purpose, Task, purpose_of
from cass.project.tree import Table, Tree, table

_TARGET = re.compile(r"^([A-Za-z][\w./-]*)(?:[ \t]+[\w./-]+)*[ \t]*::?(?!=)", re.MULTILINE)
_RECIPE = re.compile(r"^@?([A-Za-z][\w-]*)(?:[ \t][^:=\n]*)?:(?!=)", re.MULTILINE)


def make(tree: Tree) -> Iterator[Task]:
    """Targets of the Makefile in the root."""
    name = next((n for n in ("GNUmakefile", "makefile", "Makefile") if tree.text(n)), "")
    yield from _named(tree, name, _TARGET, "make")


def just(tree: Tree) -> Iterator[Task]:
    """Recipes of the justfile in the root; those with parameters are left out."""
    name = next((n for n in ("justfile", "Justfile") if tree.text(n)), "")
    yield from _named(tree, name, _RECIPE, "just")


def _named(tree: Tree, file: str, pattern: re.Pattern[str], program: str) -> Iterator[Task]:
    seen: set[str] = set()
    for match in pattern.finditer(tree.text(file)):
        target = match[1]
        purpose = purpose_of(target)
        if purpose and target not in seen and "/" not in target and "." not in target:
            seen.add(target)
            line = tree.text(file).count("\n", 0, match.start()) + 1
            yield Task(purpose, f"{program} {target}", f"{file}:{line}", weight=4 if target == purpose else 3)


def taskfile(tree: Tree) -> Iterator[Task]:
    """Tasks of a Taskfile."""
    for file in ("Taskfile.yml", "Taskfile.yaml"):
        for name in table(tree.yaml(file), "tasks"):
            if purpose := purpose_of(name):
                yield Task(purpose, f"task {name}", tree.line(file, f"{name}:"), weight=4)


def package(tree: Tree) -> Iterator[Task]:
    """Scripts of package.json, by the package manager whose lock file is there."""
    found = tree.json("package.json")
    if not found:
        return
    manager = _manager(tree, found)
    deps = {**table(found, "dependencies"), **table(found, "devDependencies"), **table(found, "workspaces")}
    frozen = {"npm": "npm ci" if tree.has("package-lock.json") else "npm install"}
    if deps or tree.has("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"):
        yield Task("install", frozen.get(manager, f"{manager} install"), "package.json", weight=2)
    for name, script in table(found, "scripts").items():
        purpose = purpose_of(name)
        if name == "check" and re.search(r"\btsc\b|-tsc\b", str(script)):
            purpose = "types"
        if purpose is None or "no test specified" in str(script) or re.match(r"(pre|post)[a-z]", name):
            continue
        own = name in ("test", "build", "lint", "format", "typecheck", "start", "dev")
        short = f"{manager} {name}" if (manager != "npm" or name in ("test", "start")) and manager != "bun" else ""
        command = short or f"{manager} run {name}"
        yield Task(purpose, command, tree.line("package.json", f'"{name}"'), weight=4 if own else 2)


def _manager(tree: Tree, found: Table) -> str:
    named = str(found.get("packageManager") or "").partition("@")[0]
    if named in ("npm", "pnpm", "yarn", "bun"):
        return named
    locks = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"))
    return next((manager for lock, manager in locks if tree.has(lock)), "npm")


def deno(tree: Tree) -> Iterator[Task]:
    """Tasks of deno.json, and deno's own where it names none."""
    file = next((n for n in ("deno.json", "deno.jsonc") if tree.text(n)), "")
    if not file:
        return
    names = table(tree.json(file), "tasks")
    for name in names:
        if purpose := purpose_of(name):
            yield Task(purpose, f"deno task {name}", tree.line(file, f'"{name}"'), weight=4)
    if "test" not in names:
        yield Task("test", "deno test", file)
    yield Task("lint", "deno lint", file)


def composer(tree: Tree) -> Iterator[Task]:
    """Scripts of composer.json, and PHPUnit where it is configured."""
    found = tree.json("composer.json")
    if not found:
        return
    yield Task("install", "composer install", "composer.json")
    for name in table(found, "scripts"):
        purpose = purpose_of(name)
        if purpose and not re.match(r"(pre|post)-", name):
            yield Task(purpose, f"composer {name}", tree.line("composer.json", f'"{name}"'), weight=4)
    if tree.has("phpunit.xml", "phpunit.xml.dist"):
        yield Task(
            "test", "vendor/bin/phpunit", "phpunit.xml.dist" if tree.has("phpunit.xml.dist") else "phpunit.xml"
        )


_CI_WORDS: tuple[tuple[Purpose, str], ...] = (
    ("types", r"\b(mypy|pyright|tsc|type-?check)\b"),
    ("format", r"\b(fmt|gofmt|prettier --check|black --check|ruff format|format)\b"),
    ("lint", r"\b(lint|eslint|clippy|vet|ruff check|flake8|rubocop|phpstan|pre-commit run)\b"),
    ("test", r"\b(test|tests|pytest|tox|nox|ctest|rspec|phpunit|check)\b"),
    ("build", r"\b(build|make|compile)\b"),
)
_NOT_PLAIN = re.compile(r"\$\{|\$\w|\$\(|[|;<>]|&&|^\s*(if|for|while|do|done|fi|echo|cd|export|sudo|curl|apt|brew|choco|git|mkdir|cp|mv|rm|xargs|docker|gh)\b")  # fmt: skip


def ci_lines(tree: Tree) -> list[tuple[str, str]]:
    """Every line that CI runs, with where it stands."""
    found: list[tuple[str, str]] = []
    for file in sorted(n for n in tree.texts if n.startswith(".github/workflows/")):
        for job in table(tree.yaml(file), "jobs").values():
            steps = cast("Table", job).get("steps") if isinstance(job, dict) else None
            for step in cast("list[object]", steps) if isinstance(steps, list) else []:
                run = cast("Table", step).get("run") if isinstance(step, dict) else None
                away = cast("Table", step).get("working-directory") if isinstance(step, dict) else None
                if isinstance(run, str) and not away:
                    found += [
                        (line.strip(), tree.line(file, line.strip())) for line in run.splitlines() if line.strip()
                    ]
    for job in tree.yaml(".gitlab-ci.yml").values():
        script = cast("Table", job).get("script") if isinstance(job, dict) else None
        lines = cast("list[object]", script) if isinstance(script, list) else [script]
        found += [(one, tree.line(".gitlab-ci.yml", one)) for one in lines if isinstance(one, str)]
    return found


def ci(tree: Tree) -> Iterator[Task]:
    """Commands that only CI names, as far as they are plain ones."""
    for line, where in ci_lines(tree):
        if (
            _NOT_PLAIN.search(line)
            or len(line) > 60
            or "\\" in line
            or re.search(r"(?i)doc|release|publish|deploy|nightly|bench", where)
        ):
            continue
        purpose: Purpose | None = next((p for p, pattern in _CI_WORDS if re.search(pattern, line)), None)
        if purpose and not re.match(r"(pip|npm|yarn|pnpm|cargo|go|uv|python -m pip|bundle|composer|cabal|stack|mix) (install|ci|add|get|sync|update|(v2-)?(freeze|configure)|deps.get)\b", line):  # fmt: skip
            yield Task(purpose, line, where, weight=1)
