"""How projects in languages with one usual way are worked on: the files that say so, and the commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cass.project.tasks import Purpose, Task
from cass.project.tree import Tree

_TESTS_OFF = re.compile(r'option\s*\(\s*(\w*BUILD_TEST(?:S|ING)?)\s+"[^"]*"\s+OFF\s*\)')

Steps = tuple[tuple[Purpose, str], ...]


def tasks(tree: Tree) -> Iterator[Task]:
    """Those of every language that the root names."""
    for find in _FINDERS:
        yield from find(tree)


def _rust(tree: Tree) -> Iterator[Task]:
    if not tree.has("Cargo.toml"):
        return
    every = " --workspace" if "[workspace]" in tree.text("Cargo.toml") else ""
    yield Task("build", f"cargo build{every}", "Cargo.toml", weight=2)
    yield Task("test", f"cargo test{every}", "Cargo.toml", weight=2, single="cargo test NAME")
    yield Task("lint", f"cargo clippy{every} --all-targets", "Cargo.toml")
    yield Task("format", "cargo fmt --all --check" if every else "cargo fmt --check", "Cargo.toml")


def _go(tree: Tree) -> Iterator[Task]:
    if not tree.has("go.mod"):
        return
    yield Task("build", "go build ./...", "go.mod", weight=2)
    yield Task("test", "go test ./...", "go.mod", weight=2, single="go test ./PACKAGE -run TestName")
    linter = next((n for n in (".golangci.yml", ".golangci.yaml", ".golangci.toml") if tree.has(n)), "")
    if linter:
        yield Task("lint", "golangci-lint run", linter, weight=2)
    yield Task("lint", "go vet ./...", "go.mod")
    yield Task("format", "gofmt -l .", "go.mod")


def _java(tree: Tree) -> Iterator[Task]:
    file = next(
        (n for n in ("build.gradle.kts", "build.gradle", "settings.gradle", "settings.gradle.kts") if tree.has(n)),
        "",
    )
    if file:
        gradle = "./gradlew" if tree.has("gradlew") else "gradle"
        yield Task("build", f"{gradle} build", file, weight=2)
        yield Task("test", f"{gradle} test", file, weight=2, single=f"{gradle} test --tests 'package.ClassName'")
    if tree.has("pom.xml"):
        maven = "./mvnw" if tree.has("mvnw") else "mvn"
        yield Task("build", f"{maven} package", "pom.xml", weight=2)
        yield Task("test", f"{maven} test", "pom.xml", weight=2, single=f"{maven} test -Dtest=ClassName")
        if "spotless-maven-plugin" in tree.text("pom.xml"):
            yield Task("format", f"{maven} spotless:check", tree.line("pom.xml", "spotless-maven-plugin"), weight=2)


def _c(tree: Tree) -> Iterator[Task]:
    if tree.has("CMakeLists.txt"):
        off = _TESTS_OFF.search(tree.text("CMakeLists.txt"))
        tests = f" -D{off[1]}=ON" if off else ""
        yield Task("build", f"cmake -B build{tests} && cmake --build build", "CMakeLists.txt", weight=2)
        where = tree.line("CMakeLists.txt", "enable_testing")
        if re.search(r"enable_testing|include\s*\(\s*CTest", tree.text("CMakeLists.txt"), re.IGNORECASE):
            yield Task("test", "ctest --test-dir build", where, weight=2, single="ctest --test-dir build -R NAME")
    if tree.has("meson.build"):
        yield Task("build", "meson setup build && meson compile -C build", "meson.build", weight=2)
        yield Task("test", "meson test -C build", "meson.build", weight=2)
    if tree.has("configure.ac"):
        begin = "./autogen.sh" if tree.has("autogen.sh") else "autoreconf -i"
        begin = "" if tree.has("configure") else f"{begin} && "
        yield Task("build", f"{begin}./configure && make", "configure.ac", weight=2)
        yield Task("test", "make check", "configure.ac", weight=2)


def _haskell(tree: Tree) -> Iterator[Task]:
    said = [text for name, text in tree.texts.items() if name.endswith((".cabal", "/package.yaml", "package.yaml"))]
    has_tests = not said or any(re.search(r"^(test-suite|tests:)", text, re.MULTILINE) for text in said)
    for file, program, every in (("stack.yaml", "stack", ""), ("cabal.project", "cabal", " all")):
        if tree.has(file):
            yield Task("build", f"{program} build{every}", file)
            if has_tests:
                yield Task("test", f"{program} test{every}", file)


def _submodules(tree: Tree) -> Iterator[Task]:
    if tree.has(".gitmodules"):
        yield Task("install", "git submodule update --init --recursive", ".gitmodules")


def _ruby(tree: Tree) -> Iterator[Task]:
    if not tree.has("Gemfile", "Rakefile"):
        return
    run = "bundle exec " if tree.has("Gemfile") else ""
    if run:
        yield Task("install", "bundle install", "Gemfile")
    if tree.below("spec") and ("rspec" in tree.text("Gemfile") or tree.has(".rspec", "spec/spec_helper.rb")):
        yield Task("test", f"{run}rspec", "Gemfile", weight=2, single=f"{run}rspec spec/x_spec.rb")
    if tree.has("Rakefile"):
        named = re.search(r"task[ (]+:?[\"']?test\b|TestTask", tree.text("Rakefile"))
        yield Task("test", f"{run}rake test" if named else f"{run}rake", "Rakefile", weight=3 if named else 1)
    if tree.has(".rubocop.yml"):
        yield Task("lint", f"{run}rubocop", ".rubocop.yml", weight=2)


_USUAL: tuple[tuple[tuple[str, ...], Steps], ...] = (
    (("mix.exs",), (("install", "mix deps.get"), ("build", "mix compile"), ("test", "mix test"), ("format", "mix format --check-formatted"))),
    (("Package.swift",), (("build", "swift build"), ("test", "swift test"))),
    (("build.zig",), (("build", "zig build"), ("test", "zig build test"))),
    (("build.sbt",), (("build", "sbt compile"), ("test", "sbt test"))),
    (("project.clj",), (("test", "lein test"),)),
    (("rebar.config",), (("build", "rebar3 compile"), ("test", "rebar3 eunit"))),
    (("dune-project",), (("build", "dune build"), ("test", "dune test"))),
    (("gleam.toml",), (("build", "gleam build"), ("test", "gleam test"))),
    (("Project.toml",), (("test", "julia --project -e 'using Pkg; Pkg.test()'"),)),
    (("WORKSPACE", "MODULE.bazel", "WORKSPACE.bazel"), (("build", "bazel build //..."), ("test", "bazel test //..."))),
)  # fmt: skip


def _usual(tree: Tree) -> Iterator[Task]:
    for files, steps in _USUAL:
        file = next((name for name in files if tree.has(name)), "")
        if file:
            yield from (Task(purpose, command, file) for purpose, command in steps)
    solution = next(
        (p for p in tree.paths if "/" not in p and p.endswith((".sln", ".slnx", ".csproj", ".fsproj"))), ""
    )
    if solution:
        yield Task("build", "dotnet build", solution)
        yield Task("test", "dotnet test", solution, single="dotnet test --filter NAME")
    if tree.has("pubspec.yaml"):
        program = "flutter" if "flutter:" in tree.text("pubspec.yaml") else "dart"
        yield Task("install", f"{program} pub get", "pubspec.yaml")
        yield Task("test", f"{program} test", "pubspec.yaml")
        yield Task("lint", f"{program} analyze", "pubspec.yaml")


_FINDERS: tuple[Callable[[Tree], Iterator[Task]], ...] = (
    _rust,
    _go,
    _java,
    _c,
    _ruby,
    _haskell,
    _usual,
    _submodules,
)
