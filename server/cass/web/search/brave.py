"""Brave Search, with a key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from cass.ports.web import SearchHit
from cass.protocol.wire import as_list, as_object
from cass.web.searching import Search

name = "brave"
SITE = "https://api.search.brave.com"
KEY_ENV = "BRAVE_API_KEY"


async def search(search: Search, query: str, limit: int) -> Sequence[SearchHit]:
    """Ask; descriptions come with marks of HTML for what was found."""
    path = "/res/v1/web/search?" + urlencode({"q": query[:400], "count": limit})
    answer = await search.get(path, {"X-Subscription-Token": search.key})
    found = [as_object(item) for item in as_list(as_object(answer.get("web")).get("results"))]
    return [
        SearchHit(
            str(item.get("title") or ""),
            str(item.get("url") or ""),
            re.sub(r"</?strong>", "", str(item.get("description") or "")),
        )
        for item in found
    ]
