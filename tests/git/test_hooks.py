"""Hooks run as git runs them; a failing one leaves everything as it was, and the model mends what it said."""

from __future__ import annotations

from typing import Any

import pytest

from cass.protocol.asking import PermissionOutcome
from support.house import RecordingClient, ask, call

DONE = {"text": "done"}


def write(path: str, text: str) -> dict[str, object]:
    return call("write_file", path=path, content=text)


async def test_hooks_run_and_are_shown_before(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("pre-commit", "echo checked $(git diff --cached --name-only)")
    r.hook("commit-msg", 'echo "Reviewed: yes" >> "$1"')
    await desk.run([write("b.txt", "b\n"), DONE, {"text": "Add b"}], "do it", "/commit")
    assert f"Hooks that will run: pre-commit, commit-msg ({r.top}/.git/hooks)" in desk.client.asks[-1].description
    assert "Hooks said:\nchecked b.txt" in desk.told
    assert r.git("log", "-1", "--format=%B").split("\n")[:2] == ["Add b", "Reviewed: yes"]


@pytest.mark.parametrize("staged", [True, False])
async def test_a_failing_hook_changes_nothing_and_the_model_mends(desk: Any, staged: bool) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("pre-commit", 'git add -A; if grep -q bad b.txt; then echo "b.txt is bad" >&2; exit 1; fi')
    r.write(mine_txt="mine\n")
    steps = [
        write("b.txt", "bad\n"),
        DONE,
        {"text": "Add b"},
        {
            **call("edit_file", path="b.txt", old_string="bad", new_string="good"),
            "expect": "Mend what it complains of",
        },
        call("git_commit", message="Add b"),
        {"text": "mended"},
    ]
    seen: list[tuple[bytes, str]] = []

    def decide(question: Any) -> PermissionOutcome:
        seen.append((r.index, r.head()))
        return PermissionOutcome(outcome="selected", option_id="allow_once")

    desk.client.decide = decide
    session = desk.session(steps)
    await ask(session, "do it")
    if staged:
        r.git("add", "b.txt")
    end = await ask(session, "/commit")
    assert end.stop_reason == "end_turn"
    failed = next(text for text in desk.results if "Nothing was committed" in text)
    assert "b.txt is bad" in failed
    assert seen[0] == seen[1], "between the two tries index and HEAD were what they were"
    assert r.head("b.txt") == "good\n"
    changed = "b.txt, mine.txt" if staged else "mine.txt"
    assert f"Hooks changed what was committed: {changed}" in desk.results[-1]


async def test_what_a_formatter_hook_does_is_told(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("pre-commit", "tr a-z A-Z < b.txt > t && mv t b.txt && git add b.txt; echo x >> c.txt")
    await desk.run([write("b.txt", "b\n"), write("c.txt", "c\n"), DONE, {"text": "Add"}], "do it", "/commit")
    assert r.head("b.txt") == "B\n"
    assert r.head("c.txt") == "c\n"
    assert "Hooks changed what was committed: b.txt" in desk.told
    assert "Hooks changed files without committing that: c.txt" in desk.told
    assert r.git("status", "--porcelain") == " M c.txt\n"


async def test_a_hanging_hook_ends_at_its_limit(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="b\n")
    r.git("add", "a.txt")
    r.hook("pre-commit", "sleep 300")
    desk.house.environ["CASS_GIT__HOOK_TIMEOUT"] = "1"
    desk.house.restart()
    before = r.index
    await desk.run([{"text": "B"}, {"text": "gave up"}], "/commit")
    assert "its hooks took too long" in desk.results[-1]
    assert r.index == before and not (r.top / ".git" / "index.lock").exists()
    assert r.git("status", "--porcelain") == "M  a.txt\n"


@pytest.mark.parametrize("answer", ["Yes", "No", None])
async def test_a_hooks_folder_that_the_repository_names_is_asked_about(desk: Any, answer: str | None) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.git("config", "core.hooksPath", ".husky")
    r.hook("pre-commit", "touch ran", folder=".husky")
    r.hook("pre-commit", "touch usual")
    desk.client = RecordingClient(answer=answer)
    await desk.run([write("b.txt", "b\n"), DONE, {"text": "Add"}], "do it", "/commit")
    assert (r.top / "ran").exists() is (answer == "Yes")
    assert (r.top / "usual").exists() is (answer != "Yes")
    assert "core.hooksPath" in desk.client.questions[-1].message
    assert ("Not run, for the repository itself names them" in desk.told) is (answer != "Yes")


async def test_a_hooks_folder_of_the_users_own_configuration_holds(desk: Any, tmp_path: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.git("config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    r.hook("pre-commit", "touch ran", folder=str(tmp_path / "hooks"))
    await desk.run([write("b.txt", "b\n"), DONE, {"text": "Add"}], "do it", "/commit")
    assert (r.top / "ran").exists()
    assert desk.client.questions == []


async def test_cancelled_while_a_hook_runs(desk: Any) -> None:
    import asyncio

    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="b\n")
    r.git("add", "a.txt")
    r.hook("pre-commit", "touch began; sleep 300")
    before, head = r.index, r.head()
    session = desk.session([{"text": "B"}])
    running = asyncio.ensure_future(ask(session, "/commit"))
    async with asyncio.timeout(20):
        while not (r.top / "began").exists():
            await asyncio.sleep(0.02)
    session.work.cancel()
    assert (await running).stop_reason == "cancelled"
    assert (r.index, r.head()) == (before, head)
    assert not list((r.top / ".git").glob("*.lock"))
    r.git("commit", "-qm", "By hand", "--no-verify")


OUTSIDE = "env -u GIT_INDEX_FILE git"


@pytest.mark.parametrize("staged", [True, False])
async def test_what_the_user_stages_while_a_hook_runs_stays_when_it_fails(desk: Any, staged: bool) -> None:
    r = desk.repo
    r.write(a_txt="a\n", mine_txt="m\n")
    r.commit()
    r.write(mine_txt="mine\n")
    r.hook("pre-commit", f"{OUTSIDE} add mine.txt; exit 1")
    session = desk.session([write("b.txt", "b\n"), DONE, {"text": "Add b"}, {"text": "gave up"}])
    await ask(session, "do it")
    if staged:
        r.git("add", "b.txt")
    await ask(session, "/commit")
    assert r.git("status", "--porcelain").splitlines() == [*(["A  b.txt"] if staged else []), "M  mine.txt"] + (
        [] if staged else ["?? b.txt"]
    )


@pytest.mark.parametrize("staged", [True, False])
async def test_at_no_moment_does_the_index_undo_the_commit(desk: Any, staged: bool) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("post-commit", f"{OUTSIDE} status --porcelain > ../seen")
    session = desk.session([write("b.txt", "b\n"), DONE, {"text": "Add b"}])
    await ask(session, "do it")
    if staged:
        r.git("add", "b.txt")
    await ask(session, "/commit")
    assert (r.top.parent / "seen").read_text() == ""
    assert r.git("status", "--porcelain") == ""


async def test_a_commit_that_somebody_makes_meanwhile_is_not_taken_for_ours(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("pre-commit", f"{OUTSIDE} commit -q --no-verify --allow-empty -m Theirs")
    end = await desk.run([write("b.txt", "b\n"), DONE, {"text": "Ours"}, {"text": "gave up"}], "do it", "/commit")
    assert end.stop_reason == "end_turn"
    assert "Nothing was committed" in desk.results[-1]
    assert r.git("log", "-1", "--format=%s") == "Theirs\n"
    assert r.git("status", "--porcelain") == ""


async def test_a_hook_that_hangs_while_the_branch_moves_leaves_no_lock(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("reference-transaction", "[ $1 != prepared ] || sleep 300")
    desk.house.environ["CASS_GIT__HOOK_TIMEOUT"] = "1"
    desk.house.restart()
    before = r.index
    await desk.run([write("b.txt", "b\n"), DONE, {"text": "B"}, {"text": "gave up"}], "do it", "/commit")
    assert "its hooks took too long" in desk.results[-1]
    assert r.index == before and not list((r.top / ".git").rglob("*.lock"))


async def test_a_hook_that_hangs_after_the_commit_is_stopped_and_the_commit_told(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.hook("post-commit", "sleep 300")
    desk.house.environ["CASS_GIT__HOOK_TIMEOUT"] = "1"
    desk.house.restart()
    await desk.run([write("b.txt", "b\n"), DONE, {"text": "B"}], "do it", "/commit")
    assert "Committed" in desk.told and "was stopped (git.hook_timeout)" in desk.told
    assert r.git("status", "--porcelain") == ""


async def test_another_git_at_work_is_waited_for_by_the_user(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    head, before = r.head(), r.index
    (r.top / ".git" / "index.lock").touch()
    end = await desk.run([write("b.txt", "b\n"), DONE, {"text": "B"}], "do it", "/commit")
    assert "Another git works in" in end.error.message
    assert (r.head(), r.index) == (head, before) and (r.top / ".git" / "index.lock").exists()
