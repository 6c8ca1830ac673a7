"""Sessions that work for another one use its servers, under its rules and their own."""

from __future__ import annotations

from pathlib import Path

from cass.protocol.events import StateUpdate, UserMessage
from cass.protocol.messages import Text
from cass.sessions import children
from cass.sessions.children import Child
from cass.sessions.session import Session
from cass.sessions.terms import Terms
from support.house import RecordingClient, ask, call
from support.mcphouse import DONE, house_with, results
from support.mcpserver import PLAIN, server


async def test_a_child_shares_the_servers_and_keeps_to_its_terms(tmp_path: Path) -> None:
    started = tmp_path / "started"
    spec = server(started=str(started), tools=[{"name": "other", "inputSchema": PLAIN}])
    house, client = house_with(tmp_path, one=spec), RecordingClient()
    step = call("mcp__one__echo", text="x")
    session = house.open(client, [step, DONE])
    await ask(session, "go")
    seen: list[list[str]] = []

    async def job(child: Session, turn_id: str) -> StateUpdate:
        child.work.tell(UserMessage(message_id="m1", turn_id=turn_id, content=(Text(text="go"),)))
        turn = await child.work.turn(turn_id)
        end = await turn.run()
        seen.append([message.text for message in child.messages] + [str(m.content) for m in child.messages])
        return end

    def opened(child: Session) -> None:
        assert child.servers is session.servers

    narrow = Child("helper", Terms(never=("mcp__one__echo",)))
    await children.run(session, "turn-x", Child("helper"), job, opened)
    await children.run(session, "turn-y", narrow, job, opened)
    assert "There is no tool" not in str(seen[0])
    assert "There is no tool" in str(seen[1])
    assert [a.title for a in client.asks] == ["one: echo", "[helper] one: echo"]
    assert len(started.read_text().split()) == 1
    assert "x\n" in results(client)[0]
    await house.app.close()
