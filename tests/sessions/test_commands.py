"""Custom commands: what their files say happens, whatever values they are given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cass.protocol.custom import StepUpdate
from cass.protocol.events import AgentMessage, AvailableCommandsUpdate, Notice, ToolCallUpdate, UserMessage
from cass.protocol.messages import Text
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, no, prompt


def command(house: House, name: str, text: str, folder: str = ".cass/commands") -> Path:
    """A command's file."""
    path = house.project / folder / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def opened(house: House, client: RecordingClient, answers: Sequence[object] = (), **more: Any) -> Session:
    """A session in a folder that its user trusts."""
    return house.open(client, answers, trust="yes", **more)


def sent(client: RecordingClient) -> list[str]:
    """What was put to the model."""
    return ["".join(b.text for b in m.content if isinstance(b, Text)) for m in client.of(UserMessage)]


def ran(client: RecordingClient) -> list[str]:
    """The command lines that ran."""
    calls = [e for e in client.of(ToolCallUpdate) if e.name == "shell" and e.status == "in_progress"]
    return [str((e.raw_input or {})["command"]) for e in calls]


def steps(client: RecordingClient) -> list[tuple[str, str]]:
    """The steps, with their states, in order."""
    return [(e.step, e.state) for e in client.of(StepUpdate)]


