"""SearXNG, an instance of the user's choice that offers JSON (`search.formats` of its settings)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from cass.ports.web import SearchHit
from cass.protocol.wire import as_list, as_object
from cass.web.searching import Search

name = "searxng"
SITE = ""
KEY_ENV = ""


async def search(search: Search, query: str, limit: int) -> Sequence[SearchHit]:
    """Ask the instance; it has no limit of its own."""
    answer = await search.get("/search?" + urlencode({"q": query, "format": "json"}))
    found = [as_object(item) for item in as_list(answer.get("results"))][:limit]
    return [
        SearchHit(str(item.get("title") or ""), str(item.get("url") or ""), str(item.get("content") or ""))
        for item in found
    ]
