"""`python -m cass`: the server and the commands that need its rooms."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run what the arguments say."""
    gc.disable()  # what is imported stays: looking through it for garbage would be a quarter of the start
    if sys.argv[1:2] == ["serve"] and set(sys.argv[2:]) <= {"--stdio", "--ndjson"}:
        import os  # the usual way in: click is not needed for it

        from cass.lsp.serve import serve

        gc.freeze()
        gc.enable()
        _log()
        sys.exit(serve(os.environ, lines="--ndjson" in sys.argv))
    if sys.argv[1:] == ["acp"]:
        import os

        from cass.acp.serve import serve as serve_acp

        gc.freeze()
        gc.enable()
        _log()
        sys.exit(serve_acp(os.environ, {}))
    from cass.admin import admin

    gc.freeze()
    gc.enable()
    _log()
    admin(prog_name="cass")


def _log() -> None:
    import logging

    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


if __name__ == "__main__":
    main()
