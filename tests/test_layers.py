"""Where settings come from, which wins, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass import layers
from cass.config import Config
from cass.errors import ConfigError
from cass.layers import Kind, Layer, from_environment, load, read_file
from cass.places import find, project_files


def _user(**values: object) -> Layer:
    return Layer("user", "user.toml", values)


def _project(**values: object) -> Layer:
    return Layer("project", "project.toml", values)


def test_without_anything_there_are_defaults() -> None:
    assert load([]).config == Config()


def test_a_higher_layer_wins_and_each_value_knows_its_origin() -> None:
    loaded = load(
        [
            _user(model="a/b", llm={"max_retries": 1, "idle_timeout": 9}),
            from_environment({"CASS_LLM__MAX_RETRIES": "2"}),
            Layer("flags", "command line", {"model": "c/d"}),
        ]
    )
    assert (loaded.config.model, loaded.config.llm.max_retries, loaded.config.llm.idle_timeout) == ("c/d", 2, 9)
    assert loaded.origins == {
        "model": "command line", "llm.max_retries": "environment", "llm.idle_timeout": "user.toml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"approval": "auto"}, "loosens"),
        ({"mode": "active"}, None),
        ({"limits": {"turns": 500}}, "loosens"),
        ({"permissions": {"allow": ["shell"]}}, "may not"),
        ({"providers": {"x": {"base_url": "http://evil"}}}, "may not"),
        ({"model": "evil/x"}, "not trusted"),
        ({"default_provider": "evil"}, "may not"),
        ({"llm": {"idle_timeout": 1}}, "may not"),
        ({"instructions": {"files": ["/etc/passwd"]}}, "may not"),
        ({"log": {"level": "debug"}}, "may not"),
    ],
)
def test_a_project_may_not_loosen(values: dict[str, object], said: str | None) -> None:
    loaded = load([_project(**values)])
    assert loaded.config == Config()
    assert (said in loaded.warnings[0]) if said else loaded.warnings == ()


def test_a_project_may_tighten_and_describe() -> None:
    loaded = load(
        [
            _user(approval="edits", permissions={"deny": ["shell(rm*)"]}, limits={"cost": 5.0}),
            _project(
                approval="ask", mode="plan", limits={"turns": 5, "cost": 1.0, "seconds": 60},
                permissions={"deny": ["read_file(secret/**)"], "ask": ["shell"]},
                ui={"color": "never", "completion": {"menu": False}},
            ),
        ]
    )  # fmt: skip
    config = loaded.config
    assert loaded.warnings == ()
    assert (config.approval, config.mode, config.limits.turns, config.limits.cost) == ("ask", "plan", 5, 1.0)
    assert config.permissions.deny == ("shell(rm*)", "read_file(secret/**)")
    assert not config.ui.completion.menu


def test_every_setting_says_what_a_project_may_do_with_it() -> None:
    """A new setting that is not thought about may not be set by a project."""
    for key, field in layers.fields():
        extra = field.json_schema_extra
        assert isinstance(extra, dict), key
        assert extra["project"] in ("no", "tighten", "trusted", "any"), key
        assert field.description, key


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("CASS_MODEL", "a/b", "model", "a/b"),
        ("CASS_LLM__IDLE_TIMEOUT", "2.5", "llm.idle_timeout", 2.5),
        ("CASS_UI__COMPLETION__MENU", "false", "ui.completion.menu", False),
        ("CASS_PERMISSIONS__ALLOW", "shell(ls*), read_file", "permissions.allow", ("shell(ls*)", "read_file")),
        ("CASS_PERMISSIONS__ALLOW", '["a(b,c)"]', "permissions.allow", ("a(b,c)",)),
        ("CASS_LIMITS__COST", "1", "limits.cost", 1.0),
        ("CASS_PROVIDERS", '{"x": {"base_url": "http://h/v1"}}', "providers.x.base_url", "http://h/v1"),
    ],
)
def test_every_setting_has_its_variable(variable: str, value: str, key: str, expected: object) -> None:
    found: object = load([from_environment({variable: value, "HOME": "/"})]).config
    for part in key.split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == expected


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"CASS_LLM__IDLE_TIMOUT": "1"}, "llm.idle_timeout"),
        ({"CASS_MODL": "x"}, "CASS_MODL"),
        ({"CASS_LLM__IDLE_TIMEOUT": "soon"}, "llm.idle_timeout"),
        ({"CASS_LLM__IDLE_TIMEOUT": "-1"}, "greater than 0"),
        ({"CASS_MODE": "fast"}, "mode"),
    ],
)
def test_a_wrong_variable_is_said(environ: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load([from_environment(environ)])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[llm]\n\nidle_timeout = 'x'\n", ["line 3", "llm.idle_timeout"]),
        ("mode = 'active'\nmodes = 1\n", ["line 2", "modes", "Did you mean mode?"]),
        ("llm.max_retrys = 1", ["line 1", "llm.max_retries"]),
        ("[lmm]\nidle_timeout = 1", ["line 1", "lmm"]),
        ("[providers.x]\nbase = 'y'\n", ["line 2", "providers.x.base"]),
        ("a = = 1", ["is not TOML"]),
        ("[limits]\nturns = 0", ["line 2", "limits.turns"]),
    ],
)
def test_a_wrong_file_is_said_with_line_and_nearest_key(tmp_path: Path, text: str, said: list[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load([layer for layer in [read_file(path, "user")] if layer])
    for part in [str(path), *said]:
        assert part in str(caught.value)


def test_unreadable_files_are_said_and_missing_ones_are_fine(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none.toml", "user") is None
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path / "bad.toml", "user")
    with pytest.raises(ConfigError, match="no setting nonsense"):
        load([_project(nonsense=1)])


def test_folders_follow_an_absolute_home_only(tmp_path: Path) -> None:
    assert find({"CASS_HOME": str(tmp_path)}).config_file == tmp_path / "config.toml"
    assert find({"CASS_HOME": "./here"}).config != Path("here")
    assert find({}).sessions.is_absolute()
    assert project_files(tmp_path)[0] == tmp_path / ".cass" / "config.toml"


def test_hooks_of_all_layers_add_up() -> None:
    """One layer's rules for an event never take the place of another's."""

    def layer(kind: Kind, command: str) -> Layer:
        return Layer(kind, command, {"hooks": {"Stop": [{"hooks": [{"command": command}]}]}}, trusted=True)

    found = load([layer("user", "mine"), layer("project", "ours"), layer("editor", "here")]).config.hooks
    assert [rule.hooks[0].command for rule in found["Stop"]] == ["mine", "ours", "here"]
