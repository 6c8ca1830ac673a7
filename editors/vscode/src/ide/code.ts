// What the editor's language servers know of the code: definitions, references, symbols, renames.

import * as vscode from "vscode";
import type {
  Symbol as CodeSymbol,
  DocumentParams,
  LocationsResult,
  PlaceParams,
  QueryParams,
  RenameParams,
  RenameResult,
  SymbolsResult,
  TextEdit,
} from "../protocol";
import { fromLocation, fromRange, toPosition } from "./convert";

/** Places or symbols in one answer. */
const MOST = 1_000;

type Found = (vscode.Location | vscode.LocationLink)[] | undefined;

/** `cass/ide/definition`. */
export async function definition(params: PlaceParams): Promise<LocationsResult> {
  return places("vscode.executeDefinitionProvider", params);
}

/** `cass/ide/references`. */
export async function references(params: PlaceParams): Promise<LocationsResult> {
  return places("vscode.executeReferenceProvider", params);
}

/** `cass/ide/documentSymbols`: the tree, flattened from top to bottom. */
export async function documentSymbols(params: DocumentParams): Promise<SymbolsResult> {
  const uri = vscode.Uri.parse(params.uri);
  await vscode.workspace.openTextDocument(uri);
  const found = await vscode.commands.executeCommand<
    (vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined
  >("vscode.executeDocumentSymbolProvider", uri);
  const symbols: CodeSymbol[] = [];
  for (const one of found ?? []) {
    if ("location" in one && !("children" in one)) {
      symbols.push(fromInformation(one));
    } else {
      flatten(params.uri, one as vscode.DocumentSymbol, undefined, symbols);
    }
  }
  return { symbols: symbols.slice(0, MOST) };
}

/** `cass/ide/workspaceSymbols`. */
export async function workspaceSymbols(params: QueryParams): Promise<SymbolsResult> {
  const found = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
    "vscode.executeWorkspaceSymbolProvider",
    params.query,
  );
  return { symbols: (found ?? []).slice(0, MOST).map(fromInformation) };
}

/** `cass/ide/rename`: what would change; nothing is changed. A rename that also moves files is refused. */
export async function rename(params: RenameParams): Promise<RenameResult> {
  const uri = vscode.Uri.parse(params.uri);
  await vscode.workspace.openTextDocument(uri);
  const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>(
    "vscode.executeDocumentRenameProvider",
    uri,
    toPosition(params.position),
    params.newName,
  );
  const changes: Record<string, TextEdit[]> = {};
  for (const [target, edits] of edit?.entries() ?? []) {
    changes[target.toString()] = edits.map((one) => ({ range: fromRange(one.range), newText: one.newText }));
  }
  return { changes };
}

async function places(command: string, params: PlaceParams): Promise<LocationsResult> {
  const uri = vscode.Uri.parse(params.uri);
  await vscode.workspace.openTextDocument(uri);
  const found = await vscode.commands.executeCommand<Found>(command, uri, toPosition(params.position));
  return { locations: (found ?? []).slice(0, MOST).map(fromLocation) };
}

function flatten(uri: string, one: vscode.DocumentSymbol, container: string | undefined, into: CodeSymbol[]): void {
  into.push({
    name: one.name,
    kind: kindName(one.kind),
    uri,
    range: fromRange(one.range),
    ...(container ? { container } : {}),
  });
  for (const child of one.children) {
    flatten(uri, child, one.name, into);
  }
}

function fromInformation(one: vscode.SymbolInformation): CodeSymbol {
  return {
    name: one.name,
    kind: kindName(one.kind),
    uri: one.location.uri.toString(),
    range: fromRange(one.location.range),
    ...(one.containerName ? { container: one.containerName } : {}),
  };
}

function kindName(kind: vscode.SymbolKind): string {
  return (vscode.SymbolKind[kind] ?? "symbol").toLowerCase();
}
