// A folder that VS Code does not trust, although cass does: nothing of it acts until VS Code trusts it, too.
// usage: node restricted.mjs WORKSPACE MARKS

import assert from "node:assert";
import fs from "node:fs";
import { command, idle, launch, openChat, openWorkbench, say, until } from "./browser.mjs";

const [workspace, marks] = process.argv.slice(2);
const browser = await launch();
const page = await openWorkbench(browser, workspace);
try {
  await page.getByText("Restricted Mode").first().waitFor();
  const chat = await openChat(page);
  await say(chat, "hello");
  await chat.getByText("Answered.", { exact: true }).waitFor();
  await idle(chat);
  await say(chat, "/evil");
  await chat.getByText(/evil is brought by this folder, which is not trusted/).first().waitFor();
  assert.deepEqual(fs.readdirSync(marks), []);
  await command(page, "Workspaces: Manage Workspace Trust");
  await page.locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ }).first().click();
  await until("the mark of a hook", async () => {
    await say(chat, "again");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return fs.readdirSync(marks).includes("claude-UserPromptSubmit");
  });
  process.stdout.write("PASS\n");
} finally {
  await browser.close();
}
