// The editor's settings as the server takes them: only what the user set.

import * as vscode from "vscode";
import { declaredKeys, type Tree, userSettings } from "./settings-tree";

/** The settings for `initialize`. */
export function settingsForServer(extension: vscode.Extension<unknown>): Tree {
  const ours = vscode.workspace.getConfiguration("cass");
  return userSettings(declaredKeys(extension.packageJSON), (key) => ours.inspect(key));
}
