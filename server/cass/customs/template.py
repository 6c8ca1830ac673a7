"""The text of a command, taken apart once, before any value is known: so that no value is ever read as more than a value.

In files of cass: `{{name}}`, `{{#if x}} {{else if y}} {{else}} {{/if}}`, `{{#unless x}} {{/unless}}`,
`{{#each xs}} {{this}} {{/each}}` (or `{{#each xs as x}}`), `{{! a comment }}`. Everywhere: `$ARGUMENTS`, `$1` to `$9`,
`@path`, and a command between !` and `. A backslash before any of them keeps it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cass.customs import expressions
from cass.customs.definition import Place
from cass.customs.expressions import Expression

Kind = Literal["prompt", "claude", "shell"]
"""`prompt`: all of it. `claude`: braces are text. `shell`: nothing but braces, for a command line as a whole."""

MAX_TEXT = 500_000
_DEEPEST = 20

_BRACES = r"(?P<brace>\{\{(?:[^{}\"']|\"[^\"\n]*\"|'[^'\n]*'|\}(?!\}))*\}\})|(?P<open>\{\{)"
_WORDS = r"(?P<arguments>\$ARGUMENTS(?:\[\d{1,2}\])?)|(?P<number>\$[1-9](?!\d))"
_FENCE = r"(?m:^(?P<fence>```!)[^\n]*\n(?P<fenced>(?:(?!```)[^\n]*\n)*)```[^\S\n]*$)"
_SHELL = r"(?<!\S)!`(?P<shell>[^`\n]+)`"
_FILE = r"(?<![^\s(\[\"'])@(?P<file>(?:\{\{[^{}\n]*\}\}|\$ARGUMENTS|\$[1-9]|[^\s`{}()\[\]\"'<>,;:$]|[,;:](?=\S))+)"
_PATTERNS: dict[Kind, re.Pattern[str]] = {
    "prompt": re.compile(rf"\\(?P<kept>\{{\{{|\$(?=[A1-9])|!(?=`)|@)|{_BRACES}|{_WORDS}|{_FENCE}|{_SHELL}|{_FILE}"),
    "claude": re.compile(
        rf"\\(?P<kept>\$(?=[A1-9]))|(?P<brace>(?!))|(?P<open>(?!))|{_WORDS}|{_FENCE}|{_SHELL}"
        + "|"
        + _FILE.replace(r"\{\{[^{}\n]*\}\}|", "")
    ),
    "shell": re.compile(rf"\\(?P<kept>\{{\{{)|{_BRACES}"),
}


@dataclass(frozen=True)
class Piece:
    """Text as it stands."""

    text: str


@dataclass(frozen=True)
class Hole:
    """A value is put here."""

    expression: Expression
    place: Place


@dataclass(frozen=True)
class Words:
    """What was given goes here: the word with this number (from 1), or all for 0."""

    number: int
    place: Place


@dataclass(frozen=True)
class Shell:
    """The output of a command goes here."""

    inner: Sequence[Node]
    place: Place


@dataclass(frozen=True)
class File:
    """A file is given along. It must exist where a value names it; Claude Code leaves what is no file as it stands."""

    inner: Sequence[Node]
    place: Place
    must_exist: bool


@dataclass(frozen=True)
class If:
    """The first branch whose condition holds; None for else."""

    branches: Sequence[tuple[Expression | None, Sequence[Node]]]
    place: Place


@dataclass(frozen=True)
class Each:
    """The inner part once for each item."""

    items: Expression
    name: str
    inner: Sequence[Node]
    place: Place


Node = Piece | Hole | Words | Shell | File | If | Each


def parse(text: str, place: Place, kind: Kind) -> Sequence[Node]:
    """Take a text apart that begins at this place. ConfigError names the line of what is wrong."""
    if len(text) > MAX_TEXT:
        raise place.error(f"this text is too long: {len(text):,} characters; {MAX_TEXT:,} are taken")
    return _Parser(text, place, kind).all()


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes, with those inside of others."""
    for node in nodes:
        yield node
        if isinstance(node, Shell | File | Each):
            yield from walk(node.inner)
        elif isinstance(node, If):
            for _, inner in node.branches:
                yield from walk(inner)


