// The summary of what was left out, as a document: what is saved is what the model reads from then on.

import * as vscode from "vscode";
import type { Sessions } from "../session/sessions";
import { describe, type Wire } from "../session/wire";

export const SUMMARY = "cass-summary";

interface Open {
  sessionId: string;
  bytes: Uint8Array;
  time: number;
}

/** Documents of the scheme `SUMMARY`, one for each session. A text that is not taken stays in its editor. */
export class SummaryTexts implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly open = new Map<string, Open>();
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;

  constructor(
    private readonly wire: Wire,
    private readonly sessions: Sessions,
  ) {}

  /** Open the present summary. */
  async edit(): Promise<void> {
    const { sessionId } = await this.sessions.ready();
    const { summary, compacted } = await this.wire.request("cass/context/get", { sessionId });
    if (typeof summary !== "string") {
      const why = compacted ? "Only results of tools were left out." : "Nothing was left out of the conversation.";
      void vscode.window.showInformationMessage(`There is no summary: ${why}`);
      return;
    }
    const uri = vscode.Uri.from({ scheme: SUMMARY, path: `/${sessionId}/Summary.md` });
    this.open.set(uri.path, { sessionId, bytes: new TextEncoder().encode(summary), time: Date.now() });
    this.changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
    // Not over the context panel, which it belongs beside.
    const isBeside = vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview;
    const viewColumn = isBeside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    await vscode.window.showTextDocument(uri, { viewColumn });
    vscode.window.setStatusBarMessage(
      "Saved, it is what the model reads in the place of what was left out.",
      8_000,
    );
  }

  async writeFile(uri: vscode.Uri, bytes: Uint8Array): Promise<void> {
    const found = this.find(uri);
    const text = new TextDecoder().decode(bytes).trim();
    if (!text) {
      throw vscode.FileSystemError.Unavailable(
        "The summary cannot be empty. “cass: Uncompact” gives back all of it.",
      );
    }
    const { conversation } = this.sessions;
    if (conversation?.sessionId === found.sessionId && conversation.state !== "idle") {
      throw vscode.FileSystemError.Unavailable("A turn is running. Save again when it has ended.");
    }
    const prompt = [{ type: "text" as const, text: `/summary ${text}` }];
    try {
      const { error } = await this.wire.request("cass/session/prompt", {
        sessionId: found.sessionId,
        prompt,
        mode: "start",
        wait: true,
      });
      if (error) {
        throw error;
      }
    } catch (error) {
      throw vscode.FileSystemError.Unavailable(describe(error));
    }
    found.bytes = bytes;
    found.time = Date.now();
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

  private find(uri: vscode.Uri): Open {
    const found = this.open.get(uri.path);
    if (!found) {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return found;
  }
}
