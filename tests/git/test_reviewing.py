"""/review, /pr, the side branch and the words of a commit."""

from __future__ import annotations

from typing import Any

import pytest

from cass.git import reviewing, style
from cass.git.style import Logged
from cass.protocol.custom import FindingsUpdate
from cass.protocol.events import UserMessage
from support.house import ask, call

FOUND = [
    {"path": "a.txt", "line": 2, "severity": "error", "message": "wrong\nbecause"},
    {"path": "sub/b.txt", "line": 99, "end_line": 120, "message": "past the end"},
    {"path": "gone.txt", "line": 1, "message": "nowhere"},
]


def asked(desk: Any) -> str:
    own = [message for message in desk.client.of(UserMessage) if message.source == "user"]
    return "".join(block.text for block in own[-1].content)


def told_again(desk: Any) -> bool:
    return "report_findings was not called" in desk.client.of(UserMessage)[-1].content[0].text


async def test_findings_are_told_replaced_and_cleared(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="1\n2\n", sub__b_txt="b\n")
    r.commit()
    r.write(a_txt="1\nchanged\n", new_txt="new file\n")
    steps = [
        call("report_findings", findings=FOUND),
        {"text": "One is wrong."},
        call("report_findings", findings=[]),
        {"text": "All well."},
        call("report_findings", findings=FOUND[:1]),
        {"text": "Too late."},
    ]
    session = desk.session(steps)
    await ask(session, "/review")
    assert "+changed" in asked(desk) and "+new file" in asked(desk) and "what is not committed" in asked(desk)
    told = desk.client.of(FindingsUpdate)
    assert told[0].findings == ()
    first, second = told[1].findings
    assert (first.path, first.line, first.end_line, first.severity) == (str(r.top / "a.txt"), 2, 2, "error")
    assert (second.path, second.line, second.end_line) == (str(r.top / "sub/b.txt"), 1, 1)
    assert "gone.txt:1" in desk.results[0] and "2 findings are shown" in desk.results[0]
    await ask(session, "/review diff the tests above all")
    assert asked(desk).endswith("The user asks above all: the tests above all")
    assert desk.client.of(FindingsUpdate)[-1].findings == ()
    await ask(session, "no review, then")
    assert "There is no tool 'report_findings'" in desk.results[-1]
    await ask(session, "/review clear")
    assert desk.told == "The findings are taken away."


async def test_a_model_that_only_writes_is_asked_for_its_findings_once_more(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="1\n2\n", sub__b_txt="b\n")
    r.commit()
    r.write(a_txt="1\nchanged\n")
    prose = {"text": "Line 2 of a.txt is wrong."}
    session = desk.session([prose, call("report_findings", findings=FOUND[:1]), {"text": "Told."}, prose, prose])
    await ask(session, "/review diff")
    assert told_again(desk)
    assert len(desk.client.of(FindingsUpdate)[-1].findings) == 1
    end = await ask(session, "/review diff")
    assert end.stop_reason == "end_turn"  # asked for once, and what it wrote is there to be read
    assert desk.client.of(FindingsUpdate)[-1].findings == ()


async def test_review_of_what_is_staged_and_of_branches(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="1\n")
    r.commit()
    r.git("checkout", "-qb", "side")
    r.write(b_txt="side\n")
    r.commit("Add b\n\nFor a reason.")
    r.write(a_txt="staged\n")
    r.git("add", "a.txt")
    r.write(a_txt="not staged\n")
    session = desk.session([{"text": "."}] * 6)
    await ask(session, "/review --staged")
    assert "+staged" in asked(desk) and "not staged" not in asked(desk).split("<diff>")[1]
    await ask(session, "/review main")
    assert (
        "+side" in asked(desk) and "what HEAD adds against main" in asked(desk) and "For a reason." in asked(desk)
    )
    await ask(session, "/pr")
    assert "what HEAD adds to main" in asked(desk)
    r.git("stash", "-q")
    r.git("checkout", "-q", "main")
    await ask(session, "/review side")
    assert "what side adds against HEAD" in asked(desk) and "+side" in asked(desk)
    end = await ask(session, "/review nothere")
    assert end.error.message == "There is no branch or commit 'nothere'."
    await ask(session, "/review")
    assert desk.told == "No change waits for a decision. Nothing is uncommitted."


async def test_review_before_the_first_commit_and_outside_of_git(desk: Any, tmp_path: Any) -> None:
    desk.repo.write(a_txt="first\n")
    session = desk.session([{"text": "."}])
    await ask(session, "/review")
    assert "+first" in asked(desk)
    desk.house.project = tmp_path / "plain"
    desk.house.project.mkdir()
    for line in ("/review diff", "/pr", "/commit"):
        end = await desk.run([], line)
        assert "is in no git repository" in end.error.message


