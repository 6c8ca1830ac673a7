"""DuckDuckGo, without a key, as the package ddgs asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cass.errors import ToolError
from cass.ports.web import SearchHit
from cass.web.searching import Search

name = "duckduckgo"
SITE = "https://duckduckgo.com"
KEY_ENV = ""


async def search(search: Search, query: str, limit: int) -> Sequence[SearchHit]:
    """Ask in a thread, for the package waits; it ends at its own time limit."""

    def ask() -> list[SearchHit]:
        from ddgs import DDGS  # pyright: ignore[reportUnknownVariableType]
        from ddgs.exceptions import DDGSException

        try:
            found = DDGS(timeout=max(1, int(search.seconds) - 1)).text(
                query, max_results=limit, backend="duckduckgo"
            )
        except DDGSException as error:
            if "no results" in str(error).lower():
                return []
            why = " ".join(str(error).split())[:200]
            raise ToolError(
                f"DuckDuckGo gave no results: {why}", hint="Another provider may: web.search.provider."
            ) from None
        return [
            SearchHit(str(item.get("title") or ""), str(item.get("href") or ""), str(item.get("body") or ""))
            for item in found
        ]

    return await asyncio.to_thread(ask)
