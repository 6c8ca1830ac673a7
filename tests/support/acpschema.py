"""ACP's official JSON Schema, held against a transcript: each message by its method, whoever sent it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from support.server import Message


class AcpSchema:
    """The schema in a file."""

    def __init__(self, file: Path) -> None:
        self._schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
        resource: Resource[Any] = Resource.from_contents(self._schema, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("acp", resource)
        self._asks: dict[str, str] = {}
        self._answers: dict[str, str] = {}
        for name, definition in self._schema["$defs"].items():
            method = definition.get("x-method")
            if method:
                (self._answers if name.endswith("Response") else self._asks)[method] = name

    def check(self, transcript: Sequence[Message]) -> int:
        """AssertionError for the first message that is not ACP; how many were looked at."""
        open_requests: dict[tuple[bool, object], str] = {}
        for message in transcript:
            id = message.get("id")
            ours = isinstance(id, str) and id.startswith("cass-")
            if "method" in message:
                self._is(self._asks[message["method"]], message["params"])
                if id is not None:
                    open_requests[ours, id] = message["method"]
            elif "result" in message:
                self._is(self._answers[open_requests.pop((ours, id))], message["result"])
            else:
                open_requests.pop((ours, id))
                self._is("Error", message["error"])
        assert not open_requests, f"no answer to {list(open_requests.values())}"
        return len(transcript)

    def _is(self, name: str, value: object) -> None:
        checker = Draft202012Validator({"$ref": f"acp#/$defs/{name}"}, registry=self._registry)
        problems = [f"{error.json_path}: {error.message[:300]}" for error in checker.iter_errors(value)]
        assert not problems, f"{name}: {problems}"
