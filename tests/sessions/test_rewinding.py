"""Going back: exactly what a turn did is taken back, whatever was done by others stays, and all of it can be undone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cass.protocol.rewinding import RewindParams, RewindResult
from cass.sessions import rewinding
from cass.sessions.session import Session
from support.house import House, RecordingClient, ask, call
from support.trees import command, content, grow, tree


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def params(session: Session, number: int = 0, **more: object) -> RewindParams:
    """Back to before a turn, the newest being 0."""
    turn = rewinding.turns(session).turns[number]
    return RewindParams.model_validate({"sessionId": session.session_id, "turnId": turn.turn_id, **more})


def actions(result: RewindResult, house: House) -> dict[str, str]:
    files = (*result.restored, *result.refused)
    return {str(Path(file.path).relative_to(house.project)): file.reason or file.action for file in files}


@pytest.mark.parametrize("seed", range(12))
async def test_a_random_turn_is_taken_back_and_given_again(house: House, seed: int) -> None:
    rng = random.Random(seed)
    names = grow(house.project, rng, 25)
    steps = [call("shell", command=command(rng, names)) for _ in range(rng.randrange(1, 4))]
    session = house.open(RecordingClient(), [*steps, {"text": "done"}])
    before = tree(house.project)
    await ask(session, "wreck it")
    after = tree(house.project)
    result = await rewinding.apply(session, params(session))
    assert not result.refused
    assert tree(house.project) == before
    undone = await rewinding.undo(session)
    assert not undone.refused
    assert tree(house.project) == after


@pytest.mark.parametrize("seed", range(12))
async def test_what_others_did_since_stays_byte_for_byte(house: House, seed: int) -> None:
    rng = random.Random(100 + seed)
    names = grow(house.project, rng, 25)
    session = house.open(RecordingClient(), [call("shell", command=command(rng, names)), {"text": "done"}])
    before = tree(house.project)
    await ask(session, "wreck it")
    theirs: dict[str, bytes] = {}
    for path in sorted(house.project.rglob("*")):
        if path.is_file() and not path.is_symlink() and rng.random() < 0.3:
            path.chmod(0o644)
            path.write_bytes(b"theirs\n" + content(rng))
            theirs[str(path.relative_to(house.project))] = path.read_bytes()
    (house.project / "their own").write_bytes(b"new")
    mixed = tree(house.project)
    result = await rewinding.apply(session, params(session))
    now = tree(house.project)
    told = actions(result, house)
    for name in before.keys() | now.keys():
        if name in theirs and name in mixed and now.get(name) != mixed[name]:
            assert told[name] == "merged", name
        elif name not in theirs and name != "their own" and name not in told and now.get(name) != before.get(name):
            # a folder that stays for what is theirs in it, and what stands in its way
            inside = any(other.startswith(f"{name}/") for other in theirs)
            assert inside or mixed.get(name) == now.get(name), (name, now.get(name), before.get(name))
    assert now["their own"] == mixed["their own"]
