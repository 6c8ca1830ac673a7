"""What else a run of a command can be: its steps' own ways, what goes wrong in it, what it is given."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cass.protocol.asking import ElicitationParams, ElicitationResult
from cass.protocol.custom import StepUpdate
from cass.protocol.events import AgentMessage, Notice
from cass.protocol.methods import PromptContext
from cass.protocol.reviewing import ReviewUpdate
from sessions.test_commands import command, opened, ran, sent, steps
from support.house import House, RecordingClient, ask, call, prompt


async def run(
    house: House, client: RecordingClient, text: str, line: str = "/c", script: object = (), **more: object
):
    """One run of one command, everything allowed."""
    command(house, "c", text)
    answers = list(script) if isinstance(script, list | tuple) else []
    model = house.model(answers, f"script-{len(tmp_scripts(house))}")
    return await ask(opened(house, client, options={"approval": "auto", "model": model}), line, **more)


def tmp_scripts(house: House) -> list[Path]:
    """The scripts so far: a model is asked for once, so that each run has its own."""
    return list(house.scripts.glob("script-*.json"))


async def test_a_step_has_a_schema_a_check_and_a_session_of_its_own(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = """---
steps:
  - id: data
    context: fork
    prompt: Give data.
    output_schema: {type: object, required: [names]}
  - id: all
    for_each: steps.data.json.names
    as: who
    run: echo {{who}} {{index}}
  - id: group
    retry: 1
    steps:
      - {id: first, run: echo x >> tries}
      - {id: second, run: "test $(wc -l < tries) = 2"}
  - id: mend
    prompt: Mend {{steps.all.text}} {{steps.group.ok}} {{steps.second.exit_code}}
    effort: low
    verify: test -e mended
  - id: pick
    when:
      - {if: steps.mend.text == "no", steps: [{id: no, run: touch no}]}
      - else: [{id: other, run: echo other}]
---
{{steps.pick.text}}
"""
    script = [
        {"text": '{"names": ["a", "b c"]}'},
        call("shell", command="touch mended"),
        {"text": "yes"},
        {"text": "Done."},
    ]
    end = await run(house, client, text, script=script)
    assert end.stop_reason == "end_turn", end
    said = sent(client)
    assert said[1] == "Mend a 0\nb c 1 true 0"
    assert (house.project / "tries").read_text() == "x\nx\n" and not (house.project / "no").exists()
    assert ("group/first", "running") in steps(client)


async def test_a_fork_with_a_check_gives_one_message_and_its_failure_is_told(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\ncontext: fork\nverify: {run: test -e ok, retries: 0}\n---\nDo it."
    end = await run(house, client, text, script=[{"text": "Did."}])
    assert end.error.kind == "verify_failed" and client.of(AgentMessage) == []
    (house.project / "ok").touch()
    end = await run(house, client, text, script=[{"text": "Did."}])
    assert [m.content[0].text for m in client.of(AgentMessage)] == ["Did."]


async def test_time_is_a_budget_and_limits_end_all_steps(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    end = await run(
        house, client, "---\nbudget: {seconds: 0.3}\n---\nGo.", script=[{"text": "x", "delay_ms": 60_000}]
    )
    assert end.stop_reason == "max_turn_requests" and "0.3 seconds" in end.error.message
    text = """---
budget: {requests: 1}
steps:
  - id: p
    on_error: continue
    parallel:
      - {id: a, prompt: One}
  - {id: b, prompt: Two, on_error: continue}
