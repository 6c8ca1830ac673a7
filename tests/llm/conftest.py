"""A provider that listens, and clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.config import Config
from cass.llm.client import LLMClient
from support.provider import ProviderServer

MakeClient = Callable[..., LLMClient]


@pytest.fixture
def provider() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture
async def make_client(provider: ProviderServer, tmp_path: Path) -> AsyncIterator[MakeClient]:
    """Clients whose `openai` is the provider. Keywords are settings of `llm`; `environ` replaces the environment,
    `config` the other settings."""
    made: list[LLMClient] = []

    def make(
        *, environ: dict[str, str] | None = None, config: dict[str, Any] | None = None, **llm: Any
    ) -> LLMClient:
        environ = {"OPENAI_BASE_URL": provider.url} if environ is None else environ
        settings = Config.model_validate({**(config or {}), "llm": {"idle_timeout": 0.4, "max_retries": 1, **llm}})
        made.append(LLMClient(settings, tmp_path / "state", environ, retry_base=0.001))
        return made[-1]

    yield make
    for client in made:
        await client.close()
