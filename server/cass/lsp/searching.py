"""Searching what the editor shows: files on disk, and open buffers in the place of their files."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cass.errors import ToolError
from cass.ports import SearchHit, SearchQuery, SearchResult, Workspace
from cass.workspace.disk import DiskWorkspace


async def search(disk: Workspace, query: SearchQuery, unsaved: Mapping[Path, str]) -> SearchResult:
    """Look through the files on disk, and through the texts of `unsaved` instead of their files."""
    found = await disk.search(query)
    inside = {path: text for path, text in unsaved.items() if await _is_searched(disk, query, path)}
    if not inside:
        return found
    with tempfile.TemporaryDirectory(prefix="cass-search-") as name:
        place = Path(name)
        top = query.path if query.path not in inside else query.path.parent
        await asyncio.to_thread(_lay_out, place, {path.relative_to(top): text for path, text in inside.items()})
        where = place / query.path.relative_to(top)
        extra = await DiskWorkspace([place]).search(replace(query, path=where))
        own = [replace(hit, path=top / hit.path.relative_to(place)) for hit in extra.hits]
    hits = sorted([*(hit for hit in found.hits if hit.path not in inside), *own], key=_order)
    return SearchResult(_limited(hits, query.limit), found.complete and extra.complete and len(hits) <= query.limit)


async def _is_searched(disk: Workspace, query: SearchQuery, path: Path) -> bool:
    """Whether the search is about this file: it lies there, and no ignore file names it."""
    if path == query.path:
        return True
    if not path.is_relative_to(query.path):
        return False
    try:
        if not await asyncio.to_thread(path.exists):
            return True
        return path in (await disk.files(path.parent, glob=f"/{path.name}")).paths
    except ToolError:
        return False


def _lay_out(place: Path, texts: Mapping[Path, str]) -> None:
    for path, text in texts.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(text.encode("utf-8", "replace"))


def _order(hit: SearchHit) -> tuple[Path, int]:
    return hit.path, hit.line


def _limited(hits: list[SearchHit], limit: int) -> tuple[SearchHit, ...]:
    out: list[SearchHit] = []
    matches = 0
    for hit in hits:
        matches += hit.is_match
        if matches > limit:
            break
        out.append(hit)
    return tuple(out)
