"""Puts a question of the model to the user: choose one of the options, or type."""

from __future__ import annotations

from cass_cli.approve import Asker
from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, as_object, get_object, get_text, get_texts
from cass_cli.paint import Paint


async def elicit(params: Json, asker: Asker, paint: Paint) -> Json:
    """Ask for each field of the schema, in order. The answer for the wire: `accept` with the fields, `decline` when
    the user gave nothing, `cancel` when they broke it off."""
    fields = get_object(get_object(params, "requestedSchema"), "properties")
    content: Json = {}
    async with asker.question():
        asker.show(f"\n{paint.bold(paint.yellow('? '))}{paint.bold(escape(get_text(params, 'message')))}\n")
        for name, schema in fields.items():
            value = await _field(name, as_object(schema), asker, paint, alone=len(fields) == 1)
            if value is None:
                return {"action": "cancel"}
            if value != "":
                content[name] = value
    return {"action": "accept", "content": content} if content else {"action": "decline"}


async def _field(name: str, schema: Json, asker: Asker, paint: Paint, *, alone: bool) -> object:
    """The value of one field; None when the user broke it off, an empty text when they gave none."""
    label = "" if alone else escape_line(get_text(schema, "title") or name) + ": "
    if get_text(schema, "type") == "boolean":
        key = await asker.ask_key(paint.cyan(f"{label}[y,n]"), "yn")
        return {"y": True, "n": False}.get(key)
    options = get_texts(schema, "enum")
    for number, option in enumerate(options, 1):
        asker.show(f"  {paint.cyan(str(number))}  {escape_line(option)}\n")
    hint = "A number, or your own words:" if options else "Your answer (Enter for none):"
    while True:
        line = await asker.ask_line(paint.cyan(f"{label}{hint}"))
        if line is None:
            return None
        line = line.strip()
        if line.isdecimal() and 1 <= int(line) <= len(options):
            return options[int(line) - 1]
        kind = get_text(schema, "type")
        if kind not in ("integer", "number") or not line:
            return line
        try:
            return int(line) if kind == "integer" else float(line)
        except ValueError:
            asker.show("  A number, please.\n")
