// What a click in the chat does to the editor: open a file or a link, insert code. Everything is checked first.

import * as path from "node:path";
import * as vscode from "vscode";

/** Open a link of the model's: web pages by the editor's own asking, files of the folder; nothing else. */
export async function openLink(href: string, cwd: string): Promise<void> {
  if (/^https?:\/\//i.test(href)) {
    await vscode.env.openExternal(vscode.Uri.parse(href, true));
    return;
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) && !/^file:/i.test(href)) {
    void vscode.window.showWarningMessage(`This link was not opened: ${href.slice(0, 200)}`);
    return;
  }
  const target = /^file:/i.test(href) ? vscode.Uri.parse(href) : undefined;
  const [file = "", place = ""] = (target ? target.fsPath : decodeURIComponent(href)).split("#");
  const line = Number(/(?:^|L|:)(\d+)/.exec(target?.fragment || place)?.[1] ?? /:(\d+)$/.exec(file)?.[1] ?? 0);
  await openFile(file.replace(/:\d+$/, ""), line, cwd);
}

/** Show a file, at a line counted from 1 (0 for none). */
export async function openFile(file: string, line: number, cwd: string): Promise<void> {
  const uri = vscode.Uri.file(path.resolve(cwd, file));
  const at = new vscode.Position(Math.max(0, line - 1), 0);
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, line > 0 ? { selection: new vscode.Range(at, at) } : {});
  } catch {
    void vscode.window.showWarningMessage(`${file} cannot be opened.`);
  }
}

/** Put code at the cursor, over the selection, as one undo step. */
export async function insertCode(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (!editor) {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text }));
    return;
  }
  await editor.edit((edit) => edit.replace(editor.selection, text));
  await vscode.window.showTextDocument(editor.document, editor.viewColumn);
}
