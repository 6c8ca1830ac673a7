"""Masking: what is a secret and what only looks like one, and what can be put back."""

from __future__ import annotations

import json
import logging
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass import layers, masking
from cass.config import Config
from cass.errors import ConfigError
from cass.layers import Layer
from cass.protocol import finding
from cass.protocol.events import AgentMessage, ToolCallUpdate, UserMessage
from cass.protocol.messages import Image, Text, Thinking, ToolCall
from cass.protocol.secrets import PLACEHOLDER, Masker, Vault, named_secrets
from support import planted

ROOT = Path(__file__).parent.parent
HARMLESS = [
    "password = input()", "token: str", "def login(password: str) -> Token:", "secret = config.secret",
    "api_key = os.environ['API_KEY']", 'key_env = "OPENAI_API_KEY"', "max_tokens: 128000", "tokenizer = 'o200k_base'",
    "commit 3835a16f0c1d2e3b4a5968778695a4b3c2d1e0f9", "id: 550e8400-e29b-41d4-a716-446655440000",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "password: ********",
    "API_KEY=your-key-here", "password = <your password>", "token = get_token(user1)", "postgres://user:${PASSWORD}@db/x",
    "https://user:password@example.org", "class sk-cube-grid-animation-delay{}", "if password == self.password1:",
    "SECRET_FILE=/run/secrets/db_password_1", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "pwd: /home/me/a1",
    "the token is expired since 2024-01-01", "secret: !vault", "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgI\n",
    "password:\n  min_length: 12", "git@github.com:a/b.git", "passwords = load('a1b2')", "--token-file x1y2z3a4b5",
]  # fmt: skip


def masker(**more: object) -> Masker:
    return Masker(Vault(b"key"), **more)  # pyright: ignore


@pytest.mark.parametrize("name", planted.PLANTED)
def test_a_secret_is_masked_and_can_be_put_back(name: str) -> None:
    secret, _ = planted.PLANTED[name]
    whole = f"before\n{planted.text(name)}\nafter"
    shown, behind = masker().found(whole)
    assert secret not in shown
    assert PLACEHOLDER.search(shown)
    assert secret in "".join(behind.values())
    assert masker().text(shown) == shown
    assert masker().restore(shown, whole) == (whole, ())


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masker().text(text) == text


def test_this_repository_and_the_standard_library_are_nearly_untouched() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.splitlines() if "planted" not in name and "test_secrets" not in name]
    files += sorted(Path(logging.__file__).parent.parent.glob("*.py"))
    hits: list[str] = []
    size = 0
    for file in files:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        size += len(text)
        hits += [f"{file.name}: {value}" for value in masker().found(text)[1].values()]
    assert size > 5_000_000
    assert len(hits) <= 8, hits


@pytest.mark.parametrize(
    "shape",
    [
        lambda pem: pem,
        lambda pem: pem[:500],
        lambda pem: pem[400:],
        json.dumps,
        lambda pem: json.dumps({"private_key": pem}),
        lambda pem: "".join(f"{n:6}\t{line}\n" for n, line in enumerate(pem.splitlines(), 1)),
        lambda pem: "".join(f"key.pem:{n}:{line}\n" for n, line in enumerate(pem.splitlines(), 1)),
        lambda pem: "".join(f"+{line}\n" for line in pem.splitlines()),
        lambda pem: pem.replace("\n", "\r\n"),
    ],
    ids=["whole", "no-end", "no-begin", "json", "json-field", "numbered", "grep", "diff", "crlf"],
)
def test_a_private_key_is_masked_line_by_line(shape: object) -> None:
    text = f"first\n{shape(planted.PEM)}"  # pyright: ignore
    shown = masker().text(text)
    assert planted.leaked(shown) == []
    assert shown.count("\n") == text.count("\n")
    assert masker().text(shown) == shown
    assert masker().restore(shown, text) == (text, ())