def names(nodes: Sequence[Node]) -> Iterator[tuple[str, Place]]:
    """All names that are used, with their places; those that an `each` brings are left out."""
    for node in nodes:
        if isinstance(node, Hole):
            yield from ((name, node.place) for name in expressions.names(node.expression))
        elif isinstance(node, If):
            for condition, inner in node.branches:
                if condition is not None:
                    yield from ((name, node.place) for name in expressions.names(condition))
                yield from names(inner)
        elif isinstance(node, Each):
            yield from ((name, node.place) for name in expressions.names(node.items))
            own = (node.name, "this", "@index", "@first", "@last")
            yield from ((name, place) for name, place in names(node.inner) if name.split(".")[0] not in own)
        elif isinstance(node, Shell | File):
            yield from names(node.inner)


class _Parser:
    """Goes over the text once, keeping the blocks that are open."""

    def __init__(self, text: str, place: Place, kind: Kind) -> None:
        self._text = text
        self._place = place
        self._kind: Kind = kind
        self._open: list[_Block] = []
        self._top: list[Node] = []

    def all(self) -> Sequence[Node]:
        at = 0
        for match in _PATTERNS[self._kind].finditer(self._text):
            if match.start() < at:  # inside of a line that a tag took with it
                continue
            before, after = match.start(), match.end()
            tag = match["brace"] or ""
            if tag[2:].lstrip()[:1] in ("#", "/", "!") or re.match(r"\{\{\s*else\b", tag):
                before, after = self._whole_line(before, after)
            if before > at:
                self._add(Piece(self._text[at:before]))
            self._take(match)
            at = after
        self._add(Piece(self._text[at:]))
        if self._open:
            block = self._open[-1]
            raise block.place.error(f"{{{{#{block.word}}}}} is not closed", f"{{{{/{block.word}}}}} is missing.")
        return self._top

    def _take(self, match: re.Match[str]) -> None:
        place = self._at(match.start())
        found = match.groupdict()
        if found.get("kept"):
            self._add(Piece(found["kept"]))
        elif match["brace"]:
            self._brace(match["brace"][2:-2].strip(), place)
        elif match["open"]:
            raise place.error("{{ begins here and has no end", "Write \\{{ for two braces that are meant as text.")
        elif word := found.get("arguments"):
            index = re.search(r"\d+", word)
            self._add(Words(int(index[0]) + 1 if index else 0, place))
        elif word := found.get("number"):
            self._add(Words(int(word[1:]), place))
        elif (command := found.get("shell") or found.get("fenced")) is not None:
            place = Place(place.path, place.line + bool(found.get("fence")))
            self._add(Shell(_words(command, place, self._kind), place))
        elif path := found.get("file"):
            self._file(path, place)

    def _file(self, path: str, place: Place) -> None:
        """Punctuation behind a path belongs to the sentence."""
        bare = path.rstrip(".,;:!?*") if not path.endswith("}}") else path
        if bare:
            words = _words(bare, place, self._kind)
            given = self._kind != "claude" and not all(isinstance(node, Piece) for node in words)
            self._add(File(words, place, must_exist=given))
            self._add(Piece(path[len(bare) :]))
        else:
            self._add(Piece("@" + path))

    def _brace(self, tag: str, place: Place) -> None:
        if tag.startswith("!"):
            return
        if tag.startswith("#"):
            self._begin(tag[1:].strip(), place)
        elif tag.startswith("/"):
            self._end(tag[1:].strip(), place)
        elif tag == "else" or tag.startswith("else "):
            self._else(tag[4:].strip(), place)
        else:
            if not tag:
                raise place.error("{{}} names nothing", "Write \\{{ for two braces that are meant as text.")
            self._add(Hole(_expression(tag, place), place))

    def _begin(self, tag: str, place: Place) -> None:
        word, _, rest = tag.partition(" ")
        if word not in ("if", "unless", "each") or not rest.strip():
            raise place.error(f"{{{{#{tag[:40]}}}}} is not known", "There are #if, #unless and #each.")
        if len(self._open) >= _DEEPEST:
            raise place.error("this is nested too deeply")
        block = _Block(word, place)
        if word == "each":
            match = re.fullmatch(r"(.*?)(?:\s+as\s+([A-Za-z][\w-]*))?", rest.strip(), re.DOTALL)
            assert match
            block.items, block.name = expressions.parse(match[1], place), match[2] or "this"
        else:
            condition = expressions.parse(rest, place)
            block.condition = condition if word == "if" else expressions.Joined("not", condition)
        self._open.append(block)

    def _else(self, rest: str, place: Place) -> None:
        if not self._open or self._open[-1].word == "each" or self._open[-1].ended:
            raise place.error("{{else}} belongs to no {{#if}}")
        block = self._open[-1]
        block.branches.append((block.condition, block.nodes))
        block.nodes = []
        condition = re.fullmatch(r"if\s+(.+)", rest, re.DOTALL)
        if rest and not condition:
            raise place.error(f"{{{{else {rest[:40]}}}}} is not known", "There are {{else}} and {{else if …}}.")
        block.condition = expressions.parse(condition[1], place) if condition else None
        block.ended = condition is None

    def _end(self, word: str, place: Place) -> None:
        if not self._open or self._open[-1].word != word:
            inner = f"; {{{{#{self._open[-1].word}}}}} is open" if self._open else ""
            raise place.error(f"{{{{/{word[:40]}}}}} closes nothing{inner}")
        block = self._open.pop()
        if block.items is not None:
            self._add(Each(block.items, block.name, block.nodes, block.place))
        else:
            self._add(If([*block.branches, (block.condition, block.nodes)], block.place))

    def _add(self, node: Node) -> None:
        if not isinstance(node, Piece) or node.text:
            (self._open[-1].nodes if self._open else self._top).append(node)

    def _at(self, position: int) -> Place:
        return Place(self._place.path, self._place.line + self._text.count("\n", 0, position))

    def _whole_line(self, start: int, end: int) -> tuple[int, int]:
        """A tag that stands alone on its line takes the line with it."""
        begin = self._text.rfind("\n", 0, start) + 1
        stop = self._text.find("\n", end)
        stop = len(self._text) if stop < 0 else stop + 1
        if self._text[begin:start].strip() or self._text[end:stop].strip():
            return start, end
        return begin, stop


