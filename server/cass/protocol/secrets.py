"""Masks secrets: before anything is kept, logged or sent, keys and what looks like one become a placeholder.

A placeholder such as `[masked:github-token:3f9a1c02]` is the same for the same secret and tells different ones apart;
it has no quotes, backslashes or line ends, so that it can stand wherever the secret stood. Lines stay lines: of a
private key each line is masked on its own. Masking what is masked changes nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

from cass.protocol.finding import ASSIGNMENT, KNOWN, Finder, is_random, names_secret
from cass.protocol.wire import JsonObject, Wire

W = TypeVar("W", bound=Wire)

PLACEHOLDER = re.compile(r"\[masked:[a-z0-9-]{1,40}:[0-9a-f]{8}\]")

_LEARNED_AT_MOST = 2_000
_LEARNED_LENGTH = 12
_KNOWN_LENGTH = 8
_LEFT = frozenset(
    {"path", "move_to", "uri", "base_hash", "known_hash", "session_update", "type", "status", "state", "id", "kind"}
    | {
        "role",
        "mime_type",
        "turn_id",
        "message_id",
        "tool_call_id",
        "proposal_id",
        "client_key",
        "effects_id",
        "rewind_id",
        "compaction_id",
    }
)
"""Fields that hold no prose: places, hashes, words of the protocol."""

_OPAQUE = ("thinking", "image")
"""What has `data` in a form of its own, which must stay byte for byte."""


class Vault:
    """The secrets of one process, in memory and nowhere else. `key` makes the placeholders: with another one they
    are others."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self._names: dict[str, str] = {}
        self._learned: dict[str, str] = {}
        self._behind: dict[str, str] = {}

    def know(self, values: Iterable[str], name: str = KNOWN) -> None:
        """These are secrets wherever they stand. Short ones are not taken: they stand everywhere."""
        for value in values:
            if len(value) >= _KNOWN_LENGTH and not PLACEHOLDER.search(value):
                self._names.setdefault(value, name)

    def learn(self, value: str, name: str) -> None:
        """A secret was seen: it is one also where nothing around it says so."""
        if len(value) >= _LEARNED_LENGTH and value not in self._names:
            self._learned.pop(value, None)
            self._learned[value] = name
            if len(self._learned) > _LEARNED_AT_MOST:
                del self._learned[next(iter(self._learned))]

    def placeholder(self, value: str, name: str) -> str:
        """What stands for a secret."""
        digest = hashlib.blake2s(value.encode("utf-8", "surrogatepass"), key=self._key, digest_size=4)
        shown = f"[masked:{name}:{digest.hexdigest()}]"
        self._behind.pop(shown, None)
        self._behind[shown] = value
        if len(self._behind) > 2 * _LEARNED_AT_MOST:
            del self._behind[next(iter(self._behind))]
        return shown

    def behind(self, placeholder: str) -> str | None:
        """The secret behind a placeholder that was made lately in this process."""
        return self._behind.get(placeholder)

    def known_in(self, text: str) -> list[tuple[str, str]]:
        """Known secrets in a text with their names, the longest first."""
        found = [item for item in self._names.items() if item[0] in text]
        found += [item for item in self._learned.items() if item[0] in text]
        return sorted(found, key=lambda item: -len(item[0])) if len(found) > 1 else found


