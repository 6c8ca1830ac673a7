"""Reads values out of other people's JSON, where any field may be missing or of the wrong type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeGuard, cast

from cass.protocol.wire import JsonObject

_SURROGATE = re.compile("[\ud800-\udfff]")


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether it is a JSON array."""
    return isinstance(value, list)


def child(value: object, key: str) -> JsonObject:
    """The object under a key, empty where there is none."""
    found = cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
    return found if is_object(found) else {}


def text_of(value: object, key: str) -> str:
    """The string under a key, empty where there is none."""
    found = cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def count_of(value: object, *keys: str) -> int:
    """The first non-negative whole number under one of the keys, else 0."""
    if not is_object(value):
        return 0
    for key in keys:
        number = number_of(value, key)
        if number is not None and number >= 0:
            return int(number)
    return 0


def number_of(value: object, key: str) -> float | None:
    """The finite number under a key, given as a number or as digits."""
    found = value.get(key) if is_object(value) else None
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None


def objects(value: object) -> list[JsonObject]:
    """The objects of an array, empty where it is none."""
    return [item for item in value if is_object(item)] if is_list(value) else []


def entries(value: object, key: str) -> list[JsonObject]:
    """The objects of the array under a key, empty where there is none."""
    return objects(value.get(key)) if is_object(value) else []


def parse(text: str) -> object:
    """The JSON value. ValueError for anything else, NaN, numbers beyond reason and endless nesting included."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def documents(data: str) -> list[object]:
    """The values in an event's data: one, or one in each line where a server leaves out the blank lines between
    its events. ValueError for malformed JSON."""
    try:
        return [parse(data)]
    except ValueError:
        lines = [line for line in data.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [parse(line) for line in lines if line.strip() != "[DONE]"]


def whole(text: str) -> str:
    """The text with pairs of surrogates joined and lone ones replaced, so that it can be encoded."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean(value: object) -> object:
    """The value with `whole` applied to every string in it."""
    if isinstance(value, str):
        return whole(value)
    if is_object(value):
        return {whole(key): clean(item) for key, item in value.items()}
    if is_list(value):
        return [clean(item) for item in value]
    return value


def dump(value: object) -> bytes:
    """Compact JSON as UTF-8; the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is not JSON")
