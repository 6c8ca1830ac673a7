"""Puts values into a text that was taken apart. Values are data: what they say is never looked at again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cass.customs import expressions, quoting, template
from cass.customs.definition import Place, Value
from cass.customs.expressions import shown
from cass.customs.template import Each, File, Hole, If, Node, Piece, Shell, Words
from cass.errors import SessionError

LONGEST = 2_000_000
"""Characters that one text may come to."""

ITEMS = 1_000
SPECIAL = ("selection", "diff", "diagnostics")


class World(Protocol):
    """What a text may ask for while it is put together."""

    async def shell(self, command: str, place: Place) -> str:
        """Run this command line, exactly; what it printed. CassError where it may not."""
        ...

    async def file(self, path: str, place: Place, *, must_exist: bool) -> str | None:
        """What stands in the text for a file that is given along; None leaves the text as it is."""
        ...

    async def special(self, name: str) -> str:
        """`selection`, `diff` or `diagnostics`."""
        ...


@dataclass(frozen=True)
class Values:
    """What is known: parameters and results by name, the words that were given, and the line itself."""

    named: Mapping[str, Value] = field(default_factory=dict[str, Value])
    words: Sequence[str] = ()
    line: str = ""

    def of(self, path: str) -> Value:
        """The value of a dotted name; None for what is not there."""
        if path in self.named:
            return self.named[path]
        first, *rest = path.split(".")
        found: Value = self.named.get(first)
        for part in rest:
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isdecimal():
                found = found[int(part)] if int(part) < len(found) else None
            elif part in ("length", "count") and isinstance(found, list | str):
                found = len(found)
            else:
                return None
        return found

    def word(self, number: int) -> str:
        """The word with this number, empty where there is none; all of them, as they were written, for 0."""
        if number == 0:
            return self.line
        return self.words[number - 1] if number <= len(self.words) else ""

    def with_item(self, name: str, item: Value, at: int, count: int) -> Values:
        """The same, inside of an `each`."""
        own: dict[str, Value] = {
            "this": item,
            name: item,
            "@index": at,
            "@first": at == 0,
            "@last": at == count - 1,
        }
        return Values({**self.named, **own}, self.words, self.line)


async def text(nodes: Sequence[Node], values: Values, world: World) -> str:
    """The text for the model. CassError where a value, a file or a command is not to be had."""
    out: list[str] = []
    size = 0
    async for piece in _texts(nodes, await _with_special(nodes, values, world), world):
        size += len(piece)
        if size > LONGEST:
            raise _too_long(nodes)
        out.append(piece)
    return "".join(out)


async def command(nodes: Sequence[Node], values: Values, world: World) -> str:
    """A command line, every value in it quoted. ConfigError where one cannot stand."""
    return quoting.command(_segments(nodes, await _with_special(nodes, values, world)))


async def _with_special(nodes: Sequence[Node], values: Values, world: World) -> Values:
    used = {name.split(".")[0] for name, _ in template.names(nodes)}
    wanted = [name for name in SPECIAL if name in used and name not in values.named]
    more: dict[str, Value] = {name: await world.special(name) for name in wanted}
    return Values({**values.named, **more}, values.words, values.line) if more else values


async def _texts(nodes: Sequence[Node], values: Values, world: World) -> AsyncIterator[str]:
    for node in nodes:
        match node:
            case Piece(piece):
                yield piece
            case Hole(expression, place):
                yield shown(_known(expression, values, place))
            case Words(number, _):
                yield values.word(number)
            case Shell(inner, place):
                line = quoting.command(_segments(inner, values))
                yield await world.shell(line, place)
            case File():
                yield await _file(node, values, world)
            case If(branches, _):
                async for piece in _texts(_branch(branches, values), values, world):
                    yield piece
            case Each():
                for inner_values in _items(node, values):
                    async for piece in _texts(node.inner, inner_values, world):
                        yield piece


def _segments(nodes: Sequence[Node], values: Values) -> list[quoting.Segment]:
    """The pieces of a command line."""
    out: list[quoting.Segment] = []
    for node in nodes:
        match node:
            case Piece(piece):
                out.append(piece)
            case Hole(expression, place):
                out.append(quoting.Given(shown(_known(expression, values, place)), _name(expression), place))
            case Words(0, place):
                for number, word in enumerate(values.words):
                    out += [" "] if number else []
                    out.append(quoting.Given(word, "$ARGUMENTS", place))
            case Words(number, place):
                out.append(quoting.Given(values.word(number), f"${number}", place))
            case If(branches, _):
                out += _segments(_branch(branches, values), values)
            case Each():
                for inner_values in _items(node, values):
                    out += _segments(node.inner, inner_values)
            case Shell() | File():
                raise node.place.error("this cannot stand in a command")
    return out


async def _file(node: File, values: Values, world: World) -> str:
    parts = [piece async for piece in _texts(node.inner, values, world)]
    path = "".join(parts)
    if not path.strip():
        return ""
    found = await world.file(path, node.place, must_exist=node.must_exist)
    return "@" + path if found is None else found


def _branch(
    branches: Sequence[tuple[expressions.Expression | None, Sequence[Node]]], values: Values
) -> Sequence[Node]:
    for condition, inner in branches:
        if condition is None or expressions.holds(condition, values.of):
            return inner
    return ()


def _items(node: Each, values: Values) -> list[Values]:
    found = expressions.value(node.items, values.of)
    items: list[Value]
    if isinstance(found, list):
        items = found
    elif isinstance(found, dict):
        items = list(found)
    else:
        items = [line for line in shown(found).splitlines() if line.strip()]
    if len(items) > ITEMS:
        raise node.place.error(f"this is a list of {len(items):,}; {ITEMS:,} are gone through")
    return [values.with_item(node.name, item, at, len(items)) for at, item in enumerate(items)]


def _known(expression: expressions.Expression, values: Values, place: Place) -> Value:
    """A value that is named must be there, if only as nothing."""
    for name in expressions.names(expression):
        if name.split(".")[0] not in values.named and name not in values.named:
            raise place.error(f"there is no value {{{{{name}}}}}")
    return expressions.value(expression, values.of)


def _name(expression: expressions.Expression) -> str:
    return f"{{{{{next(expressions.names(expression), '…')}}}}}"


def _too_long(nodes: Sequence[Node]) -> Exception:
    place = next((node.place for node in template.walk(nodes) if not isinstance(node, Piece)), None)
    message = f"the text of the command is longer than {LONGEST:,} characters"
    return place.error(message) if place else SessionError(message)
