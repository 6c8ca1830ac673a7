"""The files of commands: found, named, read as far as they go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.brought import Source
from cass.customs import advice, dryrun, index, parameters, reading
from cass.customs.definition import Definition, Parameter
from cass.customs.heads import Head
from cass.customs.positions import Lines
from cass.errors import ConfigError, SessionError


def source(folder: Path, dialect: str = "cass") -> Source:
    return Source(folder, "project", "claude" if dialect == "claude" else "cass", folder)


def definition(text: str) -> Definition:
    return reading.read(text, Path("/p/c.md"), "c", "project", "cass")


def test_files_are_named_by_their_folders_and_read_again_when_they_change(tmp_path: Path) -> None:
    for name in ("a.md", "db/up.md", "db/deep/er.md", ".hidden.md", ".git/x.md", "notes.txt", "b d.md", "1.2-x.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Say it.")
    (tmp_path / "broken.md").symlink_to(tmp_path / "none")
    (tmp_path / "out.md").symlink_to("/etc/hostname")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    (tmp_path / "big.md").write_text("x" * (reading.MAX_BYTES + 1))
    found = index.Index()
    first = index.named(found.look([source(tmp_path)]))
    assert sorted(n for n, e in first.items() if e.problem is None) == ["1.2-x", "a", "db:deep:er", "db:up"]
    problems = {n: str(e.problem) for n, e in first.items() if e.problem}
    assert "no name" in problems["b d"] and "UTF-8" in problems["bytes"] and "too big" in problems["big"]
    again = index.named(found.look([source(tmp_path)]))
    assert again["a"] is first["a"]
    (tmp_path / "a.md").write_text("---\ndescription: Other\n---\nx")
    os.utime(tmp_path / "a.md", ns=(1, 1))
    changed = index.named(found.look([source(tmp_path)]))["a"].definition
    assert changed and changed.description == "Other"
    assert index.found(first, "nothing") is None and index.found(first, "big") is None


def test_a_file_that_cannot_be_read_hides_none_of_a_weaker_folder(tmp_path: Path) -> None:
    for folder, text in (("one", "Fine."), ("two", "---\nparameters: 7\n---\nx")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.md").write_text(text)
    entry = index.named(index.Index().look([source(tmp_path / "one"), source(tmp_path / "two")]))["c"]
    assert entry.problem is None and entry.path.parent.name == "one"


@pytest.mark.parametrize(
    "text",
    [
        "---\ndescription: [a\n---\nx", "---\nallowed-tools: {a: 1}\nhooks: 3\nmodel: [x]\nargument-hint: [a] [b]\n---\nx",
        "---\nargument-hint: [file]\n---\n", "no head", "---\nunclosed", "", "---\ncontext: fork\ndisallowed-tools: Bash, Edit(x)\n---\nx",
    ],
)  # fmt: skip
def test_files_of_others_are_read_as_far_as_they_go(text: str) -> None:
    found = reading.read(text, Path("/p/c.md"), "c", "project", "claude")
    assert found.model == "" and "edit_file" not in found.allowed.never


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (Parameter("x", "int"), "7", 7),
        (Parameter("x", "number", least=0), "1.5", 1.5),
        (Parameter("x", "bool"), "Yes", True),
        (Parameter("x", "list"), "a, b,,c", ["a", "b", "c"]),
        (Parameter("x", "list"), ["a,b", "c"], ["a,b", "c"]),
        (Parameter("x"), True, "true"),
        (Parameter("x", pattern="[a-z]+"), "abc", "abc"),
        (Parameter("x", "file", must_exist=False), "none", "none"),
    ],
)
def test_values_that_fit(parameter: Parameter, given: object, value: object) -> None:
    assert parameters.checked(parameter, given, lambda path: False) == value


@pytest.mark.parametrize(
    ("parameter", "given", "words"),
    [
        (Parameter("x", "int"), True, "whole number"),
        (Parameter("x", "number", most=3), "4", "to 3"),
        (Parameter("x", "number"), "nan", "a number"),
        (Parameter("x", "number"), "one", "a number"),
        (Parameter("x"), ["a"], "one value"),
        (Parameter("x"), {"a": 1}, "plain value"),
        (Parameter("x", pattern="[a-z]+"), "ABC", "must match"),
        (Parameter("x", "file"), "none", "no file of the project"),
        (Parameter("x"), "y" * 1_000_001, "too long"),
    ],
)
def test_values_that_do_not(parameter: Parameter, given: object, words: str) -> None:
    with pytest.raises(SessionError) as caught:
        parameters.checked(parameter, given, lambda path: False)
    assert "the parameter x" in str(caught.value) and words in str(caught.value)


@pytest.mark.parametrize(
    "declared",
    [
        [{"name": "a"}, {"name": "a"}], [{"name": "1"}], {"a": {"pattern": "("}}, {"a": {"type": "int", "default": "x"}},
        {"a": {"min": "low"}}, {"a": {"required": "perhaps"}}, {"a": {"description": [1]}}, {"a": {"values": [{"b": 1}]}}, [7], 7,
    ],
)  # fmt: skip
def test_parameters_that_are_declared_wrongly(declared: object) -> None:
    with pytest.raises(ConfigError):
        parameters.read(Head({"parameters": declared}, Path("/p/c.md"), Lines()))


def test_a_form_says_all_that_is_known_of_a_field() -> None:
    asked = (
        Parameter("f", "file", required=True),
        Parameter("n", "number", least=1, most=2, default=1),
        Parameter("l", "list", default=["a", "b"]),
        Parameter("p", pattern="x", description="Words"),
    )
    assert parameters.schema(asked, {"p": "known"}) == {
        "type": "object",
        "required": ["f"],
        "properties": {
            "f": {"type": "string", "title": "f", "description": "A file of the project."},
            "n": {"type": "number", "title": "n", "minimum": 1, "maximum": 2, "default": 1},
            "l": {
                "type": "string",
                "title": "l",
                "description": "(several: commas between them)",
                "default": "a, b",
            },
            "p": {"type": "string", "title": "p", "description": "Words", "pattern": "x", "default": "known"},
        },
    }


def test_advice_is_given_where_something_else_may_be_meant() -> None:
    found = definition(
        "---\ntools: {allow: [Read, shel], deny: [nope]}\nsteps:\n  - {id: a, run: x}\n  - {id: b, if: steps.a.ok, run: y}\n---\n"
    )
    told = [str(error).split("\n")[0] for error in advice.of(found, ["read_file", "shell"], ["c"])]
    assert [any(word in line for line in told) for word in ("stays it", "'shel'", "'nope'", "run ends")] == [
        True
    ] * 4
    assert advice.faults(definition("---\nrules: {deny: ['shell(']}\n---\nx"))


async def test_a_dry_run_tells_of_every_part() -> None:
    found = definition(
        "---\nmodel: a/b\neffort: low\nmode: plan\napproval: ask\ntools: [grep]\nrules: {ask: [shell], deny: ['shell(rm*)'], allow: [grep]}\n"
        "context: fork\nparameters: {x: string, s: selection}\noutput_schema: {type: object}\nverify: {run: 'test {{x}}', retries: 1}\n"
        "steps:\n  - {id: a, command: other, with: {y: 1}, retry: 2}\n  - id: w\n    unless: steps.a.ok\n    when:\n"
        "      - {if: x, steps: [{id: c, for_each: [1], run: 'ls {{item}}', until: steps.c.ok}]}\n      - else: [{id: d, prompt: D}]\n"
        "---\n{{s}} {{diff}} @{{x}}"
    )
    text = await dryrun.text(found, "x='a b'", "chosen", lambda name: None)
    for part in ("Model: a/b", "Runs as: a fork", "Refused: shell(rm*)", "/other y=1", "up to 3 times", "unless steps.a.ok", "Else:",
                 "ls '«item»'", "chosen «diff» @a b", "test 'a b'", "output_schema"):  # fmt: skip
        assert part in text, part
