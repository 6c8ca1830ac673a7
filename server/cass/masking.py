"""Masking set up for one process: the key of its placeholders, the secrets it knows, the filter of its log."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from cass import private
from cass.config import Config
from cass.protocol.secrets import Masker, Vault, named_secrets

KEY_FILE = "mask.key"
_KEY_BYTES = 32
_HEADER_CHARS = 16

log = logging.getLogger(__name__)


def open_vault(state_dir: Path, environ: Mapping[str, str]) -> Vault:
    """The vault of this process. Its key is this installation's, so that a secret has the same placeholder
    tomorrow; where it cannot be kept, it is another one each time. It knows what the environment says is secret."""
    vault = Vault(_key(state_dir / KEY_FILE))
    vault.know(named_secrets(environ))
    return vault


def masker(vault: Vault, config: Config, environ: Mapping[str, str]) -> Masker:
    """The masker for these settings."""
    if not config.secrets.mask:
        return Masker.nothing()
    vault.know(_configured(config, environ))
    return Masker(vault, config.secrets.off, config.secrets.extra)


def guard_log(vault: Vault, config: Config) -> None:
    """From now on nothing is logged with a secret in it, tracebacks included."""
    guard = _Guard(Masker(vault, config.secrets.off, config.secrets.extra))
    for handler in logging.getLogger().handlers:
        for old in [f for f in handler.filters if isinstance(f, _Guard)]:
            handler.removeFilter(old)
        handler.addFilter(guard)


class _Guard(logging.Filter):
    def __init__(self, masker: Masker) -> None:
        super().__init__()
        self._masker = masker
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, masked."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        record.msg, record.args = self._masker.text(message), ()
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._masker.text(record.exc_text)
        if record.stack_info:
            record.stack_info = self._masker.text(record.stack_info)
        return True


def _configured(config: Config, environ: Mapping[str, str]) -> Iterable[str]:
    for provider in config.providers.values():
        if provider.key_env:
            yield environ.get(provider.key_env, "")
        for value in provider.headers.values():
            word = value.split(" ")[-1]
            if len(word) >= _HEADER_CHARS:
                yield word


def _key(path: Path) -> bytes | None:
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error.strerror)
        return None
    key = secrets.token_bytes(_KEY_BYTES)
    temporary = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    try:
        private.make_folder(path.parent)
        fd = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(key)
        try:
            os.link(temporary, path)  # whoever was first: two processes that begin at once use one key
        except FileExistsError:
            return _read(path)
        finally:
            temporary.unlink()
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error.strerror)
    return key


def _read(path: Path) -> bytes | None:
    key = path.read_bytes()
    return key if len(key) == _KEY_BYTES else None
