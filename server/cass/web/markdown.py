"""HTML as Markdown: headings, lists, tables, code and links stay; what a page has around its content goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urljoin


class Element(Protocol):
    """What is used of an element of lxml."""

    @property
    def tag(self) -> object:
        """Its name; something else for comments."""
        ...

    @property
    def text(self) -> str | None:
        """The text before its first child."""
        ...

    @property
    def tail(self) -> str | None:
        """The text behind its end."""
        ...

    def get(self, key: str) -> str | None:
        """An attribute."""
        ...

    def find(self, path: str) -> Element | None:
        """The first element below it on this path."""
        ...

    def findall(self, path: str) -> list[Element]:
        """All of them."""
        ...

    def findtext(self, path: str) -> str | None:
        """The first one's text."""
        ...

    def iter(self, *tags: str) -> Iterator[Element]:
        """It and all below it with one of these names."""
        ...

    def iterdescendants(self) -> Iterator[Element]:
        """All below it."""
        ...

    def iterancestors(self) -> Iterator[Element]:
        """All above it."""
        ...

    def itertext(self) -> Iterator[str]:
        """All text in it."""
        ...

    def getparent(self) -> Element | None:
        """The one above it."""
        ...

    def __iter__(self) -> Iterator[Element]: ...


_DROPPED = frozenset(
    ["script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "form", "button", "input", "select", "textarea", "nav", "aside", "footer", "dialog", "head", "link", "meta", "audio", "video", "picture", "source", "map"]
)  # fmt: skip
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "figure",
        "figcaption",
        "details",
        "summary",
        "address",
        "fieldset",
        "center",
        "body",
        "html",
    ]
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "menu", "menubar"})
_DEEPEST = 120


def convert(root: Element, base: str) -> str:
    """The content of an element as Markdown; `base` is the address that its links start from."""
    text = "\n\n".join(block for block in _blocks(root, base, 0) if block.strip())
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def content_of(root: Element) -> Element:
    """The part of a page that holds its content, where the page says so; else its body."""
    for path in (".//main", ".//*[@role='main']", ".//article", ".//*[@id='content']"):
        found = root.findall(path)
        if len(found) == 1 and len(_plain(found[0])) > 200:
            return found[0]
    body = root.find(".//body")
    return root if body is None else body


def _blocks(element: Element, base: str, depth: int) -> Iterator[str]:
    """The blocks in an element. What runs between them is a paragraph."""
    running: list[str] = [element.text or ""]

    def flushed() -> str:
        text = _tidy("".join(running))
        running.clear()
        return text

    for child in element:
        name = _name(child)
        if not name or _is_hidden(child, name) or depth > _DEEPEST:
            running.append(child.tail or "")
            continue
        if (
            name in _BLOCKS
            or name in _HEADINGS
            or name in ("ul", "ol", "dl", "pre", "table", "blockquote", "hr")
            or _holds_blocks(child)
        ):
            yield flushed()
            yield from _block(child, name, base, depth + 1)
        else:
            running.append(_inline(child, base, depth + 1))
        running.append(child.tail or "")
    yield flushed()


def _holds_blocks(element: Element) -> bool:
    """Whether something that usually runs in a line (a link, a span) stands around whole blocks."""
    return any(_name(child) in ("p", "div", "pre", "table", "ul", "ol", *_HEADINGS) for child in element)


def _block(element: Element, name: str, base: str, depth: int) -> Iterator[str]:
    if name in _HEADINGS:
        title = _tidy(_children(element, base, depth)).rstrip("¶#").strip()
        if title:
            yield f"{_HEADINGS[name]} {title}"
    elif name == "pre":
        yield _code(element)
    elif name in ("ul", "ol"):
        yield _list(element, name == "ol", base, depth)
    elif name == "dl":
        yield _definitions(element, base, depth)
    elif name == "table":
        yield _table(element, base, depth)
    elif name == "hr":
        yield "---"
    elif name == "blockquote":
        inner = "\n\n".join(b for b in _blocks(element, base, depth) if b.strip())
        yield "\n".join(f"> {line}".rstrip() for line in inner.splitlines())
    else:
        yield from _blocks(element, base, depth)


