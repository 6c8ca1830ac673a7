"""Reviewing: what waits for the user's decision, proposed or made, as one list of hunks in the files' present text."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cass import applying
from cass.errors import CassError, ProtocolError, ToolError
from cass.hunks import apply_hunks
from cass.ports import FileEdit, FileText
from cass.protocol.editing import ReviewFile, ReviewHunk, ReviewListResult, ReviewResolveParams, ReviewResolveResult
from cass.protocol.edits import Hunk, HunkDecision
from cass.protocol.messages import Text
from cass.protocol.methods import PromptParams
from cass.protocol.reviewing import EditUpdate, ReviewCount, ReviewUpdate
from cass.sessions import review
from cass.sessions.addresses import path_of, same_file
from cass.sessions.awaiting import Awaiting

if TYPE_CHECKING:
    from cass.sessions.session import Session

log = logging.getLogger(__name__)

Found = dict[Path, list[ReviewHunk]]


class Reviews:
    """The review of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._awaiting = Awaiting(session)
        self._told: tuple[ReviewCount, ...] = ()
        self._looking: asyncio.Task[None] | None = None
        self._look_again = False

    def look_soon(self) -> None:
        """Say how many changes wait, once the loop has come round."""
        self._look_again = True
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    def close(self) -> None:
        """Look no more."""
        if self._looking:
            self._looking.cancel()

    async def _look(self) -> None:
        while self._look_again:
            self._look_again = False
            try:
                await self.list()
            except CassError as error:
                log.warning("the changes could not be listed: %s", error)

    async def list(self, uri: str | None = None) -> ReviewListResult:
        """What waits for a decision, of one document or of all."""
        found, conflicts = await self._find()
        only = same_file(path_of(uri), found) if uri else None
        listed = [(path, hunks) for path, hunks in sorted(found.items()) if hunks and (not uri or path == only)]
        files = [self._file(path, hunks) for path, hunks in listed]
        self._tell(found)
        return ReviewListResult(files=tuple(files), conflicts=tuple(conflicts))

    async def resolve(self, params: ReviewResolveParams) -> ReviewResolveResult:
        """Decide, about all where no hunk is named. ProtocolError `hunk_not_found` for a hunk that is not there, or not
        there any more."""
        listed = await self.list(params.uri)
        chosen = [
            (Path(file.path), hunk)
            for file in listed.files
            for hunk in file.hunks
            if not params.hunk_ids or hunk.hunk_id in params.hunk_ids
        ]
        missing = set(params.hunk_ids) - {hunk.hunk_id for _, hunk in chosen}
        if missing:
            raise ProtocolError(
                f"there is no change {min(missing)[:80]} to decide about",
                hint="The list has changed: ask for it again with cass/review/list.",
                kind="hunk_not_found",
            )
        if params.action == "amend" and (params.text is None or len(chosen) != 1):
            raise ProtocolError("amending needs one change and its new text", kind="invalid_params")
        conflicts: list[str] = []
        if params.action == "comment":
            self._comment(chosen, params.comment or params.text or "")
        else:
            if params.hunk_ids or params.action == "amend":
                conflicts += await self._awaiting.decide([h for _, h in chosen if h.kind == "proposed"], params)
            else:
                only = same_file(path_of(params.uri), [path for path, _ in chosen]) if params.uri else None
                if only or not params.uri:
                    conflicts += await self._awaiting.decide_all(params, only)
            for path in dict.fromkeys(path for path, hunk in chosen if hunk.kind == "made"):
                ids = {hunk.hunk_id for where, hunk in chosen if where == path and hunk.kind == "made"}
                conflicts += await self._decide_made(path, ids, params)
        left = await self.list()
        return ReviewResolveResult(files=left.files, conflicts=(*conflicts, *left.conflicts))

    def waits(self, path: Path) -> bool:
        """Whether the file has, or may have, something to decide about. Cheap."""
        proposed = [
            Path(file.path)
            for proposal in self._session.stream.state.pending_proposals()
            for file in proposal.files
        ]
        return same_file(path, [*self._session.unreviewed.made, *proposed]) is not None

    def knows(self, path: Path) -> bool:
        """Whether the session has changed the file, or may."""
        return same_file(path, self._session.stream.state.baselines) is not None or self.waits(path)

    async def touched(self, path: Path) -> None:
        """A file changed in the editor: the list may be another one now, and a change may have been undone."""
        if self.waits(path):
            await self.list()
        known = same_file(path, self._session.stream.state.baselines)
        if known:
            now = await self._session.unreviewed.look(known)
            self._notice_undo(known, review.text_hash(now.text) if now else "")

    def _notice_undo(self, path: Path, now: str) -> None:
        """Emit that a proposal was undone, when the file is again what its newest applied one was made on."""
        made = self._session.stream.state.made.get(str(path))
        if made and made[-1].base_hash == now and made[-1].op == "modify":
            self._session.emit(EditUpdate(proposal_id=made[-1].proposal_id, state="reverted"))

    async def _find(self) -> tuple[Found, list[str]]:
        found: Found = {}
        for path in list(self._session.unreviewed.made):
            now = await self._session.unreviewed.look(path)
            entry = self._session.unreviewed.made.get(path)
            if entry and (now or entry.known is None):
                found[path] = _made(path, entry.hunks)
        proposed, problems = await self._awaiting.find()
        for path, hunk in proposed:
            found.setdefault(path, []).append(hunk)
        return {path: sorted(hunks, key=lambda h: (h.line, h.kind)) for path, hunks in found.items()}, problems

    async def _decide_made(self, path: Path, ids: set[str], params: ReviewResolveParams) -> Sequence[str]:
        """Keep: the text before gets the change, too. Revert: the file loses it."""
        entry = self._session.unreviewed.made[path]
        now = await self._session.unreviewed.look(path)
        if now is None and entry.known is not None:
            return (f"{path} does not exist any more.",)
        hunks = entry.hunks
        taken = [hunk for hunk, shown in zip(hunks, _made(path, hunks), strict=True) if shown.hunk_id in ids]
        all_taken = len(taken) == len(hunks)
        accept = {hunk.hunk_id: HunkDecision(hunk_id=hunk.hunk_id, decision="accept") for hunk in taken}
        if params.action == "keep":
            base = entry.known if all_taken else apply_hunks(entry.base or "", hunks, accept)
            self._session.unreviewed.keep(path, base, entry.known)
            self._say(path, taken, "kept", params.comment)
            return ()
        if params.action == "amend":
            back = {h.hunk_id: HunkDecision(hunk_id=h.hunk_id, decision="amend", text=params.text) for h in taken}
        else:
            back = accept
        text = apply_hunks(entry.known or "", [_backwards(hunk) for hunk in hunks], back)
        gone = params.action == "revert" and entry.base is None and all_taken
        try:
            await self._write(path, now, None if gone else text)
        except ToolError as error:
            return (str(error),)
        base = entry.base
        if params.action == "amend":
            base = apply_hunks(entry.base or "", hunks, back)
        after = None if gone else text
        self._session.unreviewed.keep(path, base, after)
        self._session.ledger.expects(path, None, after)
        word = "taken back" if params.action == "revert" else f"changed to:\n{(params.text or '').rstrip()}"
        self._say(path, taken, word, params.comment, always=True)
        return ()

    async def _write(self, path: Path, now: FileText | None, text: str | None) -> None:
        if now is None:
            edit = FileEdit(path, "add", None, text or "")
        elif text is None:
            edit = FileEdit(path, "delete", now, None)
        else:
            edit = FileEdit(path, "modify", now, text)
        applied = await applying.apply(self._session.workspace, [edit])
        if applied.failed:
            raise ToolError(applied.failed[0][1])

    def _say(
        self, path: Path, hunks: Sequence[Hunk], word: str, comment: str | None, *, always: bool = False
    ) -> None:
        """The verdict, for the model's next request."""
        if comment or always:
            reason = f" Reason: {comment}" if comment else ""
            lines = ", ".join(str(hunk.new_start) for hunk in hunks)
            self._session.ledger.say(f"The user's review of your change of {path}:{lines}: {word}.{reason}")

    def _comment(self, chosen: Sequence[tuple[Path, ReviewHunk]], comment: str) -> None:
        if not comment.strip():
            raise ProtocolError("a comment needs words", kind="invalid_params")
        shown = "\n".join(f"{path}:{hunk.line}\n```\n{hunk.new_text.rstrip()}\n```" for path, hunk in chosen[:5])
        text = f"About your change of {shown}\n\n{comment}"
        work = self._session.work
        work.prompt(
            PromptParams(
                session_id=self._session.session_id,
                prompt=(Text(text=text),),
                mode="steer" if work.busy else None,
            )
        )

    def _file(self, path: Path, hunks: Sequence[ReviewHunk]) -> ReviewFile:
        entry = self._session.unreviewed.made.get(path)
        proposed = next((h.proposal_id for h in hunks if h.proposal_id), None)
        op, move_to = "modify", None
        if proposed:
            files = self._session.stream.state.proposals[proposed].files
            file = next(f for f in files if f.path == str(path))
            op, move_to = file.op, file.move_to
        elif entry and entry.base is None:
            op = "add"
        elif entry and entry.known is None:
            op = "delete"
        return ReviewFile(
            uri=self._session.workspace.address(path), path=str(path), op=op, move_to=move_to, hunks=tuple(hunks)
        )

    def _tell(self, found: Found) -> None:
        """Say that the list is another one, when it is."""
        counts = tuple(ReviewCount(path=str(p), hunks=len(h)) for p, h in sorted(found.items()) if h)
        if counts != self._told:
            self._told = counts
            self._session.emit(ReviewUpdate(turn_id=self._session.turn_id, files=counts))


def _made(path: Path, hunks: Sequence[Hunk]) -> list[ReviewHunk]:
    """Made changes, with ids that stay while their text does."""
    seen: Counter[str] = Counter()
    out: list[ReviewHunk] = []
    for hunk in hunks:
        text = f"{path}\0{hunk.old_text}\0{hunk.new_text}".encode("utf-8", "surrogatepass")
        key = hashlib.sha256(text).hexdigest()[:12]
        seen[key] += 1
        out.append(
            ReviewHunk(
                hunk_id=f"made-{key}-{seen[key]}",
                kind="made",
                line=hunk.new_start,
                lines=hunk.new_lines,
                old_text=hunk.old_text,
                new_text=hunk.new_text,
            )
        )
    return out


def _backwards(hunk: Hunk) -> Hunk:
    return Hunk(
        hunk_id=hunk.hunk_id,
        old_start=hunk.new_start,
        old_lines=hunk.new_lines,
        new_start=hunk.old_start,
        new_lines=hunk.old_lines,
        old_text=hunk.new_text,
        new_text=hunk.old_text,
    )