def test_a_private_key_that_comes_line_by_line_is_masked_to_its_end_and_no_further() -> None:
    piece = masker().lines()
    lines = f"hello\n{planted.PEM}{'plain' * 20}\n".splitlines(keepends=True)
    shown = "".join(piece(line) for line in lines)
    assert planted.leaked(shown) == []
    assert shown.endswith("PRIVATE KEY-----\n" + "plain" * 20 + "\n")


def test_a_secret_that_was_seen_is_one_everywhere() -> None:
    one = masker()
    one.text("DB_PASSWORD=hunter2hunter2")
    assert "hunter2" not in one.text("tried hunter2hunter2, failed")
    one.vault.know(["plainwords"])
    assert one.text("plainwords") == one.text("plainwords") != "plainwords"


def test_different_secrets_have_different_placeholders_and_another_key_has_others() -> None:
    shown = masker().text("A_TOKEN=q1w2e3r4t5y6\nB_TOKEN=q1w2e3r4t5y7\nC_TOKEN=q1w2e3r4t5y6\n").splitlines()
    first, second, third = (line.partition("=")[2] for line in shown)
    assert first == third != second
    other = Masker(Vault(b"other")).text("A_TOKEN=q1w2e3r4t5y6").partition("=")[2]
    assert PLACEHOLDER.fullmatch(other) and other != first


def test_a_placeholder_of_another_file_is_not_put_back() -> None:
    shown = masker().text(planted.text("github"))
    placeholder = PLACEHOLDER.findall(shown)[0]
    assert masker().restore(shown, "an empty file") == (shown, (placeholder,))
    assert masker().restore(shown, f"this says {placeholder}") == (shown, ())


@given(st.text(), st.sampled_from(sorted(planted.PLANTED)), st.text())
def test_masking_what_is_masked_changes_nothing(before: str, name: str, after: str) -> None:
    text = f"{before}\n{planted.text(name)}\n{after}"
    one = masker()
    shown = one.text(text)
    assert one.text(shown) == shown
    assert planted.PLANTED[name][0] not in shown


def test_an_event_is_masked_in_every_field_and_what_is_opaque_stays() -> None:
    secret = planted.PLANTED["github"][0]
    blob: dict[str, object] = {"encrypted": secret, "signature": planted.text("jwt")}
    image = Image(data="AKIAIOSFODNN7QWERTYU", mime_type="image/png")
    call = ToolCall(id="c", name="x", arguments={"path": "a", "deep": [{"password": "q1w2e3r4t5"}, secret], "n": 1})
    event = AgentMessage(message_id="m", content=(Thinking(text=secret, data=blob), Text(text=secret), call))
    shown = masker().model(event)
    thinking, text, called = shown.content
    assert isinstance(thinking, Thinking) and thinking.data == blob and secret not in thinking.text
    assert isinstance(text, Text) and secret not in text.text
    assert isinstance(called, ToolCall) and called.arguments["path"] == "a" and called.arguments["n"] == 1
    assert secret not in called.wire_json() and "q1w2e3r4t5" not in called.wire_json()
    message = UserMessage(message_id="m", content=(image,))
    assert masker().model(message) is message
    plain = ToolCallUpdate(tool_call_id="t", status="completed", result=(Text(text="plain"),))
    assert masker().model(plain) is plain
    assert Masker.nothing().model(event) is event
    assert Masker.nothing().lines()("DB_PASSWORD=hunter2hunter2") == "DB_PASSWORD=hunter2hunter2"


def test_variables_that_sound_secret_are_known_values() -> None:
    environ = {
        "GH_TOKEN": "abcdefgh", "AWS_SECRET_ACCESS_KEY": "x" * 9, "MY_PASSWORD": "short", "EDITOR": "vim-long-enough",
        "TOKENIZERS_PARALLELISM": "falsefalse", "SECRET_FILE": "/run/secrets/a", "SSH_AUTH_SOCK": "/tmp/ssh-abcdef",
    }  # fmt: skip
    assert named_secrets(environ) == ["abcdefgh", "x" * 9]


