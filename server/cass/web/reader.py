"""Makes a page readable, in a process of its own: `python -m cass.web.reader KIND FILE URL`. What it reads is a
stranger's; whatever that does to a parser ends with this process."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cass.web.markdown import Element

_ENOUGH = 200
_MEMORY = 2_000_000_000
_LARGE = 1_500_000
"""Characters of a page from which on looking for its main part would take longer than anybody waits."""


def main(kind: str, file: str, url: str) -> None:
    """Print the title in the first line, then the text."""
    _bound_memory()
    title, text = from_pdf(Path(file)) if kind == "pdf" else from_html(Path(file).read_text("utf-8"), url)
    sys.stdout.buffer.write(f"{' '.join(title.split())[:300]}\n{text}".encode("utf-8", "replace"))


def _bound_memory() -> None:
    """No more than a page can need, where the system knows such a limit."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def from_html(source: str, url: str) -> tuple[str, str]:
    """The title, and the content as Markdown: of the part that the page calls its main one, else of what trafilatura
    takes for it, else of all of the body."""
    from cass.web.markdown import content_of, convert

    root = _parsed(source)
    if root is None:
        return "", ""
    title = root.findtext(".//title") or ""
    base = root.find(".//base[@href]")
    here = (base.get("href") if base is not None else None) or url
    content = content_of(root)
    text = convert(content, here)
    if len(text) >= _ENOUGH and (content.tag != "body" or len(source) > _LARGE):
        return title, text
    found = _extracted(source, here)
    return title, found if len(found) > max(_ENOUGH, len(text) // 4) else text


def _parsed(source: str) -> Element | None:
    import lxml.etree as etree  # pyright: ignore[reportMissingTypeStubs]
    import lxml.html as html  # pyright: ignore[reportMissingTypeStubs]

    try:
        parser = html.HTMLParser(encoding="utf-8")  # pyright: ignore[reportUnknownVariableType]
        parse = cast("Callable[..., Element]", html.document_fromstring)  # pyright: ignore[reportUnknownMemberType]
        return parse(source.encode("utf-8"), parser=parser)
    except (ValueError, etree.LxmlError):  # pyright: ignore
        return None


def _extracted(source: str, url: str) -> str:
    import trafilatura

    return (
        trafilatura.extract(
            source,
            url=url,
            output_format="markdown",
            include_links=True,
            include_tables=True,
            include_formatting=True,
            include_comments=False,
            favor_recall=True,
        )
        or ""
    )


def from_pdf(path: Path) -> tuple[str, str]:
    """The text of a PDF, page by page."""
    import pypdf

    document = pypdf.PdfReader(path)
    pages = [
        f"## Page {number}\n\n{page.extract_text().strip()}" for number, page in enumerate(document.pages[:300], 1)
    ]
    title = document.metadata.title if document.metadata else ""
    return title or "", "\n\n".join(pages)


if __name__ == "__main__":
    main(*sys.argv[1:4])
