"""Inline completion through the real server: off until it is switched on, never stale, and gone with the next key."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.provider import STALL, Answer, ProviderServer, document
from support.server import ServerProcess, running, script

CODE = "def add(a, b):\n    return \n"
END = (1, 11)
INVOKED, AUTOMATIC = 1, 2


class Typist:
    """An editor with one document, in which somebody types at its cursor."""

    def __init__(self, server: ServerProcess, uri: str, text: str, language: str = "python") -> None:
        self.server, self.uri, self.text, self.version = server, uri, text, 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": item})

    def ask(self, at: tuple[int, int] = END, kind: int = AUTOMATIC, **context: object) -> int:
        """Ask without waiting."""
        return self.server.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": self.uri},
                "position": {"line": at[0], "character": at[1]},
                "context": {"triggerKind": kind, **context},
            },
        )

    def items(self, id: int) -> list[Any]:
        answer = self.server.answer(id)
        assert "error" not in answer, answer
        return answer["result"]["items"]

    def offered(self, at: tuple[int, int] = END, kind: int = AUTOMATIC, **context: object) -> list[str]:
        return [item["insertText"] for item in self.items(self.ask(at, kind, **context))]

    def type(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        self.server.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"text": text}],
            },
        )


@pytest.fixture
def provider() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(CODE)
    return folder


Start = Callable[..., ServerProcess]


@pytest.fixture
def start(tmp_path: Path, project: Path, provider: ProviderServer) -> Iterator[Start]:
    """Servers of one user, whose model is at the provider unless another is named."""
    with ExitStack() as stack:

        def begin(
            *, model: str = "openai/m", encodings: tuple[str, ...] = ("utf-16",), **settings: str
        ) -> ServerProcess:
            quick: dict[str, Any] = {"CASS_COMPLETION__DEBOUNCE": "0", **settings}
            server = stack.enter_context(running(tmp_path / "home", OPENAI_BASE_URL=provider.url, **quick))
            server.initialize(
                rootUri=project.as_uri(),
                capabilities={
                    "general": {"positionEncodings": encodings},
                    "textDocument": {"inlineCompletion": {}},
                    "experimental": {"cass": {"protocolVersions": [1]}},
                },
                flags={"model": model},
            )
            return server

        yield begin


def played(tmp_path: Path, *offers: object) -> str:
    """A model that offers these."""
    return script(tmp_path / "s.json", completions=offers)


def set_to(server: ServerProcess, enabled: bool, **more: object) -> Any:
    return server.call("cass/completion/set", {"enabled": enabled, **more})


def filled(words: str) -> Answer:
    """An answer of llama.cpp's server."""
    return document({"content": words, "stop": True})


def filling(provider: ProviderServer, *answers: Answer) -> None:
    """What it is found out with, and then these."""
    provider.answer(filled("x"), *answers)


def settled(provider: ProviderServer, requests: int = 2) -> None:
    for _ in range(requests):
        provider.wait_request()


def test_it_is_off_until_it_is_switched_on(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start()
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    assert typist.offered() == []
    assert typist.offered(kind=INVOKED) == []
    status = server.call("cass/completion/get", {"languageId": "python"})
    assert (status["enabled"], status["because"]) == (False, "it is off until you switch it on")
    assert not provider.requests
    filling(provider, filled("a + b"))
    assert set_to(server, True) == {"enabled": True, "because": "you switched it on", "model": "openai/m"}
    (item,) = typist.items(typist.ask())
    cursor = {"line": 1, "character": 11}
    assert item == {"insertText": "a + b", "range": {"start": cursor, "end": cursor}}
    assert provider.requests[1].json["input_prefix"] == "def add(a, b):\n    return "


def test_typing_as_offered_asks_nobody(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, filled("a + b"), filled("other"))
    assert typist.offered() == ["a + b"]
    for typed in ("a", "a +", "a + "):
        typist.type(CODE.replace("return ", f"return {typed}"))
        assert typist.offered((1, 11 + len(typed))) == ["a + b".removeprefix(typed)]
    assert len(provider.requests) == 2
    typist.type(CODE.replace("return ", "return c"))
    assert typist.offered((1, 12)) == ["other"]


def test_a_stale_answer_never_comes(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, Answer([STALL]), filled("new"))
    asked = typist.ask()
    settled(provider)
    typist.type(CODE.replace("return ", "return n"))
    assert typist.items(asked) == []
    provider.wait_gone()
    assert typist.offered((1, 12)) == ["new"]


def test_the_next_request_ends_the_one_before(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, Answer([STALL]), filled("second"))
    first = typist.ask()
    settled(provider)
    second = typist.ask()
    assert typist.items(first) == []
    provider.wait_gone()
    assert [item["insertText"] for item in typist.items(second)] == ["second"]


def test_an_editor_that_withdraws_a_request_closes_the_connection(
    start: Start, project: Path, provider: ProviderServer
) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, Answer([STALL]))
    asked = typist.ask()
    settled(provider)
    server.notify("$/cancelRequest", {"id": asked})
    assert server.answer(asked)["error"]["code"] == -32800
    provider.wait_gone()


