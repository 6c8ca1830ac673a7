#!/usr/bin/env bash
# Clients of Agent Client Protocol that others made, for tests/e2e/test_acpx.py.
#   .ci/acp.sh PREFIX      makes PREFIX/nodepip (Node, shared with others) and PREFIX/acp; then CASS_E2E=PREFIX
# Needs Python with venv, and registries of Python and npm packages. Takes half a minute the first time, none later.
set -euo pipefail
prefix=$(realpath -m "${1:?usage: .ci/acp.sh PREFIX}")
acpx=0.19.1
sdk=2.4.0

"$(dirname "$0")/node.sh" "$prefix"
export PATH=$prefix/nodepip/bin:$PATH

there() {  # there PACKAGE VERSION: whether just this version is installed
  [ "$(node -p "require('$prefix/acp/node_modules/$1/package.json').version" 2>/dev/null)" = "$2" ]
}
if ! there acpx "$acpx" || ! there @agentclientprotocol/sdk "$sdk"; then
  mkdir -p "$prefix/acp"
  cd "$prefix/acp"
  [ -f package.json ] || echo '{"private": true}' >package.json
  npm install --no-audit --no-fund --loglevel=error "acpx@$acpx" "@agentclientprotocol/sdk@$sdk"
fi
echo "acpx $acpx and the ACP SDK $sdk are in $prefix/acp"
