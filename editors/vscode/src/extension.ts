// The extension's start: puts the parts together.

import * as vscode from "vscode";
import { Asking } from "./asking";
import { ChatView } from "./chat/view";
import { registerCommands } from "./commands";
import { CompletionSwitch } from "./completion";
import { Connection } from "./connection";
import { definition, documentSymbols, references, rename, workspaceSymbols } from "./ide/code";
import { context, promptContext } from "./ide/context";
import { diagnostics } from "./ide/diagnostics";
import { reload, save } from "./ide/documents";
import { Changes } from "./review/changes";
import { Review } from "./review/commands";
import { AMENDED, AmendedTexts, ChangeTexts, SHOWN } from "./review/documents";
import { ChangeLenses } from "./review/lenses";
import { Paint } from "./review/paint";
import { Sessions } from "./session/sessions";
import { describe } from "./session/wire";
import { Status } from "./status";
import { Meter } from "./window/meter";
import { ContextPanel } from "./window/panel";
import { SUMMARY, SummaryTexts } from "./window/summary";

/** What other extensions may use. */
export interface Api {
  connection: Connection;
  sessions: Sessions;
  asking: Asking;
  chat: ChatView;
  changes: Changes;
  completion: CompletionSwitch;
  panel: ContextPanel;
}

export function activate(extension: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel("cass", { log: true });
  const connection = new Connection(extension.extension, log);
  const sessions = new Sessions(connection, promptContext);
  const asking = new Asking();
  const changes = new Changes(connection, sessions, asking);
  const texts = new ChangeTexts(changes, asking);
  const amended = new AmendedTexts(changes);
  const completion = new CompletionSwitch(connection, sessions);
  const chat = new ChatView({
    extensionUri: extension.extensionUri,
    connection,
    sessions,
    asking,
    showDiff: (proposalId, path) => texts.showProposal(proposalId, path),
  });
  const panel = new ContextPanel(extension.extensionUri, connection, sessions);
  const summaries = new SummaryTexts(connection, sessions);
  serve(connection, sessions, asking);
  const review = new Review(changes, texts, amended);
  extension.subscriptions.push(
    log,
    connection,
    sessions,
    asking,
    changes,
    texts,
    amended,
    completion,
    chat,
    panel,
    summaries,
    new Meter(sessions),
    new Paint(changes),
    new Status(connection, sessions, asking),
    vscode.window.registerWebviewViewProvider("cass.chat", chat),
    vscode.workspace.registerTextDocumentContentProvider(SHOWN, texts),
    vscode.workspace.registerFileSystemProvider(AMENDED, amended, { isCaseSensitive: true }),
    vscode.workspace.registerFileSystemProvider(SUMMARY, summaries, { isCaseSensitive: true }),
    vscode.languages.registerCodeLensProvider(
      [{ scheme: "file" }, { scheme: "untitled" }],
      new ChangeLenses(changes),
    ),
    registerCommands({ connection, sessions, chat, review, changes, completion, panel, summaries }),
    ...watch(connection, sessions, asking),
  );
  void connection.start();
  return { connection, sessions, asking, chat, changes, completion, panel };
}

/** Answers to what the server asks and tells. */
function serve(connection: Connection, sessions: Sessions, asking: Asking): void {
  connection.listen("cass/session/update", (params) => sessions.take(params));
  connection.listen("cass/document/reload", (params) => void reload(params));
  connection.answer("cass/session/requestPermission", (params, token) => {
    notifyElsewhere(sessions, params.sessionId, params.title);
    return asking.permission(params, token);
  });
  connection.answer("cass/elicitation/create", (params, token) => {
    notifyElsewhere(sessions, params.sessionId, params.message);
    return asking.question(params, token);
  });
  connection.answer("cass/document/save", save);
  connection.answer("cass/ide/diagnostics", diagnostics);
  connection.answer("cass/ide/definition", definition);
  connection.answer("cass/ide/references", references);
  connection.answer("cass/ide/documentSymbols", documentSymbols);
  connection.answer("cass/ide/workspaceSymbols", workspaceSymbols);
  connection.answer("cass/ide/rename", rename);
  connection.answer("cass/ide/context", context);
}

function watch(connection: Connection, sessions: Sessions, asking: Asking): vscode.Disposable[] {
  return [
    connection.onDidChange(({ phase, message }) => {
      if (phase === "running") {
        void sessions.open().catch((error: unknown) => vscode.window.showErrorMessage(describe(error)));
      } else {
        asking.clear();
      }
      if (phase === "failed") {
        void complain(connection, message);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void settingsChanged(connection, sessions)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("cass")) {
        void settingsChanged(connection, sessions);
      }
    }),
  ];
}

async function complain(connection: Connection, message: string): Promise<void> {
  const again = "Start Again";
  const settings = "Settings";
  const chosen = await vscode.window.showErrorMessage(message, again, settings, "Log");
  if (chosen === again) {
    await connection.restart();
  } else if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen === settings ? "cass.server.settings" : "cass.server.log");
  }
}

/** Settings are read at the start of the server. A turn that is running is not cut off for them. */
async function settingsChanged(connection: Connection, sessions: Sessions): Promise<void> {
  if (sessions.conversation?.state === "idle" || connection.state.phase !== "running") {
    await connection.restart();
    return;
  }
  const restart = "Restart cass";
  const text = "The new settings hold when cass is started again, which stops the running turn.";
  if ((await vscode.window.showInformationMessage(text, restart)) === restart) {
    await connection.restart();
  }
}

/** A session that works in the background asks: say so, it is not shown. */
function notifyElsewhere(sessions: Sessions, sessionId: string, title: string): void {
  if (sessions.conversation?.sessionId === sessionId) {
    return;
  }
  const open = "Open Session";
  void vscode.window.showWarningMessage(`cass asks in another session: ${title}`, open).then(async (chosen) => {
    if (chosen === open) {
      await sessions.resume(sessionId);
      await vscode.commands.executeCommand("cass.chat.open");
    }
  });
}
