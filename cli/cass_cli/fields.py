"""Reads JSON that came over the wire, with types and without surprises: what is missing or wrong is a default."""

from __future__ import annotations

from typing import cast

Json = dict[str, object]


def as_object(value: object) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def get_object(source: Json, key: str) -> Json:
    """The object under `key`, empty when there is none."""
    return as_object(source.get(key))


def get_list(source: Json, key: str) -> list[Json]:
    """The objects in the list under `key`; other items are left out."""
    value = source.get(key)
    if not isinstance(value, list):
        return []
    return [cast("Json", item) for item in cast("list[object]", value) if isinstance(item, dict)]


def get_texts(source: Json, key: str) -> list[str]:
    """The strings in the list under `key`; other items are left out."""
    value = source.get(key)
    return (
        [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []
    )


def get_text(source: Json, key: str, default: str = "") -> str:
    """The string under `key`."""
    value = source.get(key)
    return value if isinstance(value, str) else default


def get_int(source: Json, key: str, default: int = 0) -> int:
    """The whole number under `key`."""
    value = source.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def get_number(source: Json, key: str) -> float | None:
    """The number under `key`, None when there is none."""
    value = source.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def get_bool(source: Json, key: str, default: bool) -> bool:
    """The truth value under `key`."""
    value = source.get(key)
    return value if isinstance(value, bool) else default


def block_text(content: object) -> str:
    """The text of one content block or of a list of them; blocks without text give nothing."""
    blocks = cast("list[object]", content) if isinstance(content, list) else [content]
    return "".join(get_text(block, "text") for block in map(as_object, blocks) if block.get("type") == "text")
