"""What runs unasked, what is asked about, what never runs."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from cass.agent import shellwords
from cass.agent.permissions import Policy, always_rule, judge, parse_rule, parse_rules
from cass.agent.readonly import is_read_only
from cass.errors import ConfigError
from cass.ports import Action, FileEdit

CWD = Path("/home/dev/project")
CASES = Path(__file__).parents[3] / "shared" / "cases"


def _policy(mode: str = "active", approval: str = "ask", cwd: Path = CWD, **rules: list[str]) -> Policy:
    return Policy(
        mode=mode,
        approval=approval,
        cwd=cwd,
        inside=lambda path: path.is_relative_to(cwd),
        **{name: parse_rules(texts) for name, texts in rules.items()},
    )


def _command(text: str) -> Action:
    return Action(title=text, kind="execute", changes=True, command=text, cwd=CWD)


def _edit(*paths: str) -> Action:
    edits = tuple(FileEdit(Path(p), "add", None, "x") for p in paths)
    return Action(title="edit", kind="edit", changes=True, paths=tuple(Path(p) for p in paths), edits=edits)


def _read(path: str) -> Action:
    return Action(title="read", kind="read", changes=False, paths=(Path(path),))


@pytest.mark.parametrize(
    ("command", "rules", "expected"),
    [
        ("git status", {"allow": ["shell(git status*)"]}, "allow"),
        ("git status -s src", {"allow": ["shell(git status*)"]}, "allow"),
        ("git statusx", {"allow": ["shell(git status*)"]}, "ask"),
        ("git 'status' \"-s\"", {"allow": ["shell(git status*)"]}, "allow"),
        ("git status", {"allow": ["shell(git status)"]}, "allow"),
        ("git status -s", {"allow": ["shell(git status)"]}, "ask"),
        ("git log", {"allow": ["shell(git status*)"]}, "ask"),
        ("ls", {"allow": ["shell"]}, "allow"),
        ("ls; rm x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls && rm x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls | tee x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls\nrm x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls > x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls 2>/dev/null", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls $(rm x)", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls `rm x`", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls $HOME", {"allow": ["shell(ls*)"]}, "ask"),
        ('ls "$(rm x)"', {"allow": ["shell(ls*)"]}, "ask"),
        ("ls {a,b}", {"allow": ["shell(ls*)"]}, "ask"),
        ("X=1 ls", {"allow": ["shell(*)"]}, "ask"),
        ("ls & rm x", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls \\\nrm", {"allow": ["shell(ls*)"]}, "ask"),
        ("ls 'unclosed", {"allow": ["shell(ls*)"]}, "ask"),
        ("rm -rf x", {"deny": ["shell(rm*)"]}, "deny"),
        ("/bin/rm -rf x", {"deny": ["shell(rm*)"]}, "deny"),
        ("cd a && rm -rf x", {"deny": ["shell(rm*)"]}, "deny"),
        ("echo $(rm x)", {"deny": ["shell(rm*)"]}, "deny"),
        ("env A=1 rm x", {"deny": ["shell(rm*)"]}, "deny"),
        ("A=1 rm x", {"deny": ["shell(rm*)"]}, "deny"),
        ("bash -c 'rm x'", {"deny": ["shell(rm*)"]}, "deny"),
        ("find . | xargs rm", {"deny": ["shell(rm*)"]}, "deny"),
        ("sudo timeout 5 rm x", {"deny": ["shell(rm*)"]}, "deny"),
        ("rm", {"deny": ["shell(rm)"], "allow": ["shell(rm)"]}, "deny"),
        ("git push", {"allow": ["shell(git*)"], "ask": ["shell(git push*)"]}, "ask"),
        ("git status", {"allow": ["shell(git*)"], "ask": ["shell(git push*)"]}, "allow"),
        ("cat /etc/passwd", {"allow": ["shell(cat*)"]}, "ask"),
        ("cat src/../../x", {"allow": ["shell(cat*)"]}, "ask"),
        ("cat ~/.ssh/id_rsa", {"allow": ["shell(cat*)"]}, "ask"),
        ("grep --file=/etc/passwd x", {"allow": ["shell(grep*)"]}, "ask"),
        ("cat src/../x /home/dev/project/y", {"allow": ["shell(cat*)"]}, "allow"),
        ("cat /etc/passwd", {"allow": ["shell(cat /etc/passwd)"]}, "allow"),
        ("grep rm file", {"allow": ["shell(grep*)"], "deny": ["shell(rm*)"]}, "allow"),
    ],
)
def test_rules_for_commands(command: str, rules: dict[str, list[str]], expected: str) -> None:
    assert judge("shell", _command(command), _policy(**rules)).answer == expected


@pytest.mark.parametrize(
    "command",
    ['r""m x', "$'\\x72m' x", "{rm,x}", "x=rm; $x y", "eval 'r''m x'", "bash -c 'r\"\"m x'", "r* x", "nice r\\m x"],
)
def test_a_disguised_command_is_never_waved_through_where_rules_restrict(command: str) -> None:
    assert judge("shell", _command(command), _policy(approval="auto", deny=["shell(rm*)"])).answer != "allow"


@pytest.mark.parametrize(
    ("action", "policy", "expected"),
    [
        (_read("/home/dev/project/a.py"), _policy(), "allow"),
        (_read("/etc/passwd"), _policy(), "ask"),
        (_read("/home/dev/projectX/a"), _policy(), "ask"),
        (_edit("/home/dev/project/a.py"), _policy(), "ask"),
        (_edit("/home/dev/project/a.py"), _policy(approval="edits"), "allow"),
        (_edit("/home/dev/project/a.py", "/etc/x"), _policy(approval="edits"), "ask"),
        (_edit("/home/dev/project/.git/hooks/pre-commit"), _policy(approval="auto"), "ask"),
        (_edit("/home/dev/project/.GIT/config"), _policy(approval="auto"), "ask"),
        (_edit("/home/dev/project/.vscode/tasks.json"), _policy(approval="edits"), "ask"),
        (_edit("/home/dev/project/.cass/config.toml"), _policy(allow=["edit_file"]), "ask"),
        (_edit("/home/dev/project/.claude/settings.json"), _policy(allow=["edit_file"]), "ask"),
        (_edit("/home/dev/project/.agents/skills/x/SKILL.md"), _policy(approval="auto"), "ask"),
        (_command("make"), _policy(), "ask"),
        (_command("make"), _policy(approval="edits"), "ask"),
        (_command("make"), _policy(approval="auto"), "allow"),
        (_edit("/home/dev/project/a.py"), _policy("plan", "auto"), "overlay"),
        (_edit("/etc/a.py"), _policy("plan", "auto"), "deny"),
        (_command("touch x"), _policy("plan", "auto", allow=["shell"]), "deny"),
        (_command("ls -la"), _policy("plan", "auto"), "allow"),
        (_command("ls -la"), _policy("plan", deny=["shell"]), "deny"),
    ],
)
def test_modes_and_approvals(action: Action, policy: Policy, expected: str) -> None:
    tool = "shell" if action.command else "edit_file"
    assert judge(tool, action, policy).answer == expected


@pytest.mark.parametrize(
    ("rule", "path", "hit"),
    [
        ("edit_file(src/**)", "/home/dev/project/src/a/b.py", True),
        ("edit_file(src/*)", "/home/dev/project/src/a.py", True),
        ("edit_file(src)", "/home/dev/project/src/a/b.py", True),
        ("edit_file(**/*.py)", "/home/dev/project/a.py", True),
        ("edit_file(*.py)", "/home/dev/project/src/a.py", False),
        ("edit_file(src/**)", "/home/dev/project/srcs/a.py", False),
        ("edit_file(/home/dev/project/x)", "/home/dev/project/x", True),
        ("edit_*", "/home/dev/project/x", True),
        ("read_file(src/**)", "/home/dev/project/src/a.py", False),
    ],
)
def test_rules_for_paths(rule: str, path: str, hit: bool) -> None:
    assert judge("edit_file", _edit(path), _policy(allow=[rule])).answer == ("allow" if hit else "ask")
    assert judge("edit_file", _edit(path), _policy(approval="auto", deny=[rule])).answer == (
        "deny" if hit else "allow"
    )


def test_one_denied_path_denies_the_whole_patch() -> None:
    patch = _edit("/home/dev/project/a.py", "/home/dev/project/secret/key")
    assert judge("apply_patch", patch, _policy(approval="auto", deny=["apply_patch(secret/**)"])).answer == "deny"
    assert judge("apply_patch", patch, _policy(allow=["apply_patch(secret/**)"])).answer == "ask"


@pytest.mark.parametrize("text", ["", "shell(", "a b", "(x)", "shell(x) y"])
def test_what_is_no_rule_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match="not a permission rule"):
        parse_rule(text, "config.toml")


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (_command("npm test"), "shell(npm test)"),
        (_command("npm test; x"), None),
        (_command("bash x.sh"), None),
        (_command("./run.sh"), None),
        (_command("ls *"), None),
        (_edit("/home/dev/project/a"), "edit_file"),
        (_edit("/etc/a"), None),
    ],
)
def test_always_is_offered_only_as_a_narrow_rule(action: Action, rule: str | None) -> None:
    tool = "shell" if action.command else "edit_file"
    assert always_rule(tool, action, CWD) == rule
    if rule:
        assert judge(tool, action, _policy(allow=[rule])).answer == "allow"


@pytest.mark.parametrize(
    ("command", "safe"),
    [
        ("ls -la src", True),
        ("cat a | grep b | wc -l", True),
        ("pwd && ls", True),
        ("grep -rn 'x y' . 2>/dev/null", True),
        ("find . -name '*.py' -type f", True),
        ("sed -n 1,20p a.py", True),
        ("sort a | uniq -c", True),
        ("python --version", True),
        ("find . -delete", False),
        ("find . -exec rm {} +", False),
        ("find -ex''ec rm", False),
        ("find . *", False),
        ("rg --pre sh x", False),
        ("sort -o out in", False),
        ("sort -uo out in", False),
        ("sort --output=out in", False),
        ("uniq in out", False),
        ("sed -i s/a/b/ x", False),
        ("sed -n 'w out' x", False),
        ("date", True),
        ("date -u +%Y", True),
        ("date -s 2020", False),
        ("date 010100002020", False),
        ("date --se=2020", False),
        ("sort --outp=x in", False),
        ("git log --outp=x", False),
        ("git grep -nO x", False),
        ("file -bC x", False),
        ("tree -o out", False),
        ("echo x > out", False),
        ("cat <(touch x)", False),
        ("tee out", False),
        ("python -c x", False),
        ("git push", False),
        ("git -c core.pager=x log", False),
        ("env touch x", False),
        ("test -v 'a[$(touch X)]'", False),
        ("ls; touch x", False),
        ("printf -v x y", False),
        ("cd / && ls", False),
        ("", False),
    ],
)
def test_what_plan_mode_runs(command: str, safe: bool, tmp_path: Path) -> None:
    assert is_read_only(command, tmp_path) is safe


@pytest.mark.parametrize(
    ("config", "safe"),
    [
        (
            '[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n[branch "main"]\n\tmerge = refs/heads/main\n',
            True,
        ),
        ("[core]\n\tfsmonitor = ./run.sh\n", False),
        ("[diff]\n\texternal = ./run.sh\n", False),
        ('[filter "x"]\n\tclean = ./run.sh\n', False),
        ("[include]\n\tpath = ../evil\n", False),
        ("[core]\n\tbare = a \\\n fsmonitor = x\n", False),
        ("[alias]\n\tstatus = !run\n", False),
        ("bare = true\n", False),
    ],
)
def test_git_is_read_only_where_the_repository_runs_nothing(tmp_path: Path, config: str, safe: bool) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(config)
    for command in ("git status", "git log --oneline -5", "git branch -a", "git diff HEAD"):
        assert is_read_only(command, tmp_path) is safe
    assert not is_read_only("git diff --output=x", tmp_path)
    assert not is_read_only("git stash", tmp_path)
    assert not is_read_only("git branch new", tmp_path)
    (tmp_path / ".git" / "index").write_bytes(b"DIRC....\x00\x00\xe0\x00....")
    assert not is_read_only("git status", tmp_path), "a submodule's own configuration may run something"
    (tmp_path / ".git" / "index").unlink()
    (tmp_path / ".git" / "commondir").write_text("/elsewhere")
    assert not is_read_only("git status", tmp_path)


def test_git_outside_a_repository_or_behind_a_link_is_not_read_only(tmp_path: Path) -> None:
    assert not is_read_only("git status", tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / ".git").symlink_to(tmp_path / "real")
    assert not is_read_only("git status", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "a\rb",
        "a\x1b[2Jb",
        "a\u2028b",
        "a\u00a0b",
        "'a\x07'",
        "#x",
        "a #x",
        "~/x",
        "a; ",
        ";a",
        "a && && b",
    ],
)
def test_what_is_not_understood_is_not_read(text: str) -> None:
    understood = shellwords.read(text)
    assert understood is None or not understood.plain or text == "a; "


@pytest.mark.skipif(not CASES.is_dir(), reason="the recorded decisions of other tools are not beside this checkout")
def test_recorded_decisions_of_other_tools_are_never_loosened() -> None:
    wrong = []
    for case in json.loads((CASES / "shell_decisions.json").read_text())["cases"]:
        policy = _policy(
            allow=[f"shell({a}*)" for a in case["allow"]],
            deny=[f"shell({d}*)" for d in case["deny"]],
            approval="auto" if case.get("default") == "allow" else "ask",
        )
        answer = judge("shell", _command(case["command"]), policy).answer
        if case["expect"] in ("ask", "deny") and answer == "allow":
            wrong.append((case["id"], case["command"], case["allow"], case["deny"]))
    assert wrong == []


@pytest.mark.skipif(not CASES.is_dir(), reason="the recorded plan-mode commands are not beside this checkout")
def test_no_recorded_command_that_changes_something_runs_in_plan_mode(tmp_path: Path) -> None:
    cases = json.loads((CASES / "shell_planmode_cline.json").read_text())["cases"]
    run = [c["command"] for c in cases if c["expect"]["mutating"] and is_read_only(_line(c["command"]), tmp_path)]
    assert run == []


def _line(command: object) -> str:
    """The recorded command, which may be a program with its arguments, as one line."""
    if isinstance(command, dict):
        return shlex.join([command["command"], *command.get("args", [])])
    return str(command)
