// What can be done about a change, above it.

import * as vscode from "vscode";
import type { ReviewHunk } from "../protocol";
import type { Changes } from "./changes";
import { lineRange } from "./paint";
import { lineCount } from "./text";

/** Offers the decisions over each hunk. */
export class ChangeLenses implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(private readonly changes: Changes) {
    this.onDidChangeCodeLenses = changes.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const file = this.changes.of(document.uri);
    return (file?.hunks ?? []).flatMap((hunk, at) => {
      const range = lineRange(hunk, document);
      const about = [document.uri.toString(), [hunk.hunkId]];
      const lens = (title: string, command: string, tooltip: string) =>
        new vscode.CodeLens(range, { title, command: `cass.review.${command}`, arguments: about, tooltip });
      const isProposed = hunk.kind === "proposed";
      return [
        lens(`cass ${at + 1}/${file?.hunks.length} ${size(hunk)}`, "diff", "Show in the diff editor"),
        lens("$(check) Keep", "keep", isProposed ? "Make this change" : "Leave it as it is now"),
        lens(isProposed ? "$(close) Refuse" : "$(discard) Revert", "revert", "The file gets the old text"),
        ...(isProposed ? [lens("$(edit) Amend", "amend", "Take it with another text")] : []),
        lens("$(comment) Comment", "comment", "Tell cass about this change"),
      ];
    });
  }
}

function size(hunk: ReviewHunk): string {
  return `+${lineCount(hunk.newText)} −${lineCount(hunk.oldText)}`;
}
