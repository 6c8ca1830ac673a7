"""The README's lines in a fresh Neovim, without any configuration: the plugin is there and a first message works."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from support.nvim import LIMIT, PLUGIN, VERSIONS, Rpc, binary, environ, server_command
from support.server import script


@pytest.mark.parametrize("version", VERSIONS)
def test_the_readme_installs_it_and_a_first_message_works(version: str, tmp_path: Path) -> None:
    if not binary(version).exists():
        pytest.skip(f"no {version}: run .ci/nvim.sh PREFIX and set CASS_E2E=PREFIX")
    lines = re.search(r"```sh\n(mkdir .*?)\n```", (PLUGIN / "README.md").read_text("utf-8"), re.DOTALL)
    assert lines, "the README has lines to install it with Neovim's packages"
    model = script(tmp_path / "s.json", {"text": "Welcome."})
    (tmp_path / "src" / "cass").mkdir(parents=True)
    (tmp_path / "src" / "cass" / "editors").symlink_to(PLUGIN.parent)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nvim").symlink_to(binary(version))
    env = {k: v for k, v in environ(tmp_path).items() if not k.startswith("XDG_")}
    env |= {
        "PATH": f"{tmp_path / 'bin'}:{env['PATH']}",
        "CASS_SERVER": " ".join(server_command()),
        "CASS_MODEL": model,
    }
    install = lines[1].replace("nvim -c", "nvim --headless -c")
    subprocess.run(["sh", "-euc", install], env=env, cwd=tmp_path, check=True, timeout=LIMIT, capture_output=True)
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    rpc = Rpc([str(binary(version)), "--embed", "--headless", "-i", "NONE", "-n"], env, project)
    try:
        rpc.call("nvim_command", "edit a.py")
        rpc.call("nvim_command", "Cass Hello?")
        code = "return table.concat(vim.api.nvim_buf_get_lines(require('cass').workspace().chat.transcript.bufnr, 0, -1, true), '\\n')"
        end = time.monotonic() + LIMIT
        while "Welcome." not in (shown := rpc.call("nvim_exec_lua", code, [])):
            assert time.monotonic() < end, shown
            time.sleep(0.05)
        rpc.call("nvim_command", "help :CassAsk")
        assert "cass.txt" in rpc.call("nvim_buf_get_name", 0)
        rpc.send("nvim_command", "qa!")
    finally:
        rpc.close()
