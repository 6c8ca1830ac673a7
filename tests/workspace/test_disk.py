"""The workspace on disk: reading clearly, changing atomically, never through a swapped link."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.errors import ToolError
from cass.ports import FileEdit, FileText
from cass.workspace import DiskWorkspace


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def workspace(project: Path) -> DiskWorkspace:
    return DiskWorkspace([project])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def modify(workspace: DiskWorkspace, path: Path, text: str) -> None:
    await workspace.apply([FileEdit(path, "modify", await workspace.read(path), text)])


# --- reading ---------------------------------------------------------------------------------------------------


async def test_text_is_read_as_it_is(workspace: DiskWorkspace, project: Path) -> None:
    (project / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\nthree\r\nno end")
    text = await workspace.read(project / "a")
    assert (text.text, text.bom, text.eol) == ("one\r\ntwo\nthree\r\nno end", b"\xef\xbb\xbf", "\r\n")
    assert (text.source, text.version) == ("disk", None)
    assert await workspace.read_bytes(project / "a", 100) == (project / "a").read_bytes()
    with pytest.raises(ToolError, match=r"too big: 25 bytes, the limit is 10"):
        await workspace.read_bytes(project / "a", 10)


async def test_what_is_no_regular_file_is_refused_at_once(workspace: DiskWorkspace, project: Path) -> None:
    os.mkfifo(project / "pipe")
    (project / "loop").symlink_to("loop")
    (project / "dir").mkdir()
    (project / "pipe-link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(project / "socket"))
        for name, words in {
            "pipe": "a named pipe",
            "pipe-link": "a named pipe",
            "loop": "leads in a circle",
            "dir": "a folder; list it",
            "socket": "a socket",
        }.items():
            async with asyncio.timeout(1):
                with pytest.raises(ToolError, match=words):
                    await workspace.read(project / name)
    for device in ("/dev/zero", "/dev/tty"):
        with pytest.raises(ToolError, match=r"a device|cannot be read"):
            await workspace.read(Path(device))


async def test_what_is_missing_is_said_with_what_is_alike(workspace: DiskWorkspace, project: Path) -> None:
    (project / "server.py").touch()
    with pytest.raises(ToolError, match=r"servr.py does not exist. Did you mean server.py\?") as caught:
        await workspace.read(project / "servr.py")
    assert caught.value.kind == "not_found"
    with pytest.raises(ToolError, match="Its folder gone/ does not exist either") as caught:
        await workspace.read(project / "gone" / "x")
    assert caught.value.kind == "not_found"
    with pytest.raises(ToolError, match="does not exist") as caught:
        await workspace.read(project / "server.py" / "x")
    assert caught.value.kind == "not_found"


async def test_big_and_binary_files_are_refused(workspace: DiskWorkspace, project: Path) -> None:
    with (project / "big").open("wb") as file:
        file.truncate(1_000_000_000)
    with pytest.raises(ToolError, match=r"too big: 1,000,000,000 bytes, the limit is 20,000,000"):
        await workspace.read(project / "big")
    (project / "bin").write_bytes(b"\0\1\2")
    with pytest.raises(ToolError, match="binary"):
        await workspace.read(project / "bin")


def test_a_file_without_rights_is_refused_with_its_mode(project: Path) -> None:
    """In another process, for the rights of a user who is not root."""
    (project / "secret").write_text("x")
    (project / "secret").chmod(0)
    project.chmod(0o755)
    project.parent.chmod(0o755)
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom cass.workspace import DiskWorkspace\n"
        "from cass.ports import FileEdit\nfrom cass.errors import ToolError\n"
        "p = Path(sys.argv[1]); w = DiskWorkspace([p])\n"
        "asyncio.run(asyncio.to_thread(print, end=''))  # loads what it needs while it may\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "for work in (lambda: w.read(p / 'secret'), lambda: w.apply([FileEdit(p / 'new', 'add', None, 'x')])):\n"
        "    try: asyncio.run(work())\n"
        "    except ToolError as e: print(e)\n"
    )
    for folder in project.parents[:-1] if os.geteuid() == 0 else ():
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    project.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True)
    project.chmod(0o755)
    first, second = done.stdout.splitlines()
    assert first == "secret cannot be read: permission denied (mode 0000)."
    assert second.startswith("new cannot be changed: permission denied. Nothing was changed.")


def test_inside_follows_links(workspace: DiskWorkspace, project: Path, tmp_path: Path) -> None:
    (tmp_path / "projectX").mkdir()
    (project / "out").symlink_to(tmp_path / "projectX")
    (tmp_path / "in").symlink_to(project)
    assert workspace.inside(project / "a" / "b")
    assert workspace.inside(tmp_path / "in" / "a")
    assert not workspace.inside(project / "out" / "a")
    assert not workspace.inside(tmp_path / "projectX" / "a")
    assert workspace.resolve("a/../b") == project / "b"
    assert workspace.roots == (project,)


# --- changing --------------------------------------------------------------------------------------------------


async def test_only_the_text_changes(workspace: DiskWorkspace, project: Path) -> None:
    file = project / "run.sh"
    file.write_bytes("\ufeffeins\r\nzwei\n".encode("utf-16-le"))
    file.chmod(0o751)
    await modify(workspace, file, "eins\r\ndrei\n")
    assert file.read_bytes() == "\ufeffeins\r\ndrei\n".encode("utf-16-le")
    assert stat.S_IMODE(file.stat().st_mode) == 0o751
    assert names(project) == ["run.sh"]


async def test_attributes_are_kept(workspace: DiskWorkspace, project: Path) -> None:
    file = project / "a"
    file.write_text("1")
    try:
        os.setxattr(file, "user.note", b"kept")
    except OSError as error:
        pytest.skip(f"this file system keeps no extended attributes: {error}")
    await modify(workspace, file, "2")
    assert os.getxattr(file, "user.note") == b"kept"


async def test_links_stay_links(workspace: DiskWorkspace, project: Path) -> None:
    (project / "real").mkdir()
    (project / "real" / "file").write_text("1")
    (project / "link").symlink_to("real/file")
    (project / "name").hardlink_to(project / "real" / "file")
    await modify(workspace, project / "link", "22")
    assert (project / "link").is_symlink()
    assert (project / "name").read_text() == "22"
    assert (project / "name").samefile(project / "real" / "file")
    await modify(workspace, project / "name", "3")
    assert (project / "link").read_text() == "3"
    (project / "later").symlink_to("real/new")
    await workspace.apply([FileEdit(project / "later", "add", None, "via link")])
    assert (project / "real" / "new").read_text() == "via link"
    assert names(project / "real") == ["file", "new"]


async def test_new_files_and_folders(workspace: DiskWorkspace, project: Path, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        await workspace.apply(
            [
                FileEdit(project / "a" / "b" / "c.txt", "add", None, "new\n"),
                FileEdit(tmp_path / "outside" / "x", "add", None, "private\n"),
            ]
        )
    finally:
        os.umask(before)
    assert (project / "a" / "b" / "c.txt").read_text() == "new\n"
    assert stat.S_IMODE((project / "a" / "b" / "c.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "outside" / "x").stat().st_mode) == 0o600
    with pytest.raises(ToolError, match="exists already"):
        await workspace.apply([FileEdit(project / "a" / "b" / "c.txt", "add", None, "again\n")])


async def test_delete_and_move(workspace: DiskWorkspace, project: Path) -> None:
    (project / "tool").write_bytes(b"\xef\xbb\xbfrun\r\n")
    (project / "tool").chmod(0o755)
    (project / "link").symlink_to("tool")
    base = await workspace.read(project / "link")
    await workspace.apply([FileEdit(project / "link", "delete", base, None)])
    assert everything(project) == {"tool": b"\xef\xbb\xbfrun\r\n"}
    base = await workspace.read(project / "tool")
    await workspace.apply([FileEdit(project / "tool", "move", base, None, project / "bin" / "tool2")])
    assert everything(project) == {"bin/tool2": b"\xef\xbb\xbfrun\r\n"}
    assert stat.S_IMODE((project / "bin" / "tool2").stat().st_mode) == 0o755
    base = await workspace.read(project / "bin" / "tool2")
    await workspace.apply([FileEdit(project / "bin" / "tool2", "move", base, "walk\r\n", project / "t")])
    assert everything(project) == {"t": b"\xef\xbb\xbfwalk\r\n"}


async def test_a_file_that_changed_meanwhile_is_left_alone(workspace: DiskWorkspace, project: Path) -> None:
    (project / "a").write_text("1")
    (project / "b").write_text("1")
    a, b = await workspace.read(project / "a"), await workspace.read(project / "b")
    (project / "b").write_text("theirs")
    edits = [FileEdit(project / "a", "modify", a, "2"), FileEdit(project / "b", "modify", b, "2")]
    with pytest.raises(
        ToolError, match=r"b has changed since it was read. Nothing was changed. Read it again"
    ) as e:
        await workspace.apply(edits)
    assert e.value.kind == "stale"
    assert everything(project) == {"a": b"1", "b": b"theirs"}
    (project / "b").unlink()
    with pytest.raises(ToolError, match="b does not exist any more"):
        await workspace.apply(edits)
    assert everything(project) == {"a": b"1"}


async def test_all_or_nothing_when_a_later_file_fails(workspace: DiskWorkspace, project: Path) -> None:
    for name in ("changed", "deleted", "hard", "twin"):
        (project / name).write_text("old " + name)
    (project / "twin").unlink()
    (project / "twin").hardlink_to(project / "hard")
    (project / "blocker").write_text("a file")
    before = everything(project)
    edits = [
        FileEdit(project / "changed", "modify", await workspace.read(project / "changed"), "new"),
        FileEdit(project / "deleted", "delete", await workspace.read(project / "deleted"), None),
        FileEdit(project / "hard", "modify", await workspace.read(project / "hard"), "new"),
        FileEdit(project / "made" / "deep" / "file", "add", None, "new"),
        FileEdit(project / "blocker" / "x", "add", None, "cannot be"),
    ]
    with pytest.raises(ToolError, match=r"blocker/x cannot be changed: a part of the path is a file"):
        await workspace.apply(edits)
    assert everything(project) == before
    assert names(project) == ["blocker", "changed", "deleted", "hard", "twin"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """As on a full disk: no file can grow beyond 4,096 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_changes_nothing(workspace: DiskWorkspace, project: Path, small_files: None) -> None:
    (project / "a").write_text("1")
    (project / "b").write_text("1")
    (project / "twin").hardlink_to(project / "b")
    before = everything(project)
    a, b = await workspace.read(project / "a"), await workspace.read(project / "b")
    small, huge = FileEdit(project / "a", "modify", a, "2"), "x" * 10_000
    for edit in (
        FileEdit(project / "b", "modify", b, huge),
        FileEdit(project / "n" / "new", "add", None, huge),
    ):
        with pytest.raises(ToolError, match=r"cannot be changed: the file would become too large. Nothing was"):
            await workspace.apply([small, edit])
        assert everything(project) == before
    assert names(project) == ["a", "b", "twin"]


