// Between VS Code's places and the protocol's.

import * as vscode from "vscode";
import type { Location, Position, Range } from "../protocol";

export function toPosition(position: Position): vscode.Position {
  return new vscode.Position(position.line, position.character);
}

export function fromPosition(position: vscode.Position): Position {
  return { line: position.line, character: position.character };
}

export function fromRange(range: vscode.Range): Range {
  return { start: fromPosition(range.start), end: fromPosition(range.end) };
}

/** A place, whichever of its two forms a provider gave. */
export function fromLocation(found: vscode.Location | vscode.LocationLink): Location {
  return "targetUri" in found
    ? { uri: found.targetUri.toString(), range: fromRange(found.targetSelectionRange ?? found.targetRange) }
    : { uri: found.uri.toString(), range: fromRange(found.range) };
}
