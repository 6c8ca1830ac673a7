#!/usr/bin/env bash
# OpenAI's encodings, out of a package that carries them: nothing else that can be had from a registry does.
#   .ci/encodings.sh FOLDER   puts them into FOLDER/encodings
set -euo pipefail
folder=$1/encodings
[ -f "$folder/fb374d419588a4632f3f557e76b4b70aebbca790" ] && exit 0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$scratch" llama-index-core==0.14.25
mkdir -p "$folder"
python3 - "$scratch"/llama_index_core-*.whl "$folder" <<'PY'
import sys, zipfile
from pathlib import Path
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if "/tiktoken_cache/" in name and not name.endswith(".gitignore"):
            (Path(sys.argv[2]) / Path(name).name).write_bytes(wheel.read(name))
PY
