"""What 30 skills and 40 commands of a trusted project cost until they are used: tokens, and time to the first request."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import gauge
from gauge import Bench, Row, median
from start import counted_tokens, hello, ms, text_of

SKILLS, COMMANDS = 30, 40
_ABOUT = (
    "Use this when the user asks to {verb} the {thing} of the project; it knows the steps, the files that matter, the "
    "conventions of the team and the checks that have to pass before anybody looks at the result."
)
_VERBS = ("migrate", "document", "release", "profile", "translate", "review")
_THINGS = ("database", "public interface", "build", "test suite", "design tokens")


def rows(bench: Bench) -> Iterable[Row]:
    """All rows of this subject."""
    full = bench.folder / "brought"
    plant(full)
    environ = bench.environ()
    subprocess.run([gauge.cass_command(), "trust", "yes"], cwd=full, env=environ, check=True, capture_output=True)
    bare = bench.folder / "bare"
    bare.mkdir()
    pairs = gauge.rounds(bench.count, lambda: (hello(bench, bare), hello(bench, full)))
    without, with_them = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    name = f"with {SKILLS} skills and {COMMANDS} commands"
    first = ms(h.first for h in with_them)
    yield Row(f"spawn to the first request {name}", first, "ms", ms(h.first for h in without), "without", 1.1, True)
    cpu = median(h.cpu for h in with_them) * 1e3
    yield Row(f"CPU to the first request {name}", cpu, "ms", median(h.cpu for h in without) * 1e3, "without")
    texts = [text_of(hellos[-1].body) for hellos in (with_them, without)]
    more = (len(texts[0]) - len(texts[1])) / 4
    yield Row("tokens that they add, characters / 4", more, "tokens", target=800)
    counted = [counted_tokens(text) for text in texts]
    if counted[0] is not None and counted[1] is not None:
        yield Row("tokens that they add, cl100k", counted[0] - counted[1], "tokens", target=800)


def plant(folder: Path) -> None:
    """A project with skills and commands as teams have them."""
    for number in range(SKILLS):
        verb, thing = _VERBS[number % len(_VERBS)], _THINGS[number % len(_THINGS)]
        home = folder / ".cass" / "skills" / f"{verb}-{thing.replace(' ', '-')}-{number}"
        home.mkdir(parents=True)
        about = _ABOUT.format(verb=verb, thing=thing)
        (home / "SKILL.md").write_text(
            f"---\nname: {home.name}\ndescription: {about}\n---\n\n" + "One step.\n" * 200
        )
    for number in range(COMMANDS):
        file = folder / ".cass" / "commands" / f"area{number % 5}" / f"task-{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        head = f"---\ndescription: Does task {number}.\nparameters:\n  name:\n    type: string\n    required: true\n---\n"
        file.write_text(head + "\nDo {{name}} carefully.\n" * 20)
