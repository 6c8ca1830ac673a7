"""Skills: what the model is told of them, what it costs, and how they are opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cass.errors import ToolError
from cass.protocol.events import Notice, ToolCallUpdate
from cass.sessions.trusting import REFUSE, TRUST
from support.house import House, RecordingClient, ask, call


class SkillHouse(House):
    """A house whose user and project bring skills."""

    def __init__(self, tmp_path: Path) -> None:
        self.person = tmp_path / "person"
        self.person.mkdir()
        super().__init__(tmp_path, HOME=str(self.person))

    def skill(self, folder: Path, name: str, head: str = "", body: str = "Do it well.") -> Path:
        """A skill in one of the places for them."""
        path = folder / name / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = head or f"name: {name}\ndescription: How to do {name}.\n"
        path.write_text(f"---\n{head}---\n\n{body}\n")
        return path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SkillHouse]:
    made = SkillHouse(tmp_path)
    yield made
    await made.app.close()


def _results(client: RecordingClient) -> list[tuple[str, str]]:
    return [
        (e.status, "".join(b.text for b in e.result))
        for e in client.of(ToolCallUpdate)
        if e.status in ("completed", "failed") and e.result is not None
    ]


async def test_only_name_and_description_are_in_the_prompt_and_the_tool_gives_the_rest(house: SkillHouse) -> None:
    path = house.skill(house.person / ".claude" / "skills", "release", body="Tag it, then push.")
    (path.parent / "scripts").mkdir()
    (path.parent / "scripts" / "tag.sh").write_text("git tag v1\n")
    client = RecordingClient(decide=None)
    steps = [
        call("skill", name="release"),
        call("read_file", path=str(path.parent / "scripts" / "tag.sh")),
        call("skill", name="nothing"),
        {"text": "ok"},
    ]
    session = house.open(client, steps)
    prompt = session.system_prompt()
    assert "- release: How to do release." in prompt
    assert "Tag it" not in prompt
    await ask(session, "release it")
    opened, read, missing = _results(client)
    assert opened[0] == "completed" and "Tag it, then push." in opened[1]
    assert "scripts/tag.sh" in opened[1] and str(path.parent) in opened[1]
    assert read == ("completed", "git tag v1\n")
    assert missing[0] == "failed" and "release" in missing[1]
    assert session.system_prompt() == prompt


async def test_no_skills_cost_nothing(house: SkillHouse) -> None:
    session = house.open(RecordingClient(), [])
    assert "# Skills" not in session.system_prompt()
    assert "skills" not in session.offers.now


async def test_all_places_are_read_and_the_nearer_one_counts(house: SkillHouse) -> None:
    places = {
        "a": house.person / ".claude" / "skills",
        "b": house.person / ".agents" / "skills",
        "c": house.home / "skills",
        "d": house.project / ".claude" / "skills",
        "e": house.project / ".agents" / "skills",
        "f": house.project / ".cass" / "skills",
    }
    for name, folder in places.items():
        house.skill(folder, name)
        house.skill(folder, "same", f"name: same\ndescription: From {name}.\n")
    listed = house.open(RecordingClient(), [], trust="yes").system_prompt()
    assert all(f"- {name}: How to do {name}." in listed for name in places)
    assert listed.count("- same:") == 1 and "- same: From f." in listed


async def test_a_folders_skills_are_there_once_they_are_trusted(house: SkillHouse) -> None:
    house.skill(house.project / ".claude" / "skills", "theirs")
    client = RecordingClient(answer=REFUSE)
    session = house.open(client, [call("skill", name="theirs"), {"text": "ok"}])
    assert "theirs" not in session.system_prompt()
    await ask(session, "go")
    assert _results(client)[0][0] == "failed"
    assert "theirs" not in await session.brought.commands()


async def test_a_skill_that_changed_after_it_was_trusted_is_not_opened(house: SkillHouse) -> None:
    path = house.skill(house.project / ".claude" / "skills", "theirs")
    client = RecordingClient(answer=TRUST)
    steps = [
        call("skill", name="theirs"),
        call("shell", command=f"echo more >> {path}"),
        call("skill", name="theirs"),
    ]
    await ask(house.open(client, [*steps, {"text": "ok"}]), "go")
    assert [status for status, _ in _results(client)] == ["completed", "completed", "failed"]


async def test_a_skill_is_a_command_with_arguments(house: SkillHouse) -> None:
    skills = house.home / "skills"
    house.skill(skills, "inspect", body="Look at $ARGUMENTS closely.")
    house.skill(skills, "plain", body="Look closely.")
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}, {"text": "two"}])
    await ask(session, "/inspect the door")
    await ask(session, "/plain the window")
    said = [m.text for m in session.messages if m.role == "user"]
    assert said[0].endswith("Look at the door closely.")
    assert said[1].endswith("Look closely.\n\nARGUMENTS: the window")


async def test_who_may_call_it_is_said_in_its_head(house: SkillHouse) -> None:
    skills = house.home / "skills"
    house.skill(skills, "mine", "name: mine\ndescription: Mine.\ndisable-model-invocation: true\n")
    house.skill(skills, "its", "name: its\ndescription: Its.\nuser-invocable: false\n")
    session = house.open(RecordingClient(), [])
    commands = await session.brought.commands()
    assert "mine" in commands and "its" not in commands
    assert "- its: Its." in session.system_prompt() and "mine" not in session.system_prompt()
    with pytest.raises(ToolError):
        await session.skills.open("mine")


async def test_a_bad_skill_is_told_once_and_hides_no_other(house: SkillHouse) -> None:
    skills = house.home / "skills"
    house.skill(skills, "good")
    house.skill(skills, "name less", "name: 'not a name!'\ndescription: x\n")
    house.skill(skills, "titled", "name: A Fine Title\ndescription: Has a title.\n")
    house.skill(skills, "silent", "name: silent\nlicense: MIT\n")
    broken = skills / "broken" / "SKILL.md"
    broken.parent.mkdir()
    broken.write_text("---\nname: broken\nno end of the head")
    (skills / "dir" / "SKILL.md").mkdir(parents=True)
    house.skill(skills, "odd", "name: odd\ndescription: Use: when things: are odd\n")
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}, {"text": "two"}])
    await ask(session, "first")
    await ask(session, "second")
    notices = [n.text for n in client.of(Notice)]
    assert len(notices) == 3, notices
    assert any("name less/SKILL.md, line 2" in n and "is no name" in n for n in notices)
    assert any("silent/SKILL.md, line 1" in n and "description" in n for n in notices)
    assert any("broken/SKILL.md, line 1" in n for n in notices)
    prompt = session.system_prompt()
    assert "- good:" in prompt and "- titled: Has a title." in prompt
    assert "- odd: Use: when things: are odd" in prompt


async def test_a_new_or_changed_skill_is_noticed_at_its_next_use(house: SkillHouse) -> None:
    skills = house.home / "skills"
    path = house.skill(skills, "one", body="Old.")
    session = house.open(RecordingClient(), [])
    before = session.system_prompt()
    path.write_text(path.read_text().replace("Old.", "New."))
    house.skill(skills, "two")
    assert (await session.skills.open("one")).body == "New."
    assert (await session.skills.open("two")).name == "two"
    assert "two" in await session.brought.commands()
    assert session.system_prompt() == before


async def test_links_out_of_a_project_are_left_out_and_the_users_own_are_followed(house: SkillHouse) -> None:
    elsewhere = house.skill(house.scripts / "elsewhere", "linked").parent
    (elsewhere / "more.md").write_text("more\n")
    for folder in (house.project / ".claude" / "skills", house.person / ".claude" / "skills"):
        folder.mkdir(parents=True)
    (house.project / ".claude" / "skills" / "evil").symlink_to(elsewhere)
    (house.person / ".claude" / "skills" / "linked").symlink_to(elsewhere)
    client = RecordingClient(decide=None)
    session = house.open(client, [call("read_file", path=str(elsewhere / "more.md")), {"text": "ok"}], trust="yes")
    assert "- linked:" in session.system_prompt() and "evil" not in session.system_prompt()
    await ask(session, "go")
    assert _results(client) == [("completed", "more\n")]


@pytest.mark.parametrize(
    "words",
    ["Explains at length when this is for, with every trigger word. ", "これは長い説明です。", "é" * 40 + " "],
)
async def test_thirty_skills_and_forty_commands_cost_under_800_tokens(house: SkillHouse, words: str) -> None:
    plain = house.open(RecordingClient(), [])
    before = plain.system_prompt()
    names = [f"skill-for-some-purpose-{n}" for n in range(30)]
    for name in names:
        house.skill(house.home / "skills", name, f"name: {name}\ndescription: {words * 12}\n")
    for n in range(40):
        path = house.home / "commands" / f"command{n}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"---\ndescription: {words * 5}\n---\nDo {n}.\n")
    session = house.open(RecordingClient(), [])
    await session.brought.commands()
    listed = session.system_prompt().removeprefix(before)
    assert all(f"- {name}" in listed for name in names)
    (spec,) = [spec for spec in house.app.library.house.specs if spec.name == "skill"]
    model = house.app.models.get(house.model([]))
    cost = model.estimate(listed) + model.estimate(f"{spec.name} {spec.description} {spec.parameters}")
    assert cost < 800


async def test_many_names_are_never_dropped(house: SkillHouse) -> None:
    for n in range(200):
        house.skill(house.home / "skills", f"skill-{n}")
    listed = house.open(RecordingClient(), []).system_prompt()
    assert all(f"- skill-{n}" in listed for n in range(200))
