"""Sub-agents in the terminal."""

from __future__ import annotations

from cass_cli.fields import Json
from cass_cli.paint import Paint
from cass_cli.render import Renderer


def _agent(state: str, **more: object) -> Json:
    update: Json = {"sessionUpdate": "_agent_update", "agentId": "a1", "name": "explore-1", "task": "look around"}
    return {**update, "state": state, **more}


def _renderer() -> tuple[Renderer, list[str]]:
    pieces: list[str] = []
    return Renderer(pieces.append, Paint(color=False)), pieces


def test_a_sub_agent_is_one_line_at_its_beginning_and_one_at_its_end() -> None:
    renderer, pieces = _renderer()
    renderer.update(_agent("waiting"))
    assert renderer.live() == ["explore-1: waits for a free place"]
    renderer.update(_agent("running"))
    renderer.update(_agent("running", activity="Read a.py\x1b[31m", usage={"input": 1200, "output": 34}))
    assert renderer.live() == ["explore-1: Read a.py\\x1b[31m (1,234 tokens)"]
    renderer.update(_agent("requires_action"))
    assert renderer.live() == ["explore-1: waits for your answer"]
    renderer.update(_agent("running"))
    renderer.update(_agent("done", text="It is 42.\nMore.", usage={"input": 1, "output": 2, "cost": 0.5}))
    assert renderer.live() == []
    text = "".join(pieces)
    assert text.splitlines() == ["▸ explore-1 look around", "✓ explore-1 (3 tokens, $0.5000): It is 42."]


def test_only_those_in_the_background_are_left_when_the_turn_ends() -> None:
    renderer, pieces = _renderer()
    for n in range(12):
        renderer.update({**_agent("running", isBackground=n > 9), "agentId": f"a{n}", "name": f"n-{n}"})
    assert len(renderer.live()) == 9 and renderer.live()[-1] == "and 4 more"
    renderer.update({"sessionUpdate": "state_update", "state": "idle", "stopReason": "cancelled"})
    assert [line.split(":")[0] for line in renderer.live()] == ["n-10", "n-11"]
    renderer.update({**_agent("failed", worksFor="test-1", text="broken"), "agentId": "a11"})
    assert "✗ test-1/explore-1: broken" in "".join(pieces)
