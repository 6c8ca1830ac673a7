#!/usr/bin/env bash
# Neovim 0.10 and 0.12 side by side, for tests/e2e/nvim.
#   .ci/nvim.sh PREFIX      makes PREFIX/nvim010/nvim and PREFIX/nvim012/nvim; then CASS_E2E=PREFIX
# Needs an amd64 Debian with apt and root. Each comes from a Debian release other than the installed one and is unpacked
# beside its own C library, so that nothing of the system changes.
set -euo pipefail
prefix=$(realpath -m "${1:?usage: .ci/nvim.sh PREFIX}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {  # RELEASE: Neovim and all that it needs, as files in $work/RELEASE/cache/archives
  local home=$work/$1 mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
  mkdir -p "$home/lists/partial" "$home/cache/archives/partial"
  touch "$home/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$home/sources"
  cat >"$home/apt.conf" <<CONF
Dir::State "$home";
Dir::State::lists "$home/lists";
Dir::State::status "$home/status";
Dir::Cache "$home/cache";
Dir::Etc::sourcelist "$home/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$home/apt.conf apt-get update -qq
  APT_CONFIG=$home/apt.conf apt-get install -qq -y --download-only --no-install-recommends neovim >/dev/null
}

unpack() {  # RELEASE FOLDER
  local root=$2/root package
  rm -rf "$root"
  mkdir -p "$root"
  for package in "$work/$1"/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  # Its terminal part starts the same program again, which a loader in front of it would not survive: so the program
  # itself is told where its loader and its libraries are.
  patchelf --set-interpreter "$root/usr/lib64/ld-linux-x86-64.so.2" \
    --set-rpath "$root/usr/lib/x86_64-linux-gnu" --force-rpath "$root/usr/bin/nvim"
  cat >"$2/nvim" <<'START'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
VIMRUNTIME=$root/usr/share/nvim/runtime exec "$root/usr/bin/nvim" "$@"
START
  chmod +x "$2/nvim"
}

need() {  # FOLDER VERSION RELEASE
  local folder=$prefix/$1
  if ! "$folder/nvim" --version 2>/dev/null | grep -q "^NVIM v$2"; then
    command -v patchelf >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends patchelf >/dev/null; }
    fetch "$3"
    unpack "$3" "$folder"
  fi
  "$folder/nvim" --version | head -n 1
}

need nvim010 0.10 "${NVIM010_RELEASE:-trixie}"
need nvim012 0.12 "${NVIM012_RELEASE:-sid}"
command -v tmux >/dev/null || { apt-get update -qq && apt-get install -y -qq tmux >/dev/null; }
echo "ready: CASS_E2E=$prefix"
