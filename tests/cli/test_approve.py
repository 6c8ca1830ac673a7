"""Hunk by hunk: every key, and what goes over the wire."""

from __future__ import annotations

import pytest

from cass_cli.approve import INTERRUPT, Asker, decide, decide_hunks
from cass_cli.demo import SaysYes
from cass_cli.fields import Json
from cass_cli.paint import Paint

PLAIN = Paint(color=False)


class Person(SaysYes):
    """Presses the given keys; amends a change by writing `mine`, and gives `because` as the reason."""

    def __init__(self, keys: str) -> None:
        object.__setattr__(self, "keys", list(keys))

    async def ask_key(self, question: str, keys: str) -> str:
        key = self.keys.pop(0)
        assert key in keys + INTERRUPT
        return key

    async def ask_line(self, question: str, default: str = "") -> str | None:
        return "because"

    async def edit(self, text: str, suffix: str) -> str | None:
        assert suffix == ".py"
        return "mine\n"


def proposal() -> Json:
    def hunk(number: int) -> Json:
        return {"hunkId": f"h{number}", "oldStart": number, "oldLines": 1, "oldText": "old\n", "newText": "new\n"}

    return {
        "files": [
            {"path": "/p/a.py", "op": "modify", "hunks": [hunk(1), hunk(2)]},
            {"path": "/p/b.py", "op": "modify", "hunks": [hunk(3)]},
        ]
    }


@pytest.mark.parametrize(
    ("keys", "decided"),
    [
        ("yyy", "accept accept accept"),
        ("y?nn", "accept reject reject"),
        ("ay", "accept accept accept"),
        ("dy", "reject reject accept"),
        ("yq", "accept reject reject"),
        ("y\x03", "accept reject reject"),
        ("eyd", "amend accept reject"),
    ],
)
async def test_each_key_decides_what_it_says(keys: str, decided: str) -> None:
    asker: Asker = Person(keys)
    decisions = await decide_hunks(proposal(), asker, PLAIN, "/p")
    assert [d["hunkId"] for d in decisions] == ["h1", "h2", "h3"]
    assert " ".join(str(d["decision"]) for d in decisions) == decided
    assert all(d.get("text") == "mine\n" for d in decisions if d["decision"] == "amend")


OPTIONS = [
    {"optionId": f"id_{kind}", "name": kind, "kind": kind} for kind in ("allow_once", "allow_always", "reject_once")
]


@pytest.mark.parametrize(
    ("keys", "outcome", "stop"),
    [
        ("y", {"outcome": "selected", "optionId": "id_allow_once"}, False),
        ("d?a", {"outcome": "selected", "optionId": "id_allow_always"}, False),
        ("n", {"outcome": "selected", "optionId": "id_reject_once", "note": "because"}, False),
        ("q", {"outcome": "cancelled"}, True),
        (INTERRUPT, {"outcome": "cancelled"}, True),
    ],
)
async def test_the_answer_goes_over_the_wire_as_the_protocol_says(keys: str, outcome: Json, stop: bool) -> None:
    ask: Json = {
        "title": "Edit", "subject": {"type": "edit", "toolCallId": "t"}, "options": OPTIONS, "proposal": proposal()
    }  # fmt: skip
    asker: Asker = Person(keys)
    verdict = await decide(ask, asker, PLAIN, "/p")
    assert (verdict.outcome, verdict.stop) == (outcome, stop)


async def test_refusing_every_hunk_refuses_the_edit_with_the_reasons() -> None:
    ask: Json = {"title": "E", "subject": {"type": "edit"}, "options": OPTIONS, "proposal": proposal()}
    asker: Asker = Person("hnnn")
    outcome = (await decide(ask, asker, PLAIN, "/p")).outcome
    assert (outcome["optionId"], outcome["note"]) == ("id_reject_once", "because")
