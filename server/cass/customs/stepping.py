"""Reads the steps of a command, and what stands beside a prompt: its check and the schema of its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from cass.customs.definition import Branch, Check, Step, Value
from cass.customs.heads import Head
from cass.protocol.wire import JsonObject, as_object

MAX_STEPS = 100
"""Steps of one file, inner ones too."""

MAX_RETRIES = 20
_DEEPEST = 6
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_KINDS = ("prompt", "run", "command", "parallel", "when", "steps")
_KEYS = (
    *_KINDS,
    *("id", "title", "with", "if", "unless", "for_each", "as", "max", "retry", "until", "on_error", "context"),
    *("model", "effort", "verify", "output_schema", "schema_retries", "timeout"),
)


def read(head: Head, key: str, depth: int = 0, seen: set[str] | None = None) -> tuple[Step, ...]:
    """The steps below a key. ConfigError with the line of what is wrong."""
    seen = set() if seen is None else seen
    if depth > _DEEPEST:
        raise head.at(key).error("steps are nested too deeply")
    found: list[Step] = []
    for number, inner in enumerate(head.heads(key), 1):
        found.append(_one(inner, number, depth, seen))
        if len(seen) > MAX_STEPS:
            raise inner.place.error(f"there are more than {MAX_STEPS} steps")
    return tuple(found)


def all_of(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps and all inside of them."""
    for step in steps:
        yield step
        yield from all_of(step.inner)


def check_of(head: Head, key: str) -> Check | None:
    """A check: a command line, or `run` with `retries`."""
    value = head.values.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        return Check(value, head.text_at(key))
    inner = head.inner(key)
    assert inner
    inner.known(("run", "retries"))
    if not inner.text("run").strip():
        raise inner.place.error(f"{key} needs `run`, a shell command")
    return Check(inner.text("run"), inner.text_at("run"), retries_of(inner, "retries"))


def retries_of(head: Head, key: str) -> int:
    """How often something is tried once more."""
    return head.count(key, 0, MAX_RETRIES, 3)


def schema_of(head: Head) -> JsonObject | None:
    """A JSON Schema for an answer. ConfigError where it is none."""
    value = head.values.get("output_schema")
    if value is None:
        return None
    schema = as_object(value)
    if not schema:
        raise head.at("output_schema").error("output_schema must be a JSON Schema object")
    from cass.customs import answers

    problem = answers.wrong_schema(schema)
    if problem:
        raise head.at("output_schema").error(f"output_schema is no JSON Schema: {problem}")
    return schema


def _one(head: Head, number: int, depth: int, seen: set[str]) -> Step:
    head.known(_KEYS)
    kinds = [kind for kind in _KINDS if head.values.get(kind) is not None]
    if len(kinds) != 1:
        named = f"this one has {' and '.join(kinds)}" if kinds else "this one has none"
        raise head.place.error(f"a step is exactly one of {', '.join(_KINDS)}; {named}")
    id = head.text("id") or f"step-{number}" + (f"-{len(seen)}" if depth else "")
    if not _ID.fullmatch(id):
        raise head.at("id").error(f"{id!r} is no name for a step", "Letters, digits, _ and -; a letter first.")
    if id in seen:
        raise head.at("id").error(f"there are two steps {id!r}")
    seen.add(id)
    kind = kinds[0]
    for key in ("prompt", "run", "command"):
        if kind == key and not head.text(key).strip():
            raise head.at(key).error(f"{key} is empty")
    only_prompt = [
        key for key in ("verify", "output_schema") if key in head.values and kind not in ("prompt", "command")
    ]
    if only_prompt:
        raise head.at(only_prompt[0]).error(f"{only_prompt[0]} belongs to a step with `prompt` or `command`")
    lines = {key: head.text_at(key).line for key in head.values}
    return Step(
        id=id,
        place=head.place,
        title=head.text("title"),
        prompt=head.text("prompt") if kind == "prompt" else None,
        run=head.text("run") if kind == "run" else None,
        command=head.text("command").lstrip("/") if kind == "command" else None,
        arguments=_arguments(head),
        parallel=read(head, "parallel", depth + 1, seen) if kind == "parallel" else (),
        branches=_branches(head, depth, seen) if kind == "when" else (),
        steps=read(head, "steps", depth + 1, seen) if kind == "steps" else (),
        condition=head.text("if"),
        unless=head.text("unless"),
        for_each=cast("Value", head.values.get("for_each")),
        each_name=head.text("as", "item"),
        most=head.count("max", 1, 500, 50),
        retry=head.count("retry", 0, MAX_RETRIES, 0),
        until=head.text("until"),
        go_on=head.word("on_error", ("stop", "continue")) == "continue",
        fork=head.word("context", ("fork", "session")) == "fork",
        model=head.text("model"),
        effort=head.text("effort"),
        verify=check_of(head, "verify"),
        output_schema=schema_of(head),
        schema_retries=retries_of(head, "schema_retries"),
        timeout=head.number("timeout", 0.1, 86_400) or 0,
        lines=lines,
    )


def _arguments(head: Head) -> Mapping[str, Value] | str:
    value = head.values.get("with")
    if isinstance(value, dict):
        inner = head.inner("with")
        assert inner
        return {key: cast("Value", item) for key, item in inner.values.items()}
    return head.text("with")


def _branches(head: Head, depth: int, seen: set[str]) -> tuple[Branch, ...]:
    found: list[Branch] = []
    for inner in head.heads("when"):
        inner.known(("if", "steps", "else"))
        if "else" in inner.values:
            if len(inner.values) > 1:
                raise inner.at("else").error("`else` stands alone: it holds the steps itself")
            found.append(Branch("", read(inner, "else", depth + 1, seen)))
        elif not inner.text("if") or "steps" not in inner.values:
            raise inner.place.error("a branch needs `if` and `steps`, the last one may be `else`")
        else:
            found.append(Branch(inner.text("if"), read(inner, "steps", depth + 1, seen)))
    if any(not branch.condition for branch in found[:-1]):
        raise head.at("when").error("`else` must be the last branch")
    return tuple(found)
