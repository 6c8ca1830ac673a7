// Texts before and after changes, made from a document's present text. Knows no VS Code.

import type { ProposedFile, ReviewFile, ReviewHunk } from "../protocol";

/** The document with all that is proposed in it. */
export function proposedText(text: string, hunks: readonly ReviewHunk[]): string {
  return replaced(
    text,
    hunks.filter((hunk) => hunk.kind === "proposed"),
    (hunk) => hunk.newText,
  );
}

/** The document as it was before what was made in it. */
export function formerText(text: string, hunks: readonly ReviewHunk[]): string {
  return replaced(
    text,
    hunks.filter((hunk) => hunk.kind === "made"),
    (hunk) => hunk.oldText,
  );
}

/** A proposal's file in review's form, as long as its text did not change since. */
export function fromProposal(file: ProposedFile, uri: string, proposalId: string): ReviewFile {
  return {
    uri,
    path: file.path,
    op: file.op,
    ...(file.moveTo ? { moveTo: file.moveTo } : {}),
    hunks: (file.hunks ?? []).map((hunk) => ({
      hunkId: `${proposalId}/${hunk.hunkId}`,
      kind: "proposed",
      line: hunk.oldStart,
      lines: hunk.oldLines,
      oldText: hunk.oldText,
      newText: hunk.newText,
      proposalId,
    })),
  };
}

/** How many lines a text has; one without an end of line counts. */
export function lineCount(text: string): number {
  return textLines(text).length;
}

/** A text's lines without their ends. */
export function textLines(text: string): string[] {
  if (text === "") {
    return [];
  }
  const lines = text.split(/\r\n|\n|\r/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** The hunk that a line (from 0) belongs to: it covers it, or stands right before it. */
export function hunkAt(hunks: readonly ReviewHunk[], line: number): ReviewHunk | undefined {
  return hunks.find((hunk) => line >= hunk.line - 1 && line < hunk.line - 1 + Math.max(1, hunk.lines));
}

/** The hunk where its text stands now: at its line, else at the nearest line that has it. A hunk whose text is not
 * there, or that covers no lines, stays where it was said to be. */
export function relocated(lines: readonly string[], hunk: ReviewHunk): ReviewHunk {
  const wanted = textLines(hunk.kind === "proposed" ? hunk.oldText : hunk.newText);
  const isAt = (line: number) => wanted.every((text, at) => lines[line - 1 + at] === text);
  if (wanted.length === 0 || isAt(hunk.line)) {
    return hunk;
  }
  for (let far = 1; far <= lines.length; far++) {
    for (const line of [hunk.line + far, hunk.line - far]) {
      if (line >= 1 && isAt(line)) {
        return { ...hunk, line };
      }
    }
  }
  return hunk;
}

function replaced(text: string, hunks: readonly ReviewHunk[], by: (hunk: ReviewHunk) => string): string {
  const lines = text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  for (const hunk of [...hunks].sort((a, b) => b.line - a.line)) {
    const fresh = by(hunk);
    lines.splice(hunk.line - 1, hunk.lines, ...(fresh === "" ? [] : [fresh]));
  }
  return lines.join("");
}