def test_keys_in_a_row_are_one_request(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true", CASS_COMPLETION__DEBOUNCE="400")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, filled(" is here"))
    asked: list[int] = []
    for typed in ("x", "xy", "xyz"):
        typist.type(CODE.replace("return ", f"return {typed}"))
        asked.append(typist.ask((1, 11 + len(typed))))
    assert [[item["insertText"] for item in typist.items(id)] for id in asked] == [[], [], [" is here"]]
    assert [r.json["input_prefix"][-4:] for r in provider.requests[1:]] == [" xyz"]


def test_off_is_at_once_and_stays_over_a_restart(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    filling(provider, Answer([STALL]))
    asked = typist.ask()
    settled(provider)
    assert set_to(server, False)["because"] == "you switched it off"
    assert typist.items(asked) == []
    provider.wait_gone()
    assert typist.offered() == []
    assert server.stop() == 0
    again = start(CASS_COMPLETION__ENABLED="true")
    assert Typist(again, (project / "a.py").as_uri(), CODE).offered() == []
    assert again.call("cass/completion/get", {"languageId": "python"})["because"] == "you switched it off"
    assert len(provider.requests) == 2


def test_another_window_that_switches_it_off_counts_here(start: Start, project: Path, tmp_path: Path) -> None:
    model = played(tmp_path, {"text": "a + b"})
    one, other = start(model=model), start(model=model)
    set_to(one, True)
    typist = Typist(one, (project / "a.py").as_uri(), CODE)
    assert typist.offered() == ["a + b"]
    set_to(other, False)
    assert typist.offered() == []


def test_each_language_for_itself(start: Start, project: Path, tmp_path: Path) -> None:
    server = start(model=played(tmp_path, {"text": "offer"}))
    python = Typist(server, (project / "a.py").as_uri(), CODE)
    (project / "b.md").write_text("Say \n")
    markdown = Typist(server, (project / "b.md").as_uri(), "Say \n", "markdown")
    assert set_to(server, True, languageId="python")["because"] == "you switched it on for python"
    assert (python.offered(), markdown.offered((0, 4))) == (["offer"], [])
    set_to(server, False, languageId="python")
    set_to(server, True)
    assert (python.offered(), markdown.offered((0, 4))) == ([], ["offer"])
    set_to(server, False)
    assert (python.offered(), markdown.offered((0, 4))) == ([], [])
    assert server.call("cass/completion/get", {"languageId": "go"})["enabled"] is False


def test_a_session_goes_before_its_project_and_that_before_the_user(
    start: Start, project: Path, tmp_path: Path
) -> None:
    server = start(model=played(tmp_path, {"text": "offer"}))
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    session = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]
    set_to(server, False)
    assert set_to(server, True, scope="project")["because"] == "you switched it on in this project"
    assert typist.offered() == ["offer"]
    elsewhere = server.call("cass/completion/get", {"cwd": str(tmp_path)})
    assert (elsewhere["enabled"], elsewhere["because"]) == (False, "you switched it off")
    set_to(server, False, scope="session", sessionId=session)
    status = server.call("cass/completion/get", {"sessionId": session})
    assert (status["enabled"], status["because"]) == (False, "you switched it off in this session")
    assert typist.offered() == []
    server.call("cass/session/close", {"sessionId": session})
    assert typist.offered() == ["offer"], "a session's choice ends with it"
    assert set_to(server, False, scope="user")["enabled"] is False, "off is off, whatever the project was"
    assert typist.offered() == []


def test_what_is_missing_in_a_request_to_switch_is_said(start: Start) -> None:
    server = start()
    params = {"enabled": True, "scope": "session"}
    assert "which session" in server.error("cass/completion/set", params)["message"]
    gone = {**params, "sessionId": "nobody"}
    assert server.error("cass/completion/set", gone)["data"]["kind"] == "session_not_found"


def test_a_project_may_switch_it_off_and_never_on(start: Start, project: Path, tmp_path: Path) -> None:
    settings = project / ".cass" / "config.toml"
    settings.parent.mkdir()
    settings.write_text("[completion]\nenabled = true\nlanguages = { python = true }\n")
    server = start(model=played(tmp_path, {"text": "offer"}))
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    assert typist.offered() == []
    set_to(server, True)
    assert typist.offered() == ["offer"]
    settings.write_text("[completion]\nlanguages = { python = false }\n")
    assert typist.offered() == []
    settings.write_text("[completion]\nenabled = false\n")
    status = server.call("cass/completion/get", {"languageId": "python"})
    assert (status["enabled"], status["because"]) == (False, f"{settings} switches it off")
    assert typist.offered() == []
    set_to(server, True, scope="project")
    assert typist.offered() == ["offer"], "the user's own word for this project counts"


@pytest.mark.parametrize(
    "name", [".env", ".env.local", "deploy/prod.pem", "id_rsa", "secrets.yaml", "ignored/a.py"]
)
def test_what_looks_secret_or_is_ignored_stays_here(
    name: str, start: Start, project: Path, provider: ProviderServer
) -> None:
    (project / ".gitignore").write_text("ignored/\n")
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("KEY=")
    server = start(CASS_COMPLETION__ENABLED="true")
    assert Typist(server, path.as_uri(), "KEY=").offered((0, 4), INVOKED) == []
    assert not provider.requests


def test_what_may_not_be_read_or_lies_outside_stays_here(
    start: Start, project: Path, tmp_path: Path, provider: ProviderServer
) -> None:
    inner = project / "private"
    inner.mkdir()
    for path in (inner / "a.py", tmp_path / "outside.py"):
        path.write_text("x = ")
    (project / "link.py").symlink_to(tmp_path / "outside.py")
    server = start(CASS_COMPLETION__ENABLED="true", CASS_PERMISSIONS__DENY='["read_file(private/**)"]')
    for uri in (
        (inner / "a.py").as_uri(),
        (tmp_path / "outside.py").as_uri(),
        (project / "link.py").as_uri(),
        "git:/project/a.py",
    ):
        assert Typist(server, uri, "x = ").offered((0, 4), INVOKED) == [], uri
    assert not provider.requests
    filling(provider, filled("1"))
    assert Typist(server, (project / "new.py").as_uri(), "x = ").offered((0, 4)) == ["1"], "a file yet to be saved"


def test_a_rule_of_a_session_counts(start: Start, project: Path, tmp_path: Path) -> None:
    server = start(model=played(tmp_path, {"text": "offer"}), CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    server.call("cass/session/new", {"cwd": str(project), "rules": {"deny": ["read_file(a.py)"]}})
    assert typist.offered() == []


def test_an_unnamed_buffer_belongs_to_the_folder_that_is_open(start: Start, tmp_path: Path, project: Path) -> None:
    model = played(tmp_path, {"text": "offer"})
    assert Typist(start(model=model, CASS_COMPLETION__ENABLED="true"), "untitled:1", "x = ").offered((0, 4)) == [
        "offer"
    ]
    with running(tmp_path / "home", CASS_COMPLETION__ENABLED="true", CASS_MODEL=model) as folderless:
        folderless.initialize(capabilities={"textDocument": {}, "experimental": {"cass": {}}})
        assert Typist(folderless, "untitled:1", "x = ").offered((0, 4)) == []


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 10), ("utf-16", 8), ("utf-32", 7)])
def test_places_count_in_the_editors_units(
    encoding: str, character: int, start: Start, project: Path, provider: ProviderServer
) -> None:
    server = start(encodings=(encoding,), CASS_COMPLETION__ENABLED="true")
    filling(provider, filled("rest"))
    typist = Typist(server, (project / "a.py").as_uri(), "s = '😀'\r\nend\r\n")
    (item,) = typist.items(typist.ask((0, character)))
    assert item["range"]["end"] == {"line": 0, "character": character}
    sent = provider.requests[1].json
    assert (sent["input_prefix"], sent["input_suffix"]) == ("s = '😀'", "\nend\n")


