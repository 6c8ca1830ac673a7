"""The JSON Schemas of other people's tools: mended for models, and held against arguments."""

from __future__ import annotations

import json
from typing import cast

from cass.mcp.facts import plain
from cass.protocol.wire import JsonObject, as_list, as_object

_MOST_CHARS = 60_000
_DEEPEST = 24
_PROBLEMS = 5
_JOINS = ("allOf", "anyOf", "oneOf")
_WHOLE = ("additionalProperties", "items", "not", "if", "then", "else", "contains", "propertyNames")
_NAMED = ("properties", "patternProperties")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_LEFT_OUT = ("$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "examples", "title", "$ref")


class Broken(ValueError):
    """A schema that cannot be mended, and why."""


def mended(schema: object) -> JsonObject:
    """A schema that any model's endpoint takes: an object, references put in, nothing that is no schema. Broken for one
    that asks for something other than an object, or is too big."""
    if schema is None or schema is True:
        schema = {}
    if not isinstance(schema, dict):
        raise Broken("its parameters are no JSON Schema")
    root = cast("JsonObject", schema)
    kind = root.get("type", "object")
    if kind != "object" and "object" not in as_list(kind):
        raise Broken(f"its parameters are of type {str(kind)[:40]!r}, not an object")
    try:
        if len(json.dumps(schema)) > _MOST_CHARS:
            raise Broken(f"its parameters take more than {_MOST_CHARS:,} characters")
        found = as_object(_part(root, root, (), [_MOST_CHARS]))
    except (RecursionError, TypeError, ValueError) as error:
        if isinstance(error, Broken):
            raise
        raise Broken("its parameters are nested too deep") from None
    found["type"] = "object"
    properties = dict(as_object(found.get("properties")))
    for join in _JOINS:  # at the top nobody takes them: what they name may be given, the server says what must be
        for one in as_list(found.pop(join, None)):
            properties |= {
                k: v for k, v in as_object(as_object(one).get("properties")).items() if k not in properties
            }
    found.pop("not", None)
    found.pop("enum", None)
    found["properties"] = properties
    required = [name for name in as_list(found.get("required")) if isinstance(name, str) and name in properties]
    found.pop("required", None)
    return {**found, "required": required} if required else found


def _part(node: object, root: JsonObject, within: tuple[str, ...], room: list[int]) -> object:
    """One schema inside: with what it refers to in the place of the reference, but for one that refers to itself."""
    if isinstance(node, bool):
        return {} if node else {"not": {}}
    if not isinstance(node, dict):
        return {}
    source = cast("JsonObject", node)
    reference = source.get("$ref")
    if isinstance(reference, str):
        if reference in within or len(within) > _DEEPEST:
            return {"description": plain(str(source.get("description", "")))} if "description" in source else {}
        beside = {key: value for key, value in source.items() if key != "$ref"}
        within = (*within, reference)
        source = {**as_object(_followed(reference, root)), **beside}
        if "$ref" in source:
            return _part(source, root, within, room)
    out: JsonObject = {}
    for key, value in source.items():
        if key in _LEFT_OUT:
            continue
        room[0] -= len(key) + (len(value) if isinstance(value, str) else 4)
        if room[0] < 0:
            raise Broken(f"its parameters take more than {_MOST_CHARS:,} characters, with what they refer to")
        out |= _keyword(key, value, root, within, room)
    return out


def _keyword(key: str, value: object, root: JsonObject, within: tuple[str, ...], room: list[int]) -> JsonObject:
    """One word of a schema with what it says; nothing where that is no sense."""
    if key in _NAMED:
        return {key: {name: _part(inner, root, within, room) for name, inner in as_object(value).items()}}
    if key in _LISTS:
        return {key: [_part(inner, root, within, room) for inner in as_list(value)]} if as_list(value) else {}
    if key == "items" and isinstance(value, list):
        return {key: {}}
    if key in _WHOLE:
        return {key: value if isinstance(value, bool) else _part(value, root, within, room)}
    if key == "description":
        return {key: plain(value)} if isinstance(value, str) else {}
    if key == "required":
        names = [name for name in as_list(value) if isinstance(name, str)]
        return {key: names} if names else {}
    if key == "type":
        return {key: value} if isinstance(value, str) or as_list(value) else {}
    if key == "enum":
        return {key: value} if as_list(value) else {}
    return {key: value}


def _followed(reference: str, root: JsonObject) -> object:
    """What a reference inside the schema leads to; anything for one that leads elsewhere or nowhere."""
    if not reference.startswith("#"):
        return {}
    found: object = root
    for word in reference.removeprefix("#").strip("/").split("/") if len(reference) > 2 else ():
        word = word.replace("~1", "/").replace("~0", "~")
        found = as_object(found).get(word)
    return found


def misfit(schema: JsonObject, arguments: JsonObject) -> str:
    """What is wrong with the arguments; empty for nothing, and for a schema that cannot be followed: the server itself
    will say."""
    from jsonschema import Draft202012Validator, SchemaError, ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, registry=Registry())  # an empty one: nothing is fetched
        errors = cast("list[ValidationError]", list(validator.iter_errors(cast("dict[str, None]", arguments))))  # pyright: ignore[reportUnknownMemberType]
    except (SchemaError, Unresolvable, RecursionError):
        return ""
    errors.sort(key=lambda error: error.json_path)
    return "; ".join(f"{error.json_path.removeprefix('$.')}: {error.message[:200]}" for error in errors[:_PROBLEMS])
