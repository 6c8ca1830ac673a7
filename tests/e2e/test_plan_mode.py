"""In plan mode nothing on the disk changes, whatever a model tries and whatever its user allowed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.outside import Place
from support.provider import ProviderServer, text, tool_calls

# {out} is a file outside the project, {tmp} its folder. Commands that set the clock are left to the unit tests: this
# one runs everything for real.
COMMANDS = r"""
echo x > {out}
echo x >> {out}
echo x >| {out}
echo x &> {out}
cat <> {out}
echo $(touch {out})
echo `touch {out}`
echo ${{x:=$(touch {out})}}
cat <(touch {out})
ls; touch {out}
ls & touch {out}
ls | tee {out}
ls | xargs touch
X=1 touch {out}
PATH=evil:/bin ls
./evil/ls
evil/ls
env touch {out}
command touch {out}
exec touch {out}
eval touch {out}
\touch {out}
'touch' {out}
{{touch,{out}}}
! touch {out}
ls(){{ touch {out}; }}; ls
source evil/ls
awk 'BEGIN{{system("touch {out}")}}'
sort -o{out} a.txt
sort -uo./out a.txt
sort -zo{out} a.txt
sort --outp={out} a.txt
sort --compress-p=evil/ls a.txt
uniq a.txt {out}
uniq - {out}
uniq -c - {out}
uniq -- a.txt -out
uniq -f1 a.txt {out}
file --comp --mag=magic
file -bCm./magic
find . -fprint {out}
find . -name a.txt -delete
find . -name a.txt -exec touch {out} +
tree -ao./out
rg --pre evil/ls b
sed -n 1w\ x a.txt
sed -n 1p a.txt -i
printf '%s%n' ab PATH; ls
printf -v PATH %s evil; ls
test -v 'a[$(touch {out})]'
test 'a[$(touch {out})]' -eq 1
git status
git diff
git diff --outp={out}
git diff --submodule=diff HEAD
git describe --dirty --always
git log --outp={out}
git log -1 --format=%G?
git log --show-sig -1
git grep --open='touch {out}' b
git grep -nO'touch {out}' b
git grep --recurse-sub b
git branch new
git add -A
git config user.name x
git stash
git update-index --refresh
git -c core.fsmonitor=evil/ls status
git archive HEAD -o {out}
git format-patch --root -o {tmp}
cargo --version
cp a.txt b.txt
truncate -s0 a.txt
ln -s a.txt b
chmod 777 a.txt
touch -t 200001010000 a.txt
mkdir d
rm a.txt
dd if=a.txt of={out}
split a.txt
csplit a.txt 1
""".strip().splitlines()


@pytest.fixture
def repository(place: Place) -> Path:
    """A project under git with much that makes git and the shell run something of the project's."""
    project = place.project
    git(project, place, "init", "-q")
    for name in ("a.txt", "magic", "-out"):
        (project / name).write_text("b\na\nb\n")
    (project / "evil").mkdir()
    (project / "evil" / "ls").write_text(f"#!/bin/sh\ntouch {place.root}/ran\n")
    (project / "evil" / "ls").chmod(0o755)
    (project / "2").symlink_to("evil")
    git(project, place, "add", ".")
    git(project, place, "commit", "-qm", "x")
    hook = project / ".git" / "hooks" / "post-index-change"
    hook.write_text(f"#!/bin/sh\ntouch {place.root}/ran\n")
    hook.chmod(0o755)
    os.utime(project / "magic", (1, 1))  # the index is out of date: git would like to write it
    (project / "outside").symlink_to(place.root)
    return project


def git(folder: Path, place: Place, *arguments: str) -> None:
    who = ["-c", "user.email=a@b", "-c", "user.name=n", "-c", "advice.addEmbeddedRepo=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, env=place.environ, check=True)


def attacks(place: Place) -> list[tuple[str, dict[str, object]]]:
    commands = [line.format(out=place.root / "out.txt", tmp=place.root) for line in COMMANDS]
    patch = "*** Begin Patch\n*** Add File: {0}\n+x\n*** Delete File: magic\n*** End Patch"
    return [
        *(("shell", {"command": command, "timeout": 5}) for command in commands),
        ("shell", {"command": "touch x", "background": True}),
        ("shell", {"command": "tail -f a.txt", "background": True}),
        ("shell_job", {"job": "1", "action": "kill"}),
        *(("write_file", {"path": path, "content": "x"}) for path in written(place)),
        ("edit_file", {"path": "a.txt", "old_string": "a\n", "new_string": "z\n"}),
        (
            "edit_file",
            {"path": ".git/config", "old_string": "[core]", "new_string": "[core]\n\tfsmonitor = evil/ls"},
        ),
        ("apply_patch", {"patch": patch.format("new")}),
        ("apply_patch", {"patch": patch.format("../new")}),
        ("diff", {"of": "git"}),
    ]


def written(place: Place) -> list[str]:
    return [
        "new.txt",
        "../new.txt",
        "outside/new",
        ".git/hooks/pre-commit",
        "~/.bashrc",
        str(place.home / ".profile"),
    ]


def test_nothing_changes_whatever_the_model_tries(place: Place, provider: ProviderServer, repository: Path) -> None:
    calls = attacks(place)
    before = place.contents()
    provider.answer(*(tool_calls(*calls[at : at + 50], words="/apply") for at in range(0, len(calls), 50)))
    provider.answer(text("/apply"))
    done = place.run(
        "-p", "plan it", "--mode", "plan", "--approval", "auto", "--allow", "shell", "--allow", "*", "--output-format", "json"
    )  # fmt: skip
    assert done.code == 0, done
    assert len(done.json["toolCalls"]) == len(calls)
    assert place.contents() == before


def test_a_repository_inside_is_not_obeyed(place: Place, provider: ProviderServer, repository: Path) -> None:
    inner = repository / "inner"
    git(repository, place, "init", "-q", str(inner))
    (inner / "f").write_text("x")
    for folder in (inner, repository):
        git(folder, place, "add", ".")
        git(folder, place, "commit", "-qm", "x")
    git(inner, place, "config", "core.fsmonitor", f"touch {place.root}/ran; false")
    (inner / "f").write_text("y")
    before = place.contents()
    commands = ("git status", "git diff", "git diff HEAD", "git describe --dirty", "git log -p")
    provider.answer(tool_calls(*(("shell", {"command": command}) for command in commands)), text("done"))
    assert place.run("-p", "look", "--mode", "plan").code == 0
    assert place.contents() == before


def test_a_folder_that_looks_like_a_repository_is_none_of_the_projects(
    place: Place, provider: ProviderServer
) -> None:
    git(place.project, place, "init", "-q")
    inner = place.project / "inner"
    git(place.project, place, "init", "-q", "--bare", str(inner))
    with (inner / "config").open("a") as config:
        config.write(f"\tbare = false\n\tworktree = {inner}\n\tfsmonitor = touch {place.root}/ran; false\n")
    before = place.contents()
    provider.answer(tool_calls(("shell", {"command": "git status"})), text("done"))
    assert place.run("-p", "look", "--mode", "plan", cwd=inner).code == 0
    assert place.contents() == before


def test_a_program_that_the_project_brings_is_not_run(
    place: Place, provider: ProviderServer, repository: Path
) -> None:
    before = place.contents()
    provider.answer(tool_calls(("shell", {"command": "ls"})), text("done"))
    done = place.run("-p", "look", "--mode", "plan", PATH=f"evil:{place.environ['PATH']}")
    assert done.code == 0
    assert place.contents() == before
