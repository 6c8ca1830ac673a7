// A browser on the workbench, and the hands to use it.

import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.cwd()}/x.js`)("playwright-core");

/** Longest wait for anything on the screen, ms. */
export const LIMIT = 30_000;

/** A browser with a throw-away profile. */
export function launch(viewport = { width: 1440, height: 900 }) {
  return chromium.launchPersistentContext(process.env.PROFILE, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    viewport,
    deviceScaleFactor: 1,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-precise-memory-info",
    ],
  });
}

/** The workbench on a folder. */
export async function openWorkbench(browser, folder) {
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(LIMIT);
  await page.goto(`http://127.0.0.1:${process.env.CS_PORT}/?folder=${folder}`);
  await page.locator(".explorer-viewlet .monaco-list-row").first().waitFor({ timeout: 60_000 });
  return page;
}

/** Run a command from the palette, by its title. The palette forgets its input when the workbench is still busy. */
export async function command(page, title) {
  const row = page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
  for (let tries = 0; ; tries++) {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(`>${title}`);
    try {
      await row.waitFor({ timeout: 5_000 });
      await page.keyboard.press("Enter");
      return;
    } catch (error) {
      if (tries === 5) {
        throw error;
      }
      await page.keyboard.press("Escape");
    }
  }
}

/** Wait until a condition outside the page holds. */
export async function until(what, condition) {
  const end = Date.now() + LIMIT;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`waited ${LIMIT} ms in vain for: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Open a file of the folder in an editor. */
export async function openFile(page, name) {
  await page.locator(".explorer-viewlet .monaco-list-row", { hasText: name }).first().dblclick();
  await page.locator(`.tab[data-resource-name="${name}"]`).first().waitFor();
  await page.locator(".editor-instance .view-line").first().waitFor();
}

/** The chat view's page. */
export async function openChat(page) {
  await command(page, "cass: Open Chat");
  const chat = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  await chat.locator(".composer textarea").waitFor();
  return chat;
}

/** Say something in the chat. */
export async function say(chat, text) {
  const field = chat.locator(".composer textarea");
  await field.fill(text);
  await field.press("Enter");
}

/** Wait until cass is at rest after a turn that began. */
export async function idle(chat) {
  await chat.getByRole("status").filter({ hasText: /cass has (answered|stopped)/ }).waitFor({ state: "attached" });
}


/** Make the chat's side bar this wide, with the mouse. */
export async function widenChat(page, width) {
  const bar = await page.locator(".part.auxiliarybar").boundingBox();
  const y = bar.y + bar.height / 2;
  await page.mouse.move(bar.x - 1, y);
  await page.mouse.down();
  await page.mouse.move(bar.x + bar.width - width, y, { steps: 8 });
  await page.mouse.up();
}
