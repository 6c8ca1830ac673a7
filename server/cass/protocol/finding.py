"""Finds secrets in a text. Cheap where there is none: one look for the beginnings of words that secrets begin with,
and one for the names that secrets are given."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from cass.protocol.shapes import (
    ASSIGNED,
    NAMED,
    NO_SECRET,
    PLACES,
    PRIVATE_KEY_BEGINS,
    PRIVATE_KEY_ENDS,
    TOKENS,
    WORDS,
    Shape,
)

Mask = Callable[[str, str], str]
"""What stands for a secret of a shape."""

ASSIGNMENT = "assigned-secret"
PRIVATE_KEY = "private-key"
KNOWN = "known-secret"

_MASKED = "[masked:"
_KEY_CHARS = 20_000
_LINE_CHARS = 4_000


def names() -> tuple[str, ...]:
    """The names of all patterns, for switching them off."""
    return tuple(sorted({shape.name for shape in (*TOKENS, *PLACES)} | {ASSIGNMENT, PRIVATE_KEY, KNOWN}))


def fault(pattern: str) -> str:
    """What is wrong with an expression of the user's; empty when it can be used. Searching takes time without end
    where something that repeats is repeated: such are refused, and lines are searched in pieces of 4,000."""
    try:
        found = re.compile(pattern)
    except re.error as error:
        return f"it is no regular expression: {error}"
    if found.match(""):
        return "it matches an empty text"
    if re.search(r"\((?:[^()\\]|\\.)*(?:[+*]|\{\d*,\d*\})(?:[^()\\]|\\.)*\)(?:[+*]|\{\d*,)", pattern):
        return "it repeats what repeats already, which can take for ever"
    return ""


class Finder:
    """Looks for all shapes but those in `off`, and for the user's own expressions."""

    def __init__(self, off: frozenset[str], extra: Sequence[str]) -> None:
        self._off = off
        self._extra = tuple(re.compile(pattern) for pattern in extra)

    def replace(self, text: str, mask: Mask) -> str:
        """The text with every secret replaced by what `mask` says."""
        if self._extra:
            text = self._own(text, mask)
        for shape in self._shapes(text):
            if shape.name not in self._off:
                text = _swap(_compiled(shape.find), text, lambda value, name=shape.name: mask(value, name))
        if PRIVATE_KEY not in self._off and ("PRIVATE KEY" in text or "PuTTY-User-Key" in text):
            text = _private_keys(text, lambda value: mask(value, PRIVATE_KEY))
        if ASSIGNMENT not in self._off:
            text = _assigned(text, lambda value: mask(value, ASSIGNMENT))
        return text

    def key_open(self, text: str, *, inside: bool) -> bool:
        """Whether a private key is not at its end when this text is. `inside`: it had begun before."""
        if PRIVATE_KEY in self._off:
            return False
        if not inside and "PRIVATE KEY" not in text and "PuTTY-User-Key" not in text:
            return False
        begins = list(_compiled(PRIVATE_KEY_BEGINS).finditer(text))
        last = begins[-1] if begins else None
        if last is None and not inside:
            return False
        rest = text[last.end() :] if last else text
        if _compiled(PRIVATE_KEY_ENDS).search(rest):
            return False
        return all(_in_key(line) for line in rest.splitlines())

    def _shapes(self, text: str) -> Iterable[Shape]:
        begun = set(_starts().findall(text))
        found = list({s.find: s for start in begun for s in _by_start()[start]}.values()) if begun else []
        low = text.lower()
        there = {word for word in _words() if word in low}
        return [*found, *(s for s in PLACES if not there.isdisjoint(s.words))]

    def _own(self, text: str, mask: Mask) -> str:
        out: list[str] = []
        for line in text.splitlines(keepends=True):
            for at in range(0, len(line), _LINE_CHARS):
                piece = line[at : at + _LINE_CHARS]
                for pattern in self._extra:
                    piece = _swap(pattern, piece, lambda value: mask(value, "own-pattern"))
                out.append(piece)
        return "".join(out)


def names_secret(name: str) -> bool:
    """Whether a name says that it holds a secret."""
    low = name.lower()
    if not any(word in low for word in WORDS):
        return False
    return _compiled(NAMED).search(low) is not None and _compiled(NO_SECRET).search(name) is None


