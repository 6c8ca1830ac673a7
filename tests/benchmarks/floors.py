"""What cannot be undercut: an agent loop of nothing but the standard library. Run as `floors.py URL MODEL`."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def main(url: str) -> None:
    """Ask until no tool is called any more; the tool reads a file."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "go"}]
    while True:
        body = json.dumps({"model": "bench", "stream": True, "messages": messages})
        connection.request("POST", f"{where.path}/chat/completions", body, {"content-type": "application/json"})
        call = None
        with connection.getresponse() as answer:
            for line in answer:
                if line.startswith(b"data: {"):
                    for choice in json.loads(line[6:])["choices"]:
                        call = choice["delta"].get("tool_calls") or call
        if not call:
            return
        function = call[0]["function"]
        arguments = json.loads(function["arguments"])
        lines = Path(arguments["path"]).read_text().splitlines()
        first = arguments["offset"] - 1
        messages.append({"role": "assistant", "content": None, "tool_calls": call})
        text = "\n".join(lines[first : first + arguments["limit"]])
        messages.append({"role": "tool", "tool_call_id": call[0]["id"], "content": text})


if __name__ == "__main__":
    main(sys.argv[1])
