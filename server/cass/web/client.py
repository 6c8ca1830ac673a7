"""`ports.web.Web` for one session: pages that were made readable, and the search provider that the user chose."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from cass import registry
from cass.config import WebConfig
from cass.errors import ToolError
from cass.ports.web import Address, Page, SearchHit
from cass.process import run_program
from cass.web import addresses, text
from cass.web.cache import Cache
from cass.web.fetching import Fetcher, Got
from cass.web.http import Response
from cass.web.searching import Search

_READ_SECONDS = 20.0
_TEXT_BYTES = 20_000_000
_CACHED = 8_000_000
"""Characters of pages that are kept, of all sessions together."""

Pages = Cache[Page]


def pages() -> Pages:
    """An empty store for pages, one for all sessions of a process."""
    return Cache(_CACHED)


class WebClient:
    """The web, as these settings allow it. `key_of` finds the key of a search provider: its name, and the variable that
    may hold it."""

    def __init__(
        self,
        settings: WebConfig,
        fetcher: Fetcher,
        kept: Pages,
        environ: Mapping[str, str],
        key_of: Callable[[str, str], str | None],
    ) -> None:
        addresses.check_setting(settings.private_addresses)
        self._settings = settings
        self._fetcher = fetcher
        self._kept = kept
        self._environ = environ
        self._key_of = key_of

    def address(self, url: str) -> Address:
        """Read an address."""
        return addresses.read(url)

    async def fetch(self, url: str) -> Page:
        """Read a page, or what was kept of it."""
        address = addresses.read(url)
        key = f"{address} {self._settings.private_addresses}"
        page = self._kept.get(key, self._settings.cache_minutes * 60)
        if page is None:
            page = await self._read(await self._fetcher.get(address, self._settings))
            if not page.moved:
                self._kept.put(key, page, len(page.text) + len(page.url) + 500)
        return page

    async def _read(self, got: Got) -> Page:
        response = got.response
        if response is None:
            return Page(str(got.address), "", moved=str(got.moved))
        content_type = response.headers.get("content-type", "")
        if not 200 <= response.status < 300:
            raise ToolError(f"{got.address} answered with the status {response.status}.{_why(response)}")
        if not response.body:
            return Page(str(got.address), "")
        kind = text.kind_of(content_type, response.body)
        if kind == "pdf" and response.cut:
            raise ToolError(f"This is a PDF of more than {self._settings.max_bytes:,} bytes (web.max_bytes).")
        if kind == "text":
            return Page(str(got.address), text.seen(text.decode(content_type, response.body)), cut=response.cut)
        source = (
            response.body if kind == "pdf" else text.decode(content_type, response.body).encode("utf-8", "replace")
        )
        title, body = await self._readable(kind, source, str(got.address))
        return Page(str(got.address), text.seen(body), text.seen(title), cut=response.cut)

    async def _readable(self, kind: text.Kind, source: bytes, url: str) -> tuple[str, str]:
        """Title and text, by a process that may be ended."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cass-web-"))
        try:
            file = folder / "page"
            await asyncio.to_thread(file.write_bytes, source)
            argv = [sys.executable, "-P", "-m", "cass.web.reader", kind, str(file), url]
            done = await run_program(argv, folder, _READ_SECONDS, _TEXT_BYTES, _plain(self._environ))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if done.timed_out or done.exit_code not in (0, None) or (done.exit_code is None and not done.truncated):
            what = "PDF" if kind == "pdf" else "page"
            why = "takes too long to read" if done.timed_out else "cannot be made readable"
            raise ToolError(f"This {what} {why}.")
        title, _, body = done.stdout.decode("utf-8", "replace").partition("\n")
        return title, body

    @property
    def engine(self) -> str:
        """The site that `search` asks."""
        return self._search().site

    async def search(self, query: str, limit: int) -> tuple[SearchHit, ...]:
        """Ask the provider of the settings."""
        search = self._search()
        try:
            async with asyncio.timeout(self._settings.timeout):
                found = await search.ask(query, min(limit, self._settings.search.results))
        except TimeoutError:
            raise ToolError(f"{search.site} gave no results within {self._settings.timeout:g} s.") from None
        return tuple(
            SearchHit(_line(hit.title, 200), _line(hit.url, 2_000), _line(hit.snippet, 500))
            for hit in found
            if hit.url
        )[:limit]

    def _search(self) -> Search:
        wanted = self._settings.search.provider
        offered = {str(vars(m).get("name", "")): m for m in registry.find("search")}
        module: ModuleType | None = offered.get(wanted)
        if module is None:
            raise ToolError(
                f"There is no search provider {wanted[:40]!r} (web.search.provider).",
                hint=f"There are: {', '.join(sorted(offered))}.",
            )
        return Search.of(module, self._settings, self._fetcher, self._key_of)


def _why(response: Response) -> str:
    if response.status in (401, 403):
        return " It wants a login, or no programs."
    if response.status == 404:
        return " There is no such page."
    if response.status == 429:
        return " It was asked too often."
    return ""


def _plain(environ: Mapping[str, str]) -> dict[str, str]:
    """What a Python of ours needs of the environment: nothing that is secret."""
    wanted = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH")
    kept = {name: environ[name] for name in wanted if name in environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


def _line(words: str, longest: int) -> str:
    return " ".join(text.seen(words).split())[:longest]
