"""The text of a command: what stands in it, where a value may stand, and what a line gives."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.customs import answers, arguments, checking, expressions, reading, rendering, template
from cass.customs.definition import Definition, Parameter, Place, Value
from cass.customs.rendering import Values
from cass.errors import CassError, ConfigError, SessionError

PLACE = Path("/p/c.md")


class Still:
    """A world in which commands say what they are."""

    async def shell(self, command: str, place: Place) -> str:
        return f"<{command}>"

    async def file(self, path: str, place: Place, *, must_exist: bool) -> str | None:
        return f"[{path}]" if path.startswith("src/") else None

    async def special(self, name: str) -> str:
        return f"({name})"


def definition(text: str, dialect: str = "cass") -> Definition:
    return reading.read(text, PLACE, "c", "project", "claude" if dialect == "claude" else "cass")


async def text(body: str, line: str = "", kind: template.Kind = "prompt", **named: Value) -> str:
    nodes = template.parse(body, Place(PLACE, 1), kind)
    words = tuple(word.text for word in arguments.split(line))
    return await rendering.text(nodes, Values(named, words, line), Still())


async def command(body: str, **named: Value) -> str:
    return await rendering.command(template.parse(body, Place(PLACE, 1), "shell"), Values(named), Still())


@pytest.mark.parametrize(
    ("body", "line", "out"),
    [
        ("a {{x}} b", "", "a X b"),
        ("{{#if x}}yes{{else}}no{{/if}}", "", "yes"),
        ("{{#if empty}}yes{{else if x == 'X'}}second{{else}}no{{/if}}", "", "second"),
        ("{{#unless empty}}none{{/unless}}", "", "none"),
        ("{{#each xs}}{{@index}}{{this}} {{/each}}", "", "0a 1b "),
        ("{{#each xs as x}}{{x}}{{#if @last}}.{{else}},{{/if}}{{/each}}", "", "a,b."),
        ("one\n{{#if x}}\ntwo\n{{/if}}\nthree", "", "one\ntwo\nthree"),
        ("{{! nothing }}a", "", "a"),
        ("\\{{x}} \\$1 \\@src/a \\!`ls`", "", "{{x}} $1 @src/a !`ls`"),
        ("$1-$2-$9 ($ARGUMENTS) $ARGUMENTS[1] $100", 'a "b c"', 'a-b c- (a "b c") b c $100'),
        ("see @src/a.py, (@src/b) me@src/c @none.", "", "see [src/a.py], ([src/b]) me@src/c @none."),
        ("@{{path}}", "", "[src/p q]"),
        ("x !`git log {{x}} $1` y a!`no`", "w", "x <git log 'X' 'w'> y a!`no`"),
        ("```!\necho {{x}}\n```", "", "<echo 'X'\n>"),
        ("{{deep.a.b}} {{xs.1}} {{xs.length}}", "", "1 b 2"),
        ("{{diff}} {{selection}}", "", "(diff) (selection)"),
    ],
)
async def test_a_text_is_put_together(body: str, line: str, out: str) -> None:
    known: dict[str, Value] = {"x": "X", "empty": "", "xs": ["a", "b"], "path": "src/p q", "deep": {"a": {"b": 1}}}
    assert await text(body, line, **known) == out


async def test_braces_are_text_in_the_files_of_others() -> None:
    assert await text("{{x}} {{#if}} ${{ y }} $1", "w", kind="claude") == "{{x}} {{#if}} ${{ y }} w"


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("a\n{{#if x}}\nb", 2, "not closed"),
        ("a\n\n{{/if}}", 3, "closes nothing"),
        ("{{else}}", 1, "belongs to no"),
        ("{{#with x}}{{/with}}", 1, "not known"),
        ("\n{{x", 2, "no end"),
        ("{{x y}}", 1, "not understood"),
        ("{{}}", 1, "names nothing"),
        ("\n!`echo {{#if x}}a{{/if}}`", 2, "only values"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(body: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        template.parse(body, Place(PLACE, 1), "prompt")
    assert f"c.md:{line}:" in str(caught.value) and words in str(caught.value)


HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40) | st.lists(
    st.sampled_from(
        ["'", '"', "\\", "$(", ")", "`", ";", "\n", "touch pwned", " ", "-", "${", "}", "#", "*", "!", "&", "|"]
    ),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    "body",
    [
        "{{x}}",
        "a{{x}}b",
        '"{{x}}"',
        "'{{x}}'",
        '"a{{x}}b$(printf %s c)"',
        "'a'\"{{x}}\"{{x}}",
        "\"$(printf '%s.' {{x}})\"",
    ],
)
@settings(max_examples=25, deadline=None)
@given(value=HOSTILE)
def test_any_value_is_one_word_of_a_shell_command(body: str, value: str) -> None:
    import asyncio

    line = asyncio.run(command("printf '<%s>' " + body, x=value))
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=20)
    inside = {
        "{{x}}": value, "a{{x}}b": f"a{value}b", '"{{x}}"': value, "'{{x}}'": value,
        '"a{{x}}b$(printf %s c)"': f"a{value}bc", "'a'\"{{x}}\"{{x}}": f"a{value}{value}",
    }.get(body, f"{value}.")  # fmt: skip
    assert done.stdout.decode() == f"<{inside}>", (line, done.stderr)
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    "body",
    [
        "bash -c 'echo {{x}}'", "bash -lc {{x}}", "sudo sh -c {{x}}", "eval {{x}}", "FOO=1 eval {{x}}", "cat <<E\n{{x}}\nE",
        "echo `echo {{x}}`", "echo $'{{x}}'", "echo $\"{{x}}\"", "echo # {{x}}", "awk '{{x}}' f", "awk {{x}} f", "sed s/a/{{x}}/ f",
        "sed -e {{x}} f", "{{x}} -v", "ls; {{x}}", "[[ {{x}} -eq 1 ]]", "echo $(( {{x}} ))", "(( {{x}} ))", "python3 -c {{x}}",
        "python3.11 -c {{x}}", "perl -e {{x}}", "node --eval {{x}}", "bash -lc \"$(echo {{x}})\"", "echo ${a:-{{x}}}", "echo ${a:-'}' {{x}}", "echo ${{x}}",
        "ssh host {{x}}", "trap {{x}} EXIT", "let {{x}}", "declare {{x}}=1", "printf -v {{x}} a", "test -v {{x}}", "echo $[{{x}}]",
        "find . -exec sh -c {{x}}", "xargs -I% bash -c {{x}}",
    ],
)  # fmt: skip
async def test_a_value_stands_nowhere_where_it_could_mean_more(body: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await command(body, x="v")
    assert "c.md:" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "out"),
    [
        ("bash -c 'echo \"$1\"' _ {{x}}", "bash -c 'echo \"$1\"' _ 'a b'"),
        ('"${ROOT:-/x}/run.sh" ${A} {{x}}', "\"${ROOT:-/x}/run.sh\" ${A} 'a b'"),
        ("grep -e {{x}} f", "grep -e 'a b' f"),
        ("awk -v x={{x}} '{print}' f", "awk -v x='a b' '{print}' f"),
        ("sed -n 's/a/b/p' {{x}}", "sed -n 's/a/b/p' 'a b'"),
        ("git log --author={{x}} | grep {{x}} > {{x}}", "git log --author='a b' | grep 'a b' > 'a b'"),
        ("if [ {{x}} = y ]; then echo {{x}}; fi", "if [ 'a b' = y ]; then echo 'a b'; fi"),
        ("ls {{#if y}}--all {{/if}}-- {{#each xs}}{{this}} {{/each}}", "ls -- '1' '2' "),
        ("docker ps --format '\\{{.Names}}' # c\necho {{x}}", "docker ps --format '{{.Names}}' # c\necho 'a b'"),
    ],
)
async def test_where_a_value_may_stand_it_is_quoted(body: str, out: str) -> None:
    assert await command(body, x="a b", y=False, xs=["1", "2"]) == out


@pytest.mark.parametrize("value", ["a\0b", "x" * 40_000, "\ud800"])
async def test_what_no_command_can_be_given_is_refused_by_name(value: str) -> None:
    with pytest.raises(ConfigError, match=r"\{\{x\}\}"):
        await command("echo {{x}}", x=value)


PARAMETERS = (
    Parameter("kind", "enum", required=True, values=("bug", "feature")),
    Parameter("count", "int", default=1, least=0, most=9),
    Parameter("quick", "bool"),
    Parameter("words", "string"),
)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("bug", {"kind": "bug"}),
        ("bug 3", {"kind": "bug", "count": 3}),
        ("--quick bug", {"kind": "bug", "quick": True}),
        ("--no-quick kind=bug", {"kind": "bug", "quick": False}),
        ("--count 4 --kind=bug", {"kind": "bug", "count": 4}),
        ('kind="bug" words="a  b"', {"kind": "bug", "words": "a  b"}),
        ("bug 1 yes don't do  this", {"kind": "bug", "count": 1, "quick": True, "words": "don't do  this"}),
        ("bug 1 no -- --quick x", {"kind": "bug", "count": 1, "quick": False, "words": "--quick x"}),
        ("bug words='{{x}} $(y)' count=2", {"kind": "bug", "words": "{{x}} $(y)", "count": 2}),
        ("bug 2 no a=b", {"kind": "bug", "count": 2, "quick": False, "words": "a=b"}),
        ('bug words="q\\"q\\\\"', {"kind": "bug", "words": 'q"q\\'}),
    ],
)
def test_a_line_gives_parameters(line: str, values: dict[str, object]) -> None:
    assert arguments.read(line, PARAMETERS).values == values


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("wish", "kind cannot be 'wish'"),
        ("bug x", "count must be a whole number"),
        ("bug 99", "count cannot be 99"),
        ("bug 1 maybe", "quick must be true or false"),
        ("--speed bug", "no parameter --speed"),
        ("knd=bug", "no parameter knd"),
        ("bug --count", "--count needs a value"),
        ('bug words="open', "is not closed"),
    ],
)
def test_a_wrong_line_names_the_parameter(line: str, words: str) -> None:
    with pytest.raises(SessionError, match=words):
        arguments.read(line, PARAMETERS)


@settings(max_examples=200, deadline=None)
@given(line=st.text(max_size=60))
def test_no_line_is_a_fault(line: str) -> None:
    with contextlib.suppress(CassError):
        arguments.read(line, PARAMETERS)
    arguments.read(line, (), strict=False)


@settings(max_examples=200, deadline=None)
@given(body=st.text(st.sampled_from("{}#/ifeachls$1@!`\\ \nx.\"'"), max_size=40))
def test_no_text_is_a_fault(body: str) -> None:
    for kind in ("prompt", "claude", "shell"):
        with contextlib.suppress(ConfigError):
            template.parse(body, Place(PLACE, 1), kind)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("a", True), ("not a", False), ("!a and b", False), ("a or b", True), ("(b or a) and not c", True), ("n == 3", True),
        ("n > 2 and n <= 3", True), ('text == "yes"', True), ("text contains 'e'", True), ("xs contains 'q'", True), ("d.e == 'f'", True),
        ("missing", False), ("missing == null", True), ("n == '3'", True), ("c == false", True), ("n != 4", True), ("-1 < n", True),
    ],
)  # fmt: skip
def test_conditions(condition: str, holds: bool) -> None:
    known: dict[str, Value] = {
        "a": True,
        "b": "",
        "c": False,
        "n": 3,
        "text": "yes",
        "xs": ["p", "q"],
        "d": {"e": "f"},
    }
    parsed = expressions.parse(condition, Place(PLACE, 1))
    assert expressions.holds(parsed, Values(known).of) is holds


@pytest.mark.parametrize(
    "condition", ["", "a b", "a ==", "(a", "__import__('os')", "a; b", "f(x)", "and", "a + b", "(" * 50 + "a"]
)
def test_what_is_no_condition(condition: str) -> None:
    with pytest.raises(ConfigError):
        expressions.parse(condition, Place(PLACE, 1))


@pytest.mark.parametrize(
    ("head", "where", "words"),
    [
        ("parameters: {x: {type: strng}}", 2, "type cannot be"),
        ("a: 1\nparamters: {}", 2, "not known"),
        ("parameters:\n  x: {type: enum}", 3, "needs `values`"),
        ("parameters:\n  steps: string", 3, "meaning of its own"),
        ("steps:\n  - {id: a, run: x}\n  - {id: a, run: y}", 4, "two steps"),
        ("steps:\n  - {id: a}", 3, "exactly one of"),
        ("steps:\n  - id: a\n    run: x\n    verify: y", 5, "belongs to a step"),
        ("mode: fast", 2, "cannot be 'fast'"),
        ("output_schema: {type: nonsense}", 2, "no JSON Schema"),
        ("budget: {tokens: -1}", 2, "from 1"),
        ("x: [", 3, "not YAML"),
    ],
)
def test_a_head_is_told_with_its_line(head: str, where: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        definition(f"---\n{head}\n---\ntext")
    assert words in str(caught.value)
    assert f"c.md:{where}" in str(caught.value) or "c.md:2" in str(caught.value), caught.value


def test_everything_that_is_wrong_is_found_before_it_runs() -> None:
    found = definition(
        "---\nsteps:\n  - id: a\n    run: |\n      echo {{nope}}\n      eval {{item}}\n  - id: b\n    if: steps.c.ok\n"
        "    prompt: '{{steps.a.txt}}'\n  - {id: d, command: none}\n---\n{{#if x}}\n"
    )
    problems = [str(p).split("\n")[0] for p in checking.problems(found, lambda name: None)]
    for part in (":12: {{#if}} is not closed", ":5: there is no parameter 'nope'", ":8: there is no step 'c'", "steps.a.txt is not known",
                 ":10: there is no custom command /none", ":6: a value cannot stand here"):  # fmt: skip
        assert any(part in problem for problem in problems), (part, problems)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ('{"n": 1}', {"n": 1}),
        ('Here it is:\n```json\n{"n": 2}\n```\nDone.', {"n": 2}),
        ('Well, {"n": 3} it is', {"n": 3}),
        ("no json", None),
        ('{"n": "x"}', None),
        ("", None),
        ('{"n": NaN}', None),
    ],
)
def test_json_is_found_in_an_answer_and_held_against_its_schema(said: str, value: object) -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    found, problem = answers.read(said, schema)
    assert (found if not problem else None) == value and bool(problem) == (value is None)


def test_a_schema_fetches_nothing() -> None:
    assert "cannot be followed" in answers.read("{}", {"$ref": "http://127.0.0.1:9/x.json"})[1]


@pytest.mark.parametrize(
    ("allowed", "rules"),
    [
        ("Bash(git add:*), Read", ("shell(git add:*)", "read_file")),
        ('["bash", "Edit"]', ("shell", "edit_file", "apply_patch")),
        ("Bash(git log:*, x) Grep mcp__a__b", ("shell(git log:*, x)", "grep", "mcp__a__b")),
        ("{a: b}", ()),
    ],
)
def test_the_tools_that_other_files_allow(allowed: str, rules: tuple[str, ...]) -> None:
    assert definition(f"---\nallowed-tools: {allowed}\n---\nx", "claude").allowed.allow == rules


async def test_all_arguments_are_words_of_a_command_and_one_word_between_quotes() -> None:
    body = '!`a $ARGUMENTS` !`a "$ARGUMENTS"` !`a "$1" $2`'
    out = "<a 'x' '$(y)'> <a \"\"'x'\" \"'$(y)'\"\"> <a \"\"'x'\"\" '$(y)'>"
    assert await text(body, "x $(y)", kind="claude") == out
