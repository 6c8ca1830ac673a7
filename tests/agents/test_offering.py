"""What becomes of all kinds of changes of a copy, and of what happens to the files meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.test_agents import calls, edits, git, repository, results, scripted, task
from cass.protocol.reaching import AgentUpdate
from support.house import House, RecordingClient, ask, call, no, yes


async def test_new_deleted_and_binary_files_of_two_copies(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    repository(house)
    (house.project / "c.txt").write_text("c\n")
    (house.project / ".gitignore").write_text("ignored\n")
    git(house, "add", "-A")
    one = "printf 'A\\n' > add.txt; rm b.txt; printf '\\0\\1' > bin; chmod +x c.txt; ln -s a.txt link; echo i > ignored"
    models = scripted(
        house,
        one=[call("shell", command=one), {"text": "one"}],
        two=[call("shell", command="printf 'B\\n' > add.txt; echo b2 > b.txt"), {"text": "two"}],
    )
    steps = [calls(*[task("x", model=m, isolation="worktree") for m in models]), {"text": "."}]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "Go")
    said = "\n".join(results(client))
    assert "no change of a text: new: bin; changed: c.txt, mode 644 → 755; new: link" in said
    assert len(client.asks) == 1 and "add.txt, b.txt" in said.partition("Collides")[2]
    assert not (house.project / "bin").exists() and not (house.project / "ignored").exists()


async def test_a_collision_is_never_decided_by_nobody(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=None)
    repository(house)
    models = scripted(house, one=edits(("line 2", "A")), two=edits(("line 2", "B"), ("line 7", "seven")))
    steps = [calls(*[task("x", model=m, isolation="worktree") for m in models]), {"text": "."}]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "Go")
    text = (house.project / "a.txt").read_text()
    assert ("A\n" in text) != ("B\n" in text)
    said = "\n".join(results(client))
    assert "nobody is there to approve it" in said and "kept as a patch" in said


async def test_files_that_change_while_they_are_asked_about_are_offered_again(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    repository(house)
    (one,) = scripted(house, one=edits(("line 2", "two"), ("line 8", "eight")))
    file = house.project / "a.txt"

    def answer(question: Any) -> Any:
        if question.title.endswith("Changes of general-1") and "mine" not in file.read_text():
            file.write_text(file.read_text().replace("line 2", "mine"))
        return no(question) if "in place of" in question.title else yes(question)

    client.decide = answer
    session = house.open(client, [calls(task("x", model=one, isolation="worktree")), {"text": "."}])
    await ask(session, "Go")
    (said,) = results(client)
    assert "offered again" in said and "kept as a patch" in said
    assert "mine" in file.read_text() and "eight" in file.read_text()


async def test_without_a_repository_or_a_profile_a_task_says_why_it_cannot_begin(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (one,) = scripted(house, one=[{"text": "x"}])
    begun = [task("x", model=one, isolation="worktree"), task("y", profile="nope"), task("z", model="other/model")]
    session = house.open(client, [calls(*begun), {"text": "."}])
    await ask(session, "Go")
    said = "\n".join(results(client))
    assert "is in no git repository" in said and "no profile 'nope'" in said and "agents.models" in said
    assert [(e.name, e.state) for e in client.of(AgentUpdate)] == [("general-1", "failed")]


async def test_a_sub_agent_s_question_to_the_user_has_its_name(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(answer="Blue")
    (one,) = scripted(house, one=[call("ask_user", question="Which colour?"), {"text": "So blue."}])
    session = house.open(client, [calls(task("x", model=one)), {"text": "."}])
    await ask(session, "Go")
    assert client.questions[0].message == "[general-1] Which colour?"
    assert "requires_action" in {e.state for e in client.of(AgentUpdate)} and session.state == "idle"
