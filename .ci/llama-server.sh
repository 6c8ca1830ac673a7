#!/usr/bin/env bash
# A real llama-server and a tiny model of random numbers, for tests/e2e/test_llama_server.py.
#   .ci/llama-server.sh PREFIX      makes PREFIX/llama/llama-server, tiny.gguf and fills.gguf there; then CASS_E2E=PREFIX
# Needs an amd64 Debian with apt and root, and takes the package from another release than the installed one: unpacked
# beside its own C library, so that nothing of the system changes.
set -euo pipefail
cd "$(dirname "$0")/.."
source .ci/debian.sh
prefix=$(realpath -m "${1:?usage: .ci/llama-server.sh PREFIX}")
release=${LLAMA_RELEASE:-sid}
home=$prefix/llama
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start() {
  # Started by its own loader with its own libraries: those of the system may be older.
  cat >"$home/llama-server" <<'START'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
libraries=$root/usr/lib/x86_64-linux-gnu
export GGML_BACKEND_PATH="${GGML_BACKEND_PATH:-$(ls "$libraries"/ggml/backends*/libggml-cpu-x64.so | head -n 1)}"
exec "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/llama" "$root/usr/bin/llama-server" "$@"
START
  chmod +x "$home/llama-server"
}

"$home/llama-server" --version >/dev/null 2>&1 || { fetch "$release" llama.cpp-tools "$work"; unpack "$work" "$home/root"; start; }
"$home/llama-server" --version 2>&1 | head -n 1
if [ ! -s "$home/tiny.gguf" ] || [ ! -s "$home/fills.gguf" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check gguf==0.19.0
  "$work/venv/bin/python" tests/e2e/tiny_gguf.py "$home/tiny.gguf" "$home/fills.gguf"
fi
echo "ready: CASS_E2E=$prefix"
