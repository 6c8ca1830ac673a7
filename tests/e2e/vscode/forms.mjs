// Forms of a real MCP server in the chat: filled in, sent again where something does not fit, refused; an address.
// usage: node forms.mjs WORKSPACE OUT     writes OUT/vscode-form.png

import assert from "node:assert";
import path from "node:path";
import { launch, openChat, openWorkbench, say, widenChat } from "./browser.mjs";

const [workspace, out] = process.argv.slice(2);
const browser = await launch({ width: 1440, height: 860 });
const page = await openWorkbench(browser, workspace);

/** Ask for the form; its card. */
async function asked(chat) {
  await say(chat, "go");
  const card = chat.locator(".card.question");
  await card.getByText("The MCP server it asks: Please provide inputs").waitFor();
  return card;
}

/** What the server told of the answer, when the model has said these words to it. */
async function told(chat, words) {
  await chat.locator(".list").getByText(words).waitFor();
  const call = chat.locator("details.tool").last();
  await call.locator("summary").click();
  return call.innerText();
}

async function filledIn(chat) {
  const card = await asked(chat);
  const field = (title) => card.getByLabel(title);
  const answer = card.getByRole("button", { name: "Answer" });
  await answer.click();
  assert.equal(await field(/^String \*/).evaluate((element) => element === document.activeElement), true);
  await field(/^String \*/).fill("Ada Lovelace");
  await field(/^Boolean/).check();
  await card.getByText("Agree to the terms and conditions").waitFor();
  await field(/^String with email/).fill("nobody");
  await field(/^String with date/).fill("1815-12-10");
  await field(/^Integer/).fill("700");
  await field(/^Number in range/).fill("2.5");
  await field(/^Untitled Single/).selectOption("Ross");
  await field(/^Untitled Multiple/).fill("Piano, Tuba");
  await field(/^Titled Single/).selectOption("Wonder Woman");
  await field(/^Legacy/).selectOption("");
  await answer.click();
  await field(/^String with email/).fill("ada@example.org");
  await answer.click();
  assert.equal(await card.count(), 1, "700 is too much");
  await page.screenshot({ path: path.join(out, "vscode-form.png") });
  await field(/^Integer/).fill("7");
  await answer.click();
  await card.getByText("does not fit").waitFor();
  assert.equal(await field(/^String \*/).inputValue(), "Ada Lovelace");
  assert.equal(await field(/^Untitled Single/).inputValue(), "Ross");
  await field(/^Untitled Multiple/).fill("Piano, Bass");
  await answer.click();
  const said = await told(chat, "So be it.");
  for (const part of ["Name: Ada Lovelace", "Agreed to terms: true", "ada@example.org", "Integer: 7", "Number: 2.5"]) {
    assert.ok(said.includes(part), `${part} is not in ${said}`);
  }
}

async function refused(chat) {
  const card = await asked(chat);
  await card.getByRole("button", { name: "Skip" }).click();
  const said = await told(chat, "As you wish.");
  assert.match(said, /"action": "decline"/);
}

async function address(chat) {
  await say(chat, "go");
  const card = chat.locator(".card.question");
  await card.getByText("http://127.0.0.1:9/sign-in").waitFor();
  await page.screenshot({ path: path.join(out, "vscode-address.png") });
  await card.getByRole("button", { name: "I opened it" }).click();
  assert.match(await told(chat, "Well done."), /accept/);
  assert.equal(browser.pages().length, 1, "nothing was opened");
}

/** What the server offers to be read is offered after an @, as a file is. */
async function mentioned(chat) {
  const field = chat.locator(".composer textarea");
  await field.pressSequentially("@features.md");
  await chat.getByRole("option", { name: /^it:demo:.*features\.md/ }).waitFor();
  await field.press("Enter");
  assert.equal(await field.inputValue(), "@it:demo://resource/static/document/features.md ");
  await field.fill("");
}

async function withdrawn(chat) {
  const card = await asked(chat);
  await chat.getByRole("button", { name: /Stop/ }).click();
  await card.waitFor({ state: "detached" });
}

try {
  const chat = await openChat(page);
  await widenChat(page, 560);
  for (const part of [filledIn, refused, address, mentioned, withdrawn]) {
    await part(chat);
  }
} catch (error) {
  console.log("FAIL", error.stack);
  await page.screenshot({ path: path.join(out, "failed-forms.png") });
  process.exitCode = 1;
} finally {
  await browser.close();
}
