// Going back to before a turn: which one, what of it, a look at it, and then it is done.

import * as vscode from "vscode";
import type { ChatView } from "./chat/view";
import type { RewindFile, RewindParams, RewindTurn } from "./protocol";
import type { Sessions } from "./session/sessions";
import type { Wire } from "./session/wire";

type Turn = vscode.QuickPickItem & { turn?: RewindTurn };
type Way = vscode.QuickPickItem & { scope: RewindParams["scope"]; only: boolean };

/** Ask, show what would happen, and do it once the user has said so. */
export async function rewind(sessions: Sessions, wire: Wire, chat: ChatView): Promise<void> {
  const { sessionId } = await sessions.ready();
  const { turns, undo } = await wire.request("cass/rewind/list", { sessionId });
  const items: Turn[] = turns.map((turn) => ({ turn, label: turn.prompt, description: changed(turn) }));
  if (undo) {
    items.unshift({ label: "$(discard) Undo the latest rewind" });
  }
  if (items.length === 0) {
    void vscode.window.showInformationMessage("There is no turn to go back to.");
    return;
  }
  const placeHolder = "Back to before which prompt?";
  const chosen = await vscode.window.showQuickPick(items, { title: "Rewind", placeHolder });
  if (chosen && !chosen.turn) {
    tell((await wire.request("cass/rewind/undo", { sessionId })).refused ?? [], "The rewind was undone");
  } else if (chosen?.turn) {
    await takeBack(sessionId, chosen.turn, wire, chat);
  }
}

async function takeBack(sessionId: string, turn: RewindTurn, wire: Wire, chat: ChatView): Promise<void> {
  const way = await vscode.window.showQuickPick(ways(turn), { title: "What is taken back?" });
  if (!way) {
    return;
  }
  const params = { sessionId, turnId: turn.turnId, scope: way.scope, only: way.only };
  const preview = await wire.request("cass/rewind/preview", params);
  const files = preview.files ?? [];
  if (files.length === 0 && !preview.turns) {
    void vscode.window.showInformationMessage(["No file would change.", ...(preview.problems ?? [])].join(" "));
    return;
  }
  const lost = preview.turns ? [`The conversation loses ${count(preview.turns, "turn")}.`] : [];
  const detail = [...lost, ...listed(files), ...(preview.problems ?? [])].join("\n");
  const yes = "Go Back";
  const answer = await vscode.window.showWarningMessage(
    `Back to before “${turn.prompt}”?`,
    { modal: true, detail },
    yes,
  );
  if (answer !== yes) {
    return;
  }
  const done = await wire.request("cass/rewind/apply", params);
  tell(done.refused ?? [], "Done");
  if (done.prompt) {
    await chat.reveal({ text: done.prompt });
  }
}

function ways(turn: RewindTurn): Way[] {
  const files: Way[] = [
    { label: "Files", description: "what this turn and those after it did to files", scope: "files", only: false },
    { label: "Files of this turn only", description: "later turns stay", scope: "files", only: true },
  ];
  if (turn.conversation === false) {
    return files;
  }
  return [
    { label: "Both", description: "conversation and files", scope: "both", only: false },
    { label: "Conversation", description: "files stay as they are", scope: "conversation", only: false },
    ...files,
  ];
}

const MOST = 25;

/** The files in a line each, those that are left alone first. */
export function listed(files: readonly RewindFile[]): string[] {
  const refused = files.filter((file) => file.action === "refused");
  const lines = [...refused, ...files.filter((file) => file.action !== "refused")].map((file) => {
    const name = vscode.workspace.asRelativePath(file.path);
    return file.reason ? `${file.action}: ${name} (${file.reason})` : `${file.action}: ${name}`;
  });
  return lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more`] : lines;
}

function tell(refused: readonly RewindFile[], done: string): void {
  if (refused.length > 0) {
    void vscode.window.showWarningMessage(`${done}, but for: ${listed(refused).join("; ")}`);
  } else {
    void vscode.window.showInformationMessage(`${done}.`);
  }
}

function changed(turn: RewindTurn): string {
  const words = turn.files > 0 ? [count(turn.files, "file")] : [];
  return [...words, ...(turn.conversation === false ? ["files only"] : [])].join(", ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
