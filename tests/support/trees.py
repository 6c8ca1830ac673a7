"""Folders as values: what is in them, byte for byte, with modes and links; and random ones."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Sequence
from pathlib import Path

Tree = dict[str, tuple[object, ...]]


def tree(root: Path) -> Tree:
    """Everything below a folder: kind, mode, and bytes or a link's text."""
    found: Tree = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder) / name
            state = path.lstat()
            mode = stat.S_IMODE(state.st_mode)
            key = str(path.relative_to(root))
            if path.is_symlink():
                found[key] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[key] = ("folder", mode)
            else:
                found[key] = ("file", mode, path.read_bytes())
    return found


def grow(root: Path, rng: random.Random, files: int) -> list[str]:
    """Put random folders, files and links into a folder; the paths of the files."""
    names: list[str] = []
    for number in range(files):
        folder = root / "/".join(f"d{rng.randrange(3)}" for _ in range(rng.randrange(4)))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"f{number}{rng.choice(['', '.py', ' spaced.txt', '.ünï'])}"
        path.write_bytes(content(rng))
        path.chmod(rng.choice([0o644, 0o600, 0o755]))
        names.append(str(path.relative_to(root)))
    for number in range(3):
        (root / f"empty{number}" / "deeper").mkdir(parents=True)
        (root / f"link{number}").symlink_to(rng.choice([*names, "nowhere", "/etc/hostname", "empty0"]))
    return names


def content(rng: random.Random) -> bytes:
    """Text, binary, nothing, or lines that end in all ways."""
    lines = "".join(f"line {rng.randrange(1000)}\n" for _ in range(rng.randrange(1, 60))).encode()
    return rng.choice([lines, lines, lines.replace(b"\n", b"\r\n"), rng.randbytes(300), b"", b"no end of line"])


def command(rng: random.Random, names: Sequence[str]) -> str:
    """A shell command that does all kinds of things to these files."""
    names = [*names]
    rng.shuffle(names)

    def one() -> str:
        return f"'{names.pop()}'" if names else "none"

    kinds = [
        lambda: f"rm -f {one()}",
        lambda: f"mv {one()} moved{rng.randrange(9)}",
        lambda: f"printf 'new %s\\n' {rng.randrange(99)} > {one()}",
        lambda: f"printf 'more\\n' >> {one()}",
        lambda: f"chmod {rng.choice(['700', '444', '664'])} {one()}",
        lambda: f'f={one()}; rm -f "$f"; ln -s target "$f"',
        lambda: f'f={one()}; rm -f "$f"; mkdir -p "$f/in/side"; echo x > "$f/in/new"',
        lambda: f"mkdir -p new{rng.randrange(9)}/a/b && date +%N > new{rng.randrange(9)}/a/c",
        lambda: f"head -c 5000 /dev/urandom > {one()}",
        lambda: f"ln -sfn elsewhere link{rng.randrange(3)}",
        lambda: f"rm -rf empty{rng.randrange(3)}",
        lambda: f"mv d{rng.randrange(3)} dir{rng.randrange(9)}",
        lambda: f"rm -rf d{rng.randrange(3)} && echo file > d{rng.randrange(3)}",
        lambda: f"chmod 755 d{rng.randrange(3)}",
        lambda: f"ln {one()} hard{rng.randrange(9)}",
        lambda: f"cp -r d{rng.randrange(3)} copy{rng.randrange(9)}",
    ]
    return "; ".join(f"({rng.choice(kinds)()}) 2>/dev/null" for _ in range(rng.randrange(3, 12))) + "; true"