async def test_a_command_is_listed_and_its_text_is_sent_with_values(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(
        house, "db/migrate", "---\ndescription: Migrate\nparameters:\n  to: {type: int}\n---\nMigrate to {{to}}.\n"
    )
    session = opened(house, client, [{"text": "done"}])
    end = await ask(session, "/db:migrate to=7")
    assert end.stop_reason == "end_turn", end
    assert sent(client) == ["Migrate to 7."]
    listed = client.of(AvailableCommandsUpdate)[-1].commands
    found = next(c for c in listed if c.name == "db:migrate")
    assert (found.description, found.origin) == ("Migrate", "project")
    assert [(p.name, p.type, p.required) for p in found.parameters] == [("to", "int", True)]


async def test_commands_of_claude_code_work_as_they_are(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = (
        "---\nallowed-tools: Bash(git status:*), Bash(echo:*)\nargument-hint: [message]\ndescription: Commit\n"
        "model: claude-3-5-haiku-20241022\nunknown: {a: b}\n---\n\n## Context\n\n- Out: !`echo hi`\n\n"
        "Say $ARGUMENTS, first $1, and {{ left }} alone. Mail me@x.org, see @notes.txt.\n"
    )
    command(house, "git/commit", text, ".claude/commands")
    (house.project / "notes.txt").write_text("the notes")
    session = opened(house, client, [{"text": "done"}])
    end = await ask(session, '/git:commit fix "the bug"')
    assert end.stop_reason == "end_turn", end
    (said,) = sent(client)
    assert said.startswith('## Context\n\n- Out: hi\n\nSay fix "the bug", first fix, and {{ left }} alone.')
    assert "Mail me@x.org, see @notes.txt." in said and "the notes" in said
    assert client.asks == []


async def test_a_command_that_asks_is_asked_about_as_it_runs(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=no)
    command(house, "c", "---\nparameters: {x: string}\n---\nOut: !`printf %s {{x}}`\n")
    session = opened(house, client, [{"text": "done"}])
    end = await ask(session, "/c x='a; touch pwned'")
    assert end.stop_reason == "error" and "c.md:4" in end.error.message
    assert [a.subject.command for a in client.asks] == ["printf %s 'a; touch pwned'"]
    assert sent(client) == []


EVIL = [
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "a\ntouch pwned\n",
    "-rf",
    "--help",
    "\\'; touch pwned #",
    "{{y}} !`touch pwned` @notes.txt $ARGUMENTS",
    "${IFS}touch${IFS}pwned",
    "é ✓ \u202e x",
    "a\\",
    "!!",
    "*",
    "~",
    "",
]


@pytest.mark.parametrize("value", EVIL)
async def test_a_hostile_value_is_text_wherever_it_stands(tmp_path: Path, value: str) -> None:
    house, client = House(tmp_path), RecordingClient()
    body = """---
parameters:
  x: string
---
1 {{x}}
2 !`printf '<%s>' {{x}}`
3 !`printf '<%s>' "{{x}}"`
4 !`printf '<%s>' '{{x}}'`
5 !`printf '<%s>' a{{x}}b "$(printf %s "{{x}}")"`
6 !`printf '<%s>' "q{{x}}"'{{x}}'`
"""
    command(house, "c", body)
    (house.project / "notes.txt").write_text("SECRET NOTES")
    client.form = {"x": value}
    session = opened(house, client, [{"text": "done"}], options={"approval": "auto"})
    end = await ask(session, "/c")
    if not value:
        assert end.error.kind == "invalid_params"
        return
    assert end.stop_reason == "end_turn", end
    assert not (house.project / "pwned").exists()
    inner = value.rstrip("\n")  # $( ) takes line ends away
    assert sent(client) == [
        f"1 {value}\n2 <{value}>\n3 <{value}>\n4 <{value}>\n5 <a{value}b><{inner}>\n6 <q{value}{value}>"
    ]


async def test_what_is_missing_is_asked_for_in_one_form_and_checked(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    head = """---
parameters:
  kind: {type: enum, values: [bug, feature]}
  count: {type: int, min: 1, max: 5, default: 2, prompt: true}
  loud: {type: bool, prompt: true}
---
{{kind}} {{count}} {{loud}}
"""
    command(house, "c", head)
    client.forms = [{"kind": "wish", "count": 9, "loud": True}, {"kind": "bug", "count": 3, "loud": True}]
    session = opened(house, client, [{"text": "done"}])
    end = await ask(session, "/c")
    assert end.stop_reason == "end_turn", end
    assert sent(client) == ["bug 3 true"]
    first, second = client.questions
    fields: Any = first.requested_schema["properties"]
    assert fields["kind"]["enum"] == ["bug", "feature"]
    assert (fields["count"]["type"], fields["count"]["default"], fields["count"]["maximum"]) == ("integer", 2, 5)
    assert fields["loud"]["type"] == "boolean"
    assert "kind cannot be 'wish'" in second.message and "count cannot be 9" in second.message


async def test_without_anybody_to_ask_the_error_names_what_is_missing(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=None)
    command(house, "c", "---\nparameters: {kind: string}\n---\n{{kind}}\n")
    end = await ask(opened(house, client, []), "/c")
    assert end.error.kind == "missing_parameter" and "kind" in end.error.message
    assert "kind=" in (end.error.hint or "")


async def test_a_name_of_cass_stays_its_own_and_the_file_is_reached_by_where_it_lies(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "fix", "Our way.", ".claude/commands")
    session = opened(house, client, [{"text": "done"}])
    await ask(session, "/project:fix")
    assert sent(client) == ["Our way."]
    assert "project:fix" in [c.name for c in client.of(AvailableCommandsUpdate)[-1].commands]


async def test_a_broken_file_is_told_with_its_line_and_hides_no_other(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "good", "Do it.")
    command(house, "bad", "---\nparameters:\n  n: {type: nmber}\n---\nx\n")
    session = opened(house, client, [{"text": "done"}])
    end = await ask(session, "/bad")
    assert "bad.md:3" in end.error.message and "number" in str(end.error.message) + str(end.error.hint)
    assert (await ask(session, "/good")).stop_reason == "end_turn"


async def test_a_changed_file_counts_with_the_next_prompt(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    own = house.app.places.config / "commands"
    own.mkdir(parents=True)
    (own / "c.md").write_text("One.")
    session = house.open(client, [{"text": "a"}, {"text": "b"}])
    await ask(session, "/c")
    (own / "c.md").write_text("Another one.")
    (own / "d.md").write_text("New.")
    await ask(session, "/c")
    assert sent(client) == ["One.", "Another one."]
    assert "d" in [c.name for c in client.of(AvailableCommandsUpdate)[-1].commands]


async def test_a_command_of_a_folder_that_is_not_trusted_says_so_and_does_nothing(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "c", "Out: !`touch made`")
    session = house.open(client, [{"text": "a"}], trust="no", options={"approval": "auto"})
    end = await ask(session, "/c")
    assert end.error.kind == "not_trusted" and "/trust" in (end.error.hint or "")
    assert not (house.project / "made").exists() and sent(client) == []
    assert "c" not in [c.name for u in client.of(AvailableCommandsUpdate) for c in u.commands]


async def test_a_fork_has_a_conversation_of_its_own_and_asks_by_its_name(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "look", "---\ncontext: fork\n---\nLook at it.\n")
    script = [
        {"text": "", "tool_calls": [{"name": "shell", "arguments": {"command": "touch made"}}]},
        {"text": "All is well."},
    ]
    session = opened(house, client, script)
    end = await ask(session, "/look")
    assert end.stop_reason == "end_turn", end
    assert (house.project / "made").exists()
    assert [a.title for a in client.asks] == ["[/look] touch made"]
    assert sent(client) == ["/look"]
    assert [m.content[0].text for m in client.of(AgentMessage)] == ["All is well."]
    assert not session.agents.children


async def test_a_fork_is_as_free_as_its_session_and_no_freer(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=no)
    command(house, "look", "---\ncontext: fork\n---\nLook at it.\n")
    script = [
        {"text": "", "tool_calls": [{"name": "shell", "arguments": {"command": "touch made"}}]},
        {"text": "Well."},
    ]
    session = opened(house, client, script, options={"approval": "auto"})
    await ask(session, "/look")
    assert (house.project / "made").exists() and client.asks == []
    (house.project / "made").unlink()
    session.set_option("approval", "ask")
    await ask(session, "/look")
    assert len(client.asks) == 1 and not (house.project / "made").exists()


async def test_a_fork_in_plan_mode_changes_nothing(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "look", "---\ncontext: fork\nmode: active\napproval: auto\n---\nLook at it.\n")
    script = [
        {"text": "", "tool_calls": [{"name": "shell", "arguments": {"command": "touch made"}}]},
        {"text": "Well."},
    ]
    client.answer = "Allow for this run"
    session = opened(house, client, script, options={"mode": "plan"})
    await ask(session, "/look")
    assert not (house.project / "made").exists()


async def test_the_check_is_run_until_it_passes(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "mend", "---\nverify: {run: test -e ok, retries: 2}\n---\nFix it.\n")
    script = [
        {"text": "Did it."},
        {"text": "", "tool_calls": [{"name": "shell", "arguments": {"command": "touch ok"}}]},
        {"text": "Now."},
    ]
    end = await ask(opened(house, client, script), "/mend")
    assert end.stop_reason == "end_turn", end
    assert ran(client) == ["test -e ok", "touch ok", "test -e ok"]
    assert "failed with exit code 1" in sent(client)[1]


async def test_a_check_that_never_passes_ends_the_run(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "mend", "---\nverify: {run: 'false', retries: 2}\n---\nFix it.\n")
    end = await ask(opened(house, client, [{"text": "a"}] * 5), "/mend")
    assert end.error.kind == "verify_failed"
    assert ran(client) == ["false"] * 3


async def test_an_answer_must_fit_the_schema(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\noutput_schema: {type: object, required: [n], properties: {n: {type: integer}}}\n---\nCount.\n"
    command(house, "count", text)
    end = await ask(
        opened(house, client, [{"text": '{"n": "x"}'}, {"text": 'Here:\n```json\n{"n": 3}\n```'}]), "/count"
    )
    assert end.stop_reason == "end_turn", end
    assert "$.n" in sent(client)[1] and "integer" in sent(client)[1]


async def test_a_budget_ends_the_run(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "c", "---\nbudget: {requests: 2}\n---\nGo.\n")
    again = {"text": "", "tool_calls": [{"name": "list_dir", "arguments": {}}]}
    end = await ask(opened(house, client, [again, again, again, {"text": "x"}]), "/c")
    assert end.stop_reason == "max_turn_requests"
    assert len(client.of(AgentMessage)) == 2


STEPS = """---
parameters:
  target: {type: string, default: all}
steps:
  - id: list
    run: printf 'a\\nb\\n'
  - id: each
    for_each: steps.list.lines
    run: echo item {{item}} of {{target}}
  - id: test
    run: "false"
    on_error: continue
  - id: mend
    if: not steps.test.ok
    prompt: "Mend it, code {{steps.test.exit_code}}."
  - id: never
    if: steps.test.ok
    run: touch never
  - id: choose
    when:
      - if: steps.each.text contains "item b"
        steps:
          - id: yes
            run: touch chosen
      - else:
          - id: other
            run: touch other
---
Sum up: {{steps.each.text}} / {{steps.mend.text}}
"""


async def test_steps_run_in_order_with_branches_and_read_each_other(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "run", STEPS)
    session = opened(house, client, [{"text": "Mended."}, {"text": "Done."}])
    end = await ask(session, "/run target=x")
    assert end.stop_reason == "end_turn", end
    assert sent(client) == ["/run target=x", "Mend it, code 1.", "Sum up: item a of x\nitem b of x / Mended."]
    assert (house.project / "chosen").exists()
    assert not (house.project / "never").exists() and not (house.project / "other").exists()
    assert ("never", "skipped") in steps(client) and ("", "done") in steps(client)


async def test_parallel_steps_run_beside_each_other_in_sessions_of_their_own(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = """---
steps:
  - id: both
    parallel:
      - id: one
        run: touch one; for i in $(seq 100); do test -e two && break; sleep 0.05; done; test -e two && echo saw two
      - id: two
        run: touch two; for i in $(seq 100); do test -e one && break; sleep 0.05; done; test -e one && echo saw one
---
Both: {{steps.both.text}}
"""
    command(house, "par", text)
    session = opened(house, client, [{"text": "Done."}], options={"approval": "auto"})
    end = await ask(session, "/par")
    assert end.stop_reason == "end_turn", end
    assert sent(client)[1] == "Both: one: saw two\ntwo: saw one"
    children = {e.child_session_id for e in client.of(StepUpdate) if e.child_session_id}
    assert len(children) == 2


async def test_a_failing_step_ends_the_run_and_it_is_taken_up_where_it_was(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = """---
steps:
  - {id: first, run: echo x >> log}
  - {id: second, run: test -e ready}
  - {id: third, run: cat log}
---
"""
    command(house, "run", text)
    session = opened(house, client, [], options={"approval": "auto"})
    end = await ask(session, "/run")
    assert end.error.kind == "step_failed" and "second" in end.error.message
    (house.project / "ready").touch()
    end = await ask(session, "/resume-run")
    assert end.stop_reason == "end_turn", end
    assert (house.project / "log").read_text() == "x\n"


async def test_a_run_that_died_with_its_process_is_offered_and_goes_on(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(hold=False)
    text = """---
parameters: {word: string}
steps:
  - {id: first, run: echo x >> log}
  - {id: second, prompt: "Say {{word}}"}
  - {id: third, run: "echo {{steps.second.text}} {{word}} >> log"}
---
"""
    command(house, "run", text)
    session = opened(house, client, [{"text": "never", "delay_ms": 600_000}], options={"approval": "auto"})
    prompt(session, "/run word='a b'")
    async with asyncio.timeout(10):
        while ("second", "running") not in steps(client):
            await asyncio.sleep(0)
    house.restart()
    later = RecordingClient()
    again = await house.resume(
        session.session_id, later, trust="yes", config_options={"model": house.model([{"text": "hi"}], "b")}
    )
    told = [n.text for n in later.of(Notice)]
    assert any("/run was cut off after the steps first" in text and "/resume-run" in text for text in told), told
    end = await ask(again, "/resume-run")
    assert end.stop_reason == "end_turn", end
    assert (house.project / "log").read_text() == "x\nhi a b\n"


async def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "run", STEPS)
    end = await ask(opened(house, client, []), "/run --dry-run target='$(x)'")
    assert end.stop_reason == "end_turn", end
    (text,) = [n.text for n in client.of(Notice)]
    assert "echo item '«item»' of '$(x)'" in text and "Mend it, code «steps.test.exit_code»." in text
    assert sent(client) == [] and ran(client) == [] and client.asks == []


async def test_commands_call_commands_but_never_in_a_circle(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "inner", "---\nparameters: {x: string}\n---\nInner {{x}}.\n")
    command(
        house,
        "outer",
        "---\nsteps:\n  - {id: a, command: inner, with: {x: 'v {{steps}}'}}\n---\nGot {{steps.a.text}}\n",
    )
    command(house, "round", "---\nsteps:\n  - {id: a, command: round}\n---\n")
    session = opened(house, client, [{"text": "I."}, {"text": "O."}])
    end = await ask(session, "/outer")
    assert end.stop_reason == "end_turn", end
    assert sent(client)[1:] == ["Inner v {}.", "Got I."]
    end = await ask(session, "/round")
    assert "calls itself" in end.error.message and "round.md:3" in end.error.message


async def test_cancelling_ends_parallel_steps_and_nothing_stays_open(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = """---
steps:
  - id: both
    parallel:
      - {id: one, run: "touch one; sleep 60"}
      - {id: two, prompt: Wait.}
---
"""
    command(house, "par", text)
    session = opened(house, client, [{"text": "x", "delay_ms": 600_000}], options={"approval": "auto"})
    turn = prompt(session, "/par")
    async with asyncio.timeout(10):
        while not (house.project / "one").exists():
            await asyncio.sleep(0.01)
        session.work.cancel()
        end = await session.work.finished(turn)
    assert end.stop_reason == "cancelled"
    assert not session.agents.children
    states = dict(steps(client))
    assert states["both"] == states["both/one"] == states["both/two"] == states[""] == "cancelled"


async def test_a_command_of_commands_beside_each_other_gives_its_last_words(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    head = "---\nparameters: {x: string}\ncontext: fork\nsteps:\n  - {id: z, run: 'echo {{x}}'}\n---\n"
    command(house, "inner", head)
    text = """---
steps:
  - id: p
    parallel:
      - {id: a, command: inner, with: {x: "q  w"}}
      - {id: b, command: inner, with: "r s"}
---
{{steps.p.text}}
"""
    command(house, "outer", text)
    end = await ask(opened(house, client, [{"text": "k"}], options={"approval": "auto"}), "/outer")
    assert end.stop_reason == "end_turn", end
    assert sent(client) == ["/outer", "a: q  w\nb: r s"]


async def test_a_failure_beside_others_lets_them_go_on_and_is_told(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = (
        "---\nsteps:\n  - id: p\n    parallel:\n      - {id: a, run: exit 3}\n      - {id: b, run: touch b}\n---\n"
    )
    command(house, "par", text)
    end = await ask(opened(house, client, [], options={"approval": "auto"}), "/par")
    assert end.error.kind == "step_failed" and (house.project / "b").exists()
    assert ("p/a", "failed") in steps(client) and ("p/b", "done") in steps(client)


async def test_a_step_is_tried_until_its_condition_holds(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\nsteps:\n  - {id: a, run: echo x >> n; wc -l < n, until: steps.a.text == 3, retry: 5}\n---\n"
    command(house, "again", text)
    end = await ask(opened(house, client, [], options={"approval": "auto"}), "/again")
    assert end.stop_reason == "end_turn", end
    assert (house.project / "n").read_text() == "x\n" * 3
    assert [e.attempt for e in client.of(StepUpdate) if e.step == "a" and e.state == "running"] == [1, 2, 3]


@pytest.mark.parametrize(("answer", "asks"), [("Allow for this run", []), ("No", ["touch a"])])
async def test_a_wider_approval_is_asked_about_first(tmp_path: Path, answer: str, asks: list[str]) -> None:
    house, client = House(tmp_path), RecordingClient(answer=answer)
    command(house, "auto", "---\napproval: auto\n---\nOut !`touch a`")
    await ask(opened(house, client, [{"text": "k"}]), "/auto")
    assert "approval auto" in client.questions[0].message
    assert [a.title for a in client.asks] == asks
    assert client.of(AgentMessage)


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", "~/x", "link"])
async def test_no_file_from_outside_is_given_along(tmp_path: Path, path: str) -> None:
    house, client = House(tmp_path), RecordingClient()
    (tmp_path / "outside.txt").write_text("OUTSIDE")
    (house.project / "link").symlink_to(tmp_path / "outside.txt")
    command(house, "c", f"---\nparameters: {{f: string}}\n---\nSee @{path} {{{{f}}}}")
    command(house, "d", "---\nparameters: {f: string}\n---\nSee @{{f}}")
    session = opened(house, client, [{"text": "k"}, {"text": "k"}])
    assert (await ask(session, "/c f=x")).stop_reason == "end_turn"
    end = await ask(session, f"/d f={path}")
    assert end.stop_reason == "error" and "d.md:4" in end.error.message
    assert not any("OUTSIDE" in text or "root:" in text for text in sent(client))


async def test_two_clients_are_asked_and_the_first_answer_counts(tmp_path: Path) -> None:
    house, slow, quick = House(tmp_path), RecordingClient(hold=True), RecordingClient()
    command(house, "look", "---\ncontext: fork\nsteps:\n  - {id: a, run: touch made}\n---\n")
    session = opened(house, slow)
    session.attach(quick)
    end = await ask(session, "/look")
    assert end.stop_reason == "end_turn", end
    assert [a.title for a in slow.asks] == [a.title for a in quick.asks] == ["[/look] touch made"]
    assert (house.project / "made").exists()
    assert steps(slow) == steps(quick)
