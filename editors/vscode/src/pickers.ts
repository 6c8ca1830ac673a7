// Lists to choose from: sessions, and the session's options.

import * as vscode from "vscode";
import type { ModelInfo, SessionInfo } from "./protocol";
import type { Sessions } from "./session/sessions";
import { describe, type Wire } from "./session/wire";

/** Choose a stored session and show it. */
export async function pickSession(sessions: Sessions): Promise<void> {
  const remove: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("trash"), tooltip: "Delete for good" };
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { session: SessionInfo }>();
  const fill = async () => {
    pick.busy = true;
    pick.items = (await sessions.list()).map((session) => ({
      session,
      label: session.title || "(untitled)",
      description: ago(session.updatedAt),
      detail: `${session.messages ?? 0} messages${session.state === "closed" ? "" : " · open"}`,
      buttons: [remove],
    }));
    pick.busy = false;
  };
  pick.title = "Sessions of this folder";
  pick.placeholder = "Choose a session to go on with";
  pick.matchOnDescription = true;
  pick.show();
  await new Promise<void>((resolve, reject) => {
    fill().catch(reject);
    pick.onDidTriggerItemButton(({ item }) => {
      sessions.delete(item.session.sessionId).then(fill).catch(reject);
    });
    pick.onDidAccept(() => {
      const chosen = pick.selectedItems[0];
      pick.hide();
      if (chosen) {
        sessions.resume(chosen.session.sessionId).then(resolve, reject);
      }
    });
    pick.onDidHide(() => resolve());
  }).finally(() => pick.dispose());
}

/** Choose a value for an option of the session. */
export async function pickOption(sessions: Sessions, wire: Wire, id: string): Promise<void> {
  const option = (await sessions.ready()).options.find((one) => one.id === id);
  if (!option) {
    void vscode.window.showInformationMessage(`This session has no option ${id}.`);
    return;
  }
  if (id === "model") {
    await pickModel(sessions, wire, option.currentValue);
    return;
  }
  const items = (option.options ?? []).map((one) => ({
    label: one.name,
    description: one.value === option.currentValue ? "now" : "",
    detail: one.description,
    value: one.value,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: option.name, placeHolder: option.description });
  if (chosen && (await mayLeavePlan(id, chosen.value))) {
    await sessions.setOption(id, chosen.value);
  }
}

/** In a folder that is not trusted, cass only plans. */
async function mayLeavePlan(id: string, value: string): Promise<boolean> {
  if (vscode.workspace.isTrusted || id !== "mode" || value === "plan") {
    return true;
  }
  const trust = "Manage Trust";
  const text = "cass only plans in a folder that you do not trust.";
  if ((await vscode.window.showWarningMessage(text, trust)) === trust) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
  return false;
}

async function pickModel(sessions: Sessions, wire: Wire, now: string): Promise<void> {
  const found = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: "cass: asking for models" },
    () =>
      wire.request("cass/models/list", {}).catch((error: unknown) => ({ models: [], problems: [describe(error)] })),
  );
  const other = { label: "$(edit) Another model…", name: "" };
  const items = [
    ...found.models.map((model) => ({ label: model.name, description: modelFacts(model), name: model.name })),
    other,
  ];
  const problems = (found.problems ?? []).join(" ");
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Model (now ${now || "automatic"})`,
    placeHolder: problems,
  });
  const name =
    chosen === other
      ? await vscode.window.showInputBox({ title: "Model", prompt: "provider/model", value: now })
      : chosen?.name;
  if (name) {
    await sessions.setOption("model", name);
  }
}

function modelFacts(model: ModelInfo): string {
  const facts: string[] = [];
  if (model.contextWindow) {
    facts.push(`${Math.round(model.contextWindow / 1000)}k tokens`);
  }
  if (model.inputPrice !== undefined && model.outputPrice !== undefined) {
    facts.push(`$${model.inputPrice} / $${model.outputPrice} per million`);
  }
  if (model.note) {
    facts.push(model.note);
  }
  return facts.join(" · ");
}

function ago(time: string): string {
  const minutes = Math.round((Date.now() - Date.parse(time)) / 60_000);
  if (minutes < 1) {
    return "just now";
  }
  if (minutes < 60) {
    return `${minutes} min ago`;
  }
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : new Date(time).toLocaleDateString();
}
