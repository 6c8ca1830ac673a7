"""On which line of a file each value of its head stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

Steps = tuple[str | int, ...]
"""The keys and numbers that lead to a value."""

_DEEPEST = 40


@dataclass(frozen=True)
class Lines:
    """Lines count from 1. What is not known has the line of what is around it."""

    keys: Mapping[Steps, int] = field(default_factory=dict[Steps, int])
    texts: Mapping[Steps, int] = field(default_factory=dict[Steps, int])

    def of(self, steps: Steps) -> int:
        """The line of a key or an item."""
        while steps and steps not in self.keys:
            steps = steps[:-1]
        return self.keys.get(steps, 1)

    def text_of(self, steps: Steps) -> int:
        """The line on which a text itself begins."""
        return self.texts.get(steps) or self.of(steps)


def of_head(text: str, body_line: int) -> Lines:
    """The lines of a whole file's head; nothing is known of one that is no YAML."""
    import yaml  # costs 20 ms, and most start-ups need none of it

    head = "\n".join(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")[1 : body_line - 2])
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = cast("object", yaml.compose(head, loader))  # pyright: ignore[reportUnknownMemberType]
    except (yaml.YAMLError, ValueError, RecursionError):
        return Lines()
    keys: dict[Steps, int] = {}
    texts: dict[Steps, int] = {}
    for steps, line, text_line in _walk(root, ()):
        keys[steps] = line
        texts[steps] = text_line
    return Lines(keys, texts)


def _walk(node: object, steps: Steps) -> Iterator[tuple[Steps, int, int]]:
    import yaml

    if len(steps) > _DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            inner = (*steps, str(key.value))
            yield inner, _line(key), _text_line(value)
            yield from _walk(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(cast("list[yaml.Node]", node.value)):
            inner = (*steps, number)
            yield inner, _line(value), _text_line(value)
            yield from _walk(value, inner)


def _line(node: object) -> int:
    mark = getattr(node, "start_mark", None)
    return (mark.line if mark else 0) + 2


def _text_line(node: object) -> int:
    return _line(node) + (getattr(node, "style", None) in ("|", ">"))