---
Three
"""
    end = await run(house, client, text, script=[{"text": "x"}] * 3)
    assert end.stop_reason == "max_turn_requests" and "1 of 1 requests" in end.error.message
    assert ("b", "failed") in steps(client)


async def test_the_model_may_refuse_and_a_broken_answer_ends_the_run(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    end = await run(house, client, "Go.", script=[{"text": "no", "finish": "refusal"}])
    assert end.stop_reason == "refusal"
    text = "---\nsteps: [{id: a, prompt: Go}]\n---\n"
    end = await run(house, client, text, script=[{"error": {"kind": "auth_required", "message": "no key"}}])
    assert end.error.kind == "step_failed" and "no key" in end.error.message


async def test_what_is_selected_changed_and_looked_at_comes_along(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "src").mkdir()
    (house.project / "src" / "a.py").write_text("x = 1\n")
    text = (
        "---\nparameters: {s: selection}\n---\n[{{s}}|{{selection}}|{{diagnostics}}] @src {{#if diff}}diff{{/if}}"
    )
    context = PromptContext(selection="chosen {{x}}")
    end = await run(house, client, text, script=[{"text": "k"}], context=context)
    assert end.stop_reason == "end_turn", end
    assert sent(client)[0].startswith("[chosen {{x}}|chosen {{x}}|] @src ")
    assert "[File src]" in sent(client)[0] and "a.py" in sent(client)[0]


async def test_a_run_is_taken_up_only_as_it_was(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    own = house.app.places.config / "commands"
    own.mkdir(parents=True)
    path = own / "c.md"
    path.write_text("---\nsteps: [{id: a, run: echo a >> log}, {id: b, run: test -e ok}]\n---\n")
    session = house.open(client, options={"approval": "auto"})
    assert "no run to take up" in (await ask(session, "/resume-run")).error.message
    assert (await ask(session, "/c")).error.kind == "step_failed"
    path.write_text(path.read_text().replace("-e ok", "! -e ok"))
    end = await ask(session, "/resume-run")
    assert "was changed since" in end.error.message and "anyway" in (end.error.hint or "")
    assert (await ask(session, "/resume-run anyway")).stop_reason == "end_turn"
    assert (house.project / "log").read_text() == "a\n"
    assert (await ask(session, "/c")).stop_reason == "end_turn"
    path.unlink()
    assert "no run to take up" in (await ask(session, "/resume-run")).error.message


async def test_arguments_of_a_called_command_are_checked(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(decide=None)
    command(house, "inner", "---\nparameters: {n: int}\n---\n{{n}}")
    for given, words in (
        ("{m: 1}", "no parameter m"),
        ("{n: x}", "whole number"),
        ("'--m'", "no parameter --m"),
        ("{}", "needs n"),
    ):
        end = await run(house, client, f"---\nsteps: [{{id: a, command: inner, with: {given}}}]\n---\n")
        assert words in end.error.message, end
    end = await run(house, client, "---\nsteps: [{id: a, command: nothing}]\n---\n")
    assert "no custom command /nothing" in end.error.message


async def test_a_form_that_is_left_or_never_right_ends_the_command(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\nparameters: {n: {type: int, max: 3}, o: {type: int, default: 1, prompt: true}}\n---\n{{n}} {{o}}"
    end = await run(house, client, text)
    assert end.error.kind == "missing_parameter"
    client.form = {"n": 9}
    end = await run(house, client, text)
    assert end.error.kind == "invalid_params" and len(client.questions) == 4
    client.form = {"n": "", "o": ""}
    assert "n is missing" in (await run(house, client, text)).error.message
    client.form = None
    end = await run(house, client, text, "/c n=2", script=[{"text": "k"}])
    assert end.stop_reason == "end_turn" and sent(client) == ["2 1"]
    end = await run(house, client, text.replace("max: 3", "prompt: false"))
    assert end.error.kind == "missing_parameter"


async def test_every_shell_command_is_asked_about_once_and_rules_hold(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient(answer="Allow for this run")
    command(house, "c", "---\nallowed-tools: Bash\n---\n!`touch a`!`touch b`\n!`touch c`", ".claude/commands")
    await ask(opened(house, client, [{"text": "k"}]), "/c")
    assert "every shell command" in client.questions[0].message and client.asks == []
    assert {p.name for p in house.project.iterdir()} >= {"a", "c"}
    command(house, "d", "---\nrules: {allow: ['shell(']}\n---\nx")
    assert "not a permission rule" in (await ask(opened(house, client, []), "/d")).error.message


async def test_a_text_that_comes_to_nothing_asks_nothing(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    end = await run(house, client, "---\nparameters: {x: bool}\n---\n{{#if x}}Say it.{{/if}}")
    assert "came to nothing" in end.error.message and sent(client) == []


async def test_data_comes_at_the_end_of_steps_without_a_text(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\nsteps: [{id: a, run: echo 7}]\noutput_schema: {type: object, required: [n]}\n---\n"
    end = await run(house, client, text, script=[{"text": '{"n": 7}'}])
    assert end.stop_reason == "end_turn" and "give the result" in sent(client)[1]


async def test_stopping_a_fork_ends_it_and_a_killed_step_is_told_as_such(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "c", "---\ncontext: fork\n---\nWait.")
    session = opened(house, client, [{"text": "x", "delay_ms": 600_000}])
    turn = prompt(session, "/c")
    async with asyncio.timeout(10):
        while not any(e.child_session_id for e in client.of(StepUpdate)):
            await asyncio.sleep(0)
        (child,) = session.agents.children.values()
        assert house.app.library.get(child.session_id) is child
        with pytest.raises(Exception, match="works for another session"):
            await house.app.library.close(child.session_id)
        session.work.cancel()
        end = await session.work.finished(turn)
    assert end.stop_reason == "cancelled" and not session.agents.children


async def test_packages_bring_commands_by_a_folder(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "theirs.md").write_text("Their way.")
    house.app.command_folders = lambda: [folder]  # type: ignore[method-assign]
    await ask(house.open(client, [{"text": "k"}]), "/theirs")
    assert sent(client) == ["Their way."]


async def test_a_long_output_stays_bounded_for_later_steps(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = "---\nsteps:\n  - {id: a, run: 'seq 100000; exit 3', on_error: continue}\n---\n{{steps.a.exit_code}} {{steps.a.text}}"
    end = await run(house, client, text, script=[{"text": "k"}])
    assert end.stop_reason == "end_turn" and ran(client)
    assert sent(client)[1].startswith("3 1\n2\n") and len(sent(client)[1]) < 20_000
    assert not client.of(Notice)


async def test_hooks_of_a_command_hold_for_its_run_alone(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = """---
hooks:
  PreToolUse:
    - matcher: shell
      hooks: [{type: command, command: "echo not now >&2; exit 2"}]
