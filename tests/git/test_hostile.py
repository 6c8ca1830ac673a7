"""A repository with a hostile configuration: whatever cass does with git, nothing that it names is run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cass.agent.readonly import is_read_only
from cass.git import knowledge
from support.house import ask, call
from support.repo import Repo, repo

KEYS = {
    "fsmonitor": "core.fsmonitor",
    "hooks path": "core.hooksPath",
    "pager": "core.pager",
    "pager of one": "pager.log",
    "editor": "core.editor",
    "sequence editor": "sequence.editor",
    "ssh": "core.sshCommand",
    "askpass": "core.askPass",
    "proxy": "core.gitProxy",
    "external diff": "diff.external",
    "diff driver": "diff.evil.command",
    "textconv": "diff.evil.textconv",
    "clean": "filter.evil.clean",
    "process": "filter.evil.process",
    "smudge": "filter.evil.smudge",
    "clean with =": "filter.a=b.clean",
    "clean with dots": "filter.a.b.c.clean",
    "merge driver": "merge.evil.driver",
    "gpg": "gpg.program",
    "openpgp": "gpg.openpgp.program",
    "ssh signing": "gpg.ssh.program",
    "ssh default key": "gpg.ssh.defaultKeyCommand",
    "credential": "credential.helper",
    "trailer": "trailer.sign.command",
    "trailer cmd": "trailer.sign.cmd",
    "alias": "alias.status",
    "interactive": "interactive.diffFilter",
    "alternates": "core.alternateRefsCommand",
}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def plant(r: Repo, key: str, canary: Path) -> None:
    """Have the repository name a program that leaves a trace."""
    program = r.top / ".git" / "evil"
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n")
    program.chmod(0o755)
    if key == "core.hooksPath":
        for hook in ("pre-commit", "post-index-change", "reference-transaction", "post-commit", "commit-msg"):
            r.hook(hook, f"touch '{canary}'", folder=".git/evil-hooks")
        r.git("config", key, str(r.top / ".git" / "evil-hooks"))
    else:
        r.git("config", key, str(program))
    if key.startswith("gpg"):
        r.git("config", "commit.gpgSign", "true")
        r.git("config", "log.showSignature", "true")
        if "ssh" in key:
            r.git("config", "gpg.format", "ssh")
    if key.endswith("Command") and "gpg.ssh" in key:
        r.git("config", "--unset", "user.signingKey") if "signingkey" in r.git("config", "--list") else None


def begun(r: Repo) -> None:
    r.write(a_txt="a\n", b_txt="b\n", c_txt="c\n")
    r.write(_gitattributes="*.txt diff=evil filter=evil merge=evil\nb.txt filter=a=b\nc.txt filter=a.b.c\n")
    r.commit()
    r.git("branch", "base")
    r.commit("Second")
    for name in ("a.txt", "b.txt", "c.txt"):  # what git cannot know without looking
        os.utime(r.top / name, (1, 1))


def edited(path: str) -> dict[str, object]:
    return call("write_file", path=path, content="changed by the session\n")


@pytest.mark.parametrize("how", ["config", "include", "worktree"])
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_nothing_that_a_repository_names_is_run(desk: Any, canary: Path, key: str, how: str) -> None:
    r = desk.repo
    begun(r)
    plant(r, key, canary)
    config = r.top / ".git" / "config"
    if how != "config":
        inner = r.top / ".git" / ("extra" if how == "include" else "config.worktree")
        inner.write_text(config.read_text())
        r.git("config", "--file", str(config), "--remove-section", key.split(".")[0], ok=False)
        config.write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
        more = "[include]\n\tpath = extra\n" if how == "include" else "[extensions]\n\tworktreeConfig = true\n"
        config.write_text(config.read_text() + more)
    steps = [
        edited("new.md"),
        edited("a.txt"),
        call("diff", of="git"),
        {"text": "done"},
        {"text": "pr"},
        call("report_findings", findings=[]),
        {"text": "no findings"},
        call("report_findings", findings=[]),
        {"text": "none there, either"},
        {"text": "Commit it"},
    ]
    session = desk.session(steps, options={"approval": "auto"})
    await session.knowing.settle(10)
    await ask(session, "do it")
    await ask(session, "/pr base")
    await ask(session, "/review diff")
    await ask(session, "/review base")
    await ask(session, "/commit")
    assert not canary.exists()
    if key not in ("gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand"):
        assert r.git("log", "-1", "--format=%s", env={"GIT_CONFIG_COUNT": "0"}) == "Commit it\n"
        assert "A new.md" in r.files()


@pytest.mark.parametrize(
    "name",
    [
        "fsmonitor",
        "hooks path",
        "external diff",
        "diff driver",
        "textconv",
        "clean",
        "process",
        "clean with =",
        "gpg",
    ],
)
def test_the_traps_are_live(desk: Any, canary: Path, name: str) -> None:
    """Plain git walks into them; else the tests above would show nothing."""
    r = desk.repo
    begun(r)
    plant(r, KEYS[name], canary)
    r.write(a_txt="A\n")
    for command in (["status"], ["diff"], ["log", "-p"], ["add", "a.txt", "b.txt"], ["commit", "-m", "x"]):
        r.git(*command, ok=False)
    assert canary.exists()


STATUS = [
    "git status",
    "git diff",
    "git log -p",
    "git show",
    "git blame a.txt",
    "git diff --cached",
    "git log --stat",
]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
async def test_commands_that_read_are_not_waved_through_there(desk: Any, canary: Path, key: str) -> None:
    r = desk.repo
    begun(r)
    assert all(is_read_only(command, r.top) for command in STATUS)
    plant(r, key, canary)
    assert not any(is_read_only(command, r.top) for command in STATUS)
    steps = [*(call("shell", command=command) for command in STATUS), {"text": "."}]
    await ask(desk.session(steps, options={"mode": "plan"}), "look")
    assert not canary.exists()


async def test_a_filter_of_the_repositorys_own_is_told_and_not_gone_around(desk: Any, canary: Path) -> None:
    """Content that a filter should have encrypted must not be committed as it is."""
    r = desk.repo
    begun(r)
    plant(r, "filter.evil.clean", canary)
    end = await desk.run([edited("a.txt"), {"text": "."}, {"text": "No"}], "do it", "/commit")
    assert "it goes through the filter 'evil', which this repository itself defines" in end.error.message


Arrange = Callable[[Repo, Path], Path]


def elsewhere(r: Repo, tmp: Path) -> Path:
    """core.worktree leads to another folder."""
    other = tmp / "victim"
    other.mkdir()
    (other / "secret.txt").write_text("secret")
    r.git("config", "core.worktree", str(other))
    return r.top


def borrowed(r: Repo, tmp: Path) -> Path:
    """A folder whose `.git` claims the git folder of another work tree."""
    thief = tmp / "thief"
    thief.mkdir()
    (thief / ".git").write_text(f"gitdir: {r.top}/.git\n")
    r.git("config", "core.worktree", str(r.top))
    return thief


def bare_inside(r: Repo, tmp: Path) -> Path:
    """A folder that looks like a bare repository, with a configuration of its own."""
    inner = r.top / "inner"
    inner.mkdir()
    Repo(inner).git("init", "-q", "--bare", ".")
    Repo(inner).git("config", "core.fsmonitor", f"touch {tmp}/canary")
    Repo(inner).git("config", "core.bare", "false")
    Repo(inner).git("config", "core.worktree", str(inner))
    return inner


@pytest.mark.parametrize("arrange", [elsewhere, borrowed, bare_inside])
async def test_a_repository_that_is_not_what_it_seems(
    desk: Any, canary: Path, tmp_path: Path, arrange: Arrange
) -> None:
    r = desk.repo
    begun(r)
    head = r.head()
    desk.house.project = arrange(r, tmp_path)
    end = await desk.run([edited("new.md"), {"text": "."}, {"text": "No"}], "do it", "/commit")
    assert end.stop_reason == "error"
    assert "does not belong to it" in end.error.message or "git" in end.error.message
    assert Repo(r.top).git("rev-parse", "base~0").strip() and not canary.exists()
    assert (r.top / ".git" / "refs" / "heads" / "main").read_text().strip() == head


async def test_a_partial_clone_does_not_fetch(desk: Any, canary: Path, tmp_path: Path) -> None:
    r = desk.repo
    begun(r)
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
    evil.chmod(0o755)
    blob = r.git("rev-parse", "HEAD:b.txt").strip()
    for key, value in (
        ("core.repositoryformatversion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.url", str(repo(tmp_path / "other").top)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", str(evil)),
    ):
        r.git("config", key, value)
    (r.top / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    r.write(b_txt="other\n")
    session = desk.session(
        [edited("new.md"), call("diff", of="git"), {"text": "."}, {"text": "r"}, {"text": "Add"}]
    )
    await session.knowing.settle(10)
    await ask(session, "do it")
    await ask(session, "/review diff")
    await ask(session, "/commit")
    assert not canary.exists()


async def test_variables_of_the_environment_lead_nowhere(
    desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = repo(tmp_path / "other")
    other.write(o_txt="o\n")
    other.commit()
    r = desk.repo
    begun(r)
    head = other.head()
    monkeypatch.setenv("GIT_DIR", str(other.top / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.top))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    await desk.run([edited("new.md"), {"text": "."}, {"text": "Here"}], "do it", "/commit")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert (other.head(), r.files()) == (head, ["A new.md"])


async def test_branches_and_paths_that_look_like_options(desk: Any, canary: Path) -> None:
    r = desk.repo
    begun(r)
    for words in ("--output=/tmp/x", "-p", "--upload-pack=touch", "a b", "$(touch x)", "..", "nothing-here"):
        end = await desk.run([{"text": "."}], f"/review {words}")
        assert end.stop_reason == "error", words
    assert not canary.exists()


async def test_what_is_known_at_the_beginning(desk: Any) -> None:
    r = desk.repo
    assert await knowledge.of(r.top, os.environ) == "branch main, nothing uncommitted"
    r.write(a_txt="a\n", b_txt="b\n")
    r.commit()
    r.write(a_txt="A\n", new_txt="n\n", b_txt="B\n")
    r.git("add", "b.txt")
    session = desk.session([{"text": "."}])
    await session.knowing.settle(10)
    assert session.system_prompt().count(
        "\nGit when the session began: branch main, 1 staged, 1 changed, 1 new\n"
    ) == 1 or (session.system_prompt().endswith("branch main, 1 staged, 1 changed, 1 new"))
    before = session.system_prompt()
    r.commit("More")
    await ask(session, "hi")
    assert session.system_prompt() == before
    assert await knowledge.of(Path("/"), os.environ) == ""
    await asyncio.sleep(0)
