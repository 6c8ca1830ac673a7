// A tour of the workbench as a user takes it, in one colour theme: chat, approval, review in place, diff editor, plan.
// usage: node tour.mjs WORKSPACE OUT NAME SCRIPT     writes OUT/vscode-*-NAME.png

import assert from "node:assert";
import fs from "node:fs";
import path from "node:path";
import { command, idle, launch, openChat, openFile, openWorkbench, say, until, widenChat } from "./browser.mjs";

const [workspace, out, name, planned] = process.argv.slice(2);
const file = path.join(workspace, "basket.py");
const before = fs.readFileSync(file, "utf8");

const browser = await launch({ width: 1440, height: 860 });
const page = await openWorkbench(browser, workspace);
const refused = [];
page.on("console", (message) => {
  if (/Content Security Policy|Refused to/.test(message.text()) && !/extensionquery/.test(message.text())) {
    refused.push(message.text());
  }
});
const shot = async (what) => {
  await page.mouse.move(640, 780);
  await page.waitForTimeout(400); // for the picture alone: fades and blinking cursors
  await page.screenshot({ path: path.join(out, `vscode-${what}-${name}.png`) });
};

async function approve(chat) {
  await say(chat, "The discount of the basket is wrong at exactly 10,000. Mend it and tidy up the module.");
  const card = chat.locator(".approval");
  await card.getByRole("button", { name: "Keep", exact: true }).waitFor();
  assert.equal(await card.locator(".hunk").count(), 3);
  await page.locator(".codelens-decoration", { hasText: "Keep" }).first().waitFor();
  assert.equal(await page.locator(".codelens-decoration", { hasText: "Keep" }).count(), 3);
  await shot("approval");
  return card;
}

/** Commands and files are offered while one types, and taken with the keyboard alone. */
async function complete(chat) {
  const field = chat.locator(".composer textarea");
  await field.pressSequentially("/con");
  await chat.getByRole("option", { name: /\/context/ }).waitFor();
  await field.press("Escape");
  await field.fill("");
  await field.pressSequentially("Look at @bask");
  await chat.getByRole("option", { name: /^basket\.py/ }).waitFor();
  await field.press("Enter");
  assert.equal(await field.inputValue(), "Look at @basket.py ");
  await field.fill("");
}

async function decide(card) {
  await card.getByRole("button", { name: /^Keep change 1/ }).click();
  await card.locator(".hunk.decided").first().waitFor();
  await card.getByRole("button", { name: /^Refuse change 2/ }).click();
  await card.getByLabel("Why").fill("cheapest is fine as it is");
  await card.getByLabel("Why").press("Enter");
  await card.locator(".hunk.decided").nth(1).waitFor();
  // The third one in the editor, above its line.
  const keep = page.locator(".codelens-decoration a", { hasText: "Keep" });
  await page.locator(".codelens-decoration", { hasText: "cass 1/1" }).waitFor();
  await keep.first().click();
}

async function diff() {
  await command(page, "cass: Show Changes in the Diff Editor");
  await page.locator(".monaco-diff-editor .line-insert").first().waitFor();
  await shot("diff");
  await page.locator(".tab", { hasText: "proposed by cass" }).first().click({ button: "middle" });
  await openFile(page, "basket.py");
}

async function plan(chat) {
  await command(page, "cass: New Session");
  await chat.locator(".welcome").waitFor();
  await chat.getByRole("button", { name: /^Mode:/ }).click();
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "plan" }).first().click();
  await chat.locator(".picker", { hasText: "plan" }).waitFor();
  await chat.getByRole("button", { name: /^Model:/ }).click();
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Another model" }).click();
  const input = page.locator(".quick-input-widget input[type=text]");
  await page.locator(".quick-input-widget", { hasText: "provider/model" }).waitFor();
  await input.fill(`scripted/${planned}`);
  await input.press("Enter");
  await chat.locator(".picker", { hasText: "demo-plan" }).waitFor();
  const unplanned = fs.readFileSync(file, "utf8");
  await say(chat, "Plan how to simplify the basket.");
  await chat.locator(".review", { hasText: "changes in 1 file" }).waitFor();
  await chat.locator(".plan summary").click();
  await page.locator(".codelens-decoration", { hasText: "Keep" }).first().waitFor();
  assert.equal(fs.readFileSync(file, "utf8"), unplanned, "plan mode writes nothing");
  await shot("plan");
  await chat.getByRole("button", { name: "Keep all" }).click();
  await chat.locator(".review").waitFor({ state: "detached" });
  await until("the applied plan on disk", () => fs.readFileSync(file, "utf8").includes("return min("));
}

try {
  await openFile(page, "basket.py");
  const chat = await openChat(page);
  await widenChat(page, 430);
  await chat.locator(".welcome").waitFor();
  await shot("welcome");
  await complete(chat);
  const card = await approve(chat);
  await diff();
  await decide(card);
  await chat.getByRole("heading", { name: "Run this command?" }).waitFor();
  await until("the kept change on disk", () => fs.readFileSync(file, "utf8").includes("if result >= 10_000"));
  assert.ok(fs.readFileSync(file, "utf8").includes("best = None"), "the refused one is not");
  await shot("command");
  await chat.getByRole("button", { name: "Allow", exact: true }).click();
  await idle(chat);
  await chat.locator(".answer table").waitFor();
  await shot("chat");
  await page.locator(".editor-instance .view-lines").first().click();
  await page.keyboard.press("Control+Z");
  await page.locator(".view-line", { hasText: "if result > 10_000" }).waitFor();
  await page.keyboard.press("Control+S");
  await plan(chat);
  assert.deepEqual(refused, [], "the page asks for nothing that its policy forbids");
} catch (error) {
  console.log("FAIL", error.stack);
  await page.screenshot({ path: path.join(out, `failed-${name}.png`) });
  process.exitCode = 1;
} finally {
  await browser.close();
  fs.writeFileSync(file, before);
}
