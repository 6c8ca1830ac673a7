"""Parameters: how a head declares them, what a value must look like, and the form in which a person is asked for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from cass.customs.definition import MAX_VALUE, Parameter, ParameterType, Value
from cass.customs.heads import Head
from cass.errors import SessionError
from cass.protocol.wire import JsonObject

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_KEYS = (
    *("name", "type", "required", "default", "description", "values", "enum", "prompt"),
    *("pattern", "min", "max", "must_exist"),
)
_TAKEN = ("this", "item", "steps", "selection", "diff", "diagnostics", "arguments", "true", "false", "null", "and")
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "1", "y"), True),
    **dict.fromkeys(("false", "no", "off", "0", "n"), False),
}
_OF_JSON: dict[ParameterType, str] = {"int": "integer", "number": "number", "bool": "boolean"}


def read(head: Head) -> tuple[Parameter, ...]:
    """The parameters of a command: a mapping by name, or a list of mappings with a `name`. ConfigError."""
    given = head.values.get("parameters")
    if given is None:
        return ()
    found: list[Parameter] = []
    if isinstance(given, list):
        for inner in head.heads("parameters"):
            found.append(_one(inner.text("name"), inner))
    else:
        outer = head.inner("parameters")
        assert outer
        for name, value in outer.values.items():
            below = {"type": value} if isinstance(value, str) else {}  # `name: int`, or nothing but a name
            plain = Head(below, head.path, head.lines, (*outer.below, name))
            found.append(_one(name, plain if value is None or below else outer.inner(name) or plain))
    names = [parameter.name for parameter in found]
    for name in names:
        if names.count(name) > 1:
            raise head.at("parameters").error(f"there are two parameters {name!r}")
    return tuple(found)


def _one(name: str, head: Head) -> Parameter:
    if not _NAME.fullmatch(name):
        raise head.place.error(f"{name!r} is no name for a parameter", "Letters, digits, _ and -; a letter first.")
    if name in _TAKEN:
        raise head.place.error(f"a parameter cannot be called {name!r}: that word has a meaning of its own")
    head.known(_KEYS)
    values = head.texts("values") or head.texts("enum")
    kind = cast("ParameterType", head.word("type", get_args(ParameterType)) or ("enum" if values else "string"))
    if kind == "enum" and not values:
        raise head.place.error(f"the parameter {name} of type enum needs `values`")
    default = head.values.get("default")
    required = head.truth("required", default is None and kind not in ("bool", "selection", "list"))
    pattern = head.text("pattern")
    try:
        re.compile(pattern)
    except re.error as error:
        raise head.at("pattern").error(f"the pattern of {name} is no regular expression: {error}") from None
    parameter = Parameter(
        name=name,
        type=kind,
        required=required,
        description=head.text("description"),
        values=values,
        prompt=head.truth("prompt", required),
        pattern=pattern,
        least=head.number("min", -1e18, 1e18),
        most=head.number("max", -1e18, 1e18),
        must_exist=head.truth("must_exist", True),
    )
    if default is None:
        return parameter
    try:
        value = checked(parameter, default)
    except SessionError as error:
        raise head.at("default").error(f"the default does not fit: {error.message}") from None
    return replace(parameter, default=value)


def checked(parameter: Parameter, given: object, exists: Callable[[str], bool] | None = None) -> Value:
    """The value in its type. `exists` says whether a path names a file that may be read. SessionError that names the
    parameter and says what would fit."""
    if isinstance(given, list):
        given_list = [str(item) for item in cast("list[object]", given)]
        if parameter.type != "list":
            raise _wrong(parameter, "takes one value, not several")
        return [cast("Value", _bounded(parameter, item)) for item in given_list]
    if isinstance(given, dict) or given is None:
        raise _wrong(parameter, "takes a plain value")
    if parameter.type == "bool":
        return given if isinstance(given, bool) else _truth(parameter, str(given))
    if parameter.type in ("int", "number"):
        return _number(parameter, given)
    text = _bounded(parameter, ("true" if given else "false") if isinstance(given, bool) else str(given))
    if parameter.type == "list":
        return [cast("Value", part.strip()) for part in text.split(",") if part.strip()]
    if parameter.values and text not in parameter.values:
        raise _wrong(parameter, f"cannot be {text[:60]!r}", f"It is one of: {', '.join(parameter.values)}.")
    if parameter.pattern and not re.fullmatch(parameter.pattern, text):
        raise _wrong(parameter, f"cannot be {text[:60]!r}", f"It must match {parameter.pattern}.")
    if parameter.type == "file" and exists and parameter.must_exist and not exists(text):
        raise _wrong(parameter, f"names no file of the project: {text[:200]!r}")
    return text


def schema(parameters: Sequence[Parameter], known: Mapping[str, Value]) -> JsonObject:
    """A form for these parameters: a flat JSON Schema, with what is known as defaults."""
    return {
        "type": "object",
        "properties": {parameter.name: _field(parameter, known.get(parameter.name)) for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
    }


def _field(parameter: Parameter, known: Value) -> JsonObject:
    field: JsonObject = {"type": _OF_JSON.get(parameter.type, "string"), "title": parameter.name}
    words = parameter.description
    if parameter.type == "file":
        words = words or "A file of the project."
    if parameter.type == "list":
        words = f"{words} (several: commas between them)".strip()
    if words:
        field["description"] = words
    if parameter.values:
        field["enum"] = list(parameter.values)
    if parameter.least is not None:
        field["minimum"] = parameter.least
    if parameter.most is not None:
        field["maximum"] = parameter.most
    if parameter.pattern:
        field["pattern"] = parameter.pattern
    default = parameter.default if known is None else known
    if isinstance(default, list):
        default = ", ".join(map(str, default))
    if default is not None:
        field["default"] = default
    return field


def _number(parameter: Parameter, given: str | int | float | object) -> int | float:
    try:
        if isinstance(given, bool):
            raise ValueError
        value = int(str(given)) if parameter.type == "int" else float(str(given))
    except ValueError:
        word = "a whole number" if parameter.type == "int" else "a number"
        raise _wrong(parameter, f"must be {word}, not {str(given)[:60]!r}") from None
    low, high = parameter.least, parameter.most
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = " ".join(
            ([f"from {low:g}"] if low is not None else []) + ([f"to {high:g}"] if high is not None else [])
        )
        raise _wrong(parameter, f"cannot be {value:g}", f"It is a number {bounds}.")
    if value != value or value in (float("inf"), float("-inf")):
        raise _wrong(parameter, "must be a number")
    return value


def _truth(parameter: Parameter, given: str) -> bool:
    value = _TRUTHS.get(given.strip().lower())
    if value is None:
        raise _wrong(parameter, f"must be true or false, not {given[:60]!r}")
    return value


def _bounded(parameter: Parameter, text: str) -> str:
    if len(text) > MAX_VALUE:
        raise _wrong(parameter, f"is too long: {len(text):,} characters; {MAX_VALUE:,} are taken")
    return text


def _wrong(parameter: Parameter, what: str, hint: str = "") -> SessionError:
    return SessionError(f"the parameter {parameter.name} {what}", hint=hint, kind="invalid_params")
