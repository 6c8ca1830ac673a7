"""What a list and a search need of a journal, read once and, when the file has only grown, from where it was left."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from cass.errors import StoreError
from cass.ports.store import SessionHeader
from cass.protocol.wire import JsonObject, as_list, as_object
from cass.stores._lines import parse_header

_KIND = re.compile(rb'"sessionUpdate":\s*"([a-z_]+)"')
_LISTED = frozenset({b"user_message", b"session_info_update"})
_SAID = frozenset({b"user_message", b"session_info_update", b"agent_message", b"tool_call_update"})

_WORDS = 8_000
_TITLE = 300
_COMMAND = 500
_RESULT = 600
_TURN = 32_000
"""Characters that are searchable: of a message, a tool's title, its command, its result; and of a whole turn."""


@dataclass(frozen=True)
class Digest:
    """A journal up to the byte `offset`, which is the end of a line; `check` is a sum over the bytes before it, by which
    a file that only grew is told from another one."""

    header: SessionHeader
    offset: int
    check: int
    title: str = ""
    tags: tuple[str, ...] = ()
    archived: bool = False
    messages: int = 0


@dataclass(frozen=True)
class Reading:
    """What was read: the digest, the size and time of the file before, and the new words by turn."""

    digest: Digest
    size: int
    mtime: int
    texts: tuple[tuple[str, str], ...] = ()


def summary(path: Path) -> Reading | None:
    """What the list shows, read from the whole file; None for a file that is no session."""
    return _read(path, None, _LISTED)


def read(path: Path, known: Digest | None = None) -> Reading | None:
    """What the list shows and the words to search; those after `known` only, where the file goes on from there."""
    return _read(path, known, _SAID)


def goes_on(path: Path, known: Digest) -> bool:
    """Whether the file still begins with what is known."""
    try:
        with path.open("rb") as file:
            return _check(file, known.offset) == known.check
    except OSError:
        return False


def _read(path: Path, known: Digest | None, kinds: frozenset[bytes]) -> Reading | None:
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            if known is None:
                line = file.readline()
                known = Digest(parse_header(line, path), len(line), 0)
            file.seek(known.offset)
            found, texts, offset = _fold(file, known, kinds)
            check = _check(file, offset)
    except (OSError, StoreError):
        return None
    digest = replace(found, offset=offset, check=check)
    return Reading(digest, stat.st_size, stat.st_mtime_ns, tuple((t, "\n".join(p)) for t, p in texts.items()))


def _fold(file: BinaryIO, digest: Digest, kinds: frozenset[bytes]) -> tuple[Digest, dict[str, list[str]], int]:
    texts: dict[str, list[str]] = {}
    left: dict[str, int] = {}
    offset = digest.offset
    for line in file:
        if not line.endswith(b"\n"):
            break
        offset += len(line)
        match = _KIND.search(line)
        if match is None or match[1] not in kinds:
            continue
        try:
            event = as_object(json.loads(line))
        except ValueError:
            continue
        kind = event.get("sessionUpdate")
        if kind == "session_info_update":
            tags = tuple(str(tag) for tag in as_list(event.get("tags")))
            title, archived = str(event.get("title") or ""), event.get("archived") is True
            digest = replace(digest, title=title, tags=tags, archived=archived)
        elif kind == "user_message" and event.get("source", "user") == "user":
            digest = replace(digest, messages=digest.messages + 1)
        if kinds is _SAID:
            turn = str(event.get("turnId") or "")
            for text in _texts(event):
                room = left.get(turn, _TURN)
                texts.setdefault(turn, []).append(text[:room])
                left[turn] = max(0, room - len(text))
    return digest, texts, offset


def _texts(event: JsonObject) -> Iterable[str]:
    match event.get("sessionUpdate"):
        case "user_message" if event.get("source", "user") == "user":
            yield from _blocks(event.get("content"), _WORDS)
        case "agent_message":
            yield from _blocks(event.get("content"), _WORDS)
        case "session_info_update":
            yield " ".join([str(event.get("title") or ""), *map(str, as_list(event.get("tags")))])
        case "tool_call_update":
            yield str(event.get("title") or "")[:_TITLE]
            yield str(as_object(event.get("rawInput")).get("command") or "")[:_COMMAND]
            yield from _blocks(event.get("result"), _RESULT)
        case _:
            pass


def _blocks(content: object, most: int) -> Iterable[str]:
    for block in map(as_object, as_list(content)):
        if block.get("type") == "text":
            yield str(block.get("text") or "")[:most]


def _check(file: BinaryIO, offset: int) -> int:
    start = max(0, offset - 256)
    return zlib.crc32(os.pread(file.fileno(), offset - start, start))