def is_random(value: str, name: str = "") -> bool:
    """Whether a value looks like a secret: not like code, a word, a path or something to be filled in."""
    low = value.lower()
    if not 8 <= len(value) <= 4_000 or _MASKED in value or any(c.isspace() for c in value):
        return False
    if any(word in low for word in _FILL_IN) or _compiled(r"[x*.#_\-0-9:/]+").fullmatch(low):
        return False
    if value[0] in "/~$@%.<&*" and not _compiled(
        r"[/.$@%&*](?=.*\d)(?=.*[A-Z])[A-Za-z0-9+/!#^&*]{15,}={0,2}"
    ).fullmatch(value):
        return False
    if low.startswith(("http:", "https:", "file:", "arn:", "env:", "vault:", "op:", "ref+")):
        return False
    digits = sum(c.isdigit() for c in value)
    changes = len(_compiled(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])").findall(value))
    if digits == 0:
        return _wordless(value, name)
    if _compiled(r"[A-Za-z_]\w*").fullmatch(value):
        if _compiled(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z]+[0-9]{0,2}(?:_[a-z0-9]{1,12})+").fullmatch(value):
            return changes >= 5
        return len(value) >= 10 and (changes >= 3 or digits >= 4)
    if _compiled(r"[A-Za-z_]\w*(?:[.:/-]{1,2}[A-Za-z_]\w*)+").fullmatch(value):
        return changes >= 4
    if _compiled(r"v?\d+(?:\.\d+)+[\w.+-]{0,20}|\d{4}-\d\d-\d\d[\dT:.Z+-]*|[\d.,]+[A-Za-z]{0,3}").fullmatch(value):
        return False
    return any(c.isalpha() for c in value)


_FILL_IN = (
    "your", "example", "changeme", "change_me", "placeholder", "redacted", "dummy", "xxxx", "****", "...", "todo",
    "replace", "insert", "process.env", "environ", "getenv", "secrets.", "${", "{{", "$(", "<", ">", "lorem",
)  # fmt: skip


def _wordless(value: str, name: str) -> bool:
    """A value without digits: a secret when its letters are mixed as no word has them; or an environment variable
    is set to it."""
    if _compiled(r"[A-Z][A-Z0-9_]*").fullmatch(name) and len(value) >= 12:
        return _compiled(r"[a-z]+|[A-Za-z]+|.*[!#%^+=].*").fullmatch(value) is not None and not value.istitle()
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    marks = sum(c in "!#$%^&*+=?~" for c in value)
    if marks and len(value) >= 10:
        return any(c.isupper() for c in value) and any(c.islower() for c in value) and value.isascii()
    return len(value) >= 24 and entropy > 4.3 and _compiled(r"[A-Za-z+/=]+").fullmatch(value) is not None


