#!/usr/bin/env bash
# Emacs 30 with its built-in LSP client, for tests/e2e/test_emacs.py.
#   .ci/emacs.sh PREFIX      makes PREFIX/emacs/emacs; then CASS_E2E=PREFIX
# Needs an amd64 Debian with apt and root. The package comes from a newer Debian release and is unpacked beside its own C
# library, so that nothing of the system changes.
set -euo pipefail
source "$(dirname "$0")/debian.sh"
prefix=$(realpath -m "${1:?usage: .ci/emacs.sh PREFIX}")
release=${EMACS_RELEASE:-trixie}
home=$prefix/emacs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

start() {
  local root=$home/root version
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
  fetch "$release" emacs-nox "$work"
  unpack "$work" "$home/root"
  settle "$home/root" usr/bin/emacs-nox
  start
fi
"$home/emacs" --version | head -n 1
"$home/emacs" --batch --eval "(require 'eglot)"
echo "ready: CASS_E2E=$prefix"