def test_patterns_can_be_switched_off_and_added() -> None:
    text = planted.text("github")
    assert masker(off=("github-token", "url-password")).text(text) == text
    assert masker(off=("private-key",)).text(planted.PEM) == planted.PEM
    assert masker(off=("private-key",)).lines()(planted.PEM) == planted.PEM
    assert "4711" not in masker(extra=(r"CUST-\d+",)).text("hello CUST-4711")
    assert masker(extra=(r"cust (?P<s>\d+)",)).text("cust 4711").startswith("cust [masked:own-pattern:")


def test_an_expression_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    for pattern, why in (("(", "no regular expression"), ("a*", "empty text"), ("(a+)+b", "for ever")):
        text = f"[secrets]\nextra = ['{pattern}']\n"
        with pytest.raises(ConfigError, match=why) as caught:
            layers.load([Layer("user", "config.toml", {"secrets": {"extra": [pattern]}}, text)])
        assert "line 2" in str(caught.value)
    with pytest.raises(ConfigError, match="Did you mean github-token"):
        layers.load([Layer("user", "x", {"secrets": {"off": ["github-tokens"]}})])
    with pytest.raises(ConfigError, match="There are: "):
        layers.load([Layer("user", "x", {"secrets": {"off": ["?"]}})])


def test_a_project_may_only_add_patterns() -> None:
    mine = Layer("user", "u", {"secrets": {"extra": ["mine-1+"]}})
    theirs = Layer("project", "p", {"secrets": {"extra": ["their-1+"], "off": ["jwt"], "mask": False}})
    loaded = layers.load([mine, theirs])
    assert loaded.config.secrets.extra == ("mine-1+", "their-1+")
    assert (loaded.config.secrets.off, loaded.config.secrets.mask) == ((), True)
    assert len(loaded.warnings) == 2
    off = Layer("user", "u", {"secrets": {"mask": False}})
    on = Layer("project", "p", {"secrets": {"mask": True}})
    assert layers.load([off, on]).config.secrets.mask is True


def test_names_of_patterns_are_listed() -> None:
    assert {"github-token", "assigned-secret", "private-key", "known-secret"} <= set(finding.names())


def test_the_key_of_the_placeholders_lasts_and_is_private(tmp_path: Path) -> None:
    state = tmp_path / "a" / "state"
    text = planted.text("github")
    first, again = (Masker(masking.open_vault(state, {})).text(text) for _ in range(2))
    assert first == again
    assert (state / masking.KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    (state / masking.KEY_FILE).write_bytes(b"short")
    assert Masker(masking.open_vault(state, {})).text(text) != first
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert planted.leaked(Masker(masking.open_vault(blocked / "x", {})).text(text)) == []


def test_the_log_is_masked_with_its_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        for _ in range(2):
            masking.guard_log(Vault(b"key"), Config())
        assert len(handler.filters) == 1
        log = logging.getLogger("cass.test")
        log.warning("sent %s", planted.text("bearer"), stack_info=True)
        log.warning("odd %d %s", planted.text("github"))
        try:
            raise ValueError(planted.text("basic"))
        except ValueError:
            log.exception("failed")
    finally:
        root.removeHandler(handler)
        for other in root.handlers:
            other.filters.clear()
    printed = capsys.readouterr().err
    assert "ValueError" in printed and "[masked:" in printed
    assert planted.leaked(printed) == []


def test_headers_and_keys_of_configured_providers_are_known() -> None:
    settings = {
        "providers": {"acme": {"key_env": "ACME", "headers": {"X-A": "Key abcdefghijklmnopq", "X-B": "short"}}}
    }
    config = Config.model_validate(settings)
    one = masking.masker(Vault(), config, {"ACME": "plain-words-here"})
    shown = one.text("plain-words-here abcdefghijklmnopq short")
    assert shown.count("[masked:known-secret:") == 2 and shown.endswith(" short")
    off = Config.model_validate({"secrets": {"mask": False}})
    assert masking.masker(Vault(), off, {}).text(planted.text("github")) == planted.text("github")
