"""The forms of servers as every client can show them, and back: choices by title, several of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cass.mcp.facts import line
from cass.protocol.wire import JsonObject, as_list, as_object

_MOST_FIELDS = 30
_MOST_CHOICES = 200


@dataclass(frozen=True)
class _Field:
    name: str
    shown: JsonObject
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    """What each choice stands for, by what is shown of it."""
    many: bool = False

    def filled(self, given: Mapping[str, object] | None) -> JsonObject:
        """What is shown, with what was filled in before for its default."""
        if given is None:
            return self.shown
        value = given.get(self.name)
        if words := as_list(value):
            value = ", ".join(str(word) for word in words)
        plain = {key: one for key, one in self.shown.items() if key != "default"}
        return plain | {"default": value} if isinstance(value, str | int | float) and value != "" else plain


class Form:
    """One form: a flat JSON Schema object."""

    def __init__(self, schema: JsonObject) -> None:
        self._required = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
        properties = as_object(schema.get("properties"))
        self.fields = [_read(name, as_object(one)) for name, one in list(properties.items())[:_MOST_FIELDS]]

    def schema(self, given: Mapping[str, object] | None = None) -> JsonObject:
        """As clients show it; `given` is what was filled in before, for a form that is put again."""
        names = {one.name for one in self.fields}
        return {
            "type": "object",
            "properties": {one.name: one.filled(given) for one in self.fields},
            "required": [name for name in self._required if name in names],
        }

    def content(self, given: Mapping[str, object]) -> JsonObject:
        """What was filled in, as the server wants it."""
        found: JsonObject = {}
        for one in self.fields:
            value = given.get(one.name)
            if value is None or value == "":
                continue
            if one.many:
                words = as_list(value) or [word.strip() for word in str(value).split(",") if word.strip()]
                found[one.name] = [one.values.get(str(word), word) for word in words]
            else:
                found[one.name] = one.values.get(str(value), value)
        return found


def _read(name: str, schema: JsonObject) -> _Field:
    kind = schema.get("type")
    shown: JsonObject = {"type": kind if kind in ("string", "number", "integer", "boolean") else "string"}
    for key, most in (("title", 120), ("description", 500)):
        if isinstance(schema.get(key), str):
            shown[key] = line(str(schema[key]), most)
    bounds = ("minimum", "maximum", "minLength", "maxLength", "format")
    shown |= {key: schema[key] for key in bounds if isinstance(schema.get(key), int | float | str)}
    many = kind == "array"
    values = _choices(as_object(schema.get("items")) if many else schema)
    default = schema.get("default")
    if many:
        words = ", ".join(values)
        told = shown.get("description", "")
        shown["description"] = f"{told} Any of these, with commas between them: {words}".strip()
        titles = {value: word for word, value in values.items() if isinstance(value, str)}
        default = ", ".join(titles.get(one, one) for one in as_list(default) if isinstance(one, str))
    elif values:
        shown["enum"] = list(values)
        default = next((word for word, value in values.items() if value == default), None)
    if isinstance(default, str | int | float | bool) and default != "":
        shown["default"] = default
    return _Field(name, shown, values, many)


def _choices(schema: JsonObject) -> dict[str, object]:
    """The values that may be chosen, by what is shown of them."""
    for key in ("oneOf", "anyOf"):
        pairs = [as_object(one) for one in as_list(schema.get(key))[:_MOST_CHOICES]]
        if pairs and all("const" in one for one in pairs):
            return {line(str(one.get("title") or one["const"])): one["const"] for one in pairs}
    values = as_list(schema.get("enum"))[:_MOST_CHOICES]
    names = as_list(schema.get("enumNames"))
    if len(names) != len(values):
        names = values
    return {line(str(name)): value for name, value in zip(names, values, strict=True)}
