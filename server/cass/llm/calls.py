"""Puts tool calls together from the pieces that a stream gives, whatever the pieces look like."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field

from cass.llm.jsonvalue import clean, count_of, dump, is_object, parse, text_of, whole
from cass.protocol.messages import ToolCall
from cass.protocol.wire import JsonObject

MAX_CALLS = 128
"""Calls taken from one answer; further ones are left out."""

MAX_ARGUMENTS = 4 * 1024 * 1024
"""Characters of one call's arguments; a longer call counts as not readable."""

MAX_RAW = 20_000
"""Characters kept of arguments that are not readable."""

_GOOD_ID = re.compile(r"[A-Za-z0-9_.:|-]{1,128}")
_ID_LETTERS = string.ascii_letters + string.digits


@dataclass
class _Open:
    id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list[str])
    size: int = 0

    def add(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= MAX_ARGUMENTS:
            self.pieces.append(piece)


class CallPieces:
    """Tool calls while they arrive. `offered` are the names of the tools that the model was given."""

    def __init__(self, offered: Iterable[str] = ()) -> None:
        self._offered = frozenset(offered)
        self._calls: list[_Open] = []
        self._by_key: dict[object, _Open] = {}
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, delta: JsonObject) -> None:
        """Take one entry of a `tool_calls` delta. A call begins with a new index, or with a new id or another
        tool's name at a known index; without either the piece belongs to the call before."""
        function = delta.get("function")
        source = function if is_object(function) else delta
        given = source.get("arguments")
        piece = given if isinstance(given, str) else "" if given is None else dump(given).decode()
        call_id, name = text_of(delta, "id"), text_of(source, "name")
        call = self._find(_index(delta), call_id, name, piece)
        if call is None:
            self.left_out += 1
            return
        call.id = call.id or call_id
        if name and name != call.name and not (call.name and call.size):
            call.name += name
        call.add(piece)

    def clear(self, key: object) -> None:
        """Forget the arguments that came under this index: they will be given again, whole."""
        known = self._by_key.get(key)
        if known is not None:
            known.pieces.clear()
            known.size = 0

    def finish(self, taken_ids: Iterable[str], *, cut: bool = False) -> list[ToolCall]:
        """The calls in their order, with ids that are unique among themselves and `taken_ids`. Arguments that are
        no JSON object are kept as `raw`; with `cut`, so is the last call, because nobody can say that it ended."""
        taken = set(taken_ids)
        done: list[ToolCall] = []
        for position, call in enumerate(self._calls):
            call_id = call.id if _GOOD_ID.fullmatch(call.id) and call.id not in taken else new_id()
            taken.add(call_id)
            name = whole(call.name).strip()[:200] or "unknown"
            if cut and position == len(self._calls) - 1:
                raw = whole("".join(call.pieces))[:MAX_RAW]
                done.append(ToolCall(id=call_id, name=name, raw=raw))
            elif call.size > MAX_ARGUMENTS:
                raw = whole("".join(call.pieces)[:MAX_RAW])
                done.append(ToolCall(id=call_id, name=name, raw=raw))
            else:
                done.append(tool_call(call_id, name, "".join(call.pieces)))
        return done

    def _find(self, index: object, call_id: str, name: str, piece: str) -> _Open | None:
        last = self._calls[-1] if self._calls else None
        known = self._by_key.get(index) if index is not None else None
        if known is None and index is None:
            known = next((c for c in self._calls if call_id and c.id == call_id), last)
        if known is not None and not self._is_another(known, call_id, name, piece):
            return known
        if len(self._calls) >= MAX_CALLS:
            return None
        call = _Open(id=call_id)
        self._calls.append(call)
        self._by_key[index if index is not None else object()] = call
        return call

    def _is_another(self, known: _Open, call_id: str, name: str, piece: str) -> bool:
        if call_id and known.id:
            return call_id != known.id and bool(name)
        if not name or not known.name:
            return False
        if name != known.name and name in self._offered and known.name in self._offered:
            return True
        return _is_json_object(piece) and _is_json_object("".join(known.pieces))


def tool_call(call_id: str, name: str, text: str) -> ToolCall:
    """A call from its arguments' text: nothing and `null` mean no arguments, whatever is not a JSON object is
    kept as `raw`."""
    if not text.strip() or text.strip() == "null":
        return ToolCall(id=call_id, name=name)
    try:
        arguments = clean(parse(text))
        json.dumps(arguments, allow_nan=False)
    except (ValueError, RecursionError):
        arguments = None
    if not is_object(arguments):
        return ToolCall(id=call_id, name=name, raw=whole(text)[:MAX_RAW])
    return ToolCall(id=call_id, name=name, arguments=arguments)


def new_id() -> str:
    """An id for a call: nine letters and digits, the one form that every provider takes back."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(9))


def _index(delta: JsonObject) -> object:
    value = delta.get("index")
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return count_of(delta, "index") if value.isdigit() else value
    return value if isinstance(value, int | float) else None


def _is_json_object(text: str) -> bool:
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return False
    try:
        return is_object(parse(text))
    except ValueError:
        return False
