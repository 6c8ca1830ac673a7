"""Proposals: what a person decides about, hunk by hunk, and what is left of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cass.ports import FileEdit, FileText
from cass.proposals import decide, display, propose
from cass.protocol.edits import EditProposal, HunkDecision

HERE = Path("/project")


def base(name: str, text: str) -> FileText:
    return FileText(HERE / name, text, hashlib.sha256(text.encode()).hexdigest())


def proposal(edits: list[FileEdit]) -> EditProposal:
    return propose(edits, proposal_id="p", session_id="s", turn_id="t", tool_call_id="c", title="Edit")


def say(hunk_id: str, word: str, **more: str) -> HunkDecision:
    return HunkDecision.model_validate({"hunk_id": hunk_id, "decision": word, **more})


EDITS = [
    FileEdit(HERE / "a.py", "modify", base("a.py", "1\n2\n3\n4\n5\n"), "one\n2\n3\n4\nfive\n"),
    FileEdit(HERE / "new.py", "add", None, "hello\n"),
    FileEdit(HERE / "old.py", "delete", base("old.py", "bye\n"), None),
    FileEdit(HERE / "from.py", "move", base("from.py", "same\n"), None, HERE / "to.py"),
]


def test_every_file_has_hunks_with_ids_of_their_own() -> None:
    made = proposal(EDITS)
    ids = [hunk.hunk_id for file in made.files for hunk in file.hunks]
    assert ids == ["h1", "h2", "h3", "h4", "h5"]
    assert made.files[0].base_hash == base("a.py", "1\n2\n3\n4\n5\n").hash
    assert made.files[1].base_hash == ""
    assert made.files[3].move_to == "/project/to.py"
    assert made.state == "proposed"


def test_one_hunk_accepted_one_refused_with_a_reason() -> None:
    left, text = decide(EDITS, proposal(EDITS), [say("h1", "accept"), say("h2", "reject", reason="keep five")])
    assert [(edit.path.name, edit.new_text) for edit in left] == [("a.py", "one\n2\n3\n4\n5\n")]
    assert "/project/a.py:1: accepted." in text
    assert "/project/a.py:5: refused by the user, the old text stays. Reason: keep five" in text
    assert "/project/new.py (new file): refused" in text


def test_additions_deletions_and_moves_are_decided_whole() -> None:
    left, text = decide(EDITS, proposal(EDITS), [say(h, "accept") for h in ("h3", "h4", "h5")])
    assert left == (EDITS[1], EDITS[2], EDITS[3])
    assert "/project/old.py (deletion): accepted." in text
    refused, text = decide(EDITS, proposal(EDITS), [say("h1", "reject")])
    assert refused == ()
    assert text.count("refused by the user") == 5


def test_everything_accepted_needs_no_words() -> None:
    assert decide(EDITS, proposal(EDITS), []) == (tuple(EDITS), "")
    assert decide(EDITS, proposal(EDITS), [say(f"h{n}", "accept") for n in range(1, 6)]) == (tuple(EDITS), "")


def test_the_user_sees_a_diff_of_every_file() -> None:
    changed, added, deleted, moved = display(EDITS)
    assert "-1\n+one\n" in changed.patch
    assert added.patch.endswith("+hello\n")
    assert deleted.patch.endswith("-bye\n")
    assert moved.path == "/project/to.py"
    assert moved.patch == "rename from /project/from.py\nrename to /project/to.py\n"


def test_amended_text_reaches_the_file_and_the_model() -> None:
    left, text = decide(
        EDITS,
        proposal(EDITS),
        [say("h1", "amend", text="uno\n"), say("h4", "amend", text="stay\n"), say("h2", "amend")],
    )
    assert [(edit.op, edit.new_text) for edit in left] == [
        ("modify", "uno\n2\n3\n4\nfive\n"),
        ("modify", "stay\n"),
    ]
    assert "changed by the user, it now reads:\nuno" in text
    assert "/project/a.py:5: accepted." in text


def test_a_move_with_changes_keeps_the_accepted_ones() -> None:
    edit = FileEdit(HERE / "f", "move", base("f", "1\n2\n3\n"), "one\n2\nthree\n", HERE / "g")
    left, _ = decide([edit], proposal([edit]), [say("h2", "accept")])
    assert left[0].op == "move"
    assert left[0].new_text == "1\n2\nthree\n"
    assert left[0].move_to == HERE / "g"
