// A server that is not there: the chat and a message say so, and how to mend it.
// usage: node missing.mjs WORKSPACE

import { launch, openChat, openWorkbench } from "./browser.mjs";

const browser = await launch();
const page = await openWorkbench(browser, process.argv[2]);
try {
  await page.getByText(/The setting cass.server.command names/).first().waitFor();
  const chat = await openChat(page);
  await chat.getByRole("alert").getByText(/there is no such program/).waitFor();
  await chat.getByRole("button", { name: "Settings" }).click();
  await page.locator(".settings-editor").first().waitFor();
} finally {
  await browser.close();
}
