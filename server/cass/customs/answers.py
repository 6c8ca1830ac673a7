"""Answers that must be JSON: found in what a model said, and held against a schema."""

from __future__ import annotations

import json
import re
from typing import cast

from cass.customs.definition import Value
from cass.protocol.wire import JsonObject

_FENCED = re.compile(r"```(?:json)?[^\S\n]*\n(.*?)\n[^\S\n]*```", re.DOTALL)
_PROBLEMS = 10
_LONGEST = 500_000


def wrong_schema(schema: JsonObject) -> str:
    """What is wrong with a schema; empty for a good one."""
    from jsonschema import Draft202012Validator, SchemaError  # loaded only where a command wants it

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message[:300]}"
    return ""


def asked(schema: JsonObject) -> str:
    """How a model is told to answer."""
    return (
        "Your last message must be JSON alone, no other words around it, and fit this JSON Schema:\n"
        f"```json\n{json.dumps(schema, ensure_ascii=False)}\n```"
    )


def read(text: str, schema: JsonObject) -> tuple[Value, str]:
    """The JSON of an answer, and what is wrong with it (empty for nothing)."""
    found, problem = found_json(text)
    if problem:
        return None, problem
    return found, _misfit(found, schema)


def found_json(text: str) -> tuple[Value, str]:
    """The JSON in a text: all of it, the last fenced part that is some, or the longest thing in brackets."""
    text = text[-_LONGEST:].strip()
    problem = ""
    for candidate in (text, *reversed(_FENCED.findall(text)), _bracketed(text)):
        if candidate:
            try:
                return cast("Value", json.loads(candidate, parse_constant=_refuse)), ""
            except (ValueError, RecursionError) as error:
                problem = problem or str(error)[:200]
    return None, f"it is no JSON: {problem or 'there was no text'}"


def _bracketed(text: str) -> str:
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : end + 1] if starts and end > min(starts) else ""


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def _misfit(found: Value, schema: JsonObject) -> str:
    from jsonschema import Draft202012Validator, ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    validator = Draft202012Validator(schema, registry=Registry())  # an empty one: nothing is fetched
    try:
        errors = cast("list[ValidationError]", list(validator.iter_errors(found)))  # pyright: ignore[reportUnknownMemberType]
    except (Unresolvable, RecursionError) as error:
        return f"the schema itself cannot be followed: {str(error)[:200]}"
    errors.sort(key=lambda error: error.json_path)
    lines = [f"{error.json_path}: {error.message[:300]}" for error in errors[:_PROBLEMS]]
    return "\n".join(lines)
