// Lists to choose from: the session's options.

import * as vscode from "vscode";
import type { ModelInfo } from "./protocol";
import type { Sessions } from "./session/sessions";
import { describe, type Wire } from "./session/wire";

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
