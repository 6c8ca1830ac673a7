// The texts beside the user's own: as they were, as they would be, and a hunk's text to be amended.

import * as vscode from "vscode";
import type { Asking } from "../asking";
import type { ReviewFile } from "../protocol";
import type { Change, Changes } from "./changes";
import { formerText, fromProposal, proposedText } from "./text";

/** Texts that are only looked at: the query says which. */
export const SHOWN = "cass-change";
/** A hunk's new text, to be written over. */
export const AMENDED = "cass-amend";

/** Gives the texts for diff editors, and opens those. */
export class ChangeTexts implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly texts = new Map<string, string>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly changes: Changes,
    private readonly asking: Asking,
  ) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Show a file's changes side by side: what is proposed against the present text, else that against the former. */
  async show(file: ReviewFile): Promise<void> {
    const uri = vscode.Uri.parse(file.uri);
    const name = vscode.workspace.asRelativePath(uri);
    const now = await present(uri);
    if (file.hunks.some((hunk) => hunk.kind === "proposed")) {
      const right = this.keep(uri, "proposed", file.op === "delete" ? "" : proposedText(now ?? "", file.hunks));
      const left = now === undefined ? this.keep(uri, "empty", "") : uri;
      await vscode.commands.executeCommand("vscode.diff", left, right, `${name} (proposed by cass)`);
    } else {
      const left = this.keep(uri, "former", formerText(now ?? "", file.hunks));
      await vscode.commands.executeCommand("vscode.diff", left, uri, `${name} (changed by cass)`);
    }
  }

  /** The diff editor for a file of a proposal that is asked about or listed. */
  async showProposal(proposalId: string, path: string): Promise<void> {
    const uri = vscode.Uri.file(path);
    const listed = this.changes.of(uri);
    const asked = this.asking.about(proposalId)?.ask.proposal?.files.find((file) => file.path === path);
    const file = listed ?? (asked && fromProposal(asked, uri.toString(), proposalId));
    if (file) {
      await this.show(file);
    }
  }

  dispose(): void {
    this.changed.dispose();
  }

  private keep(of: vscode.Uri, which: string, text: string): vscode.Uri {
    const uri = of.with({ scheme: SHOWN, query: which });
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    return uri;
  }
}

async function present(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return (await vscode.workspace.openTextDocument(uri)).getText();
  } catch {
    return undefined;
  }
}

interface Amending {
  change: Change;
  bytes: Uint8Array;
  time: number;
}

/** A hunk's new text as a file: saving it is the decision to take that text. */
export class AmendedTexts implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  private readonly open = new Map<string, Amending>();
  readonly onDidChangeFile = this.changed.event;

  constructor(private readonly changes: Changes) {}

  /** Open a hunk's new text for writing. */
  async amend(change: Change): Promise<void> {
    const file = vscode.Uri.parse(change.file.uri);
    const uri = file.with({ scheme: AMENDED, query: change.hunk.hunkId });
    const bytes = new TextEncoder().encode(change.hunk.newText);
    this.open.set(uri.toString(), { change, bytes, time: Date.now() });
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside });
    void vscode.window.setStatusBarMessage("Write the text that is to be taken, then save it.", 8_000);
  }

  async writeFile(uri: vscode.Uri, bytes: Uint8Array): Promise<void> {
    const amending = this.find(uri);
    amending.bytes = bytes;
    amending.time = Date.now();
    await this.changes.resolve("amend", [amending.change], { text: new TextDecoder().decode(bytes) });
    this.open.delete(uri.toString());
    await close(uri);
  }

  readFile(uri: vscode.Uri): Uint8Array {
    return this.find(uri).bytes;
  }

  stat(uri: vscode.Uri): vscode.FileStat {
    const { bytes, time } = this.find(uri);
    return { type: vscode.FileType.File, ctime: time, mtime: time, size: bytes.length };
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.changed.dispose();
  }

  private find(uri: vscode.Uri): Amending {
    const found = this.open.get(uri.toString());
    if (!found) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return found;
  }
}

async function close(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const mine = tabs.filter(
    (tab) => tab.input instanceof vscode.TabInputText && tab.input.uri.toString() === uri.toString(),
  );
  await vscode.window.tabGroups.close(mine);
}
