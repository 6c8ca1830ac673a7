// The status bar's meter: how full the model's window is. A click shows where it goes.

import * as vscode from "vscode";
import type { Sessions } from "../session/sessions";
import { short } from "./shares";

/** From this share of the window on the meter warns. */
const NEARLY = 0.9;

/** Shown as soon as anything was measured. */
export class Meter implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("cass.window", vscode.StatusBarAlignment.Right, 89);
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly sessions: Sessions) {
    this.item.name = "cass: Context";
    this.item.command = "cass.session.context";
    this.subscriptions = [
      this.item,
      sessions.onDidSwitch(() => this.draw()),
      sessions.onDidUpdate((update) => {
        if (update.sessionUpdate === "usage_update") {
          this.draw();
        }
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private draw(): void {
    const meter = this.sessions.conversation?.meter;
    if (!meter || meter.used === 0) {
      this.item.hide();
      return;
    }
    const { used, size, estimated, total } = meter;
    const share = size > 0 ? used / size : 0;
    this.item.text = `$(dashboard) ${estimated ? "~" : ""}${short(used)}${size > 0 ? ` / ${short(size)}` : ""}`;
    const cost = typeof total?.cost === "number" ? `, the session cost $${total.cost.toFixed(3)}` : "";
    const about = estimated ? "about " : "";
    const whole = size > 0 ? ` of ${short(size)}` : "";
    const words = `The model's window holds ${about}${short(used)}${whole} tokens${cost}. Show where it goes.`;
    this.item.tooltip = words;
    this.item.accessibilityInformation = { label: words, role: "button" };
    this.item.backgroundColor =
      share >= NEARLY ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.show();
  }
}