def _assigned(text: str, mask: Callable[[str], str]) -> str:
    low = text.lower()
    if not any(word in low for word in WORDS):
        return text
    if len(low) != len(text):  # a few letters grow when they are made small: then places would not fit
        low = "".join(c.lower() if c.isascii() else c for c in text)
    named, follows = _compiled(NAMED), _compiled(ASSIGNED)
    parts: list[str] = []
    at = 0
    for begin in named.finditer(low):
        if begin.start() < at or _in_placeholder(text, begin.start()):
            continue
        match = follows.match(text, begin.end())
        if match is None:
            continue
        name = _name(text, begin.start(), match.start("sep"))
        which = "quoted" if match["quoted"] else "bare"
        value = match[which]
        if match["sep"].isspace() and not _compiled(r"--?[\w-]*$").search(
            text, max(0, begin.start() - 40), begin.start()
        ):
            continue
        if which == "bare":
            value = value.rstrip(".:")
            if match["after"] or _compiled(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+").fullmatch(value):
                continue
        if _compiled(NO_SECRET).search(name) or not is_random(value, name):
            continue
        start = match.start(which)
        parts += [text[at:start], mask(value)]
        at = start + len(value)
    return "".join([*parts, text[at:]]) if parts else text


def _in_placeholder(text: str, at: int) -> bool:
    begun = text.rfind(_MASKED, max(0, at - 60), at)
    return begun >= 0 and "]" not in text[begun:at]


def _name(text: str, start: int, end: int) -> str:
    """The whole name around its telling part."""
    before = _compiled(r"[\w.-]{0,60}$").search(text, max(0, start - 60), start)
    return ((before[0] if before else "") + text[start:end]).rstrip("\"'\\]) ")


def _private_keys(text: str, mask: Callable[[str], str]) -> str:
    """Mask the lines of every private key, also of one that is cut off."""
    begins, ends = _compiled(PRIVATE_KEY_BEGINS), _compiled(PRIVATE_KEY_ENDS)
    parts: list[str] = []
    at = 0
    for begin in begins.finditer(text):
        if begin.start() < at:
            continue
        end = ends.search(text, begin.end(), begin.end() + _KEY_CHARS)
        stop = end.start() if end else _cut_off(text, begin.end())
        parts += [text[at : begin.end()], _body(text[begin.end() : stop], mask)]
        at = stop
    text = "".join([*parts, text[at:]]) if parts else text
    last = ends.search(text)
    if last and not begins.search(text, 0, last.start()):
        first = last.start()
        while first > 0:
            line = text.rfind("\n", 0, first - 1) + 1
            if not _in_key(text[line:first].rstrip("\n")) or not text[line:first].strip():
                break
            first = line
        text = text[:first] + _body(text[first : last.start()], mask) + text[last.start() :]
    return text


def _cut_off(text: str, at: int) -> int:
    """Where the lines of a key end that has no end."""
    end = min(len(text), at + _KEY_CHARS)
    first = text.find("\n", at, end)
    if first < 0:
        return end
    at = first + 1
    while at < end:
        line = text.find("\n", at, end)
        line = end if line < 0 else line
        if not _in_key(text[at:line]):
            return at
        at = line + 1
    return end


def _in_key(line: str) -> bool:
    """Whether a line may be one of a private key."""
    return (
        not line.strip()
        or _compiled(r"[A-Za-z0-9+/=]{24,}|[A-Za-z0-9+/]{2,}={1,2}\s*$|^[\W\d]*[A-Za-z-]{3,20}: |\[masked:").search(
            line
        )
        is not None
    )


def _body(text: str, mask: Callable[[str], str]) -> str:
    def masked(match: re.Match[str]) -> str:
        return mask(match["s"]) if match["s"] else match[0]

    return _compiled(
        r"\[masked:[^\]]*\]|\\[rnt]|(?P<s>[A-Za-z0-9+/=]{24,}|(?<![A-Za-z0-9+/.])[A-Za-z0-9+/]{4,}={0,2}(?=\\|[\r\n\"']|$))"
    ).sub(masked, text)


def _swap(pattern: re.Pattern[str], text: str, mask: Callable[[str], str]) -> str:
    group: int | str = "s" if "s" in pattern.groupindex else 0
    parts: list[str] = []
    at = 0
    for match in pattern.finditer(text):
        value = match[group]
        if not value or _MASKED in value or match.start(group) < at or value.lower() in _NO_PASSWORDS:
            continue
        if group and (value[0] in "$<{%*" or value.startswith("xxx")):
            continue
        parts += [text[at : match.start(group)], mask(value)]
        at = match.end(group)
    return "".join([*parts, text[at:]]) if parts else text


_NO_PASSWORDS = frozenset(
    {"password", "passwd", "pass", "pwd", "secret", "token", "port", "pw", "your_password", "user"}
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def _by_start() -> Mapping[str, Sequence[Shape]]:
    found: dict[str, list[Shape]] = {}
    for shape in TOKENS:
        for start in shape.starts:
            found.setdefault(start, []).append(shape)
    # The longest start is the one that is found: the shapes of its own beginnings go with it.
    return {
        start: [s for other, shapes in found.items() if start.startswith(other) for s in shapes] for start in found
    }


@cache
def _words() -> frozenset[str]:
    return frozenset(word for shape in PLACES for word in shape.words)


@cache
def _starts() -> re.Pattern[str]:
    """Any start at the beginning of a word, as a tree, so that few are tried at each place."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{_tree(sorted(_by_start(), reverse=True))})")


def _tree(words: Sequence[str]) -> str:
    heads: dict[str, list[str]] = {}
    for word in words:
        heads.setdefault(word[:1], []).append(word[1:])
    out: list[str] = []
    for head, tails in heads.items():
        if head:
            rest = [tail for tail in tails if tail]
            inner = f"(?:{_tree(rest)})" if len(rest) > 1 else re.escape(rest[0]) if rest else ""
            out.append(re.escape(head) + (f"(?:{inner})?" if inner and "" in tails else inner))
    return "|".join(out)
