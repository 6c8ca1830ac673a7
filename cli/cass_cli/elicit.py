"""Puts a form of the server to the user, field by field: choose one of the options, or type."""

from __future__ import annotations

from cass_cli.approve import INTERRUPT, Asker
from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, as_object, get_object, get_text, get_texts
from cass_cli.paint import Paint

_TRUTHS = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_LEAVE = "Back to the form, decline it, or quit it without an answer? [b,d,q]"


async def elicit(params: Json, asker: Asker, paint: Paint) -> Json:
    """Ask for each field of the schema, in order. The answer for the wire: `accept` with the fields, `decline` when
    the user gave nothing or says so, `cancel` when they broke it off."""
    schema = get_object(params, "requestedSchema")
    fields = get_object(schema, "properties")
    required = get_texts(schema, "required")
    content: Json = {}
    async with asker.question():
        asker.show(f"\n{paint.bold(paint.yellow('? '))}{paint.bold(escape(get_text(params, 'message')))}\n")
        for name, value in fields.items():
            field = _Field(name, as_object(value), asker, paint, alone=name == "answer", required=name in required)
            while (answer := await field.ask()) is None:
                key = "q" if name == "answer" else await asker.ask_key(paint.cyan(_LEAVE), "bdq")
                if key != "b":
                    return {"action": "decline" if key == "d" else "cancel"}
            if answer != "":
                content[name] = answer
    return {"action": "accept", "content": content} if content else {"action": "decline"}


class _Field:
    """One field of a form. A question of the model has one field, `answer`: its options are no more than suggestions."""

    def __init__(self, name: str, schema: Json, asker: Asker, paint: Paint, *, alone: bool, required: bool) -> None:
        self._schema = schema
        self._asker = asker
        self._paint = paint
        self._alone = alone
        self._label = "" if alone else escape_line(get_text(schema, "title") or name) + ": "
        self._options = get_texts(schema, "enum")
        default = schema.get("default")
        self._default = "" if default is None or isinstance(default, dict | list) else _shown(default)
        self._required = required and not alone

    async def ask(self) -> object:
        """The value; None when the user broke it off, an empty text when they gave none."""
        kind = get_text(self._schema, "type")
        if words := get_text(self._schema, "description"):
            self._asker.show(f"  {self._label}{self._paint.dim(escape_line(words))}\n")
        if kind == "boolean" and not self._default:
            key = await self._asker.ask_key(self._paint.cyan(f"{self._label}[y,n]"), "yn")
            return {"y": True, "n": False}.get(key)
        for number, option in enumerate(self._options, 1):
            mark = " (default)" if option == self._default else ""
            self._asker.show(f"  {self._paint.cyan(str(number))}  {escape_line(option)}{self._paint.dim(mark)}\n")
        while True:
            line = await self._asker.ask_line(self._paint.cyan(f"{self._label}{self._hint(kind)}"))
            if line is None or line == INTERRUPT:
                return None
            line = line.strip() or self._default
            if not line and self._required:
                self._asker.show("  This one is needed.\n")
                continue
            value = self._read(kind, line)
            if value is not None:
                return value

    def _hint(self, kind: str) -> str:
        if self._alone:
            return "A number, or your own words:" if self._options else "Your answer (Enter for none):"
        none = "" if self._required else " (Enter for none)"
        tail = f" (Enter for {escape_line(self._default)})" if self._default else none
        if self._options:
            return f"one of them, or its number{tail}:"
        words = {"boolean": "y or n", "integer": "a whole number", "number": "a number"}.get(kind, "")
        return f"{words}{tail}:".strip() if words or tail else ""

    def _read(self, kind: str, line: str) -> object:
        """The value that a line stands for; None, and a word about it, for none."""
        if line.isdecimal() and 1 <= int(line) <= len(self._options) and line not in self._options:
            return self._options[int(line) - 1]
        if self._options and not self._alone and line and line not in self._options:
            self._asker.show("  One of the list, please.\n")
            return None
        if not line:
            return line
        if kind == "boolean":
            if line.lower() not in _TRUTHS:
                self._asker.show("  y or n, please.\n")
            return _TRUTHS.get(line.lower())
        if kind not in ("integer", "number"):
            return line
        try:
            return int(line) if kind == "integer" else float(line)
        except ValueError:
            self._asker.show("  A number, please.\n")
            return None


def _shown(value: object) -> str:
    return {True: "y", False: "n"}[value] if isinstance(value, bool) else str(value)
