"""What /init finds in projects of different kinds, from their files alone."""

from __future__ import annotations

import json

import pytest

from cass.project.draft import improve, write
from cass.project.facts import read
from cass.project.tree import Tree


def _tree(files: dict[str, str]) -> Tree:
    return Tree(tuple(sorted(files)), files)


def _commands(files: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task in read(_tree(files), "x").tasks:
        found.setdefault(task.purpose, []).append(task.command)
    return found


CI = "jobs:\n  t:\n    steps:\n      - run: |\n          cargo test --locked\n          echo ${{ x }}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"pyproject.toml": "[project]\nname='a'\n[project.optional-dependencies]\ntest=['pytest']\n[build-system]\nrequires=[]\n"
             "[tool.pytest.ini_options]\n[tool.ruff]\n[tool.mypy]\nfiles=['a']\n"},
            {"install": ["pip install -e '.[test]'"], "test": ["python -m pytest"], "lint": ["ruff check ."],
             "types": ["mypy"], "build": ["python -m build"]},
        ),
        (
            {"pyproject.toml": "[project]\nname='a'\n[dependency-groups]\ndev=['pytest','ruff']\n[tool.ruff.format]\n", "uv.lock": ""},
            {"install": ["uv sync"], "test": ["uv run pytest"], "lint": ["uv run ruff check ."], "format": ["uv run ruff format --check ."]},
        ),
        ({"manage.py": "", "requirements.txt": "django"}, {"install": ["pip install -r requirements.txt"], "test": ["python manage.py test"]}),
        ({"setup.py": "", "test_a.py": "import unittest"}, {"install": ["pip install -e ."], "test": ["python -m unittest discover"]}),
        (
            {"package.json": json.dumps({"scripts": {"test": "vitest", "test:watch": "x", "lint": "eslint", "lint:fix": "x", "build": "tsc",
             "typecheck": "tsc --noEmit", "dev": "vite", "prepare": "husky", "pretest": "x"}, "devDependencies": {"x": "1"}}), "pnpm-lock.yaml": ""},
            {"install": ["pnpm install"], "test": ["pnpm test"], "lint": ["pnpm lint"], "build": ["pnpm build"], "types": ["pnpm typecheck"], "run": ["pnpm dev"]},
        ),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, {}),
        ({"package.json": '{"packageManager": "yarn@4.1.0", "scripts": {"build": "x"}}'}, {"build": ["yarn build"]}),
        ({"Cargo.toml": "[workspace]\n"}, {"build": ["cargo build --workspace"], "test": ["cargo test --workspace"],
         "lint": ["cargo clippy --workspace --all-targets"], "format": ["cargo fmt --all --check"]}),
        ({"go.mod": "module x", "Makefile": "GO := go\ntest: build\n\tgo test\nbuild:\n\tgo build\n.PHONY: test\n%.o: x\nall: test\n"},
         {"build": ["make build", "go build ./..."], "test": ["make test", "go test ./..."], "lint": ["go vet ./..."], "format": ["gofmt -l ."]}),
        ({"build.gradle.kts": "", "gradlew": ""}, {"build": ["./gradlew build"], "test": ["./gradlew test"]}),
        ({"pom.xml": ""}, {"build": ["mvn package"], "test": ["mvn test"]}),
        ({"CMakeLists.txt": "enable_testing()"}, {"build": ["cmake -B build && cmake --build build"], "test": ["ctest --test-dir build"]}),
        ({"Gemfile": "gem 'rspec'", "spec/a_spec.rb": "", "Rakefile": "task :x"}, {"install": ["bundle install"], "test": ["bundle exec rspec"]}),
        ({"composer.json": '{"scripts": {"test": "phpunit", "post-install-cmd": "x"}}'}, {"install": ["composer install"], "test": ["composer test"]}),
        ({"justfile": "default:\n  x\ntest *args:\n  y\nfmt:\n  z\n"}, {"test": ["just test"], "format": ["just fmt"]}),
        ({"CMakeLists.txt": 'option(RE2_BUILD_TESTING "build and run tests; (all)" OFF)\ninclude(CTest)'},
         {"build": ["cmake -B build -DRE2_BUILD_TESTING=ON && cmake --build build"], "test": ["ctest --test-dir build"]}),
        ({"CMakeLists.txt": 'option(X_BUILD_TESTS "tests" ON)', ".gitmodules": ""},
         {"install": ["git submodule update --init --recursive"], "build": ["cmake -B build && cmake --build build"]}),
        ({"cabal.project": "", "a.cabal": "name: a\nexecutable a\n"}, {"build": ["cabal build all"]}),
        ({"cabal.project": "", "a.cabal": "name: a\ntest-suite t\n"}, {"build": ["cabal build all"], "test": ["cabal test all"]}),
        ({"stack.yaml": "", "package.yaml": "name: a\ntests:\n  t:\n"}, {"build": ["stack build"], "test": ["stack test"]}),
        ({"package.json": '{"packageManager": "pnpm@9", "scripts": {"check": "tsc --noEmit", "test": "vitest"}}'},
         {"test": ["pnpm test"], "types": ["pnpm check"]}),
        ({"pom.xml": "<artifactId>spotless-maven-plugin</artifactId>"},
         {"build": ["mvn package"], "test": ["mvn test"], "format": ["mvn spotless:check"]}),
        ({".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n    - run: cabal v2-freeze --enable-tests\n"}, {}),
        ({"a.csproj": ""}, {"build": ["dotnet build"], "test": ["dotnet test"]}),
        ({".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n    - run: ./tools/test everything\n    - run: pytest ${{ matrix.x }}\n"},
         {"test": ["./tools/test everything"]}),
    ],
)  # fmt: skip
def test_each_kind_of_project_is_recognised(files: dict[str, str], expected: dict[str, list[str]]) -> None:
    assert _commands(files) == expected


