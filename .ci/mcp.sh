#!/usr/bin/env bash
# MCP servers that others made, and the official conformance suite, for tests/e2e/mcp.
#   .ci/mcp.sh PREFIX      makes PREFIX/nodepip (Node, shared with others) and PREFIX/mcp; then CASS_E2E=PREFIX
# Needs Python with venv, git, and registries of Python and npm packages. Takes a minute the first time, none later.
set -euo pipefail
prefix=$(realpath -m "${1:?usage: .ci/mcp.sh PREFIX}")
servers=2026.8.31
conformance=0.1.16
packages="mcp-server-git==2026.10.19 mcp-server-fetch==2026.10.24 mcp-server-time==2026.10.19"

"$(dirname "$0")/node.sh" "$prefix"
export PATH=$prefix/nodepip/bin:$PATH

there() {  # there PACKAGE VERSION: whether just this version is installed
  [ "$(node -p "require('$prefix/mcp/node_modules/$1/package.json').version" 2>/dev/null)" = "$2" ]
}
mkdir -p "$prefix/mcp"
cd "$prefix/mcp"
[ -f package.json ] || echo '{"private": true}' >package.json
wanted=()
for name in filesystem everything memory; do
  there "@modelcontextprotocol/server-$name" "$servers" || wanted+=("@modelcontextprotocol/server-$name@$servers")
done
there @modelcontextprotocol/conformance "$conformance" || wanted+=("@modelcontextprotocol/conformance@$conformance")
[ ${#wanted[@]} -eq 0 ] || npm install --no-audit --no-fund --loglevel=error "${wanted[@]}"
if [ "$(cat v/packages 2>/dev/null)" != "$packages" ]; then
  python3 -m venv --clear v
  # shellcheck disable=SC2086
  v/bin/pip install -q --disable-pip-version-check mcp==2.3.0 $packages
  echo "$packages" >v/packages
fi
echo "six MCP servers and the conformance suite $conformance are in $prefix/mcp"
