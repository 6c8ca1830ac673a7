"""Writes the extension's settings into package.json, from server/cass/config/."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

from pydantic.fields import FieldInfo

from cass import __version__, layers
from cass.config import Config

MANIFEST = Path(__file__).resolve().parent.parent / "package.json"

_OWN: dict[str, object] = {
    "cass.server.command": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine",
        "order": 0,
        "markdownDescription": 'How cass is run: a program and its arguments, as in `["python3", "-P", "-m", "cass"]`. '
        "Empty: the variable `CASS_SERVER`, then what comes with the extension, then `cass` in `PATH`.",
    },
}

_NOT_FOR_EDITORS = ("ui.",)
"""What only the terminal shows."""


def manifest() -> str:
    """The manifest's text with the settings of today."""
    value = json.loads(MANIFEST.read_text("utf-8"))
    properties = _OWN | {f"cass.{key}": _setting(key, field) for key, field in _settings()}
    value["version"] = __version__
    value["contributes"]["configuration"] = {"title": "cass", "properties": properties}
    value["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = list(properties)
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _settings() -> list[tuple[str, FieldInfo]]:
    return [(key, field) for key, field in layers.fields(Config) if not key.startswith(_NOT_FOR_EDITORS)]


def _setting(key: str, field: FieldInfo) -> dict[str, object]:
    extra = cast("dict[str, object]", field.json_schema_extra or {})
    described: dict[str, object] = _shape(key)
    default = field.get_default(call_default_factory=True)
    if default is not None:
        described["default"] = list(cast("tuple[object]", default)) if isinstance(default, tuple) else default
    # A folder's own settings may describe, but never loosen or name an endpoint: they are not taken from it.
    described["scope"] = "resource" if extra.get("project") == "any" else "machine"
    described["description"] = field.description or ""
    return described


def _shape(key: str) -> dict[str, object]:
    """The JSON Schema of one setting, without references."""
    schema = Config.model_json_schema()
    definitions = cast("dict[str, dict[str, object]]", schema.get("$defs", {}))
    node: dict[str, object] = schema
    for part in key.split("."):
        if "$ref" in node:
            node = definitions[str(node["$ref"]).rsplit("/", 1)[1]]
        node = cast("dict[str, dict[str, object]]", node["properties"])[part]
    return {name: value for name, value in _plain(node, definitions).items() if name in _KEPT}


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_KEPT = frozenset(("type", "enum", "items", "additionalProperties", "properties", *_BOUNDS))


def _plain(node: dict[str, object], definitions: dict[str, dict[str, object]]) -> dict[str, object]:
    """References written out; `X or null` as a type list, the way editors show it."""
    if "$ref" in node:
        return _plain(definitions[str(node["$ref"]).rsplit("/", 1)[1]], definitions)
    if "anyOf" in node:
        options = [_plain(option, definitions) for option in cast("list[dict[str, object]]", node["anyOf"])]
        first = options[0]
        nullable = {**first, "type": [first["type"], "null"]}
        if "enum" in first:
            nullable["enum"] = [*cast("list[object]", first["enum"]), None]
        return nullable
    plain = {name: value for name, value in node.items() if name in {*_KEPT, "description"}}
    for name in ("items", "additionalProperties"):
        if isinstance(plain.get(name), dict):
            plain[name] = _plain(cast("dict[str, object]", plain[name]), definitions)
    if isinstance(plain.get("properties"), dict):
        inner = cast("dict[str, dict[str, object]]", plain["properties"])
        plain["properties"] = {name: _plain(value, definitions) for name, value in inner.items()}
    return plain


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(manifest())
    else:
        MANIFEST.write_text(manifest(), "utf-8")
