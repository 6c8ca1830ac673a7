// What the editor's language servers say, given when they have come to rest.

import * as vscode from "vscode";
import type { Diagnostic, DiagnosticsParams, DiagnosticsResult } from "../protocol";
import { fromRange } from "./convert";

/** Without a change for this long, ms, the language servers are taken to have said what they have to say. */
const QUIET = 300;
/** Documents that are opened for a question about them; language servers look at open ones only. */
const OPENED = 20;
/** Diagnostics in one answer. */
const MOST = 2_000;

/** `cass/ide/diagnostics`. */
export async function diagnostics(
  params: DiagnosticsParams,
  token: vscode.CancellationToken,
): Promise<DiagnosticsResult> {
  const uris = (params.uris ?? []).map((uri) => vscode.Uri.parse(uri));
  if (params.settleMs) {
    const rest = settled(uris, params.settleMs, token);
    await open(uris);
    await rest;
  }
  const wanted = new Set(uris.map((uri) => uri.toString()));
  const found: Diagnostic[] = [];
  for (const [uri, list] of vscode.languages.getDiagnostics()) {
    if (wanted.size === 0 || wanted.has(uri.toString())) {
      found.push(...list.map((one) => fromDiagnostic(uri, one)));
    }
  }
  return { diagnostics: found.slice(0, MOST) };
}

async function open(uris: readonly vscode.Uri[]): Promise<void> {
  const opening = uris.slice(0, OPENED).map((uri) => vscode.workspace.openTextDocument(uri));
  await Promise.allSettled(opening);
}

/** Resolves after a change and then quiet, at the latest after `limit` ms or when the question is withdrawn. */
function settled(uris: readonly vscode.Uri[], limit: number, token: vscode.CancellationToken): Promise<void> {
  const wanted = new Set(uris.map((uri) => uri.toString()));
  return new Promise((resolve) => {
    let quiet: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(quiet);
      clearTimeout(last);
      for (const listener of listeners) {
        listener.dispose();
      }
      resolve();
    };
    const last = setTimeout(end, limit);
    const listeners = [
      token.onCancellationRequested(end),
      vscode.languages.onDidChangeDiagnostics((event) => {
        if (wanted.size === 0 || event.uris.some((uri) => wanted.has(uri.toString()))) {
          clearTimeout(quiet);
          quiet = setTimeout(end, QUIET);
        }
      }),
    ];
  });
}

function fromDiagnostic(uri: vscode.Uri, one: vscode.Diagnostic): Diagnostic {
  const code = typeof one.code === "object" ? one.code.value : one.code;
  return {
    uri: uri.toString(),
    range: fromRange(one.range),
    message: one.message,
    severity: one.severity + 1,
    ...(one.source ? { source: one.source } : {}),
    ...(code === undefined ? {} : { code: String(code) }),
  };
}