async def test_turns_are_kept_beside(desk: Any) -> None:
    r = desk.repo
    r.write(a_txt="a\n", own_txt="own\n")
    r.commit()
    r.write(own_txt="mine\n")
    r.git("add", "own.txt")
    r.hook("pre-commit", "touch ran")
    r.hook("reference-transaction", "touch ran")
    desk.house.environ["CASS_GIT__AUTO_COMMIT"] = "true"
    desk.house.restart()
    write = [call("write_file", path="a.txt", content=f"{n}\n") for n in (1, 2)]
    session = desk.session([write[0], {"text": "."}, write[1], {"text": "."}, {"text": "nothing"}])
    before, head = r.index, r.head()
    for words in ("first of all", "second", "third"):
        await ask(session, words)
        await session.side.settle()
    assert (r.index, r.head()) == (before, head) and not (r.top / "ran").exists()
    log = r.git("log", "--format=%s", session.side.name).splitlines()
    assert log == ["second", "first of all", "Begin"]
    assert r.git("show", f"{session.side.name}:a.txt") == "2\n"
    assert r.git("show", f"{session.side.name}:own.txt") == "own\n"
    assert r.git("status", "--porcelain") == " M a.txt\nM  own.txt\n"


@pytest.mark.parametrize(
    ("subjects", "said"),
    [
        (
            ["feat(x): add", "fix(y): mend", "chore(z): tidy"],
            "Conventional Commits: `type: subject`; types in use: feat, fix, chore",
        ),
        (["net: mend", "lib/x: add", "net: tidy"], "subjects begin with the part that changed: net:, lib/x:"),
        (["ABC-1 Add", "ABC-2: Mend", "[ABC-3] Tidy"], "subjects begin with a ticket's number"),
        (["Added a.", "Fixed b.", "Removed c."], "verb in the past tense (Added)"),
        (["Added a.", "Fixed b.", "Removed c."], "a full stop at its end"),
        (["Adds a", "Fixes b"], "third person"),
        (["add a", "mend b"], "subject begins in lower case"),
        (["Add a", "Mend b"], "no prefix before the subject"),
    ],
)
def test_the_style_of_a_repository(subjects: list[str], said: str) -> None:
    assert said in style.described([Logged(s) for s in subjects])


def test_bodies_and_trailers() -> None:
    log = [Logged("Add", "Because it was missing here.\n\nReviewed-by: A <a@x>\nCo-authored-by: B <b@x>")] * 3
    said = style.described(log)
    assert "most have a body" in said and "trailers in use: Reviewed-by;" in said
    assert "no commits yet" in style.described([])
    assert not style.signs_off(log) and style.signs_off([Logged("x", "Signed-off-by: A <a@x>")])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Add a", "Add a"),
        ('"Add a"', "Add a"),
        ("```\nAdd a\n\nWhy.\n```", "Add a\n\nWhy."),
        ("Here is the commit message:\n\nAdd a", "Add a"),
        ("Sure!\n```text\nAdd a\n```\nDone.", "Add a"),
        ("Add a\nwithout an empty line", "Add a\n\nwithout an empty line"),
        ("Add a\n\nCo-Authored-By: X <x@x>\nGenerated with Y", "Add a"),
        ("Add \x1b[31ma\r\n\r\nWhy", "Add [31ma\n\nWhy"),
        ("  \n", ""),
    ],
)
def test_the_message_in_an_answer(answer: str, message: str) -> None:
    assert style.cleaned(answer) == message


def test_trailers_stand_together() -> None:
    assert style.with_trailers("A", ["X: y"]) == "A\n\nX: y"
    assert style.with_trailers("A\n\nWhy.", ["X: y"]) == "A\n\nWhy.\n\nX: y"
    assert style.with_trailers("A\n\nWhy.\n\nZ: z", ["X: y"]) == "A\n\nWhy.\n\nZ: z\nX: y"
    assert style.with_trailers("A", []) == "A"


def test_a_long_diff_keeps_the_beginning_of_every_file() -> None:
    diff = "".join(f"diff --git a/{n} b/{n}\n+++ b/{n}\n" + f"+line of {n}\n" * (1_000 * n + 1) for n in range(4))
    short = reviewing.shortened(diff, 4_000)
    assert len(short) < 4_600
    assert all(f"diff --git a/{n} " in short for n in range(4)) and "left out" in short
    assert reviewing.shortened("x", 10) == "x"
