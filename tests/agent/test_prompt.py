"""What the model is told before the first word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cass.agent.prompt import find_instructions, system_prompt

NAMES = ("CASS.md", "AGENTS.md", "CLAUDE.md")


def _tree(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "repo" / "src" / "deep").mkdir(parents=True, exist_ok=True)
    return tmp_path / "repo" / "src" / "deep"


def test_one_file_a_folder_from_the_root_down_the_users_own_first(tmp_path: Path) -> None:
    cwd = _tree(
        tmp_path,
        user__AGENTS_md="RULE-MINE",
        repo__AGENTS_md="RULE-ROOT",
        repo__CLAUDE_md="not this",
        repo__src__CASS_md="RULE-SRC",
        repo__src__AGENTS_md="not this",
        repo__src__deep__CLAUDE_md="RULE-DEEP",
        AGENTS_md="above the repository",
    )
    found = find_instructions(cwd, tmp_path / "user", NAMES, 10_000)
    assert [i.text for i in found] == ["RULE-MINE", "RULE-ROOT", "RULE-SRC", "RULE-DEEP"]
    prompt = system_prompt(cwd, found, date(2026, 1, 2), trusted=True)
    assert prompt.index("RULE-MINE") < prompt.index("RULE-ROOT") < prompt.index("RULE-DEEP")
    assert "not this" not in prompt
    assert "2026-01-02" in prompt
    assert prompt == system_prompt(cwd, found, date(2026, 1, 2), trusted=True)


def test_imports_stay_below_the_folder_and_end(tmp_path: Path) -> None:
    cwd = _tree(
        tmp_path,
        repo__AGENTS_md="before\n@more.md\n@../secret.md\n@missing.md\nmail me@example.md\nafter",
        repo__more_md="imported\n@AGENTS.md\n@more.md",
        secret_md="SECRET",
    )
    (text,) = (i.text for i in find_instructions(cwd, tmp_path / "none", NAMES, 10_000))
    assert "imported" in text
    assert "SECRET" not in text
    assert "@missing.md" in text
    assert "me@example.md" in text
    assert len(text) < 2_000


def test_what_is_too_long_is_cut_and_the_nearest_kept(tmp_path: Path) -> None:
    cwd = _tree(tmp_path, repo__AGENTS_md="r" * 100, repo__src__AGENTS_md="s" * 100)
    found = find_instructions(cwd, tmp_path / "none", NAMES, 150)
    assert [len(i.text) for i in found] == [50, 100]
    assert find_instructions(cwd, tmp_path / "none", NAMES, 0) == []


def test_outside_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "AGENTS.md").write_text("above")
    (tmp_path / "a" / "b" / "AGENTS.md").write_text("here")
    (tmp_path / "a" / "b" / "CASS.md").mkdir()
    assert [i.text for i in find_instructions(tmp_path / "a" / "b", tmp_path / "none", NAMES, 99)] == ["here"]
