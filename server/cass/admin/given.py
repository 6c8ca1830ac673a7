"""What is given on the command line, read."""

from __future__ import annotations

import json
from typing import cast

from cass.errors import ConfigError
from cass.protocol.wire import JsonObject


def json_object(option: str, text: str, like: str) -> JsonObject:
    """The JSON object that an option was given. ConfigError shows one that is like it."""
    try:
        value: object = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{option} is no JSON: {error}", hint=f"Like {option} '{like}'.") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{option} is no JSON object", hint=f"Like {option} '{like}'.")
    return cast("JsonObject", value)
