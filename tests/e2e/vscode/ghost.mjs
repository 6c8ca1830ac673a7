// Inline completion as a person meets it: off, switched on, taken with Tab, never stale, remembered, switched off.
// usage: node ghost.mjs WORKSPACE

import assert from "node:assert";
import { command, launch, openFile, openWorkbench } from "./browser.mjs";

const [workspace] = process.argv.slice(2);
const browser = await launch();
let page = await openWorkbench(browser, workspace);

const ghosts = () => page.locator(".ghost-text-decoration, .ghost-text-decoration-preview, .ghost-text");
const line = (text) => page.locator(".view-line", { hasText: text }).first();

/** An empty line at the end of the file, with the cursor in it. */
async function newLine() {
  await page.locator(".editor-instance .view-lines").first().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
}

async function toggle(choice) {
  await command(page, "cass: Toggle Inline Completion");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: choice }).first().click();
}

/** Long enough for a completion that must not come. */
const pause = () => page.waitForTimeout(1_500);

try {
  await openFile(page, "basket.py");
  await page.locator(".statusbar-item", { hasText: "cass: ask" }).first().waitFor();
  await newLine();
  await page.keyboard.type("greet(");
  await pause();
  assert.equal(await ghosts().count(), 0, "off until it is switched on");

  await toggle("Switch on everywhere");
  await newLine();
  await page.keyboard.type("greet(");
  await ghosts().filter({ hasText: "name" }).first().waitFor();
  await page.keyboard.press("Tab");
  await line("greet(name)").waitFor();

  await newLine();
  await page.keyboard.type("slow(");
  await page.waitForTimeout(350);
  await page.keyboard.type("1, 2)");
  await pause();
  assert.equal(await ghosts().count(), 0, "an answer to older text is not shown");
  await line("slow(1, 2)").waitFor();

  await page.keyboard.press("Control+S");
  await page.locator(".tab.dirty").waitFor({ state: "detached" });
  page = await openWorkbench(browser, workspace);
  await openFile(page, "basket.py");
  await page.locator(".statusbar-item", { hasText: "cass: ask" }).first().waitFor();
  await newLine();
  await page.keyboard.type("greet(");
  await ghosts().filter({ hasText: "name" }).first().waitFor();
  await toggle("Switch off everywhere");
  await ghosts().first().waitFor({ state: "detached" });
  await newLine();
  await page.keyboard.type("greet(");
  await pause();
  assert.equal(await ghosts().count(), 0, "off again at once");
} catch (error) {
  console.log("FAIL", error.stack);
  await page.screenshot({ path: `${workspace}/../failed-ghost.png` });
  process.exitCode = 1;
} finally {
  await browser.close();
}
