// The commands of review: going from change to change, and deciding about the one at hand.

import * as vscode from "vscode";
import type { Change, Changes, Decision } from "./changes";
import type { AmendedTexts, ChangeTexts } from "./documents";
import { lineRange } from "./paint";
import { hunkAt } from "./text";

/** Does what the lenses, the menus and the keys ask for. */
export class Review {
  constructor(
    private readonly changes: Changes,
    private readonly texts: ChangeTexts,
    private readonly amended: AmendedTexts,
  ) {}

  /** To the next or the previous change, across files. */
  async go(step: 1 | -1): Promise<void> {
    const all = this.changes.all();
    if (all.length === 0) {
      void vscode.window.showInformationMessage("No changes wait for a decision.");
      return;
    }
    const next = all[this.placeOf(all, step)];
    if (next) {
      await this.show(next);
    }
  }

  /** Keep or refuse the change that is named, or that the cursor is at. */
  async decide(action: "keep" | "revert", uri?: string, hunkIds?: string[]): Promise<void> {
    await this.apply(action, this.chosen(uri, hunkIds));
  }

  /** Open the change's text for writing. */
  async amend(uri?: string, hunkIds?: string[]): Promise<void> {
    const [change] = this.chosen(uri, hunkIds);
    if (change) {
      await this.amended.amend(change);
    }
  }

  /** Tell the model about the change. One that is proposed is asked about on, until it is decided. */
  async comment(uri?: string, hunkIds?: string[], text?: string): Promise<void> {
    const chosen = this.chosen(uri, hunkIds);
    const title = "Comment on this change";
    const comment =
      text ?? (await vscode.window.showInputBox({ title, prompt: "cass reads it.", ignoreFocusOut: true }));
    if (comment && chosen.length > 0) {
      await this.apply("comment", chosen, { comment });
    }
  }

  /** All changes of the named or the active document. */
  async decideFile(action: "keep" | "revert", uri?: string): Promise<void> {
    const here = uri ?? vscode.window.activeTextEditor?.document.uri.toString();
    const file = here === undefined ? undefined : this.changes.of(vscode.Uri.parse(here));
    if (file) {
      await this.changes.resolveAll(action, file.uri);
    }
  }

  /** The diff editor for the named or the active document, else for the first one with changes. */
  async diff(uri?: string): Promise<void> {
    const here = uri ? vscode.Uri.parse(uri) : vscode.window.activeTextEditor?.document.uri;
    const file = (here && this.changes.of(here)) ?? this.changes.files[0];
    if (file) {
      await this.texts.show(file);
    }
  }

  private async apply(
    action: Decision,
    chosen: Change[],
    words: { text?: string; comment?: string } = {},
  ): Promise<void> {
    if (chosen.length === 0) {
      void vscode.window.showInformationMessage("There is no change at the cursor.");
      return;
    }
    await this.changes.resolve(action, chosen, words);
  }

  /** The named hunks, else the one at the cursor. */
  private chosen(uri?: string, hunkIds?: string[]): Change[] {
    const editor = vscode.window.activeTextEditor;
    const here = uri ? vscode.Uri.parse(uri) : editor?.document.uri;
    const file = here && this.changes.of(here);
    if (!file) {
      return [];
    }
    if (hunkIds) {
      return file.hunks.filter((hunk) => hunkIds.includes(hunk.hunkId)).map((hunk) => ({ file, hunk }));
    }
    const hunk = editor && hunkAt(file.hunks, editor.selection.active.line);
    return hunk ? [{ file, hunk }] : [];
  }

  private placeOf(all: readonly Change[], step: 1 | -1): number {
    const editor = vscode.window.activeTextEditor;
    const file = editor && this.changes.of(editor.document.uri);
    if (!editor || !file) {
      return step === 1 ? 0 : all.length - 1;
    }
    const line = editor.selection.active.line + 1;
    const mine = all.map((change, at) => ({ change, at })).filter(({ change }) => change.file === file);
    const found =
      step === 1
        ? mine.find(({ change }) => change.hunk.line > line)
        : mine.findLast(({ change }) => change.hunk.line < line);
    const edge = mine.at(step === 1 ? -1 : 0)?.at ?? 0;
    return found?.at ?? (edge + step + all.length) % all.length;
  }

  private async show({ file, hunk }: Change): Promise<void> {
    if (file.op === "add" || file.op === "delete") {
      await this.texts.show(file);
      return;
    }
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(file.uri));
    const { start } = lineRange(hunk, editor.document);
    editor.selection = new vscode.Selection(start, start);
    editor.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }
}
