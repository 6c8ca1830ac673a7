"""Proposals that wait, questions that wait, and what a session remembers of files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cass.errors import ConfigError, ProtocolError
from cass.protocol.asking import PermissionOutcome, RequestPermissionParams
from cass.protocol.edits import HunkDecision
from cass.protocol.events import EditUpdate, HistoryCleared, Notice, ToolCallUpdate
from cass.protocol.methods import EditResolveParams, SessionListParams
from cass.sessions import review
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call, prompt, yes


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.app.close()


OLD = "".join(f"line {n}\n" for n in range(30))
NEW = OLD.replace("line 3\n", "three\n").replace("line 20\n", "twenty\n")


async def _planned(house: House, *steps: object) -> Session:
    (house.project / "a").write_text(OLD)
    (house.project / "gone").write_text("x\n")
    client = RecordingClient()
    session = house.open(client, [*steps, {"text": "planned"}], options={"mode": "plan"})
    assert (await ask(session, "plan")).stop_reason == "end_turn"
    return session


def _waiting(session: Session) -> str:
    return session.stream.state.pending_proposals()[0].proposal_id


async def test_single_hunks_of_a_waiting_proposal_are_taken(house: House) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    proposal = session.stream.state.pending_proposals()[0]
    first = proposal.files[0].hunks[0].hunk_id
    params = EditResolveParams(proposal_id=proposal.proposal_id, action="acceptHunks", hunk_ids=(first,))
    result = await review.resolve(session, params)
    assert result.state == "applied"
    assert result.applied_uris == ((house.project / "a").as_uri(),)
    assert (house.project / "a").read_text() == OLD.replace("line 3\n", "three\n")
    assert await review.resolve(session, params) == result


async def test_decisions_may_amend(house: House) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    first, second = session.stream.state.pending_proposals()[0].files[0].hunks
    decisions = (
        HunkDecision(hunk_id=first.hunk_id, decision="amend", text="THREE\n"),
        HunkDecision(hunk_id=second.hunk_id, decision="reject"),
    )
    params = EditResolveParams(proposal_id=_waiting(session), action="accept", decisions=decisions)
    assert (await review.resolve(session, params)).state == "applied"
    assert (house.project / "a").read_text() == OLD.replace("line 3\n", "THREE\n")


async def test_a_refused_proposal_leaves_the_overlay(house: House) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    params = EditResolveParams(proposal_id=_waiting(session), action="reject", reason="no")
    assert (await review.resolve(session, params)).state == "rejected"
    assert (await session.workspace.read(house.project / "a")).text == OLD
    assert (await ask(session, "/apply")).stop_reason == "end_turn"
    assert (house.project / "a").read_text() == OLD


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"proposal_id": "none"}, "proposal_not_found"),
        ({"base_hash": "0" * 64}, "content_modified"),
        ({"action": "acceptHunks", "hunk_ids": ("h99",)}, "invalid_params"),
    ],
)
async def test_wrong_decisions_change_nothing(house: House, change: dict[str, object], kind: str) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    params = EditResolveParams(proposal_id=_waiting(session), action="accept").model_copy(update=change)
    with pytest.raises(ProtocolError) as caught:
        await review.resolve(session, params)
    assert caught.value.kind == kind
    assert (house.project / "a").read_text() == OLD


async def test_creating_moving_and_deleting_wait_and_are_applied(house: House) -> None:
    patch = (
        "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** Delete File: gone\n"
        "*** Update File: a\n*** Move to: b\n@@\n-line 3\n+three\n*** End Patch"
    )
    session = await _planned(house, call("apply_patch", patch=patch))
    assert sorted(p.name for p in house.project.iterdir()) == ["a", "gone"]
    house.restart()
    client = RecordingClient()
    again = await house.resume(session.session_id, client)
    assert (await again.workspace.read(house.project / "b")).text.splitlines()[3] == "three"
    await ask(again, "/apply")
    assert sorted(p.name for p in house.project.iterdir()) == ["b", "new.txt"]
    assert (house.project / "new.txt").read_text() == "hello\n"


async def test_discarding_drops_all(house: House) -> None:
    session = await _planned(
        house, call("write_file", path="a", content=NEW), call("write_file", path="n", content="x")
    )
    client = RecordingClient()
    session.attach(client)
    await ask(session, "/diff")
    assert "proposed" in client.of(Notice)[-1].text
    await ask(session, "/apply discard")
    assert session.stream.state.pending_proposals() == []
    assert (house.project / "a").read_text() == OLD


async def test_a_proposal_that_no_longer_fits_is_a_conflict_on_resume(house: House) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    (house.project / "a").write_text("mine\n")
    house.restart()
    client = RecordingClient()
    again = await house.resume(session.session_id, client)
    assert [p.state for p in again.stream.state.proposals.values()] == ["conflict"]
    assert (await again.workspace.read(house.project / "a")).text == "mine\n"


async def test_active_edits_do_not_run_over_proposals(house: House) -> None:
    session = await _planned(house, call("write_file", path="a", content=NEW))
    session.set_option("mode", "active")
    session.set_option("approval", "auto")
    session.set_option(
        "model",
        house.model([call("edit_file", path="a", old_string="three", new_string="3"), {"text": "x"}], "two"),
    )
    session.emit(HistoryCleared())
    client = RecordingClient()
    session.attach(client)
    await ask(session, "edit")
    assert client.of(ToolCallUpdate)[-1].status == "failed"
    assert "/apply" in client.of(ToolCallUpdate)[-1].result[0].text
    assert (house.project / "a").read_text() == OLD


async def test_diff_shows_what_was_there_before_the_session(house: House) -> None:
    (house.project / "a").write_text("one\n")
    client = RecordingClient()
    steps = [
        call("edit_file", path="a", old_string="one", new_string="two"),
        call("edit_file", path="a", old_string="two", new_string="three"),
        call("write_file", path="b", content="new\n"),
        call("diff"),
        {"text": "done"},
    ]
    session = house.open(client, steps, options={"approval": "auto"})
    await ask(session, "go")
    told = client.of(ToolCallUpdate)[-1].result[0].text
    await ask(session, "/diff")
    for text in (told, client.of(Notice)[-1].text):
        assert "-one" in text
        assert "+three" in text
        assert "two" not in text
        assert "+new" in text
    house.restart()
    again = await house.resume(session.session_id, client)
    assert again.baseline(house.project / "a") == "one\n"
    assert again.baseline(house.project / "b") is None
    for kept in (house.home / "data" / "baselines" / session.session_id).iterdir():
        assert kept.stat().st_mode & 0o777 == 0o600
        kept.write_text("tampered")
    assert again.baseline(house.project / "a") is None


async def test_the_first_of_several_clients_decides_and_the_others_are_released(house: House) -> None:
    slow, quick, looker = RecordingClient(hold=True), RecordingClient(), RecordingClient(decide=None)
    session = house.open(slow, [call("write_file", path="n", content="x"), {"text": "ok"}])
    session.attach(quick)
    session.attach(looker)
    session.attach(looker)
    assert (await ask(session, "go")).stop_reason == "end_turn"
    assert (house.project / "n").exists()
    assert len(slow.asks) == len(quick.asks) == 1
    assert looker.asks == []
    assert looker.seqs == list(range(looker.seqs[0], looker.seqs[0] + len(looker.seqs)))
    session.detach(looker)
    session.detach(looker)
    seen = len(looker.events)
    await ask(session, "/help")
    assert len(looker.events) == seen


async def test_a_question_nobody_answers_is_told_to_the_model(house: House) -> None:
    for client, said in ((RecordingClient(decide=None), "obody"), (RecordingClient(answer=None), "obody")):
        session = house.open(client, [call("ask_user", question="Which?"), {"text": "x"}])
        await ask(session, "go")
        assert said in client.of(ToolCallUpdate)[-1].result[0].text


async def test_a_file_that_changes_while_the_question_is_open_is_not_overwritten(house: House) -> None:
    (house.project / "a").write_text("one\n")

    def decide(question: RequestPermissionParams) -> PermissionOutcome:
        (house.project / "a").write_text("mine\n")
        return yes(question)

    client = RecordingClient(decide=decide)
    session = house.open(client, [call("edit_file", path="a", old_string="one", new_string="two"), {"text": "x"}])
    await ask(session, "go")
    assert (house.project / "a").read_text() == "mine\n"
    assert client.of(EditUpdate)[-1].state == "conflict"


async def test_clearing_forgets_for_the_model_only(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "one"}, {"text": "two"}])
    await ask(session, "remember me")
    await ask(session, "/clear")
    assert session.messages == []
    house.restart()
    again = await house.resume(session.session_id, client)
    assert again.messages == []
    assert again.stream.state.title == "remember me"


async def test_closing_while_a_turn_runs_ends_it(house: House) -> None:
    client = RecordingClient(hold=True)
    session = house.open(client, [call("write_file", path="n", content="x"), {"text": "x"}])
    turn_id = prompt(session, "go")
    async with asyncio.timeout(15):
        await client.waiting.wait()
        finished = asyncio.ensure_future(session.work.finished(turn_id))
        await asyncio.sleep(0)
        await house.app.library.close(session.session_id)
        assert (await finished).stop_reason == "cancelled"
    assert not (house.project / "n").exists()


async def test_a_session_in_which_nothing_was_said_is_not_kept(house: House) -> None:
    client = RecordingClient()
    session = house.open(client, [{"text": "x"}])
    assert [s.session_id for s in house.app.library.list(SessionListParams()).sessions] == [session.session_id]
    await house.app.library.close(session.session_id)
    assert house.app.library.list(SessionListParams()).sessions == ()
    again = house.open(client)
    await house.app.library.delete(again.session_id)
    with pytest.raises(ConfigError):
        house.open(client, options={"model": "nobody/none"})
    assert list((house.home / "data" / "sessions").iterdir()) == []