def test_what_ci_runs_is_marked_and_where_it_stands_is_said() -> None:
    facts = read(_tree({"Cargo.toml": "[package]\nname = 'n'\n", ".github/workflows/ci.yml": CI}), "x")
    assert "`cargo test` (Cargo.toml, in CI too; not run here)" in write(facts, {})


def test_results_of_running_are_told_and_failures_stand_out() -> None:
    facts = read(_tree({"go.mod": ""}), "x")
    text = write(facts, {"go test ./...": 1, "go build ./...": 0, "go vet ./...": None})
    assert "`go build ./...` (go.mod; ran here, passed)" in text
    assert "`go test ./...` (go.mod; **ran here and failed with exit code 1**)" in text
    assert "**ran here and was stopped**" in text


def test_rules_of_other_tools_are_imported_once() -> None:
    files = {
        "AGENTS.md": "use tabs", "CLAUDE.md": "@AGENTS.md", ".github/copilot-instructions.md": "use tabs",
        ".cursor/rules/a.mdc": "---\nx: y\n---\nshort names", "GEMINI.md": "",
    }  # fmt: skip
    facts = read(_tree(files), "x")
    assert facts.rules == (".cursor/rules/a.mdc", "AGENTS.md")
    assert "\n@AGENTS.md\n" in write(facts, {}) + "\n"


def test_what_a_person_wrote_stays_and_what_lacks_is_added() -> None:
    facts = read(_tree({"go.mod": "", "AGENTS.md": "x"}), "x")
    mine = "# Mine\n\n## Commands\n\nmake it so\n"
    better = improve(mine, facts, {})
    assert better.startswith(mine.rstrip())
    assert better.count("## Commands") == 1
    assert "@AGENTS.md" in better
    assert improve(better, facts, {}) == better


@pytest.mark.parametrize("text", ["{", "[1]", "\0", "a: [", "x = "])
def test_damaged_build_files_hide_nothing_else(text: str) -> None:
    files = {
        "package.json": text,
        "pyproject.toml": text,
        ".gitlab-ci.yml": text,
        "deno.json": text,
        "go.mod": "module m",
    }
    assert "go test ./..." in _commands(files)["test"]


def test_an_empty_project_has_a_start() -> None:
    assert "Nothing is here yet" in write(read(_tree({}), "x"), {})
