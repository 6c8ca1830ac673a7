"""How one folder stands: what it brings, against what its user trusted."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from cass import brought
from cass.errors import TrustError
from cass.protocol.custom import BroughtKind, TrustGetResult, TrustItem, TrustState
from cass.protocol.methods import TrustWord
from cass.trust import finding
from cass.trust.finding import Item
from cass.trust.settings import commands_of
from cass.trust.store import Decision, Pin, TrustStore

_SHOWN_CHARS = 8_000
_DIFF_LINES = 200


class FolderTrust:
    """`ports.Trust` of a folder. With the word `no` nothing that it brings is allowed, whatever was decided; with `yes`
    everything is, as it is when this is made, in this process. Decisions are about the whole project: the folder that
    holds `.git`, or `cwd`."""

    def __init__(self, store: TrustStore, cwd: Path, own: Sequence[Path], home: Path, word: TrustWord) -> None:
        self._store = store
        self._folders = [Path(os.path.realpath(f)) for f in brought.project_folders(cwd, home)]
        self.folder = self._folders[0]
        self._own = tuple(Path(os.path.realpath(o)) for o in own)
        self._reader = finding.Reader()
        self.word: TrustWord = word
        if word == "yes":
            here = str(self._folders[-1])
            store.once[here] = self._decision("trust", self.items()).model_copy(update={"folder": here})

    @property
    def state(self) -> TrustState:
        """How it stands, looking at the disk."""
        return self._state(self.items())

    def items(self) -> dict[str, Item]:
        """What could act, by path, as it is now."""
        found: dict[str, Item] = {}
        size = 0
        for kind, folder, path in finding.places(self._folders):
            if _is_too_much(len(found), size):
                break
            if not self._is_own(path):
                for one in (path, *self._named(kind, folder, path)):
                    size += self._add(found, kind, one)
        return found

    def allows(self, path: Path) -> bool:
        """Whether what this file says may act now."""
        path = self._plain(path)
        if self._is_own(path) or not path.is_relative_to(self.folder):
            return True
        if self.word == "no":
            return False
        decision = self._decided()
        if decision is None or decision.decision != "trust":
            return False
        shown = self._shown(path)
        pin = decision.pins.get(shown)
        return pin is not None and bool(pin.sha256) and self._item(pin.kind, path, shown).sha256 == pin.sha256

    def look(self) -> TrustGetResult:
        """Everything that there is to see, with texts and differences; secrets are masked."""
        mask = self._store.masking()
        return self._looked(lambda item, pin: _compare(item, pin, mask))

    def summary(self) -> TrustGetResult:
        """The same without texts and differences, which is much cheaper."""
        return self._looked(_bare)

    def _looked(self, shown_as: Callable[[Item, Pin | None], TrustItem]) -> TrustGetResult:
        items = self.items()
        decision = self._decided()
        pins: Mapping[str, Pin] = decision.pins if decision else {}
        shown = [shown_as(item, pins.get(item.path)) for item in items.values()]
        shown += [
            TrustItem(kind=pin.kind, path=path, sha256=pin.sha256, size=pin.size, state="gone")
            for path, pin in pins.items()
            if path not in items
        ]
        return TrustGetResult(
            state=self._state(items), folder=str(self.folder), digest=digest(items.values()), items=tuple(shown)
        )

    def decide(self, word: Literal["trust", "refuse", "forget"], seen: str) -> TrustGetResult:
        """Keep the user's decision about what they saw, which `seen` names. TrustError when that is not what is there
        now, or cannot be trusted."""
        items = self.items()
        if word == "forget":
            for place in self._folders:
                self._store.forget(place)
            return self.look()
        if seen != digest(items.values()):
            raise TrustError(
                f"what {self.folder} brings is not what was shown any more", hint="Look at it again, then decide."
            )
        unreadable = [path for path, item in items.items() if not item.sha256]
        too_much = _is_too_much(len(items), sum(item.size for item in items.values()))
        if word == "trust" and (unreadable or too_much):
            most = f"over {finding.MAX_FILES:,} files, or {finding.MAX_BYTES_TOGETHER // 1_000_000} MB"
            what = f"{unreadable[0]} cannot be read" if unreadable else f"it brings {most}"
            raise TrustError(f"{self.folder} cannot be trusted: {what}", hint="Remove that, then look again.")
        self._keep(self._decision(word, items))
        return self.look()

    def _decided(self) -> Decision | None:
        """What counts here: of the decisions about the project the one nearest to where the user works. Two of its
        folders that bring something of their own are decided about each for itself."""
        return next((found for place in reversed(self._folders) if (found := self._store.read(place))), None)

    def _keep(self, decision: Decision) -> None:
        """As the one that counts here. Of a file that other folders of the project have pinned, too, the state that was
        trusted last counts there as well."""
        for place in self._folders:
            if place.is_relative_to(decision.folder) and str(place) != decision.folder:
                self._store.forget(place)
        self._store.write(decision)
        for other in self._store.all() if decision.decision == "trust" else ():
            if other.project == decision.project and other.decision == "trust" and other.folder != decision.folder:
                pins = {path: decision.pins.get(path, pin) for path, pin in other.pins.items()}
                if pins != other.pins:
                    items = [Item(pin.kind, path, pin.sha256, pin.size) for path, pin in pins.items()]
                    self._store.write(other.model_copy(update={"pins": pins, "digest": digest(items)}))

    def _state(self, items: Mapping[str, Item]) -> TrustState:
        if not items:
            return "plain"
        if self.word == "no":
            return "refused"
        decision = self._decided()
        if decision is None:
            return "undecided"
        if decision.digest == digest(items.values()) and all(item.sha256 for item in items.values()):
            return "trusted" if decision.decision == "trust" else "refused"
        return "changed" if decision.decision == "trust" else "undecided"

    def _decision(self, word: Literal["trust", "refuse"], items: Mapping[str, Item]) -> Decision:
        mask = self._store.masking()
        pins = {
            path: Pin(kind=item.kind, sha256=item.sha256, size=item.size, text=mask(item.text))
            for path, item in items.items()
        }
        return Decision(
            folder=str(self._about(items)),
            project=str(self.folder),
            decision=word,
            digest=digest(items.values()),
            pins=pins,
        )

    def _about(self, items: Mapping[str, Item]) -> Path:
        """The folder that a decision is kept for: the deepest that brings something."""
        return next(
            (
                place
                for place in reversed(self._folders[1:])
                if any(path.startswith(f"{self._shown(place)}/.") for path in items)
            ),
            self.folder,
        )

    def _named(self, kind: BroughtKind, folder: Path, path: Path) -> Iterable[Path]:
        """Files of the project that a file names in the commands of its hooks or servers: they are what runs."""
        if kind not in ("hooks", "settings", "command", "mcp") or path.parent.name == "hooks":
            return ()
        cwd = self._folders[-1]
        return [named for command in commands_of(path) for named in brought.named_files(command, folder, cwd)]

    def _add(self, found: dict[str, Item], kind: BroughtKind, path: Path) -> int:
        shown = self._shown(path)
        if shown in found:
            return 0
        found[shown] = self._item(kind, path, shown)
        return found[shown].size

    def _item(self, kind: BroughtKind, path: Path, shown: str) -> Item:
        return self._reader.item(kind, path, shown)

    def _shown(self, path: Path) -> str:
        """What the file is called in lists and decisions, with what cannot be shown written out."""
        name = path.relative_to(self.folder).as_posix()
        if name.isascii() and name.isprintable():
            return name
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)

    def _is_own(self, path: Path) -> bool:
        """Whether it is the user's: in their own folders, which may lie in this one where it is their home."""
        return any(path.is_relative_to(own) for own in self._own)

    def _plain(self, path: Path) -> Path:
        """The path with its folder's links resolved as far as the project; the rest is compared as it is named."""
        path = Path(os.path.normpath(path if path.is_absolute() else self.folder / path))
        for folder in (self.folder, *self._folders):
            if path.is_relative_to(folder):
                return path
        for parent in path.parents:
            real = Path(os.path.realpath(parent))
            if real in self._folders:
                return real / path.relative_to(parent)
        return path


