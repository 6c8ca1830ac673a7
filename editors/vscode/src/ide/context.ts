// What the user is looking at: selection, visible range, open tabs.

import * as vscode from "vscode";
import type { EditorContextResult, OpenTab, PromptContext } from "../protocol";
import { fromRange } from "./convert";

/** Characters of the selection that are told. */
const LONGEST = 20_000;
/** Tabs that are told. */
const MOST = 100;

/** `cass/ide/context`. */
export function context(): EditorContextResult {
  const editor = textEditor();
  const open = openTabs();
  if (!editor) {
    return { open };
  }
  const visible = editor.visibleRanges[0];
  return {
    active: {
      uri: editor.document.uri.toString(),
      selection: fromRange(editor.selection),
      selectedText: editor.document.getText(editor.selection).slice(0, LONGEST),
      ...(visible ? { visible: fromRange(visible) } : {}),
    },
    open,
  };
}

/** The same in short, for a prompt. */
export function promptContext(): PromptContext {
  const { active, open } = context();
  return {
    openUris: (open ?? []).map((tab) => tab.uri),
    ...(active ? { activeUri: active.uri } : {}),
    ...(active?.selectedText ? { selection: active.selectedText } : {}),
  };
}

/** The editor with the user's text. While the chat has the focus it is the one that had it before. */
function textEditor(): vscode.TextEditor | undefined {
  const isText = (editor: vscode.TextEditor | undefined) =>
    editor && ["file", "untitled"].includes(editor.document.uri.scheme) ? editor : undefined;
  return (
    isText(vscode.window.activeTextEditor) ?? vscode.window.visibleTextEditors.find((editor) => isText(editor))
  );
}

function openTabs(): OpenTab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const visible = new Set(vscode.window.visibleTextEditors.map((editor) => editor.document.uri.toString()));
  const seen = new Map<string, OpenTab>();
  for (const tab of tabs) {
    if (tab.input instanceof vscode.TabInputText && ["file", "untitled"].includes(tab.input.uri.scheme)) {
      const uri = tab.input.uri.toString();
      seen.set(uri, { uri, dirty: tab.isDirty, visible: visible.has(uri) });
    }
  }
  return [...seen.values()].slice(0, MOST);
}
