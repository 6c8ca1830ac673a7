"""`cass protocol schema`: every method and update as JSON Schema."""

from __future__ import annotations

import json

import click
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from cass.protocol import methods
from cass.protocol.wire import JsonObject, Wire


@click.group()
def protocol() -> None:
    """The wire protocol."""


@protocol.command()
def schema() -> None:
    """Print JSON Schema of every method and update."""
    click.echo(text())


def text() -> str:
    """The schema as it is committed in docs/protocol.schema.json."""
    return json.dumps(document(), indent=2, sort_keys=True)


def document() -> JsonObject:
    """Methods by name, each with its direction, parameters and result; the types under `$defs`."""
    both = [(m, "clientToServer") for m in methods.CLIENT_TO_SERVER]
    both += [(m, "serverToClient") for m in methods.SERVER_TO_CLIENT]
    types: list[tuple[type[Wire], JsonSchemaMode]] = []
    for method, _ in both:
        types.append((method.params, "validation"))
        if method.result:
            types.append((method.result, "validation"))
    refs, definitions = models_json_schema(
        list(dict.fromkeys(types)), ref_template="#/$defs/{model}", schema_generator=GenerateJsonSchema
    )
    listed: JsonObject = {}
    for method, direction in both:
        entry: JsonObject = {"direction": direction, "params": refs[method.params, "validation"]}
        if method.result:
            entry["result"] = refs[method.result, "validation"]
        else:
            entry["notification"] = True
        listed[method.name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"cass protocol {methods.PROTOCOL_VERSION}",
        "methods": listed,
        **definitions,
    }
