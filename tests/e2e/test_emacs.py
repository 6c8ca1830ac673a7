"""Emacs with its built-in LSP client and no plug-in at all: ask, approve, review hunk by hunk, read the answer.
`.ci/emacs.sh PREFIX` installs it; CASS_E2E names the PREFIX."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.outside import LIMIT, Place
from support.server import script
from support.terminal import call

EMACS = Path(os.environ.get("CASS_E2E") or Path.home() / ".cache" / "cass-e2e") / "emacs" / "emacs"
DRIVE = Path(__file__).with_name("emacs_drive.el")

pytestmark = pytest.mark.skipif(
    not EMACS.exists(), reason="no Emacs: run .ci/emacs.sh PREFIX and set CASS_E2E=PREFIX"
)

OLD = "".join(f"line {n}\n" for n in range(1, 31))
NEW = OLD.replace("line 5\n", "FIVE\n").replace("line 25\n", "TWENTY-FIVE\n")


def drive(place: Place, forms: str, *steps: object) -> dict[str, Any]:
    """Run forms in an Emacs on a.txt, with a model that takes these steps; what they said."""
    model = script(place.root / "s.json", *steps)
    (place.project / ".git").mkdir(exist_ok=True)
    (place.project / "a.txt").write_text(OLD)
    server = " ".join([sys.executable, "-P", "-m", "cass", "serve", "--stdio"])
    environ = {**place.environ, "CASS_MODEL": model, "CASS_TEST_SERVER": server, "OLLAMA_HOST": "127.0.0.1:9"}
    done = subprocess.run(
        [str(EMACS), "-Q", "--batch", "-l", str(DRIVE), str(place.project / "a.txt"), f"(progn {forms})"],
        env=environ, cwd=place.project, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT * 2, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    said: dict[str, Any] = {}
    for line in done.stdout.decode().splitlines():
        said |= json.loads(line)
    return said


def rewrite(text: str) -> dict[str, object]:
    """A step that writes the file anew."""
    return {"tool_calls": [call("write_file", path="a.txt", content=text)]}


def test_a_selection_is_asked_about_and_the_answer_read(place: Place) -> None:
    said = drive(
        place,
        """
        (drive-run "cass.ask" (drive-uri)
                   '(:start (:line 1 :character 0) :end (:line 2 :character 0)) "What is this?")
        (drive-say "answer" (with-current-buffer
                                (drive-until (lambda () (drive-buffer-with "two lines")) "the answer")
                              (buffer-string)))
        """,
        {"expect": "line 2", "text": "These are **two lines**."},
    )
    assert "These are **two lines**." in said["answer"]


def test_a_change_is_approved_with_a_button(place: Place) -> None:
    said = drive(
        place,
        """
        (drive-run "cass.ask" (drive-uri) nil "Change it")
        (drive-until (lambda () (string-match-p "TWENTY" (buffer-string))) "the change")
        (drive-say "asked" (car (last drive-asked)))
        (drive-until (lambda () (drive-buffer-with "All done")) "the answer")
        (drive-say "text" (buffer-string))
        """,
        rewrite(NEW),
        {"text": "All done."},
    )
    assert "+FIVE" in said["asked"] and "-line 25" in said["asked"], "the question shows what would change"
    assert said["text"] == NEW


def test_a_refused_change_is_not_made(place: Place) -> None:
    said = drive(
        place,
        """
        (setq drive-choice "No")
        (drive-run "cass.ask" (drive-uri) nil "Change it")
        (drive-until (lambda () (drive-buffer-with "As you wish")) "the answer")
        (drive-say "text" (buffer-string))
        """,
        rewrite(NEW),
        {"expect": "refused", "text": "As you wish."},
    )
    assert said["text"] == OLD and (place.project / "a.txt").read_text() == OLD


def test_hunks_are_decided_by_lenses(place: Place) -> None:
    said = drive(
        place,
        """
        (setq drive-choice "Review")
        (drive-run "cass.ask" (drive-uri) nil "Change it")
        (drive-until (lambda () drive-asked) "the question")
        (let ((lenses (drive-until #'drive-lenses "the lenses")))
          (drive-say "titles" (vconcat (mapcar #'car lenses)))
          (let* ((kept (cl-find "cass.review.keep" lenses :key #'cadr :test #'equal))
                 (left (cl-find "cass.review.revert" lenses :key #'cadr :test #'equal :from-end t)))
            (apply #'drive-run (cadr kept) (append (caddr kept) nil))
            (apply #'drive-run (cadr left) (append (caddr left) nil))))
        (drive-until (lambda () (drive-buffer-with "Half of it")) "the answer")
        (drive-say "text" (buffer-string))
        """,
        rewrite(NEW),
        {"text": "Half of it."},
    )
    assert said["text"] == OLD.replace("line 5\n", "FIVE\n")


def test_a_comment_that_addresses_cass_is_answered_by_a_code_action(place: Place) -> None:
    said = drive(
        place,
        """
        (goto-char (point-max))
        (insert "# how many lines are these? CASS?\\n")
        (forward-line -1)
        (setq drive-choice "cass: ")
        (eglot-code-actions (pos-bol) (pos-eol) "quickfix" t)
        (drive-say "answer" (with-current-buffer (drive-until (lambda () (drive-buffer-with "Thirty")) "the answer")
                              (buffer-string)))
        (drive-say "text" (buffer-string))
        """,
        {"expect": "how many lines are these?", "text": "Thirty."},
    )
    assert "Thirty." in said["answer"]
    assert said["text"] == OLD + "# how many lines are these? CASS?\n", "what is not saved is read, and stays"