def _is_too_much(files: int, size: int) -> bool:
    return files > finding.MAX_FILES or size > finding.MAX_BYTES_TOGETHER


def digest(items: Iterable[Item]) -> str:
    """One name for all of this, as it is to the byte."""
    total = hashlib.sha256()
    for item in sorted(items, key=lambda item: item.path):
        total.update(f"{item.kind}\0{item.path}\0{item.sha256}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _compare(item: Item, pin: Pin | None, mask: Callable[[str], str]) -> TrustItem:
    shown = _bare(item, pin)
    if not item.sha256:
        return shown.model_copy(update={"text": "(cannot be read)"})
    text = mask(item.text)
    if shown.state == "changed" and pin is not None:
        return shown.model_copy(update={"diff": _diff(pin.text, text)})
    return shown.model_copy(update={"text": text[:_SHOWN_CHARS]})


def _bare(item: Item, pin: Pin | None) -> TrustItem:
    state = "new" if pin is None else "trusted" if item.sha256 and pin.sha256 == item.sha256 else "changed"
    return TrustItem(kind=item.kind, path=item.path, sha256=item.sha256, size=item.size, state=state)


def _diff(old: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "trusted", "now", lineterm="", n=2))
    if not lines:
        return "(it differs behind the beginning that is shown, in what is masked, or it is no text)"
    cut = [f"… {len(lines) - _DIFF_LINES} more lines"] if len(lines) > _DIFF_LINES else []
    return "\n".join([*lines[:_DIFF_LINES], *cut])