def test_what_stands_behind_the_cursor_is_not_doubled(start: Start, project: Path, tmp_path: Path) -> None:
    offers = [
        {"text": "a, b)", "after": "one("},
        {"text": "a, b):\n    return a", "after": "two("},
    ]
    server = start(model=played(tmp_path, *offers), CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), "one()\ndef two()\n")
    (item,) = typist.items(typist.ask((1, 8)))
    assert item["insertText"] == "a, b):\n    return a"
    assert item["range"] == {"start": {"line": 1, "character": 8}, "end": {"line": 1, "character": 9}}


def test_what_the_menu_has_selected_is_gone_on_with(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    filling(provider, filled("(1)"))
    typist = Typist(server, (project / "a.py").as_uri(), "pri\n")
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 3}}
    (item,) = typist.items(typist.ask((0, 3), selectedCompletionInfo={"range": place, "text": "print"}))
    assert (item["insertText"], item["range"]) == ("print(1)", place)
    assert provider.requests[1].json["input_prefix"] == "print"


def test_in_the_middle_of_a_word_only_who_asks_is_answered(start: Start, project: Path, tmp_path: Path) -> None:
    server = start(model=played(tmp_path, {"text": "offer"}), CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), "value = 1\n")
    assert typist.offered((0, 3)) == []
    assert typist.offered((0, 3), INVOKED) == ["offer"]


