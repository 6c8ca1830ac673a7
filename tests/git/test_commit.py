"""/commit: exactly what is staged, else exactly what the session changed, whatever else lies about."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from cass.protocol.asking import PermissionOutcome
from support.house import RecordingClient, ask, call, no
from support.repo import Repo, repo

TEN = "".join(f"line {n}\n" for n in range(1, 11))


def edit(path: str, old: str, new: str) -> dict[str, object]:
    return call("edit_file", path=path, old_string=old, new_string=new)


def write(path: str, text: str) -> dict[str, object]:
    return call("write_file", path=path, content=text)


def message(text: str) -> dict[str, object]:
    return {"text": text}


DONE = message("done")


async def test_what_the_session_changed_and_nothing_of_the_user(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt=TEN, b_txt="b\n", c_txt="c\n", gone_txt="x\n")
    r.commit()
    r.write(b_txt="mine\n", own_txt="mine\n")
    steps = [
        {
            "tool_calls": [
                *edit("a.txt", "line 3", "LINE 3")["tool_calls"],
                *write("new.txt", "new\n")["tool_calls"],
            ]
        },
        call("shell", command="rm gone.txt; chmod +x c.txt; ln -s a.txt link; printf 'a\\0b' > bin"),
        DONE,
        message("Shout in line 3"),
    ]
    await desk.run(steps, "do it", "/commit")
    assert r.files() == ["M a.txt", "A bin", "M c.txt", "D gone.txt", "A link", "A new.txt"]
    assert r.git("log", "-1", "--format=%B").strip() == "Shout in line 3"
    assert r.git("status", "--porcelain") == " M b.txt\n?? own.txt\n"
    assert r.git("ls-tree", "HEAD", "link").startswith("120000") and r.git("ls-tree", "HEAD", "c.txt").startswith(
        "100755"
    )
    assert "Committed" in desk.told and "Shout in line 3" in desk.told
    ask = desk.client.asks[-1]
    assert ask.title == "Commit 6 files on main: Shout in line 3"
    assert "new: new.txt" in ask.description and "deleted: gone.txt" in ask.description
    assert "mode 644 → 755" in ask.description and "No hooks will run." in ask.description


async def test_edits_are_known_without_checkpoints_too(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt=TEN, gone_txt="x\n")
    r.commit()
    r.write(own_txt="mine\n")
    desk.house.environ["CASS_CHECKPOINTS__ENABLED"] = "false"
    desk.house.restart()
    steps = [edit("a.txt", "line 3", "LINE 3"), write("new.txt", "new\n"), DONE, message("Shout in line 3")]
    await desk.run(steps, "do it", "/commit")
    assert r.files() == ["M a.txt", "A new.txt"]
    assert r.head("a.txt") == TEN.replace("line 3", "LINE 3")
    assert r.git("status", "--porcelain") == "?? own.txt\n"


async def test_what_is_staged_and_only_that(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt=TEN, b_txt="b\n")
    r.commit()
    r.write(a_txt=TEN.replace("line 1\n", "staged\n"))
    r.git("add", "a.txt")
    r.write(a_txt=TEN.replace("line 1\n", "staged\n").replace("line 9", "not staged"), b_txt="mine\n")
    before = r.index
    steps = [write("new.txt", "n\n"), DONE, message("Stage")]
    await desk.run(steps, "do it", "/commit")
    assert r.files() == ["M a.txt"]
    assert r.head("a.txt") == TEN.replace("line 1\n", "staged\n")
    assert r.git("status", "--porcelain") == " M a.txt\n M b.txt\n?? new.txt\n"
    assert "What is staged:" in desk.client.asks[-1].description
    assert r.git("ls-files", "-s") and before[12:60] == r.index[12:60]


async def test_own_changes_in_the_same_file_stay_behind(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt=TEN)
    r.commit()
    r.write(a_txt=TEN.replace("line 2\n", "my own 2\n"))
    steps = [edit("a.txt", "line 3", "LINE 3"), DONE, message("Three")]
    session = desk.session(steps)
    await ask(session, "do it")
    path = r.top / "a.txt"
    path.write_text(path.read_text().replace("line 8", "my own 8").replace("LINE 3", "LINE 3, better"))
    await ask(session, "/commit")
    assert r.head("a.txt") == TEN.replace("line 3", "LINE 3, better")
    assert r.git("diff", "--stat").strip().endswith("2 insertions(+), 2 deletions(-)")
    assert "Your own changes stay uncommitted in: a.txt" in desk.told


async def test_what_cannot_be_told_apart_is_left_out_with_the_reason(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt=TEN, b_txt="b\n", _gitignore="*.log\n")
    r.commit()
    r.write(a_txt=TEN.replace("line 2\n", "my own 2\n"), own_txt="mine\n")
    steps = [
        edit("a.txt", "my own 2", "our 2"),
        edit("own.txt", "mine", "ours"),
        write("x.log", "log"),
        edit("b.txt", "b", "B"),
        DONE,
        message("B"),
    ]
    await desk.run(steps, "do it", "/commit")
    assert r.files() == ["M b.txt"]
    assert "a.txt: your own changes and this session's are in the same lines" in desk.told
    assert "own.txt: it was there before this session and never committed" in desk.told
    assert "x.log: git ignores it" in desk.told


async def test_nothing_to_commit_is_said(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="mine\n")
    end = await desk.run([], "/commit")
    assert end.stop_reason == "error"
    assert end.error.message == "Nothing is staged, and this session changed nothing that is not committed."
    assert desk.client.asks == []


@pytest.mark.parametrize("staged", [True, False])
async def test_the_first_commit(desk: Any, staged: bool) -> None:
    r = desk.repo
    r.write(own_txt="mine\n")
    steps = [write("a.txt", "a\n"), DONE, message("Begin")]
    session = desk.session(steps)
    await ask(session, "do it")
    if staged:
        r.git("add", "own.txt")
    await ask(session, "/commit")
    assert r.files() == (["A own.txt"] if staged else ["A a.txt"])
    assert r.git("status", "--porcelain") == ("?? a.txt\n" if staged else "?? own.txt\n")


async def test_intent_to_add_assume_unchanged_and_a_split_index_stay(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n", b_txt="b\n", c_txt="c\n", d_txt="d\n")
    r.commit()
    r.write(later_txt="later\n", b_txt="mine\n")
    r.git("add", "-N", "later.txt")
    r.git("update-index", "--assume-unchanged", "b.txt")
    r.git("update-index", "--skip-worktree", "c.txt")
    r.git("update-index", "--split-index")
    await desk.run([edit("a.txt", "a", "A"), DONE, message("A")], "do it", "/commit")
    assert r.files() == ["M a.txt"]
    assert r.git("status", "--porcelain") == " A later.txt\n"
    assert r.git("ls-files", "-v").splitlines() == ["H a.txt", "h b.txt", "S c.txt", "H d.txt", "H later.txt"]


@pytest.mark.parametrize(
    "name", ["a b.txt", "-n", "line\nbreak", "ünï", ":(top)x", "q\"uo'te", "--", "*.txt", "tab\there", "a,b"]
)
async def test_odd_names(desk: Any, name: str) -> None:
    r = desk.repo
    r.write(other_txt="o\n")
    r.commit()
    r.write(other_txt="mine\n")
    await desk.run(
        [call("shell", command=f"echo x > ./{shlex.quote(name)}"), DONE, message("Odd")], "do it", "/commit"
    )
    assert r.files() == [f"A {name}"]
    assert r.git("status", "--porcelain") == " M other.txt\n"
    assert "\n" not in desk.client.asks[-1].description.split("new: ")[1].split("\n\n")[0]


async def test_in_a_subfolder_a_worktree_and_on_a_detached_head(desk: Any) -> None:
    r = desk.repo
    r.write(sub__a_txt="a\n", top_txt="t\n")
    r.commit()
    r.git("worktree", "add", "-q", str(r.top.parent / "tree"), "-b", "side")
    tree = Repo(r.top.parent / "tree")
    tree.git("checkout", "-q", "--detach")
    desk.house.project = tree.top / "sub"
    await desk.run(
        [edit("a.txt", "a", "A"), write("new.txt", "n\n"), DONE, message("In a tree")], "do it", "/commit"
    )
    assert tree.files() == ["M sub/a.txt", "A sub/new.txt"]
    assert "on a detached HEAD" in desk.client.asks[-1].title
    assert tree.git("status", "--porcelain") == "" and r.git("status", "--porcelain") == ""
    assert r.git("log", "--oneline", "main").count("\n") == 1


async def test_files_above_the_folder_of_the_session(desk: Any) -> None:
    r = desk.repo
    r.write(sub__a_txt="a\n", b_txt=TEN, c_txt=TEN)
    r.commit()
    r.write(b_txt=TEN.replace("line 2\n", "my own 2\n"))
    desk.house.project = r.top / "sub"
    steps = [edit(str(r.top / name), "line 5", "LINE 5") for name in ("b.txt", "c.txt")]
    session = desk.session([*steps, DONE, message("Above")])
    await ask(session, "do it")
    r.write(c_txt=(r.top / "c.txt").read_text().replace("line 9", "my own 9"))
    await ask(session, "/commit")
    assert r.head("b.txt") == r.head("c.txt") == TEN.replace("line 5", "LINE 5")
    assert r.git("diff", "--shortstat").strip() == "2 files changed, 2 insertions(+), 2 deletions(-)"


async def test_submodules_are_another_repository(desk: Any, tmp_path: Any) -> None:
    inner = repo(tmp_path / "inner")
    inner.write(i_txt="i\n")
    inner.commit()
    r = desk.repo
    r.write(a_txt="a\n")
    r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.top), "sub")
    r.commit()
    session = desk.session([edit("a.txt", "a", "A"), edit("sub/i.txt", "i", "I"), DONE, message("Outer")])
    await ask(session, "do it")
    await ask(session, "/commit")
    assert r.files() == ["M a.txt"]
    assert "sub/i.txt: it belongs to the repository sub" in desk.told
    Repo(r.top / "sub").git("checkout", "-q", "i.txt")
    desk.house.project = r.top / "sub"
    desk.client = RecordingClient()
    await desk.run([edit("i.txt", "i", "II"), DONE, message("Inner")], "do it", "/commit")
    assert Repo(r.top / "sub").git("status", "--porcelain") == ""
    assert Repo(r.top / "sub").files() == ["M i.txt"]


@pytest.mark.parametrize("what", ["merge", "cherry-pick", "rebase", "revert"])
async def test_in_the_middle_of_something_nothing_is_committed(desk: Any, what: str) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="b\n")
    r.commit("Second")
    r.git("checkout", "-qb", "other", "HEAD~")
    r.write(a_txt="c\n")
    r.commit("Third")
    target = {"merge": ["main"], "cherry-pick": ["main"], "rebase": ["main"], "revert": ["main"]}[what]
    r.git(what, *target, ok=False)
    before, head = r.index, r.head()
    end = await desk.run([write("n.txt", "n\n"), DONE, message("No")], "do it", "/commit")
    assert f"A {what} is going on" in end.error.message
    assert (r.index, r.head()) == (before, head)


async def test_refused_and_worded_anew(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    answers = ["too long", "message: Mine\n\nIn my words.", ""]

    def decide(question: Any) -> PermissionOutcome:
        note = answers.pop(0)
        return PermissionOutcome(
            outcome="selected", option_id="reject_once" if note else "allow_once", note=note or None
        )

    desk.client.decide = decide
    steps = [edit("a.txt", "a", "A"), DONE, message("First"), {"text": "Second", "expect": "too long"}]
    await desk.run(steps, "do it", "/commit")
    assert [a.title.split(": ")[1] for a in desk.client.asks] == ["First", "Second", "Mine"]
    assert r.git("log", "-1", "--format=%B").strip() == "Mine\n\nIn my words."


async def test_refused_without_words_nothing_happens(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    before, head = r.index, r.head()
    objects = sorted(p.name for p in (r.top / ".git" / "objects").rglob("*"))
    desk.client.decide = no
    desk.client.decide = lambda _: PermissionOutcome(outcome="selected", option_id="reject_once")
    await desk.run([edit("a.txt", "a", "A"), DONE, message("First")], "do it", "/commit")
    assert (r.index, r.head()) == (before, head)
    assert sorted(p.name for p in (r.top / ".git" / "objects").rglob("*")) == objects
    assert desk.told == "Nothing was committed."


async def test_something_that_changes_before_the_answer_is_not_committed(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    head = r.head()

    def decide(question: Any) -> PermissionOutcome:
        (r.top / "a.txt").write_text("A, and evil\n")
        return PermissionOutcome(outcome="selected", option_id="allow_once")

    desk.client.decide = decide
    end = await desk.run([edit("a.txt", "a", "A"), DONE, message("First")], "do it", "/commit")
    assert "not what was approved any more" in end.error.message
    assert r.head() == head


async def test_plan_mode_and_nobody_to_ask(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="b\n")
    r.git("add", "a.txt")
    head = r.head()
    end = await desk.run([], "/commit", options={"mode": "plan"})
    assert "plan mode" in end.error.message
    desk.client.decide = None
    end = await desk.run([message("x")], "/commit")
    assert "nobody is there to approve it" in end.error.message
    assert r.head() == head
    await desk.run([message("Unasked")], "/commit", options={"approval": "auto"})
    assert r.git("log", "-1", "--format=%s") == "Unasked\n"


async def test_own_words(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    r.write(a_txt="b\n")
    r.git("add", "a.txt")
    await desk.run([], '/commit -m "Say it my way"')
    assert r.git("log", "-1", "--format=%B").strip() == "Say it my way"
    assert desk.said == []


async def test_attribution_only_where_it_is_wanted(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.commit()
    text = (
        "```\nAdd b\n\nIt was missing.\n\n🤖 Generated with Something\nCo-Authored-By: Model <m@example.com>\n```"
    )
    await desk.run([write("b.txt", "b\n"), DONE, message(text)], "do it", "/commit")
    assert r.git("log", "-1", "--format=%B").strip() == "Add b\n\nIt was missing."
    desk.house.environ["CASS_GIT__ATTRIBUTION"] = "Assisted-by: cass ({model})"
    desk.house.restart()
    await desk.run([write("c.txt", "c\n"), DONE, message("Add c")], "do it", "/commit")
    body = r.git("log", "-1", "--format=%B").strip()
    assert body.startswith("Add c\n\nAssisted-by: cass (scripted/") and body.count("\n") == 2


async def test_the_model_sees_how_the_repository_words_commits(desk: Any) -> None:
    r = desk.repo
    for n, subject in enumerate(["feat(core): add one", "fix(core): mend two", "docs: tell of three"]):
        r.write(a_txt=f"{n}\n")
        r.commit(f"{subject}\n\nSigned-off-by: Ada <ada@example.com>")
    steps = [write("b.txt", "b\n"), DONE, {"text": "feat(core): add b", "expect": "Conventional Commits"}]
    await desk.run(steps, "do it", "/commit")
    assert r.git("log", "-1", "--format=%B").strip() == "feat(core): add b\n\nSigned-off-by: Ada <ada@example.com>"


async def test_line_ends_and_filters_of_the_user(desk: Any) -> None:
    r = desk.repo
    r.git("config", "--global", "core.autocrlf", "true")
    r.git("config", "--global", "filter.up.clean", "tr a-z A-Z")
    r.write(_gitattributes="*.up filter=up\n", b_up="b\n")
    (r.top / "a.txt").write_bytes(TEN.replace("\n", "\r\n").encode())
    r.commit()
    assert r.head("a.txt") == TEN
    (r.top / "a.txt").write_bytes(TEN.replace("line 9", "mine").replace("\n", "\r\n").encode())
    steps = [edit("a.txt", "line 3", "LINE 3"), write("b.up", "other\n"), DONE, message("Ends")]
    await desk.run(steps, "do it", "/commit")
    assert r.head("a.txt") == TEN.replace("line 3", "LINE 3")
    assert r.head("b.up") == "OTHER\n"
    assert r.git("diff", "--numstat").split() == ["1", "1", "a.txt"]


async def test_auto_crlf_is_not_needed_to_see_that(desk: Any) -> None:
    r = desk.repo
    (r.top / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    r.commit()
    await desk.run([edit("a.txt", "two", "TWO"), DONE, message("Two")], "do it", "/commit")
    assert r.head("a.txt") == "one\r\nTWO\r\n"
    assert (r.top / "a.txt").read_bytes() == b"one\r\nTWO\r\n"


async def test_the_message_is_readable_whatever_the_encoding_of_commits(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n")
    r.git("config", "i18n.commitEncoding", "ISO-8859-1")
    r.commit()
    await desk.run([write("b.txt", "b\n"), DONE, message("Größe → 3")], "do it", "/commit")
    assert r.git("-c", "i18n.commitEncoding=UTF-8", "log", "-1", "--format=%B").strip() == "Größe → 3"
