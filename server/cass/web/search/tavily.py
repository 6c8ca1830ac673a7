"""Tavily, with a key."""

from __future__ import annotations

from collections.abc import Sequence

from cass.ports.web import SearchHit
from cass.protocol.wire import as_list, as_object
from cass.web.searching import Search

name = "tavily"
SITE = "https://api.tavily.com"
KEY_ENV = "TAVILY_API_KEY"


async def search(search: Search, query: str, limit: int) -> Sequence[SearchHit]:
    """Ask."""
    fields = {"query": query, "max_results": limit}
    answer = await search.post("/search", fields, {"Authorization": f"Bearer {search.key}"})
    found = [as_object(item) for item in as_list(answer.get("results"))]
    return [
        SearchHit(str(item.get("title") or ""), str(item.get("url") or ""), str(item.get("content") or ""))
        for item in found
    ]
