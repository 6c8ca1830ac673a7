"""What was learned about an endpoint and model by talking to it, kept in one small file."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

from cass import private
from cass.llm.failures import Refused
from cass.llm.jsonvalue import child, is_list, is_object, number_of, parse
from cass.llm.tokens import HIGHEST_RATE, LOWEST_RATE, UNKNOWN, Rates
from cass.protocol.wire import JsonObject

FILE_NAME = "models.json"
MAX_MODELS = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quirks:
    """How one model at one endpoint differs from what is sent by default.

    `dropped` are parameters that it refuses, as `name` or `name=value`; `rates` are tokens counted there over tokens
    estimated here, by kind; `window` is in tokens, `window_from` says how that is known; prices are US dollars per million tokens; `fill` is how it is asked for the
    text between two others (`cass.llm.fim`).
    """

    dropped: tuple[str, ...] = ()
    max_tokens: Literal["", "max_tokens", "max_completion_tokens"] = ""
    wire: Literal["", "chat", "responses"] = ""
    system: Literal["", "user"] = ""
    tools: Literal["", "text"] = ""
    prints_calls: bool = False
    no_images: bool = False
    null_content: Literal["", "empty"] = ""
    reasoning_back: Literal["", "yes", "no"] = ""
    fill: str = ""
    window: int | None = None
    window_from: Literal["", "server", "overflow", "truncation"] = ""
    input_price: float | None = None
    output_price: float | None = None
    cache_price: float | None = None
    rates: Rates = UNKNOWN


class QuirkBook:
    """Quirks by endpoint and model. A file that is missing or damaged counts as empty; one that cannot be written
    costs only the memory of it."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._known: dict[str, Quirks] | None = None

    def get(self, key: str) -> Quirks:
        """What is known; everything at its default when nothing is."""
        return self._all().get(key, Quirks())

    def put(self, key: str, quirks: Quirks) -> None:
        """Remember, now and on disk. Nothing is written when nothing changed."""
        known = self._all()
        if known.get(key, Quirks()) == quirks:
            return
        known.pop(key, None)
        known[key] = quirks
        while len(known) > MAX_MODELS:
            known.pop(next(iter(known)))
        self._save(known)

    def _all(self) -> dict[str, Quirks]:
        if self._known is None:
            self._known = _load(self._path)
        return self._known

    def _save(self, known: Mapping[str, Quirks]) -> None:
        default = asdict(Quirks())
        models = {
            key: {name: value for name, value in asdict(quirks).items() if value != default[name]}
            for key, quirks in known.items()
        }
        text = json.dumps({"version": 1, "models": models}, indent=1)
        temporary = ""
        try:
            private.make_folder(self._path.parent)
            handle, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(temporary).replace(self._path)
        except OSError as error:
            log.warning("what was learned about models cannot be kept in %s: %s", self._path, error.strerror)
            if temporary:
                Path(temporary).unlink(missing_ok=True)


