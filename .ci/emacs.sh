#!/usr/bin/env bash
# Emacs 30 with its built-in LSP client, for tests/e2e/test_emacs.py.
#   .ci/emacs.sh PREFIX      makes PREFIX/emacs/emacs; then CASS_E2E=PREFIX
# Needs an amd64 Debian with apt and root. The package comes from a newer Debian release and is unpacked beside its own C
# library, so that nothing of the system changes.
set -euo pipefail
prefix=$(realpath -m "${1:?usage: .ci/emacs.sh PREFIX}")
release=${EMACS_RELEASE:-trixie}
home=$prefix/emacs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {  # the package and all that it needs, as files in $work/cache/archives
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  touch "$work/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$work/sources"
  cat >"$work/apt.conf" <<CONF
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
  APT_CONFIG=$work/apt.conf apt-get update -qq
  APT_CONFIG=$work/apt.conf apt-get install -qq -y --download-only --no-install-recommends emacs-nox >/dev/null
}

unpack() {
  local root=$home/root package version
  rm -rf "$root"
  mkdir -p "$root"
  for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  patchelf --set-interpreter "$root/usr/lib64/ld-linux-x86-64.so.2" \
    --set-rpath "$root/usr/lib/x86_64-linux-gnu" --force-rpath "$root"/usr/bin/emacs-nox
  version=$(basename "$(ls -d "$root"/usr/share/emacs/[0-9]* | head -n 1)")
  cat >"$home/emacs" <<START
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/root
export EMACSLOADPATH="\$(find "\$root/usr/share/emacs/$version/lisp" -type d | tr '\\n' ':')"
export EMACSDATA="\$root/usr/share/emacs/$version/etc" EMACSDOC="\$root/usr/share/emacs/$version/etc"
export EMACSPATH="\$(dirname "\$(find "\$root/usr/libexec" -name hexl | head -n 1)")"
exec "\$root/usr/bin/emacs-nox" --dump-file="\$(find "\$root/usr" -name 'emacs*.pdmp' | head -n 1)" "\$@"
START
  chmod +x "$home/emacs"
}

if ! "$home/emacs" --batch --eval '(kill-emacs 0)' 2>/dev/null; then
  command -v patchelf >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends patchelf >/dev/null; }
  fetch
  unpack
fi
"$home/emacs" --version | head -n 1
"$home/emacs" --batch --eval "(require 'eglot)"
echo "ready: CASS_E2E=$prefix"