---
Out: !`touch made`
"""
    command(house, "c", text)
    command(house, "d", "Out: !`touch made`")
    session = opened(house, client, [{"text": "k"}], options={"approval": "auto"})
    end = await ask(session, "/c")
    assert "not now" in end.error.message and not (house.project / "made").exists()
    assert (await ask(session, "/d")).stop_reason == "end_turn"
    assert (house.project / "made").exists()


async def test_edits_of_a_fork_wait_for_review_in_the_session_it_works_for(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "a.txt").write_text("one\ntwo\n")
    command(house, "c", "---\ncontext: fork\n---\nChange it.\n")
    script = [
        call("read_file", path="a.txt"),
        call("edit_file", path="a.txt", old_string="two", new_string="three"),
        call("write_file", path="b.txt", content="new\n"),
        {"text": "Done."},
    ]
    session = opened(house, client, script, options={"approval": "edits"})
    assert (await ask(session, "/c")).stop_reason == "end_turn"
    waiting = await session.reviews.list()
    assert [Path(file.path).name for file in waiting.files] == ["a.txt", "b.txt"]
    told = client.of(ReviewUpdate)[-1]
    assert [Path(count.path).name for count in told.files] == ["a.txt", "b.txt"]
    await session.close()

    house.restart()
    session = await house.resume(session.session_id, client)
    await ask(session, "/review revert all")
    assert (house.project / "a.txt").read_text() == "one\ntwo\n" and not (house.project / "b.txt").exists()


async def test_a_session_takes_those_that_worked_for_it_along(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    text = (
        "---\nsteps:\n  - id: p\n    parallel:\n      - {id: a, run: echo a}\n      - {id: b, prompt: Say b}\n---\n"
    )
    command(house, "c", text)
    session = opened(house, client, [{"text": "b"}], options={"approval": "auto"})
    other = opened(house, RecordingClient(), [{"text": "b"}])
    await ask(other, "Hello.")
    assert (await ask(session, "/c")).stop_reason == "end_turn"
    assert len(house.app.library.house.store.list(None)) == 4
    await house.app.library.delete(session.session_id)
    assert [s.header.session_id for s in house.app.library.house.store.list(None)] == [other.session_id]


async def test_what_a_command_wants_in_vain_is_said_once(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "sonnet", "---\nmodel: sonnet\n---\nSay $1.", ".claude/commands")
    command(house, "free", "---\nmode: active\n---\nSay it.")
    session = opened(house, client, [{"text": "a"}] * 4, options={"mode": "plan"})
    for line in ("/sonnet x", "/sonnet y", "/free", "/free"):
        assert (await ask(session, line)).stop_reason == "end_turn"
    said = [notice.text for notice in client.of(Notice) if "/sonnet" in notice.text or "/free" in notice.text]
    assert said == [
        "/sonnet names the model sonnet; the session's own is used.",
        "/free wants the mode active; plan holds: /mode switches.",
    ]


async def test_who_cannot_show_a_form_does_not_answer_it_for_others(tmp_path: Path) -> None:
    class Plain(RecordingClient):
        async def elicit(self, question: ElicitationParams) -> ElicitationResult | None:
            return None

    house, client = House(tmp_path), RecordingClient(form={"name": "x"})
    command(house, "c", "---\nparameters: {name: string}\n---\nSay {{name}}.")
    session = opened(house, Plain(), [{"text": "a"}])
    end = await ask(session, "/c")
    assert end.error.kind == "missing_parameter"
    session.attach(client)
    assert (await ask(session, "/c")).stop_reason == "end_turn"
    assert sent(client) == ["Say x."]


async def test_files_and_names_of_claude_code_may_be_anything(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    for name in ("_shared/-note", "?", "löschen"):
        command(house, name, "---\n---\nLook at @$1 and @none.", ".claude/commands")
    session = opened(house, client, [{"text": "a"}] * 3)
    for line in ("/_shared:-note 1=", "/? 1=", "/löschen 1="):
        assert (await ask(session, line)).stop_reason == "end_turn"
    assert sent(client) == ["Look at @1= and @none."] * 3


async def test_a_file_that_says_nothing_is_told_and_strange_bytes_are_taken(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(house, "empty", "---\n---\n", ".claude/commands")
    command(house, "latin", "", ".claude/commands").write_bytes(b"Say \xff.")
    session = opened(house, client, [{"text": "a"}])
    end = await ask(session, "/empty x")
    assert "says nothing to do" in end.error.message
    assert (await ask(session, "/latin")).stop_reason == "end_turn"
    assert sent(client) == ["Say \ufffd."]


async def test_what_a_step_goes_through_is_bounded_and_nothing_is_a_value(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    command(
        house, "one", "---\nparameters: {x: string}\nsteps:\n  - {id: a, run: 'echo \"<{{x}}>\" >> log'}\n---\n"
    )
    text = (
        "---\nparameters: {x: string, n: int}\nsteps:\n  - {id: none, for_each: steps.gone.lines, run: touch never}\n"
        "  - {id: gone, if: 'false', run: touch never}\n"
        "  - {id: sub, command: one, with: {x: '{{x}}'}}\n  - {id: many, run: 'seq {{n}}'}\n"
        "  - {id: each, for_each: steps.many.text, max: 3, run: 'echo {{item}} >> log'}\n---\n"
    )
    command(house, "c", text)
    session = opened(house, client, options={"approval": "auto"})
    assert (await ask(session, '/c x="" n=3')).stop_reason == "end_turn"
    assert (house.project / "log").read_text().split() == ["<>", "1", "2", "3"]
    end = await ask(session, "/c x=y n=4")
    assert end.stop_reason == "error" and "at most 3 are gone through" in end.error.message
    assert not (house.project / "never").exists()


async def test_a_folder_and_a_long_file_are_given_along_and_a_denied_one_is_not(tmp_path: Path) -> None:
    house, client = House(tmp_path), RecordingClient()
    (house.project / "src").mkdir()
    (house.project / "src" / "a.py").write_text("a\n")
    (house.project / "long.txt").write_text("x" * 100_010)
    (house.project / "no.txt").write_text("hidden words\n")
    head = "---\nparameters: {f: string}\nrules: {deny: ['read_file(no.txt)']}\n---\n"
    command(house, "c", f"{head}Look at @src and @long.txt, @no.txt. {{{{diagnostics}}}}\n")
    command(house, "d", f"{head}Look at @{{{{f}}}}.\n")
    session = opened(house, client, [{"text": "a"}] * 2)
    assert (await ask(session, "/c x")).stop_reason == "end_turn"
    (said,) = sent(client)
    assert "src/a.py" in said and "10 more characters; read long.txt" in said and "hidden words" not in said
    for line in ("/d no.txt", "/d ../x", "/d gone"):
        assert "cannot be given along" in (await ask(session, line)).error.message
