"""Conditions: `steps.test.ok and not quick`, `kind == "bug"`, `steps.list.lines contains "a"`. Nothing is called, nothing
is assigned; what is not known is empty.

    or | and | not, ! | == != < <= > >= contains | name, name.field, "text", 'text', 3, true, false, null, ( )
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cass.customs.definition import Place, Value

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<name>@?[A-Za-z_][\w-]*(?:\.[\w-]+)*)|(?P<sign>==|!=|<=|>=|&&|\|\||[<>!()]))"""
)
_COMPARE = ("==", "!=", "<", "<=", ">", ">=", "contains")
_LONGEST = 1_000
_DEEPEST = 30

Sign = Literal["or", "and", "not", "==", "!=", "<", "<=", ">", ">=", "contains"]
Lookup = Callable[[str], Value]
"""The value of a dotted name; None for what is not known."""


@dataclass(frozen=True)
class Name:
    """A value by its name."""

    path: str


@dataclass(frozen=True)
class Constant:
    """A value that stands there."""

    value: Value


@dataclass(frozen=True)
class Joined:
    """One or two expressions and what joins them."""

    sign: Sign
    left: Expression
    right: Expression | None = None


Expression = Name | Constant | Joined


def parse(text: str, place: Place) -> Expression:
    """Read one. ConfigError with the place for what is none."""
    if len(text) > _LONGEST:
        raise place.error("this condition is too long")
    tokens: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            raise place.error(
                f"{text.strip()[:80]!r} is no condition: {text[at:].strip()[:20]!r} is not understood"
            )
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        at = match.end()
    parser = _Parser(tokens, text, place)
    found = parser.either(0)
    parser.finish()
    return found


def bare(text: str) -> str:
    """A condition may stand in braces; here it is without them."""
    text = text.strip()
    return text[2:-2] if text.startswith("{{") and text.endswith("}}") else text


def names(expression: Expression) -> Iterator[str]:
    """All names in it."""
    if isinstance(expression, Name):
        yield expression.path
    elif isinstance(expression, Joined):
        yield from names(expression.left)
        if expression.right is not None:
            yield from names(expression.right)


def value(expression: Expression, lookup: Lookup) -> Value:
    """What it comes to."""
    match expression:
        case Name(path):
            return lookup(path)
        case Constant(constant):
            return constant
        case Joined("not", left):
            return not holds(left, lookup)
        case Joined("and", left, right) if right is not None:
            return holds(left, lookup) and holds(right, lookup)
        case Joined("or", left, right) if right is not None:
            return holds(left, lookup) or holds(right, lookup)
        case Joined(sign, left, right):
            return _compare(sign, value(left, lookup), value(right, lookup) if right is not None else None)


def holds(expression: Expression, lookup: Lookup) -> bool:
    """Whether it is true: not empty, not 0, not false, nor the texts "" and "false"."""
    return truth(value(expression, lookup))


def truth(found: Value) -> bool:
    """Whether a value counts as true."""
    if isinstance(found, str):
        return found.strip().lower() not in ("", "false")
    return bool(found)


def _compare(sign: str, left: Value, right: Value) -> bool:
    if sign == "contains":
        if isinstance(left, list):
            return right in left or (isinstance(right, str) and right in [str(item) for item in left])
        return isinstance(left, str) and shown(right) in left
    a, b = _alike(left, right)
    if sign == "==":
        return a == b
    if sign == "!=":
        return a != b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
    if isinstance(a, str) and isinstance(b, str):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
    return False


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Values that can be compared: a text beside a number is read as one where it is one."""
    for a, b in ((left, right), (right, left)):
        if isinstance(a, int | float) and not isinstance(a, bool) and isinstance(b, str):
            try:
                other = float(b.strip())
            except ValueError:
                return str(left), str(right)
            return (a, other) if a is left else (other, a)
        if isinstance(a, bool) and isinstance(b, str):
            return shown(left).lower(), shown(right).lower()
    if isinstance(left, str) and isinstance(right, str):
        return left.strip(), right.strip()
    return left, right


def shown(found: Value) -> str:
    """A value as text: lists and objects as JSON, nothing as nothing."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, list | dict):
        import json

        return json.dumps(found, ensure_ascii=False)
    return str(found)


class _Parser:
    """Goes over the tokens once."""

    def __init__(self, tokens: list[tuple[str, str]], text: str, place: Place) -> None:
        self._tokens = tokens
        self._text = text
        self._place = place
        self._at = 0

    def either(self, depth: int) -> Expression:
        left = self._both(depth)
        while self._take("or", "||"):
            left = Joined("or", left, self._both(depth))
        return left

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(f"{self._tokens[self._at][1]!r} is too much")

    def _both(self, depth: int) -> Expression:
        left = self._not(depth)
        while self._take("and", "&&"):
            left = Joined("and", left, self._not(depth))
        return left

    def _not(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise self._wrong("it is nested too deeply")
        if self._take("not", "!"):
            return Joined("not", self._not(depth + 1))
        left = self._one(depth)
        for sign in _COMPARE:
            if self._take(sign):
                return Joined(sign, left, self._one(depth))
        return left

    def _one(self, depth: int) -> Expression:
        if self._take("("):
            found = self.either(depth + 1)
            if not self._take(")"):
                raise self._wrong("a bracket is not closed")
            return found
        if self._at == len(self._tokens):
            raise self._wrong("something is missing at its end")
        kind, token = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return Constant(re.sub(r"\\(.)", r"\1", token[1:-1]))
        if kind == "number":
            return Constant(float(token) if "." in token else int(token))
        if kind == "name" and token not in ("and", "or", "not", "contains"):
            constants: dict[str, Value] = {"true": True, "false": False, "null": None}
            return Constant(constants[token]) if token in constants else Name(token)
        raise self._wrong(f"{token!r} stands where a value should")

    def _take(self, *words: str) -> bool:
        if self._at < len(self._tokens):
            kind, token = self._tokens[self._at]
            if kind in ("name", "sign") and token in words:
                self._at += 1
                return True
        return False

    def _wrong(self, what: str) -> Exception:
        return self._place.error(f"{self._text.strip()[:80]!r} is no condition: {what}")