class Masker:
    """Masks with the patterns of one configuration. `off` are names of patterns that are not looked for, `extra` are
    the user's own expressions (see `finding.check`). With `Masker.nothing()` everything stays as it is."""

    def __init__(self, vault: Vault, off: Iterable[str] = (), extra: Iterable[str] = ()) -> None:
        self.vault = vault
        self._finder: Finder | None = Finder(frozenset(off), tuple(extra))
        self._off = frozenset(off)

    @staticmethod
    def nothing() -> Masker:
        """A masker that masks nothing."""
        masker = Masker(Vault(b"nothing"))
        masker._finder = None
        return masker

    def text(self, text: str) -> str:
        """The text without its secrets."""
        return self.found(text)[0]

    def found(self, text: str) -> tuple[str, Mapping[str, str]]:
        """The same, and the secrets of this text by their placeholders."""
        behind: dict[str, str] = {}
        finder = self._finder
        if finder is None or len(text) < _KNOWN_LENGTH:
            return text, behind

        def mask(value: str, name: str) -> str:
            shown = self.vault.placeholder(value, name)
            behind[shown] = value
            self.vault.learn(value, name)
            return shown

        text = self._known(text, mask)
        text = finder.replace(text, mask)
        if behind:
            text = self._known(text, mask)
        return text, behind

    def restore(self, text: str, base: str, *also: str) -> tuple[str, tuple[str, ...]]:
        """Put back what stands behind placeholders, where it stands in `base` or in one of the other texts. Also
        answers the placeholders that are left. What `base` really has is none, though it looks like one."""
        wanted = set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(base))
        if not wanted:
            return text, ()
        behind: dict[str, str] = {}
        for original in (base, *also):
            behind.update({_digest(shown): value for shown, value in self.found(original)[1].items()})
        text = PLACEHOLDER.sub(lambda m: behind.get(_digest(m[0]), m[0]) if m[0] in wanted else m[0], text)
        return text, tuple(sorted(shown for shown in wanted if _digest(shown) not in behind))

    def recall(self, text: str, base: str) -> tuple[str, tuple[str, ...]]:
        """The same for what the user decides about, who may have anything: also what was masked lately in this
        process is put back."""
        text, left = self.restore(text, base)
        for shown in left:
            text = text.replace(shown, self.vault.behind(shown) or shown)
        return text, tuple(shown for shown in left if self.vault.behind(shown) is None)

    def lines(self) -> Callable[[str], str]:
        """For a text that comes in pieces of whole lines: knows in which line of a private key it is."""
        inside = False

        def piece(text: str) -> str:
            nonlocal inside
            finder = self._finder
            if finder is None or not text:
                return text
            opened = finder.key_open(text, inside=inside)
            if inside:
                begin = "-----BEGIN PRIVATE KEY-----\n"
                text = self.text(begin + text).removeprefix(begin)
            else:
                text = self.text(text)
            inside = opened
            return text

        return piece

    def tree(self, value: object, *, key: str = "") -> object:
        """A JSON value without its secrets. What a field is called counts."""
        if isinstance(value, str):
            shown = self.text(value)
            if (
                shown == value
                and key
                and self._finder
                and ASSIGNMENT not in self._off
                and names_secret(key)
                and is_random(value)
            ):
                self.vault.learn(value, ASSIGNMENT)
                return self.vault.placeholder(value, ASSIGNMENT)
            return shown
        if isinstance(value, dict):
            inner = cast("JsonObject", value)
            left = _LEFT | {"data"} if inner.get("type") in _OPAQUE else _LEFT
            return {name: v if name in left else self.tree(v, key=name) for name, v in inner.items()}
        if isinstance(value, list | tuple):
            return [self.tree(v, key=key) for v in cast("list[object]", value)]
        return value

    def model(self, model: W) -> W:
        """A value of the protocol without its secrets: the same object where there is none."""
        if self._finder is None:
            return model
        dumped = model.model_dump(mode="python", exclude_unset=False)
        shown = self.tree(dumped)
        return model if shown == _listed(dumped) else type(model).model_validate(shown)

    def _known(self, text: str, mask: Callable[[str, str], str]) -> str:
        for value, name in self.vault.known_in(text):
            if name not in self._off:
                text = _outside(text, value, mask(value, name))
        return text


def _digest(placeholder: str) -> str:
    """What of a placeholder depends on the secret alone."""
    return placeholder[-9:-1]


def named_secrets(environ: Mapping[str, str]) -> list[str]:
    """Values of variables whose names say that they hold a secret."""
    return [
        value
        for name, value in environ.items()
        if len(value) >= _KNOWN_LENGTH and _holds_secret(name) and not value.startswith(("/", "~", "http"))
    ]


def _holds_secret(name: str) -> bool:
    upper = name.upper()
    return bool(_VARIABLE.search(upper)) and not _NO_VARIABLE.search(upper)


_VARIABLE = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL|_PAT$|_PWD$|_AUTH$|^AWS_(?:SECRET|SESSION|ACCESS)|DATABASE_URL|_DSN$|CONNECTION_STRING"
)
_NO_VARIABLE = re.compile(
    r"(?:_FILE|_PATH|_URL_PREFIX|_NAME|_TYPE|_DIR|_HOME|_LIFETIME|_SOCK|TOKENS|TOKENIZERS\w*)$"
)


def _outside(text: str, value: str, shown: str) -> str:
    """Replace the value, but not inside of a placeholder."""
    if "[masked:" not in text:
        return text.replace(value, shown)
    parts: list[str] = []
    at = 0
    for match in PLACEHOLDER.finditer(text):
        parts += [text[at : match.start()].replace(value, shown), match[0]]
        at = match.end()
    return "".join([*parts, text[at:].replace(value, shown)])


def _listed(value: object) -> object:
    """The same value with lists for tuples, to compare with."""
    if isinstance(value, dict):
        return {name: _listed(v) for name, v in cast("JsonObject", value).items()}
    if isinstance(value, list | tuple):
        return [_listed(v) for v in cast("list[object]", value)]
    return value
