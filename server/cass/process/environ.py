"""What a child process may see of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

MARK = "CASS_JOB"
"""The variable by which the processes of a job are found, wherever they went."""

_KEY = re.compile(
    "(?:ANTHROPIC|AZURE_OPENAI|BRAVE|CEREBRAS|COHERE|DEEPSEEK|FIREWORKS|GEMINI|GOOGLE|GROQ|MISTRAL|MOONSHOT|NVIDIA|OLLAMA"
    "|OPENAI|OPENROUTER|PERPLEXITY|TAVILY|TOGETHER|XAI|ZAI)_API_KEY"
)

_QUIET = {
    "CASS": "1",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "TERM": "dumb",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",  # looking at a repository does not write to it, and so runs none of its hooks
}


def child_environ(environ: Mapping[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    """The environment for commands: no keys of model providers, none of the variables named in `secrets`, nothing
    of cass's own settings, and no pagers or prompts."""
    hidden = set(secrets)
    kept = {name: value for name, value in environ.items() if name not in hidden and not _is_own(name)}
    return kept | _QUIET | _calm_diff(environ.get("GIT_CONFIG_COUNT", ""))


def config_environ(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Settings of git, as the variables that it reads them from."""
    out = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        out[f"GIT_CONFIG_KEY_{number}"] = key
        out[f"GIT_CONFIG_VALUE_{number}"] = value
    return out


def _calm_diff(count: str) -> dict[str, str]:
    """One more setting for git, behind those that the user's environment holds: `git diff` does not write the index,
    which the variable about locks does not keep it from."""
    number = int(count) if count.isdecimal() else 0
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": "diff.autoRefreshIndex",
        f"GIT_CONFIG_VALUE_{number}": "false",
    }


def _is_own(name: str) -> bool:
    upper = name.upper()
    return upper.startswith("CASS_") or _KEY.fullmatch(upper) is not None