def learn(refused: Refused, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    """What a refusal teaches, and a line about it for the user (empty: not worth one). None when it teaches nothing,
    so that the same request would fail again. `sent` are the optional parameters of the refused request."""
    if refused.status not in (400, 404, 422, 500, 501):
        return None
    text = f"{refused.message[:4000]} {refused.parameter}"
    lower = text.lower()
    if _only_on_responses(lower) and now.wire != "responses":
        return replace(now, wire="responses"), ""
    if refused.status == 404:
        return None
    for lesson in (_output_limit, _roles, _content, _tools):
        learned = lesson(lower, sent, now)
        if learned is not None:
            return learned
    return _parameter(text, refused, sent, now) if refused.status != 500 else None


def _only_on_responses(text: str) -> bool:
    return bool(
        re.search(r"(only (supported|available)|use|try|supported only)\b.{0,40}/?v?1?/responses", text)
        or re.search(r"not (a chat model|supported).{0,80}v1/chat/completions.{0,200}(responses|completions)", text)
        or "only supported in v1/responses" in text
    )


def _output_limit(text: str, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    if "max_tokens" in sent and "max_completion_tokens" in text and now.max_tokens != "max_completion_tokens":
        return replace(now, max_tokens="max_completion_tokens"), ""
    if "max_completion_tokens" in sent and "max_completion_tokens" in text and now.max_tokens != "max_tokens":
        return replace(now, max_tokens="max_tokens"), ""
    return None


def _roles(text: str, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    refuses = ("not support", "unsupported", "not allowed", "must alternate", "invalid", "only user and assistant")
    if "role" in text and "system" in text and not now.system and any(word in text for word in refuses):
        return replace(now, system="user"), ""
    return None


def _content(text: str, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    if "reasoning_content" in text or "reasoning content" in text:
        missing = any(word in text for word in ("missing", "must be", "required", "should be passed", "pass back"))
        wanted: Literal["yes", "no"] = "yes" if missing and now.reasoning_back != "yes" else "no"
        return None if wanted == now.reasoning_back else (replace(now, reasoning_back=wanted), "")
    if (
        "image" in text
        and not now.no_images
        and re.search(r"not support|unsupported|no endpoints|cannot|does not", text)
    ):
        return replace(now, no_images=True), "This model reads no images; they are left out."
    if "content" in text and not now.null_content and re.search(r"\b(null|none|nonetype|not nullable)\b", text):
        return replace(now, null_content="empty"), ""
    return None


def _tools(text: str, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    refuses = (
        r"not support\w* (tool|function)|tools? (is|are|calling is) not supported|(tool|function).{0,30}not support"
    )
    if "tools" in sent and now.tools != "text" and re.search(refuses, text) and "tool_choice" not in text:
        notice = "This model takes no tools; they are described to it in words, which works less well."
        return replace(now, tools="text"), notice
    return None


def _parameter(text: str, refused: Refused, sent: Mapping[str, object], now: Quirks) -> tuple[Quirks, str] | None:
    for name, value in sent.items():
        named = refused.parameter.split(".")[0].split("[")[0] == name
        if name == "tools" or not (named or re.search(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z_])", text)):
            continue
        about_value = isinstance(value, str) and value in text and "support" in text.lower()
        entry = f"{name}={value}" if about_value else name
        if entry in now.dropped:
            continue
        notice = ""
        if name in ("reasoning_effort", "reasoning"):
            notice = (
                f"This model does not take the effort {value}; asking without it."
                if about_value
                else ("This model takes no reasoning effort; asking without it.")
            )
        return replace(now, dropped=(*now.dropped, entry)), notice
    return None


def _load(path: Path) -> dict[str, Quirks]:
    try:
        value = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read and is begun anew: %s", path, error)
        return {}
    models = child(value, "models")
    return {key: _read(entry) for key, entry in models.items() if is_object(entry)}


def _read(entry: JsonObject) -> Quirks:
    """The quirks in an entry; a field that is of the wrong type stays at its default."""
    default = Quirks()
    values: dict[str, object] = {}
    for spec in fields(Quirks):
        value = entry.get(spec.name)
        if spec.name == "dropped":
            values["dropped"] = tuple(item for item in value if isinstance(item, str)) if is_list(value) else ()
        elif spec.name == "rates":
            values["rates"] = _rates(value)
        elif spec.name in ("window", "input_price", "output_price", "cache_price"):
            number = number_of(entry, spec.name)
            if number is not None and number > 0:
                values[spec.name] = int(number) if spec.name == "window" else number
        elif value is not None and type(value) is type(getattr(default, spec.name)):
            values[spec.name] = value
    return replace(default, **values)  # pyright: ignore[reportArgumentType]  # each was checked by name above


def _rates(value: object) -> Rates:
    """The rates in a list; those of another count or out of bounds are begun anew."""
    found = [float(item) for item in value if isinstance(item, int | float)] if is_list(value) else []
    whole = len(found) == len(UNKNOWN) and all(LOWEST_RATE <= rate <= HIGHEST_RATE for rate in found)
    return Rates(*found) if whole else UNKNOWN
