"""Everything that can be known to be wrong with a command before it runs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from cass.customs import expressions, stepping, template
from cass.customs.definition import Definition, Place, Step
from cass.customs.quoting import Given, command
from cass.customs.rendering import SPECIAL
from cass.customs.template import Each, File, Hole, If, Node, Piece, Shell, Words
from cass.errors import ConfigError

MAX_CALLS = 5
"""How deep commands may call commands."""

Look = Callable[[str], "Definition | None"]
"""The command of a name; None for none, or none that can be read."""


def problems(definition: Definition, look: Look) -> list[ConfigError]:
    """What is wrong, in the order of the file. `look` finds other commands."""
    found: list[ConfigError] = []
    if definition.dialect != "cass":
        found += _template(definition.body, definition.body_place, "claude", None)
    else:
        known = {parameter.name for parameter in definition.parameters} | set(SPECIAL) | {"arguments", "steps"}
        ids = [step.id for step in stepping.all_of(definition.steps)]
        check = _Names(known, ids, definition)
        found += _template(definition.body, definition.body_place, "prompt", check)
        if definition.verify:
            found += _template(definition.verify.command, definition.verify.place, "shell", check)
        for step in stepping.all_of(definition.steps):
            found += _step(step, check.inside(step, definition.steps))
    try:
        calls(definition, look)
    except ConfigError as error:
        found.append(error)
    return found


def calls(definition: Definition, look: Look, above: Sequence[str] = ()) -> None:
    """ConfigError for a command that calls itself, over others too, that goes too deep, or that calls one which is not
    there."""
    for step in stepping.all_of(definition.steps):
        if step.command is None:
            continue
        name, place = step.command.split()[0], step.at("command")
        path = (*above, definition.name)
        if name in path:
            raise place.error(f"/{name} calls itself: {' → '.join((*path, name))}")
        if len(path) > MAX_CALLS:
            raise place.error(f"commands call commands too deeply: {' → '.join((*path, name))}")
        called = look(name)
        if called is None:
            raise place.error(
                f"there is no custom command /{name} that can be called",
                "`cass commands check` says where a file cannot be read.",
            )
        calls(called, look, path)


class _Names:
    """Says whether a name means something."""

    def __init__(self, known: set[str], steps: Sequence[str], definition: Definition) -> None:
        self._known = known
        self._steps = steps
        self._definition = definition

    def inside(self, step: Step, steps: Sequence[Step]) -> _Names:
        """What a step may name: also the items that it, and those around it, go through."""
        own = {s.each_name for s in _around(step, steps) if s.for_each is not None}
        return _Names(self._known | own | ({"item", "index"} if own else set()), self._steps, self._definition)

    def problem(self, name: str, place: Place) -> ConfigError | None:
        """What is wrong with it."""
        first, *rest = name.split(".")
        if first == "steps":
            if not rest or rest[0] not in self._steps:
                near = difflib.get_close_matches(rest[0] if rest else "", self._steps, n=1)
                return place.error(f"there is no step {rest[0] if rest else ''!r}", _mean(near, "steps."))
            if len(rest) < 2 or rest[1] not in ("ok", "text", "exit_code", "json", "lines", "state"):
                return place.error(f"{name} is not known", "A step has ok, text, lines, exit_code, json and state.")
            return None
        if first in self._known or name in self._known:
            return None
        near = difflib.get_close_matches(first, [*self._known], n=1)
        hint = _mean(near) or "Declare it under parameters, or write \\{{ for two braces that are meant as text."
        return place.error(f"there is no parameter {first!r}", hint)


def _around(step: Step, steps: Sequence[Step]) -> Iterator[Step]:
    for one in steps:
        if step in stepping.all_of([one]):
            yield one
            yield from _around(step, one.inner)


def _mean(near: Sequence[str], before: str = "") -> str:
    return f"Did you mean {before}{near[0]}?" if near else ""


def _step(step: Step, names: _Names) -> Iterator[ConfigError]:
    if step.prompt is not None:
        yield from _template(step.prompt, step.at("prompt"), "prompt", names)
    if step.run is not None:
        yield from _template(step.run, step.at("run"), "shell", names)
    if step.verify is not None:
        yield from _template(step.verify.command, step.verify.place, "shell", names)
    given = step.arguments.items() if isinstance(step.arguments, Mapping) else [("with", step.arguments)]
    for _, value in given:
        if isinstance(value, str):
            yield from _template(value, step.at("with"), "shell", names, is_command=False)
    if isinstance(step.for_each, str):
        yield from _condition(expressions.bare(step.for_each), step.at("for_each"), names)
    for key, text in (("if", step.condition), ("unless", step.unless), ("until", step.until)):
        if text:
            yield from _condition(expressions.bare(text), step.at(key), names)
    for branch in step.branches:
        if branch.condition:
            yield from _condition(expressions.bare(branch.condition), step.at("when"), names)


def _condition(text: str, place: Place, names: _Names) -> Iterator[ConfigError]:
    try:
        found = expressions.parse(text, place)
    except ConfigError as error:
        yield error
        return
    yield from (problem for name in expressions.names(found) if (problem := names.problem(name, place)))


def _template(
    text: str, place: Place, kind: template.Kind, names: _Names | None, *, is_command: bool = True
) -> Iterator[ConfigError]:
    try:
        nodes = template.parse(text, place, kind)
    except ConfigError as error:
        yield error
        return
    if names is not None:
        yield from (problem for name, at in template.names(nodes) if (problem := names.problem(name, at)))
    commands = (
        [nodes]
        if kind == "shell" and is_command
        else [n.inner for n in template.walk(nodes) if isinstance(n, Shell)]
    )
    for inner in commands:
        for variant in _variants(inner):
            try:
                command([_stand_in(node) for node in variant])
            except ConfigError as error:
                yield error
                break


def _stand_in(node: Node) -> str | Given:
    if isinstance(node, Piece):
        return node.text
    place = node.place if isinstance(node, Hole | Words) else Place(node.place.path, node.place.line)
    return Given("x", "a value", place)


def _variants(nodes: Sequence[Node]) -> list[list[Node]]:
    """What a command line can come to, each branch of it once: enough to find places where no value can stand."""
    found: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, If):
            ways = list(chain.from_iterable(_variants(inner) for _, inner in node.branches)) or [[]]
            found = [[*line, *way] for line in found for way in ways][:32]
        elif isinstance(node, Each):
            found = [[*line, *way] for line in found for way in _variants(node.inner)][:32]
        elif not isinstance(node, File | Shell):
            found = [[*line, node] for line in found]
    return found
