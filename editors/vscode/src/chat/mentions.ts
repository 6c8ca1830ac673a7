// What is meant by `@file`, `@selection` and `@diagnostics` in a prompt.

import * as path from "node:path";
import * as vscode from "vscode";
import type { Block } from "../session/sessions";
import type { Attachment, Suggestion } from "./messages";

/** Files that are offered at once. */
const OFFERED = 40;
/** Characters of a selection or a list of problems that go along with a prompt. */
const LONGEST = 60_000;

/** The prompt's text, and a block for all that it mentions and that is there. */
export async function promptBlocks(
  text: string,
  attachments: readonly Attachment[],
  cwd: string,
): Promise<Block[]> {
  const blocks: Block[] = [{ type: "text", text }, ...attachments.map((attachment) => attachment.block)];
  for (const name of mentioned(text)) {
    const found =
      name === "selection"
        ? selectionBlock()
        : name === "diagnostics"
          ? diagnosticsBlock()
          : await fileBlock(name, cwd);
    if (found) {
      blocks.push(found);
    }
  }
  return blocks;
}

/** The words after `@`, once each, without closing punctuation. `@"a b"` may hold blanks. */
export function mentioned(text: string): string[] {
  const names = new Set<string>();
  for (const match of text.matchAll(/(?:^|[\s(])@(?:"([^"\n]+)"|([^\s"]+))/g)) {
    const name = match[1] ?? match[2]?.replace(/[.,:;!?)]+$/, "");
    if (name) {
      names.add(name);
    }
  }
  return [...names];
}

/** The active editor's selection with its place; undefined when nothing is selected. */
export function selectionBlock(): Block | undefined {
  const editor =
    vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors.find((e) => !e.selection.isEmpty);
  return editor && !editor.selection.isEmpty ? rangeBlock(editor.document, editor.selection) : undefined;
}

/** A part of a document with its place. */
export function rangeBlock(document: vscode.TextDocument, range: vscode.Range): Block {
  const last = range.end.character === 0 && range.end.line > range.start.line ? range.end.line : range.end.line + 1;
  return {
    type: "resource",
    resource: {
      uri: `${document.uri.toString()}#L${range.start.line + 1}-L${last}`,
      text: document.getText(range).slice(0, LONGEST),
      mimeType: "text/plain",
    },
  };
}

/** `name.py:3-9`, as the chat names a part of a document. */
export function rangeLabel(document: vscode.TextDocument, range: vscode.Range): string {
  const name = path.basename(document.uri.path);
  return range.isSingleLine
    ? `${name}:${range.start.line + 1}`
    : `${name}:${range.start.line + 1}-${range.end.line + 1}`;
}

/** What may be mentioned and fits to what was typed; `resources` are those of MCP servers. */
export async function suggestions(
  query: string,
  resources: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<Suggestion[]> {
  const fixed: Suggestion[] = [
    { label: "selection", detail: "The selected text", insert: "@selection" },
    { label: "diagnostics", detail: "Problems of the open files", insert: "@diagnostics" },
  ].filter((one) => one.label.startsWith(query.toLowerCase()));
  const words = query.replaceAll(/[*?[\]{}!]/g, "");
  const pattern = words ? `**/*${[...words].join("*")}*` : "**/*";
  const found = await vscode.workspace.findFiles(pattern, "**/{node_modules,.git,.venv,dist}/**", OFFERED * 4);
  const files = found
    .map((uri) => vscode.workspace.asRelativePath(uri, false))
    .sort((a, b) => rank(a, words) - rank(b, words) || a.localeCompare(b))
    .slice(0, OFFERED);
  const named = [...resources]
    .flatMap(([server, uris]) => uris.map((uri) => `${server}:${uri}`))
    .filter((name) => name.toLowerCase().includes(query.toLowerCase()))
    .slice(0, OFFERED)
    .map((name) => ({ label: name, detail: "Of an MCP server", insert: `@${name}` }));
  return [
    ...fixed,
    ...(query ? named : []),
    ...files.map((file) => ({
      label: path.basename(file),
      detail: file,
      insert: /\s/.test(file) ? `@"${file}"` : `@${file}`,
    })),
  ];
}

function rank(file: string, words: string): number {
  const name = path.basename(file).toLowerCase();
  const wanted = words.toLowerCase();
  return name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : 2;
}

function diagnosticsBlock(): Block | undefined {
  const lines: string[] = [];
  for (const [uri, found] of vscode.languages.getDiagnostics()) {
    for (const one of found) {
      const kind = vscode.DiagnosticSeverity[one.severity].toLowerCase();
      const place = `${vscode.workspace.asRelativePath(uri)}:${one.range.start.line + 1}`;
      lines.push(`${place}: ${kind}: ${one.message}${one.source ? ` (${one.source})` : ""}`);
    }
  }
  if (lines.length === 0) {
    return undefined;
  }
  return { type: "resource", resource: { uri: "cass:/diagnostics", text: lines.join("\n").slice(0, LONGEST) } };
}

async function fileBlock(name: string, cwd: string): Promise<Block | undefined> {
  const uri = vscode.Uri.file(path.resolve(cwd, name));
  try {
    await vscode.workspace.fs.stat(uri);
    return { type: "resource_link", uri: uri.toString(), name };
  } catch {
    return undefined;
  }
}
