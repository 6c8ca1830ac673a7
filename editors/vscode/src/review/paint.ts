// Changes drawn into the editor: what goes away in red, what comes beside it in green, what was made in green.

import * as vscode from "vscode";
import type { ReviewHunk } from "../protocol";
import type { Changes } from "./changes";
import { textLines } from "./text";

/** Characters of one line that are shown beside the text; the rest is in the hover and the diff editor. */
const LONGEST = 120;

/** Draws into all visible editors whenever the changes are others. */
export class Paint implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private looks = looks();

  constructor(private readonly changes: Changes) {
    this.subscriptions = [
      changes.onDidChange(() => this.draw()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
      vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
      vscode.window.onDidChangeActiveColorTheme(() => {
        dispose(this.looks);
        this.looks = looks();
        this.draw();
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
    dispose(this.looks);
  }

  private draw(): void {
    void vscode.commands.executeCommand("setContext", "cass.reviewing", this.changes.files.length > 0);
    const active = vscode.window.activeTextEditor?.document.uri;
    const here = active !== undefined && this.changes.of(active) !== undefined;
    void vscode.commands.executeCommand("setContext", "cass.fileHasChanges", here);
    for (const editor of vscode.window.visibleTextEditors) {
      const hunks = this.changes.of(editor.document.uri)?.hunks ?? [];
      const proposed = hunks.filter((hunk) => hunk.kind === "proposed");
      const covered = proposed.filter((hunk) => hunk.lines > 0);
      editor.setDecorations(
        this.looks.removed,
        covered.map((hunk) => ({ range: lineRange(hunk, editor.document), hoverMessage: hover(hunk) })),
      );
      editor.setDecorations(
        this.looks.fresh,
        proposed.flatMap((hunk) => ghosts(hunk, editor.document)),
      );
      editor.setDecorations(
        this.looks.made,
        hunks.filter((hunk) => hunk.kind === "made").map((hunk) => madeDecoration(hunk, editor.document)),
      );
    }
  }
}

interface Looks {
  removed: vscode.TextEditorDecorationType;
  fresh: vscode.TextEditorDecorationType;
  made: vscode.TextEditorDecorationType;
}

/** Backgrounds, as in the diff editor; themes of high contrast have none and get lines around. */
function looks(): Looks {
  const { kind } = vscode.window.activeColorTheme;
  const isContrast =
    kind === vscode.ColorThemeKind.HighContrast || kind === vscode.ColorThemeKind.HighContrastLight;
  const rangeBehavior = vscode.DecorationRangeBehavior.ClosedClosed;
  const lines = (which: "removed" | "inserted", ruler: string) =>
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor(`diffEditor.${which}LineBackground`),
      overviewRulerColor: new vscode.ThemeColor(`editorOverviewRuler.${ruler}Foreground`),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      rangeBehavior,
      ...(isContrast
        ? { border: "1px dashed", borderColor: new vscode.ThemeColor(`diffEditor.${which}TextBorder`) }
        : {}),
    });
  return {
    removed: lines("removed", "deleted"),
    made: lines("inserted", "added"),
    fresh: vscode.window.createTextEditorDecorationType({ rangeBehavior }),
  };
}

function dispose(all: Looks): void {
  for (const look of Object.values<vscode.TextEditorDecorationType>({ ...all })) {
    look.dispose();
  }
}

/** The lines that a hunk covers in the present text; for none the line that it stands before. */
export function lineRange(hunk: ReviewHunk, document: vscode.TextDocument): vscode.Range {
  const last = Math.max(0, document.lineCount - 1);
  const start = Math.min(last, Math.max(0, hunk.line - 1));
  const end = Math.min(last, start + Math.max(1, hunk.lines) - 1);
  return new vscode.Range(start, 0, end, document.lineAt(end).text.length);
}

function ghosts(hunk: ReviewHunk, document: vscode.TextDocument): vscode.DecorationOptions[] {
  const fresh = textLines(hunk.newText);
  const range = lineRange(hunk, document);
  if (fresh.length === 0) {
    return [ghost(range.end.line, "to be removed", document, hunk, "removed")];
  }
  // What is only inserted stands beside the line above it.
  const first = hunk.lines > 0 ? range.start.line : Math.max(0, range.start.line - 1);
  const rows = Math.max(1, hunk.lines);
  return fresh.slice(0, rows).map((text, at) => {
    const hidden = at === rows - 1 ? fresh.length - rows : 0;
    const more = hidden > 0 ? `  (+${hidden} more ${hidden === 1 ? "line" : "lines"})` : "";
    return ghost(Math.min(document.lineCount - 1, first + at), text.trim() + more, document, hunk, "inserted");
  });
}

function ghost(
  line: number,
  text: string,
  document: vscode.TextDocument,
  hunk: ReviewHunk,
  kind: "inserted" | "removed",
): vscode.DecorationOptions {
  const end = document.lineAt(line).range.end;
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return {
    range: new vscode.Range(end, end),
    hoverMessage: hover(hunk),
    renderOptions: {
      after: {
        contentText: kind === "inserted" ? `→ ${shown}` : shown,
        margin: "0 0 0 2em",
        // Opaque: what lies beneath is the red of the old line.
        color: new vscode.ThemeColor(
          kind === "inserted" ? "gitDecoration.addedResourceForeground" : "editorCodeLens.foreground",
        ),
        backgroundColor: new vscode.ThemeColor("editor.background"),
        fontStyle: kind === "removed" ? "italic" : "normal",
      },
    },
  };
}

function madeDecoration(hunk: ReviewHunk, document: vscode.TextDocument): vscode.DecorationOptions {
  const gone = textLines(hunk.oldText).length;
  const range = lineRange(hunk, document);
  const words = `− ${gone} ${gone === 1 ? "line" : "lines"} before`;
  const after = {
    contentText: words,
    margin: "0 0 0 2em",
    color: new vscode.ThemeColor("editorCodeLens.foreground"),
  };
  return { range, hoverMessage: hover(hunk), ...(gone > 0 ? { renderOptions: { after } } : {}) };
}

function hover(hunk: ReviewHunk): vscode.MarkdownString {
  const rows = [
    ...textLines(hunk.oldText).map((line) => `-${line}`),
    ...textLines(hunk.newText).map((line) => `+${line}`),
  ];
  return new vscode.MarkdownString().appendCodeblock(rows.join("\n"), "diff");
}
