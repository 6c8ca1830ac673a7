"""A server of the Model Context Protocol over stdio, in plain Python, that does what it is told, also what no server should.

Started as `python mcpserver.py SPEC`, SPEC being a JSON object; `server(**spec)` makes the command for it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PLAIN = {"type": "object", "properties": {"text": {"type": "string"}}}


def server(**spec: object) -> list[str]:
    """The command. `tools` are entries as they go over the wire, `many` is how many more there are; `file` holds words that
    are read anew for each list; `until` is a file: a question is withdrawn once it is there; `first` has the errors that calls are answered with the first time."""
    return [sys.executable, __file__, json.dumps(spec)]


def config(servers: dict[str, list[str]], more: str = "") -> str:
    """Settings with these servers."""
    rows = [f"[mcp]\n{more}"] if more else []
    for name, (command, *args) in servers.items():
        rows.append(
            f"[mcp.servers.{json.dumps(name)}]\ncommand = {json.dumps(command)}\nargs = {json.dumps(args)}\n"
        )
    return "\n".join(rows)


class _Server:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.asked = 0
        self.grown = False

    def run(self) -> None:
        spec = self.spec
        if "started" in spec:
            with Path(spec["started"]).open("a") as file:
                file.write(f"{os.getpid()}\n")
        if spec.get("flood"):
            for _ in range(200):
                sys.stderr.write("complaint " * 1_000 + "\n")
        if spec.get("banner"):
            print("Welcome to my server!", flush=True)
        if spec.get("stubborn"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
            Path(spec["stubborn"]).write_text(f"{os.getpid()} {child.pid}")
        time.sleep(spec.get("slow", 0))
        for line in sys.stdin:
            if not spec.get("silent"):
                self.take(json.loads(line))
        while spec.get("stubborn"):
            time.sleep(1)

    def take(self, message: dict[str, Any]) -> None:
        method = message.get("method", "")
        if spec_file := self.spec.get("heard"):
            with Path(spec_file).open("a") as file:
                file.write(json.dumps(message) + "\n")
        if "id" not in message or not method:
            return
        known = {
            "initialize": self.initialize,
            "tools/list": self.tools,
            "tools/call": self.call,
            "prompts/list": lambda p: {"prompts": self.spec.get("prompts", [])},
            "prompts/get": self.prompt,
            "resources/list": lambda p: {"resources": self.spec.get("resources", [])},
            "resources/templates/list": lambda p: {"resourceTemplates": []},
            "resources/read": lambda p: {
                "contents": [{"uri": p["uri"], "text": self.spec.get("resource", "what it holds")}]
            },
        }
        if method not in known:
            if self.spec.get("exits"):
                sys.exit(3)
            if not self.spec.get("ignores"):
                self.say({"id": message["id"], "error": {"code": -32601, "message": "unknown"}})
            return
        if method == "tools/call" and (error := self.spec.get("first", {}).pop(message["params"]["name"], None)):
            self.say({"id": message["id"], "error": error})
            return
        result = known[method](message.get("params") or {})
        if result is not None:
            self.say({"id": message["id"], "result": result})

    def say(self, message: dict[str, Any]) -> None:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)

    def initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {"listChanged": True}, "prompts": {}, "resources": {}},
            "serverInfo": {"name": "tests", "version": "1"},
        }

    def tools(self, params: dict[str, Any]) -> dict[str, Any]:
        words = Path(self.spec["file"]).read_text() if "file" in self.spec else "Say it back."
        found = [{"name": "echo", "description": words, "inputSchema": PLAIN}, *self.spec.get("tools", [])]
        for number in range(self.spec.get("many", 0)):
            text = f"Does the thing number {number} with all its care, and tells at length how it went, if at all."
            found.append({"name": f"thing_{number}", "description": text, "inputSchema": PLAIN})
        if self.grown:
            found.append({"name": "grown", "description": "Came later.", "inputSchema": PLAIN})
        return {"tools": found}

    def prompt(self, params: dict[str, Any]) -> dict[str, Any]:
        text = f"Do {params['name']} with {json.dumps(params.get('arguments'))}"
        return {"messages": [{"role": "user", "content": {"type": "text", "text": text}}]}

    def call(self, params: dict[str, Any]) -> dict[str, Any] | None:
        name, given = params["name"], params.get("arguments") or {}
        if name == "die":
            os._exit(7)
        if name == "hang":
            return None
        if name == "slowly":
            token = params["_meta"]["progressToken"]
            for step in range(1, 5):
                time.sleep(given.get("pause", 0.4))
                told = {"progressToken": token, "progress": step, "total": 4}
                self.say({"method": "notifications/progress", "params": told})
        if name == "grow":
            self.grown = True
            self.say({"method": "notifications/tools/list_changed"})
        if name in self.spec.get("asks", {}):
            self.asked += 1
            self.say({"id": f"ask-{self.asked}", **self.spec["asks"][name]})
            if "until" in self.spec:
                while not Path(self.spec["until"]).exists():
                    time.sleep(0.02)
                withdrawn = {"requestId": f"ask-{self.asked}", "reason": "too late"}
                self.say({"method": "notifications/cancelled", "params": withdrawn})
                return _text("never mind")
            answer = json.loads(sys.stdin.readline())
            return _text(json.dumps(answer.get("result", answer.get("error"))))
        if name in self.spec.get("answers", {}):
            return self.spec["answers"][name]
        return _text(given.get("text", "") * given.get("times", 1) or name)


def _text(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}


if __name__ == "__main__":
    _Server(json.loads(sys.argv[1])).run()