async def test_read_only_files_are_left_alone(workspace: DiskWorkspace, project: Path) -> None:
    (project / "a").write_text("1")
    (project / "a").chmod(0o444)
    with pytest.raises(ToolError, match=r"a is read-only \(mode 0444\)"):
        await modify(workspace, project / "a", "2")
    assert (project / "a").read_text() == "1"


async def test_a_link_swapped_in_leads_nowhere(workspace: DiskWorkspace, project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("1")
    (project / "dir").mkdir()
    (project / "dir" / "file").write_text("1")
    path = project / "dir" / "file"
    base = await workspace.read(path)
    assert workspace.inside(path)
    (project / "dir").rename(project / "was")
    (project / "dir").symlink_to(outside)
    with pytest.raises(ToolError, match="leads to another place than before"):
        await workspace.apply([FileEdit(path, "modify", base, "2")])
    new = project / "later" / "file"
    assert workspace.inside(new)
    (project / "later").symlink_to(outside)
    with pytest.raises(ToolError, match="leads to another place"):
        await workspace.apply([FileEdit(new, "add", None, "2")])
    assert everything(outside) == {"file": b"1"}


async def test_what_took_the_files_place_is_not_written(workspace: DiskWorkspace, project: Path) -> None:
    (project / "a").write_text("1")
    base = await workspace.read(project / "a")
    (project / "a").unlink()
    os.mkfifo(project / "a")
    async with asyncio.timeout(2):
        with pytest.raises(ToolError, match="a named pipe"):
            await workspace.apply([FileEdit(project / "a", "modify", base, "2")])


async def test_two_changes_of_one_file_are_refused(workspace: DiskWorkspace, project: Path) -> None:
    (project / "a").write_text("1")
    base = await workspace.read(project / "a")
    with pytest.raises(ToolError, match="to the same file"):
        await workspace.apply([FileEdit(project / "a", "modify", base, text) for text in "23"])


async def test_what_the_encoding_lacks_is_refused_before_anything_is_written(
    workspace: DiskWorkspace, project: Path
) -> None:
    (project / "old").write_bytes(b"caf\xe9 au lait\n")
    await modify(workspace, project / "old", "café crème\n")
    assert (project / "old").read_bytes() == b"caf\xe9 cr\xe8me\n"
    with pytest.raises(ToolError, match="has no character"):
        await modify(workspace, project / "old", "日本")
    assert (project / "old").read_bytes() == b"caf\xe9 cr\xe8me\n"


async def test_cancelling_does_not_leave_half_a_change(workspace: DiskWorkspace, project: Path) -> None:
    edits = [FileEdit(project / f"{n}", "add", None, "x" * 100_000) for n in range(20)]
    task = asyncio.ensure_future(workspace.apply(edits))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(names(project)) in (0, 20)


# --- proposals -------------------------------------------------------------------------------------------------


async def test_proposed_changes_are_read_but_not_on_disk(workspace: DiskWorkspace, project: Path) -> None:
    for name in ("a", "b", "c"):
        (project / name).write_text(name + "\n")
    a, b, c = [await workspace.read(project / name) for name in "abc"]
    new = project / "new"
    workspace.propose(
        [
            FileEdit(project / "a", "modify", a, "changed\n"),
            FileEdit(project / "b", "delete", b, None),
            FileEdit(project / "c", "move", c, None, project / "d"),
            FileEdit(new, "add", None, "made\n"),
        ]
    )
    read: FileText = await workspace.read(project / "a")
    assert (read.text, read.source) == ("changed\n", "overlay")
    assert (await workspace.read(project / "d")).text == "c\n"
    assert (await workspace.read(new)).text == "made\n"
    for gone in ("b", "c"):
        with pytest.raises(ToolError) as caught:
            await workspace.read(project / gone)
        assert caught.value.kind == "not_found"
    assert [p.name for p in (await workspace.files(project)).paths] == ["a", "d", "new"]
    assert everything(project) == {"a": b"a\n", "b": b"b\n", "c": b"c\n"}
    workspace.forget([project / "a"])
    assert (await workspace.read(project / "a")).source == "disk"
    await workspace.apply([FileEdit(new, "add", None, "made\n")])
    assert (await workspace.read(new)).source == "disk"