def _inline(element: Element, base: str, depth: int) -> str:
    name = _name(element)
    if not name or _is_hidden(element, name) or depth > _DEEPEST:
        return ""
    if name == "br":
        return "\x00"
    if name in ("code", "kbd", "samp", "tt"):
        text = " ".join(_plain(element).split())
        fence = "``" if "`" in text else "`"
        return f"{fence}{text}{fence}" if text else ""
    if name == "img":
        return f"[picture: {alt}]" if (alt := " ".join((element.get("alt") or "").split())) else ""
    text = _children(element, base, depth)
    if name == "a":
        href = element.get("href") or ""
        shown = _tidy(text)
        if not shown or shown in ("¶", "#") or href.startswith(("#", "javascript:", "data:")) or not href:
            return "" if shown in ("¶", "#") else text
        try:
            return f"[{shown}]({urljoin(base, href.strip())})"
        except ValueError:
            return text
    mark = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~"}.get(name, "")
    return f"{mark}{text.strip()}{mark}" if mark and text.strip() else text


def _children(element: Element, base: str, depth: int) -> str:
    parts = [element.text or ""]
    for child in element:
        parts += [_inline(child, base, depth + 1), child.tail or ""]
    return "".join(parts)


def _code(element: Element) -> str:
    found = " ".join(e.get("class") or "" for e in (element, *element))
    parent = element.getparent()
    found += " " + ((parent.get("class") or "") if parent is not None else "")
    language = re.search(r"(?:language|lang|highlight|brush)[-:]\s*([A-Za-z0-9+#]+)", found)
    text = _plain(element).strip("\n").rstrip()
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language[1] if language else ''}\n{text}\n{fence}"


def _list(element: Element, numbered: bool, base: str, depth: int) -> str:
    lines: list[str] = []
    for number, item in enumerate((child for child in element if _name(child) == "li"), 1):
        mark = f"{number}. " if numbered else "- "
        blocks = [block for block in _blocks(item, base, depth + 1) if block.strip()]
        text = "\n".join(blocks)
        first, *rest = text.split("\n") if text else [""]
        lines.append(f"{mark}{first}")
        lines += [f"{' ' * len(mark)}{line}" if line else "" for line in rest]
    return "\n".join(lines)


def _definitions(element: Element, base: str, depth: int) -> str:
    lines: list[str] = []
    for child in element.iter("dt", "dd"):
        blocks = [block for block in _blocks(child, base, depth + 1) if block.strip()]
        if _name(child) == "dt":
            lines.append(f"**{' '.join(blocks)}**" if blocks and "`" not in blocks[0] else " ".join(blocks))
        else:
            lines.append("\n\n".join(blocks) + "\n")
    return "\n".join(lines)


def _table(element: Element, base: str, depth: int) -> str:
    rows: list[list[str]] = []
    if not any(_name(inner) == "table" for inner in element.iterdescendants()):
        cells = ([cell for cell in row if _name(cell) in ("td", "th")] for row in element.iter("tr"))
        rows = [[" ".join(_cell(c, base, depth).replace("|", "\\|").split()) for c in row] for row in cells]
    rows = [row for row in rows if any(row)]
    width = max(map(len, rows), default=0)
    if width <= 1:
        return "\n\n".join(block for block in _blocks_of_rows(element, base, depth) if block.strip())
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return "\n".join([lines[0], f"|{'---|' * width}", *lines[1:]])


def _blocks_of_rows(element: Element, base: str, depth: int) -> Iterator[str]:
    """A table that only lays out a page, or numbers the lines of a listing: its cells, one after the other."""
    for cell in element.iter("td", "th"):
        if not any(_name(up) in ("td", "th") for up in cell.iterancestors() if up is not element):
            yield from _blocks(cell, base, depth + 1)


def _cell(element: Element, base: str, depth: int) -> str:
    return " ".join(block for block in _blocks(element, base, depth + 1) if block.strip())


def _tidy(text: str) -> str:
    """Blanks as a browser shows them; a line break where the page had one."""
    return "\n".join(" ".join(line.split()) for line in text.split("\x00")).strip()


def _plain(element: Element) -> str:
    return "".join(element.itertext())


def _name(element: Element) -> str:
    return element.tag.lower() if isinstance(element.tag, str) else ""


def _is_hidden(element: Element, name: str) -> bool:
    if name in _DROPPED or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return (element.get("role") or "") in _ROLES or bool(_HIDDEN.search(element.get("style") or ""))
