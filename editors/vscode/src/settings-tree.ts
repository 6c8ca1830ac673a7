// Settings as a tree, nested as in the configuration file. Knows no VS Code.

/** Settings of the extension itself; the server does not know them. */
const OWN = new Set(["server.command"]);

export type Tree = { [key: string]: unknown };

/** What `inspect` says of one setting; the folder's value goes over the workspace's, that over the user's. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** All keys of ours in the extension's manifest, without `cass.`. */
export function declaredKeys(manifest: unknown): string[] {
  const contributes = (manifest as { contributes?: { configuration?: { properties?: Tree } } }).contributes;
  return Object.keys(contributes?.configuration?.properties ?? {}).map((key) => key.replace(/^cass\./, ""));
}

/** The settings that somebody set, as a tree. */
export function userSettings(keys: readonly string[], inspect: (key: string) => Inspected | undefined): Tree {
  const tree: Tree = {};
  for (const key of keys) {
    if (OWN.has(key)) {
      continue;
    }
    const found = inspect(key);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined && value !== null) {
      put(tree, key.split("."), value);
    }
  }
  return tree;
}

function put(tree: Tree, parts: readonly string[], value: unknown): void {
  const [first = "", ...rest] = parts;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const inner = (tree[first] ?? {}) as Tree;
  tree[first] = inner;
  put(inner, rest, value);
}
