#!/usr/bin/env bash
# Neovim 0.10 and 0.12 side by side, for tests/e2e/nvim.
#   .ci/nvim.sh PREFIX      makes PREFIX/nvim010/nvim and PREFIX/nvim012/nvim; then CASS_E2E=PREFIX
# Needs an amd64 Debian with apt and root. Each comes from a Debian release other than the installed one and is unpacked
# beside its own C library, so that nothing of the system changes.
set -euo pipefail
source "$(dirname "$0")/debian.sh"
prefix=$(realpath -m "${1:?usage: .ci/nvim.sh PREFIX}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start() {  # FOLDER: a program that finds its own runtime files
  cat >"$1/nvim" <<'START'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
VIMRUNTIME=$root/usr/share/nvim/runtime exec "$root/usr/bin/nvim" "$@"
START
  chmod +x "$1/nvim"
}

need() {  # FOLDER VERSION RELEASE
  local folder=$prefix/$1
  if ! "$folder/nvim" --version 2>/dev/null | grep -q "^NVIM v$2"; then
    fetch "$3" neovim "$work/$3"
    unpack "$work/$3" "$folder/root"
    # Its terminal part starts the same program again, which a loader in front of it would not survive.
    settle "$folder/root" usr/bin/nvim
    start "$folder"
  fi
  "$folder/nvim" --version | head -n 1
}

need nvim010 0.10 "${NVIM010_RELEASE:-trixie}"
need nvim012 0.12 "${NVIM012_RELEASE:-sid}"
command -v tmux >/dev/null || { apt-get update -qq && apt-get install -y -qq tmux >/dev/null; }
echo "ready: CASS_E2E=$prefix"
