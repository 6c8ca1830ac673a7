"""Writes src/protocol.ts, the protocol's types, from docs/protocol.schema.json."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parents[2] / "docs" / "protocol.schema.json"
TARGET = HERE.parent / "src" / "protocol.ts"

_HEAD = """\
// The protocol's types. Made from docs/protocol.schema.json by scripts/protocol_types.py; do not edit.
"""

Schema = Mapping[str, object]

_TABLES = (
    ("Requests", "What the client may ask.", "clientToServer", False),
    ("Notifications", "What the client may tell.", "clientToServer", True),
    ("Asked", "What the server may ask.", "serverToClient", False),
    ("Told", "What the server may tell.", "serverToClient", True),
)


def types() -> str:
    """The file's text: one exported type for each definition, in the schema's order, and a table of the methods."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    definitions = cast("dict[str, Schema]", schema["$defs"])
    shapes = "".join(_declaration(name, definition) for name, definition in definitions.items())
    methods = cast("dict[str, Schema]", schema["methods"])
    tables = "".join(_table(*table, methods) for table in _TABLES)
    return f"{_HEAD}{shapes}{tables}"


def _table(name: str, says: str, direction: str, notification: bool, methods: Mapping[str, Schema]) -> str:
    rows = [
        f"  {json.dumps(method)}: {{ params: {_type(cast('Schema', m['params']))}; result: {_result(m)} }};\n"
        for method, m in methods.items()
        if m["direction"] == direction and bool(m.get("notification")) is notification
    ]
    return f"\n/** {says} */\nexport interface {name} {{\n{''.join(rows)}}}\n"


def _result(method: Schema) -> str:
    return _type(cast("Schema", method["result"])) if "result" in method else "undefined"


def _declaration(name: str, definition: Schema) -> str:
    says = str(definition.get("description", "")).replace("\n", "\n * ")
    comment = f"\n/** {says} */\n" if says else "\n"
    shape = _object(definition) if definition.get("type") == "object" else f"type {name} = {_type(definition)}"
    return f"{comment}export {shape.replace('interface', f'interface {name}', 1)}\n"


def _object(definition: Schema) -> str:
    required = cast("list[str]", definition.get("required", []))
    fields = cast("dict[str, Schema]", definition.get("properties", {}))
    lines = [
        f"  {key}{'' if key in required or 'const' in field else '?'}: {_type(field)};\n"
        for key, field in fields.items()
    ]
    return "interface {\n" + "".join(lines) + "}"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in cast("list[str]", schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            # An absent value is left out on the wire, never null.
            options = [o for o in cast("list[Schema]", schema[key]) if o.get("type") != "null"]
            return " | ".join(dict.fromkeys(_type(option) for option in options))
    return _plain(schema)


def _plain(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        inner = _type(cast("Schema", schema.get("items", {})))
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        inner = _type(cast("Schema", values)) if isinstance(values, dict) else "unknown"
        return f"Record<string, {inner}>"
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}.get(
        str(kind), "unknown"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(types())
    else:
        TARGET.write_text(types(), "utf-8")
