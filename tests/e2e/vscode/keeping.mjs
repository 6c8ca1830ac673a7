// Sessions that last, with the mouse and the keyboard: going back, forking, renaming, searching, files, the context.
// usage: node keeping.mjs WORKSPACE OUT     writes OUT/vscode-context.png

import assert from "node:assert";
import fs from "node:fs";
import path from "node:path";
import { command, idle, launch, openChat, openWorkbench, say, until } from "./browser.mjs";

const [workspace, out] = process.argv.slice(2);
const at = (name) => path.join(workspace, name);
const before = fs.readFileSync(at("basket.py"), "utf8");

const browser = await launch({ width: 1440, height: 860 });
const page = await openWorkbench(browser, workspace);
const input = page.locator(".quick-input-widget input[type=text]");

/** Take the first row with this text from the list that is open. */
const pick = (text) => page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first().click();

/** Write into the field that is open. */
async function write(title, text) {
  // Not the palette, where the command's own title stands.
  await page.locator(".quick-input-titlebar", { hasText: title }).waitFor();
  await input.fill(text);
  await input.press("Enter");
}

async function goBack(chat) {
  await say(chat, "wreck it");
  await idle(chat);
  assert.ok(fs.existsSync(at("made.txt")) && !fs.existsSync(at("test_basket.py")));
  await command(page, "cass: Rewind…");
  await pick("wreck it");
  await pick("conversation and files");
  const dialog = page.locator(".monaco-dialog-box");
  await dialog.getByText(/loses 1 turn[^]*removed: made\.txt/).first().waitFor();
  await dialog.getByRole("button", { name: "Go Back" }).click();
  await until("the files as before", () => fs.existsSync(at("test_basket.py")) && !fs.existsSync(at("made.txt")));
  assert.equal(fs.readFileSync(at("basket.py"), "utf8"), before);
  await chat.locator(".user.gone", { hasText: "wreck it" }).waitFor();
  await chat.getByText("Went back to before a turn").waitFor();
  await until("the prompt again", async () => (await chat.locator(".composer textarea").inputValue()) === "wreck it");
  await page.screenshot({ path: path.join(out, "vscode-rewound.png") });
  await command(page, "cass: Rewind…");
  await pick("Undo the latest rewind");
  await until("the turn again", () => fs.existsSync(at("made.txt")));
  await chat.locator(".user:not(.gone)", { hasText: "wreck it" }).waitFor();
}

async function keep(chat) {
  await say(chat, "what vegetables?");
  await chat.getByText("Nothing but aubergines").first().waitFor();
  await chat.locator(".working").waitFor({ state: "hidden" });
  await command(page, "cass: Fork Session Here…");
  await pick("wreck it");
  await chat.getByText("what vegetables?").waitFor({ state: "detached" });
  await until("the fork's answer, once", async () => (await chat.getByText("Wrecked.").count()) === 1);
  await command(page, "cass: Rename Session…");
  await write("Rename Session", "The forked one");
  await command(page, "cass: Search Sessions…");
  await input.fill("Wrecked");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "The forked one" }).first().waitFor();
  await input.press("Escape");
  await command(page, "cass: Export Session…");
  // The dialog puts its own name in once it has looked at the folder.
  await until("the offered name", async () => (await input.inputValue()).endsWith("/The-forked-one.md"));
  await write("Export Session", at("forked.json"));
  await until("the file", () => fs.existsSync(at("forked.json")));
  assert.match(fs.readFileSync(at("forked.json"), "utf8"), /Wrecked/);
  await command(page, "cass: Archive Session");
  await chat.getByText("Ask cass about your code").waitFor();
  await command(page, "cass: Import Session…");
  await pick("A file…");
  await pick("forked.json");
  await page.getByText("1 session was brought in.").first().waitFor();
  await command(page, "cass: Search Sessions…");
  await input.fill("aubergines");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Nothing but aubergines" }).first().waitFor();
  await input.press("Enter");
  await chat.getByText("what vegetables?").waitFor();
}

/** The page that holds this: with the context's panel open the chat is not the only one. */
async function pageWith(selector) {
  let found;
  await until(`a page with ${selector}`, async () => {
    for (const frame of page.frames()) {
      if ((await frame.locator(selector).count().catch(() => 0)) > 0) {
        found = frame;
      }
    }
    return found !== undefined;
  });
  return found;
}

async function look() {
  await command(page, "cass: Show Context");
  const context = await pageWith(".bar .piece");
  const chat = await pageWith(".composer textarea");
  await context.getByText(/of 32,000 tokens/).waitFor();
  await context.getByRole("rowheader", { name: "answers" }).waitFor();
  await context.getByRole("button", { name: "Compact now" }).click();
  await context.getByRole("button", { name: "Uncompact" }).waitFor();
  await context.getByText("The work went on as the script says.").waitFor();
  await chat.locator(".queued").waitFor({ state: "detached" });
  await page.screenshot({ path: path.join(out, "vscode-context.png") });
  await context.getByRole("button", { name: "Edit summary…" }).click();
  await page.locator('.tab[data-resource-name="Summary.md"]').waitFor();
  const uncompact = context.getByRole("button", { name: "Uncompact" });
  await uncompact.click();
  await uncompact.waitFor({ state: "detached" });
}

try {
  const chat = await openChat(page);
  await goBack(chat);
  await chat.locator(".composer textarea").fill("");
  await keep(chat);
  await look();
} catch (error) {
  await page.screenshot({ path: path.join(out, "vscode-keeping-failed.png") });
  throw error;
} finally {
  await browser.close();
}
