// Saving and reloading documents for the server. Says what was not saved, and never overwrites the user's text.

import * as vscode from "vscode";
import type { DocumentSaveResult, DocumentsParams } from "../protocol";

/** Longest wait for one document to be saved: formatters on save may take their time. ms */
const SAVE_LIMIT = 15_000;
/** How long the editor's own watcher has to notice a changed file, ms, and how often that is looked at. */
const RELOAD_LIMIT = 2_000;
const RELOAD_STEP = 100;

/** `cass/document/save`. Documents that are not open, or not dirty, count as saved. */
export async function save(params: DocumentsParams): Promise<DocumentSaveResult> {
  const saved: string[] = [];
  const failed: { uri: string; message: string }[] = [];
  for (const uri of params.uris) {
    const message = await saveOne(uri);
    if (message === undefined) {
      saved.push(uri);
    } else {
      failed.push({ uri, message });
    }
  }
  return { saved, failed };
}

/** `cass/document/reload`: clean buffers follow the disk; dirty ones stay as they are. */
export async function reload(params: DocumentsParams): Promise<void> {
  await Promise.all(params.uris.map((uri) => reloadOne(uri)));
}

/** The open document with this address. */
export function openDocument(uri: string): vscode.TextDocument | undefined {
  const wanted = vscode.Uri.parse(uri).toString();
  return vscode.workspace.textDocuments.find(
    (document) => document.uri.toString() === wanted && !document.isClosed,
  );
}

async function saveOne(uri: string): Promise<string | undefined> {
  const document = openDocument(uri);
  if (!document?.isDirty) {
    return undefined;
  }
  if (document.isUntitled) {
    return "It has no file yet; the user has to name one.";
  }
  const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), SAVE_LIMIT));
  try {
    const result = await Promise.race([document.save(), late]);
    if (result === true && !document.isDirty) {
      return undefined;
    }
    if (result === "late") {
      return `The editor did not save it within ${SAVE_LIMIT / 1000} seconds.`;
    }
    return (await differsFromDisk(document))
      ? "The file on disk is newer than the editor's text; the user has to compare them."
      : "The editor refused to save it.";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function reloadOne(uri: string): Promise<void> {
  for (let waited = 0; waited < RELOAD_LIMIT; waited += RELOAD_STEP) {
    const document = openDocument(uri);
    if (!document || document.isDirty || !(await differsFromDisk(document))) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, RELOAD_STEP));
  }
  const document = openDocument(uri);
  const text = document && (await diskText(document));
  // Nobody watches this file. An edit that was typed meanwhile makes the document dirty: then it stays.
  if (!document || document.isDirty || text === undefined || text === document.getText()) {
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  if (await vscode.workspace.applyEdit(edit)) {
    await document.save();
  }
}

async function differsFromDisk(document: vscode.TextDocument): Promise<boolean> {
  const text = await diskText(document);
  return text !== undefined && text !== document.getText();
}

async function diskText(document: vscode.TextDocument): Promise<string | undefined> {
  try {
    const bytes = await vscode.workspace.fs.readFile(document.uri);
    return await vscode.workspace.decode(bytes, { encoding: document.encoding });
  } catch {
    return undefined;
  }
}