def test_a_provider_that_fails_disturbs_nobody(start: Start, project: Path, provider: ProviderServer) -> None:
    server = start(CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    provider.answer(*(document({"error": {"message": "broken"}}, status=503) for _ in range(2)))
    assert typist.offered() == []
    assert not any(m.get("method", "").startswith("window/") for m in server.seen)
    assert typist.offered((0, 0), INVOKED) == []
    assert not server.stderr


def test_the_slash_command_switches_it_too(start: Start, project: Path, tmp_path: Path) -> None:
    server = start(model=played(tmp_path, {"text": "offer"}))
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    session = server.call("cass/session/new", {"cwd": str(project)})["sessionId"]

    def say(words: str) -> str:
        prompt = {"sessionId": session, "prompt": [{"type": "text", "text": words}], "wait": True}
        server.call("cass/session/prompt", prompt)
        return json.dumps(server.updates(session)[-8:])

    assert "Inline completion is on for python: you switched it on for python" in say("/completion on user python")
    assert typist.offered() == ["offer"]
    assert "off: you switched it off in this session" in say("/completion off session")
    assert typist.offered() == []
    assert "off: you switched it off in this session" in say("/completion")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_nothing_stale_and_nothing_switched_off_comes(
    seed: int, start: Start, project: Path, tmp_path: Path
) -> None:
    """Keys, requests, withdrawals and switching in random order. Once the server has answered anything that was said
    after a key, it knows of the key: from then on no text may come for what was asked before it."""
    server = start(model=played(tmp_path, {"text": "offer", "delay_ms": 4}), CASS_COMPLETION__ENABLED="true")
    typist = Typist(server, (project / "a.py").as_uri(), CODE)
    rng = random.Random(seed)
    asked: dict[int, tuple[int, bool]] = {}
    known: dict[int, tuple[int, bool]] = {}
    on = True
    for _ in range(300):
        match rng.choice(("type", "type", "ask", "ask", "ask", "withdraw", "look", "look", "switch", "pause")):
            case "type":
                typist.type(CODE + "x" * rng.randrange(50))
            case "ask":
                asked[typist.ask(kind=rng.choice((AUTOMATIC, INVOKED)))] = typist.version, on
            case "withdraw" if asked:
                server.notify("$/cancelRequest", {"id": rng.choice(list(asked))})
            case "pause" if asked:
                last = list(asked)[-1]
                if not any(message.get("id") == last for message in server.seen):
                    server.answer(last)
            case "switch":
                on = not on
                id = server.request("cass/completion/set", {"enabled": on})
                server.answer(id)
                known[id] = typist.version, on
            case _:
                id = server.request("cass/completion/get", {})
                server.answer(id)
                known[id] = typist.version, on
    last = server.request("cass/completion/get", {})
    version, is_on, offered = 0, True, 0
    waiting = set(asked) - {message.get("id") for message in server.seen}
    while waiting or not any(message.get("id") == last for message in server.seen):
        waiting.discard(server.until(lambda m: "id" in m and "method" not in m)["id"])
    for message in server.seen:
        version, is_on = known.get(message.get("id", 0), (version, is_on))
        if message.get("id") in asked and message.get("result", {}).get("items"):
            offered += 1
            assert asked[message["id"]][0] >= version, "it was asked for another text"
            assert asked[message["id"]][1], "it was asked while it was off"
            assert is_on, "it came after it was switched off"
    assert offered, "some came through"
    assert len([m for m in server.seen if m.get("id") in asked]) == len(asked), "each was answered once"
