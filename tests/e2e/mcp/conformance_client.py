"""What the conformance suite starts as its client: cass's own command line, as a person would use it.

python conformance_client.py URL        with MCP_CONFORMANCE_SCENARIO and MCP_CONFORMANCE_CONTEXT in the environment
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CALLS = {
    "tools_call": ("add_numbers", {"a": 5, "b": 3}),
    "elicitation-sep1034-client-defaults": ("test_client_elicitation_defaults", {}),
    "sse-retry": ("test_reconnection", {}),
}
METADATA = "https://conformance-test.local/client-metadata.json"


def oauth(url: str, scenario: str, given: dict[str, Any], environ: dict[str, str]) -> list[str]:
    """The lines of the server's `oauth` table that this scenario needs."""
    if "client_secret" in given:
        environ["CONFORMANCE_SECRET"] = given["client_secret"]
    if "private_key_pem" in given:
        environ["CONFORMANCE_KEY"] = given["private_key_pem"]
    if "idp_id_token" in given:
        environ["CONFORMANCE_ID_TOKEN"] = given["idp_id_token"]
    lines = [f"client_id = {json.dumps(given['client_id'])}"] if "client_id" in given else []
    if scenario == "auth/basic-cimd":
        lines.append(f'client_metadata_url = "{METADATA}"')
    if scenario == "auth/pre-registration":
        lines.append('client_secret_env = "CONFORMANCE_SECRET"')
    if scenario == "auth/client-credentials-basic":
        lines += ['grant = "client"', 'client_secret_env = "CONFORMANCE_SECRET"']
    if scenario == "auth/client-credentials-jwt":
        algorithm = given.get("signing_algorithm", "ES256")
        lines += ['grant = "jwt"', 'key_env = "CONFORMANCE_KEY"', f'algorithm = "{algorithm}"']
    if scenario == "auth/cross-app-access-complete-flow":
        lines += [
            'grant = "enterprise"',
            'client_secret_env = "CONFORMANCE_SECRET"',
            'idp_token_env = "CONFORMANCE_ID_TOKEN"',
            f"idp_client_id = {json.dumps(given['idp_client_id'])}",
            f"idp_token_url = {json.dumps(given['idp_token_endpoint'])}",
            f"issuer = {json.dumps(issuer_of(url))}",
        ]
    return lines


def issuer_of(url: str) -> str:
    """The authorisation server that a server names: what an administrator looks up and writes down once."""
    parts = urlsplit(url)
    at = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{parts.path}"
    with urllib.request.urlopen(at, timeout=20) as answer:
        return str(json.load(answer)["authorization_servers"][0])


def main(url: str) -> int:
    """Set the server up, sign in where it wants that, list, and call what the scenario is about."""
    scenario = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
    given = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environ = {**os.environ, "CASS_HOME": folder, "HOME": folder}
        browser = home / "browser"
        browser.write_text(f'#!/bin/sh\nexec {sys.executable} "{Path(__file__).with_name("browser.py")}" "$1"\n')
        browser.chmod(0o755)
        environ["BROWSER"] = str(browser)
        lines = ["[mcp.servers.it]", f"url = {json.dumps(url)}", 'transport = "http"']
        extra = oauth(url, scenario, given, environ)
        lines += ["[mcp.servers.it.oauth]", *extra] if extra else []
        (home / "config.toml").write_text("\n".join(lines) + "\n")
        tool, arguments = CALLS.get(scenario, ("test-tool" if scenario.startswith("auth/") else "", {}))
        call = ["--call", tool, "--input", json.dumps(arguments)] if tool else []
        run = [sys.executable, "-m", "cass", "mcp", "test", "it", "--login", "--defaults", *call]
        return subprocess.run(run, env=environ, cwd=folder, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
