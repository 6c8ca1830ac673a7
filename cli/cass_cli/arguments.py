"""What may follow a slash command with parameters while it is typed: their names, and the values of those that have a few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cass_cli.fields import Json, get_bool, get_text, get_texts


def offered(parameters: Sequence[Json], rest: str) -> Iterator[tuple[str, str]]:
    """What fits the last word of what followed the name, each with what it means."""
    *before, word = rest.split(" ")
    name, equals, value = word.partition("=")
    by_name = {get_text(p, "name"): p for p in parameters}
    if equals:
        for one in _values(by_name.get(name.lstrip("-"), {})):
            if one.startswith(value):
                yield f"{name}={one}", ""
        return
    if word.startswith(("@", '"', "'")):
        return
    used = {part.partition("=")[0].lstrip("-").removeprefix("no-") for part in before}
    free = [p for name, p in by_name.items() if name not in used]
    for one in _values(free[0]) if free and get_text(free[0], "type") == "enum" else ():
        if one.startswith(word):
            yield one, get_text(free[0], "name")
    for parameter in free:
        name, kind = get_text(parameter, "name"), get_text(parameter, "type")
        if kind == "selection":
            continue
        text = f"--{name}" if kind == "bool" else f"{name}="
        if text.startswith(word) or name.startswith(word):
            needed = "needed" if get_bool(parameter, "required", False) else ""
            yield text, ", ".join(part for part in (kind, needed, get_text(parameter, "description")) if part)


def path_before(parameters: Sequence[Json], rest: str) -> str | None:
    """The beginning of a path, where the last word is that of a parameter of the type file; None elsewhere."""
    name, equals, value = rest.rpartition(" ")[2].partition("=")
    kinds = {get_text(p, "name"): get_text(p, "type") for p in parameters}
    return value if equals and kinds.get(name.lstrip("-")) == "file" else None


def _values(parameter: Json) -> Sequence[str]:
    return ["true", "false"] if get_text(parameter, "type") == "bool" else get_texts(parameter, "values")
