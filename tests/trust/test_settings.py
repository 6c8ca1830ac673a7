"""Every setting that a project's file can name, from the schema: before trust none has an effect that counts."""

from __future__ import annotations

import json
import typing
from collections.abc import AsyncIterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cass import layers
from cass.config import Config
from support.house import House

KEYS = dict(layers.fields())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, HOME=str(tmp_path / "userhome"))
    yield made
    await made.app.close()


def _others(field: FieldInfo) -> list[Any]:
    """Values of this setting that are not its default."""
    default = field.get_default(call_default_factory=True)
    tried: list[Any] = [
        True,
        False,
        1,
        2,
        5,
        50,
        0.5,
        300,
        1_000,
        100_000,
        "evil",
        ["evil"],
        {"evil": {}},
        {"py": True},
        {"evil": "x"},
        {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]},
    ]
    tried += list(_literals(field.annotation))
    kind: Any = TypeAdapter(typing.Annotated[field.annotation, field])
    fit: list[Any] = []
    for value in tried:
        try:
            read = kind.validate_python(value, strict=False)
        except ValidationError:
            continue
        if read != default and type(value) in (bool, int, float, str, list, dict):
            fit.append(value)
    return fit


def _literals(shape: object) -> tuple[Any, ...]:
    if typing.get_origin(shape) is Literal:
        return typing.get_args(shape)
    if isinstance(shape, UnionType) or typing.get_origin(shape) is typing.Union:
        return tuple(value for inner in typing.get_args(shape) for value in _literals(inner))
    return ()


def _write(house: House, key: str, value: Any) -> None:
    *section, name = key.split(".")
    head = f"[{'.'.join(section)}]\n" if section else ""
    (house.project / ".cass").mkdir(exist_ok=True)
    (house.project / ".cass" / "config.toml").write_text(f"{head}{name} = {_toml(value)}\n")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("key", [key for key in KEYS if layers.right_of(key) in ("no", "trusted")])
async def test_a_closed_setting_of_a_project_changes_nothing(house: House, key: str) -> None:
    values = _others(KEYS[key])
    assert values, "no value for this kind of setting: add one to _others"
    for value in values:
        _write(house, key, value)
        loaded = house.app.load(house.project)
        assert loaded.config == Config()
        assert key in loaded.warnings[0]


@pytest.mark.parametrize("key", [key for key in KEYS if layers.right_of(key) == "no"])
async def test_trust_does_not_open_what_is_closed(house: House, key: str) -> None:
    _write(house, key, _others(KEYS[key])[0])
    folder = house.app.trust(house.project)
    folder.decide("trust", folder.look().digest)
    assert house.app.load(house.project).config == Config()
