"""The web."""

from __future__ import annotations

from cass.config.setting import Section, setting


class WebSearchConfig(Section):
    """Who is asked when the model searches the web."""

    provider: str = setting(
        "duckduckgo", "duckduckgo (no key), searxng (needs url), brave or tavily (need a key), or a plug-in's name."
    )
    url: str | None = setting(None, "Address of the SearXNG instance; of the others only to replace their own.")
    key_env: str | None = setting(
        None, "Environment variable with the key; unset: BRAVE_API_KEY, TAVILY_API_KEY. Else the keyring is asked."
    )
    results: int = setting(8, "Results of one search.", ge=1, le=20)


class WebConfig(Section):
    """What the model may read of the web. Every site is asked about, unless a permission rule speaks of it."""

    enabled: bool = setting(True, "Offer web_search and web_fetch.")
    private_addresses: tuple[str, ...] = setting(
        (), "Hosts, host:port or networks of your own that may be read: localhost:3000, 10.1.0.0/16."
    )
    robots: bool = setting(True, "Keep to a site's robots.txt.")
    timeout: float = setting(30, "Longest time for one page, seconds.", ge=1, le=300)
    max_bytes: int = setting(
        5_000_000, "What is read of one page, bytes, sent and unpacked.", ge=1_000, le=100_000_000
    )
    redirects: int = setting(5, "Longest chain of redirects.", ge=0, le=20)
    cache_minutes: float = setting(15, "How long a page is kept in memory.", ge=0, le=1440)
    search: WebSearchConfig = setting(WebSearchConfig, "Web search.")
