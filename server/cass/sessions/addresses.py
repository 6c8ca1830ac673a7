"""`file:` URIs and the files that they name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cass.errors import ProtocolError


def file_of(uri: str) -> Path | None:
    """The file on this machine that a URI names; None where it names none. Bytes that are no UTF-8 are kept as
    Python keeps them in paths."""
    try:
        address = urlsplit(uri)
    except ValueError:
        return None
    if address.scheme != "file" or address.netloc not in ("", "localhost"):
        return None
    path = unquote(address.path, errors="surrogateescape")
    return Path(path) if path.startswith("/") and "\0" not in path else None


def path_of(uri: str) -> Path:
    """The same. ProtocolError for a URI that names no file here."""
    path = file_of(uri)
    if path is None:
        raise ProtocolError(f"{uri[:80]} is no file", kind="invalid_params")
    return path


def same_file(path: Path, others: Iterable[Path]) -> Path | None:
    """The one of `others` that leads to the same file, links followed; this path itself first."""
    known = list(others)
    if path in known:
        return path
    real = os.path.realpath(path)
    return next((other for other in known if os.path.realpath(other) == real), None)
