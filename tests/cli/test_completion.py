"""Slash commands and @files while typing."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cass_cli.completion import (
    MAX_SHOWN,
    PromptCompleter,
    list_files,
    matching,
    mention_before,
    mentioned_files,
)
from cass_cli.status import Status


@pytest.mark.parametrize(
    ("text", "word"),
    [("look at @src/a", "src/a"), ("@", ""), ("@a b", None), ("me@example.com", None), ("none", None)],
)
def test_a_mention_is_an_at_sign_that_begins_a_word(text: str, word: str | None) -> None:
    assert mention_before(text) == word


async def complete(completer: PromptCompleter, text: str) -> list[str]:
    document = Document(text, len(text))
    return [c.text async for c in completer.get_completions_async(document, CompleteEvent())]


async def test_commands_are_completed_at_the_start_only(tmp_path: Path) -> None:
    completer = PromptCompleter(tmp_path, lambda: {"mode": "switch", "model": "name", "help": "list"})
    assert await complete(completer, "/mo") == ["/mode", "/model"]
    assert await complete(completer, "/mode pl") == []
    assert await complete(completer, "say /mo") == []


async def test_files_are_found_below_the_folder_but_not_in_git(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "basket.py").touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "basket.lock").touch()
    status = Status()
    status.update({"sessionUpdate": "_mcp_update", "server": "notes", "state": "ready", "resources": ["note://a"]})
    completer = PromptCompleter(tmp_path, dict, lambda: status)
    assert await complete(completer, "see @not") == ["notes:note://a"]
    assert await complete(completer, "see @bask") == ["src/basket.py"]
    assert await complete(completer, "see @src/") == ["src/", "src/basket.py"]


def test_the_walk_survives_what_it_cannot_read_and_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "with blank").touch()
    (tmp_path / "a").touch()
    assert sorted(list_files(tmp_path)) == ["a", "loop"]
    assert list_files(tmp_path / "missing") == []


def test_the_best_fit_comes_first_and_the_list_is_short() -> None:
    files = ["docs/readme.md", "src/main.py", "remain.txt", *(f"x/domain{n}.c" for n in range(100))]
    found = matching(files, "main")
    assert found[0] == "src/main.py"
    assert len(found) == MAX_SHOWN
    assert matching(files, "smp") == ["src/main.py"]
    assert matching(files, "nothing-like-it") == []


def test_mentioned_files_are_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    assert mentioned_files("mend @a.py, and @a.py; not @b.py or x@a.py @", tmp_path) == [tmp_path / "a.py"]


PARAMETERS = {
    "try": [
        {"name": "kind", "type": "enum", "values": ["bug", "feature"], "required": True},
        {"name": "file", "type": "file"},
        {"name": "quick", "type": "bool"},
        {"name": "text", "type": "selection"},
    ]
}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/try ", ["bug", "feature", "kind=", "file=", "--quick"]),
        ("/try f", ["feature", "file="]),
        ("/try kind=", ["kind=bug", "kind=feature"]),
        ("/try kind=b", ["kind=bug"]),
        ("/try kind=bug ", ["file=", "--quick"]),
        ("/try kind=bug --q", ["--quick"]),
        ("/try --quick kind=bug file=a", ["a.py"]),
        ("/other ", []),
    ],
)
async def test_parameters_are_completed_with_their_values(tmp_path: Path, typed: str, offered: list[str]) -> None:
    (tmp_path / "a.py").touch()
    completer = PromptCompleter(tmp_path, lambda: {"try": "it"}, lambda: Status(parameters=PARAMETERS))
    assert await complete(completer, typed) == offered