class _Block:
    """An open block."""

    def __init__(self, word: str, place: Place) -> None:
        self.word = word
        self.place = place
        self.nodes: list[Node] = []
        self.branches: list[tuple[Expression | None, Sequence[Node]]] = []
        self.condition: Expression | None = None
        self.items: Expression | None = None
        self.name = "this"
        self.ended = False


def _words(text: str, place: Place, kind: Kind) -> Sequence[Node]:
    """The inside of a command or a path: text and values."""
    pattern = re.compile(
        rf"\\(?P<kept>\$(?=[A1-9]))|{_WORDS}" + (rf"|\\(?P<kept2>\{{\{{)|{_BRACES}" if kind == "prompt" else "")
    )
    nodes: list[Node] = []
    at = 0
    for match in pattern.finditer(text):
        if match.start() > at:
            nodes.append(Piece(text[at : match.start()]))
        found = match.groupdict()
        here = Place(place.path, place.line + text.count("\n", 0, match.start()))
        if kept := found.get("kept") or found.get("kept2"):
            nodes.append(Piece(kept))
        elif word := found["arguments"]:
            index = re.search(r"\d+", word)
            nodes.append(Words(int(index[0]) + 1 if index else 0, here))
        elif word := found["number"]:
            nodes.append(Words(int(word[1:]), here))
        elif found.get("brace"):
            tag = found["brace"][2:-2].strip()
            if tag[:1] in ("#", "/", "!") or not tag:
                raise here.error("inside a command only values can stand", "Put the {{#if}} around the command.")
            nodes.append(Hole(_expression(tag, here), here))
        else:
            raise here.error("{{ begins here and has no end", "Write \\{{ for two braces that are meant as text.")
        at = match.end()
    if at < len(text):
        nodes.append(Piece(text[at:]))
    return nodes


def _expression(tag: str, place: Place) -> Expression:
    try:
        return expressions.parse(tag, place)
    except Exception as error:
        hint = "Write \\{{ for two braces that are meant as text."
        raise place.error(f"{{{{{tag[:60]}}}}} is not understood", hint) from error
